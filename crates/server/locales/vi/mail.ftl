# Báo tin qua thư điện tử

## Trang /me/mail

mail-title = Báo tin qua thư điện tử
mail-lead = Mỗi ngày nhiều nhất một thư, chỉ khi có việc chờ bạn. Thư ghi số việc và đường dẫn đến trang chính, không có tên hay điểm của ai.
mail-sent-to = Thư được gửi đến
mail-remove = Không nhận thư nữa
mail-confirm-title = Nhập mã trong thư
mail-confirm-lead = Mã đã được gửi đến { $address } và dùng được trong một giờ. Nếu chưa thấy, hãy xem cả mục thư rác.
mail-code = Mã trong thư
mail-confirm = Xác nhận địa chỉ
mail-give = Nhận thư báo
mail-other = Đổi sang địa chỉ khác
mail-address = Địa chỉ thư điện tử
mail-send-code = Gửi mã đến địa chỉ này
mail-address-wrong = Địa chỉ thư điện tử không đúng dạng. Ví dụ: ten@truong.edu.vn
mail-refused = Máy chủ thư không nhận địa chỉ này. Hãy xem lại từng ký tự.
mail-away = Chưa gửi được thư. Hãy thử lại sau ít phút.
access-mail-code = Mã trong thư không đúng, đã dùng hoặc đã hết hạn.

done-mail-code-sent = Đã gửi mã. Hãy mở thư và nhập mã vào đây.
done-mail-confirmed = Địa chỉ đã được xác nhận.
done-mail-removed = Sẽ không gửi thư cho bạn nữa.

did-confirm-mail = Xác nhận địa chỉ thư điện tử
did-remove-mail = Bỏ địa chỉ thư điện tử
did-send-mail-code = Gửi mã xác nhận địa chỉ thư điện tử

## Thư

mail-code-subject = Mã xác nhận của Học bạ số
mail-code-text =
    Mã xác nhận địa chỉ thư điện tử của bạn:

    { $code }

    Mã dùng được một lần, trong { $minutes } phút. Nếu bạn không yêu cầu, hãy bỏ qua thư này.
mail-daily-subject = Học bạ số: có việc chờ bạn
mail-daily-count = { $count } việc đang chờ bạn.
mail-daily-text =
    { $count }

    Xem và làm tại: { $home }

    Không muốn nhận thư này nữa: { $me }
