# Vào, tài khoản, phiếu kích hoạt, mã xác nhận

sign-in = Đăng nhập
sign-in-title = Đăng nhập
sign-in-openid = Đăng nhập qua { $name }
sign-in-password = Hoặc dùng mật khẩu của Học bạ số
sign-out-openid = Đăng xuất cả ở { $name }
sign-in-first = Lần đầu dùng?
sign-in-forgotten = Quên mật khẩu hoặc mất điện thoại: hãy xin quản trị của trường một phiếu kích hoạt mới.
sign-in-code-title = Mã xác nhận
sign-in-code-lead = Mở ứng dụng xác thực trên điện thoại và gõ mã 6 chữ số của “Học bạ số”.
sign-in-code = Mã xác nhận
sign-in-code-hint = Mất điện thoại? Gõ một mã dự phòng vào đây.
start-again = Bắt đầu lại

activate-title = Kích hoạt tài khoản
activate-lead = Bạn cần phiếu kích hoạt do quản trị của trường in, và điện thoại có ứng dụng xác thực.
activate-slip = Mã trên phiếu
activate-slip-hint = 16 ký tự; không phân biệt chữ hoa, chữ thường. Gạch nối có thể bỏ.
activate-account-title = Đặt mật khẩu và mã xác nhận
activate-not-you = Nếu đây không phải là bạn, hãy dừng lại và báo cho quản trị của trường.
activate-button = Kích hoạt
step-slip = Mã trên phiếu
step-account = Mật khẩu và mã xác nhận
step-recovery = Mã dự phòng
password-new = Mật khẩu mới
password-new-hint = Ít nhất 10 ký tự. Một câu ngắn chỉ bạn biết là tốt nhất.
password-again = Gõ lại mật khẩu mới
second-factor = Mã xác nhận trên điện thoại
second-factor-scan = Quét mã này bằng ứng dụng xác thực trên điện thoại.
second-factor-qr = Mã QR cho ứng dụng xác thực
second-factor-type = Không quét được? Gõ khóa này vào ứng dụng:
second-factor-optional = Vai trò của bạn không bắt buộc; có thể để trống ô dưới đây.
second-factor-code = Mã 6 chữ số trong ứng dụng

recovery-title = Mã dự phòng
recovery-lead = Nếu mất điện thoại, mỗi mã dưới đây thay được mã xác nhận một lần.
recovery-once = Các mã này chỉ hiện một lần. Hãy in hoặc chép lại, cất nơi an toàn.
recovery-kept = Đã cất mã, tiếp tục
recovery-left = { $count ->
    [0] Không còn mã dự phòng nào.
   *[other] Còn { $count } mã dự phòng.
}
recovery-anew = Tạo mã dự phòng mới

sessions-title = Nơi đang đăng nhập
sessions-lead = Nếu có nơi bạn không nhận ra, hãy đăng xuất nơi đó và đổi mật khẩu.
sessions-browser = Trình duyệt
sessions-since = Đăng nhập lúc
sessions-seen = Dùng lần cuối
sessions-this = Nơi này
sessions-end = Đăng xuất
sessions-end-others = Đăng xuất tất cả các nơi khác

password-title = Đổi mật khẩu
password-lead = Khi đổi xong, các nơi khác sẽ bị đăng xuất.
password-old = Mật khẩu hiện tại
password-change = Đổi mật khẩu

second-factor-title = Mã xác nhận và mã dự phòng
second-factor-must = Vai trò của bạn cần mã xác nhận trên điện thoại. Hãy cài trước khi làm việc khác.
second-factor-change = Đổi sang điện thoại khác
second-factor-begin = Cài mã xác nhận
second-factor-lead = Để an toàn, hãy gõ lại mật khẩu.
second-factor-proven = Bạn vừa đăng nhập qua hệ thống khác, nên không cần gõ mật khẩu.
second-factor-confirm-title = Cài mã xác nhận
second-factor-confirm = Xác nhận

accounts-title = Tài khoản của trường
accounts-progress = { $active } trong { $all } tài khoản đã kích hoạt
accounts-add = Thêm tài khoản
accounts-none = Trường chưa có tài khoản nào.
accounts-open = Sửa
accounts-waiting = { $count } tài khoản chưa kích hoạt. Phiếu in trước đó sẽ hết tác dụng.
accounts-slips = In phiếu kích hoạt
account-add-title = Thêm tài khoản
account-add-lead = Sau khi thêm, hãy in phiếu kích hoạt và đưa tận tay.
account-login-hint = 3 đến 40 chữ thường không dấu, chữ số, dấu chấm, gạch; bắt đầu bằng chữ.
account-reset = Cấp lại từ đầu
account-reset-lead = Dùng khi quên mật khẩu hoặc mất điện thoại. Mật khẩu và mã xác nhận cũ bị xóa, mọi nơi bị đăng xuất, và một phiếu mới được tạo.
account-reset-button = Cấp lại và in phiếu
account-lock = Khóa tài khoản
account-lock-lead = Người này không đăng nhập được cho đến khi mở khóa. Chữ ký số của họ không thay đổi.
account-unlock = Mở khóa tài khoản
account-unlock-lead = Người này đăng nhập lại được với mật khẩu cũ.
state-new = Chưa có phiếu
state-invited = Đã có phiếu, đến { $until }
state-slip-over = Phiếu đã hết hạn
state-active = Đã kích hoạt
state-locked = Đang khóa

slips-title = Phiếu kích hoạt
slips-lead = Mỗi trang là một phiếu. Hãy in ngay và đưa tận tay từng người.
slips-once = Các mã này chỉ hiện một lần. Nếu không in được, hãy tạo phiếu mới.
slip-code = Mã kích hoạt
slip-until = Dùng đến
slip-how = Mở { $address }/activate trên máy tính hoặc điện thoại và gõ mã trên. Mã dùng được một lần; đừng đưa cho ai khác.

access-wrong = Tên đăng nhập, mật khẩu hoặc mã xác nhận không đúng.
access-slow-down = Thử sai nhiều lần. Vui lòng thử lại sau { $minutes } phút.
access-locked = Tài khoản đang bị khóa. Hãy liên hệ quản trị của trường.
access-slip = Phiếu kích hoạt không đúng, đã dùng hoặc đã hết hạn. Hãy xin phiếu mới.
access-slip-mistyped = Mã trên phiếu gõ chưa đúng, hãy xem lại từng ký tự.
access-code = Mã xác nhận không đúng hoặc đã dùng. Hãy đợi mã tiếp theo.
access-second-factor-needed = Vai trò của bạn cần thêm mã xác nhận trên điện thoại.
access-no-second-factor = Tài khoản chưa có mã xác nhận trên điện thoại.
access-login = Tên đăng nhập gồm 3 đến 40 chữ thường không dấu, chữ số, dấu chấm, gạch; bắt đầu bằng chữ.
access-name = Họ tên không đúng dạng.
access-grants = Mỗi tài khoản có từ 1 đến 20 vai trò.
access-openid-stale = Lần đăng nhập này đã quá lâu, đã dùng hoặc bắt đầu ở trình duyệt khác. Hãy bấm nút để bắt đầu lại.
access-openid-refused = Hệ thống kia không xác nhận được bạn. Hãy thử lại; nếu vẫn vậy, hãy báo quản trị của trường.
access-openid-no-account = Bạn chưa có tài khoản hoặc vai trò ở đây. Hãy nhờ quản trị của trường mở tài khoản hoặc cấp vai trò cho bạn.
access-openid-away = Hệ thống kia không trả lời. Hãy thử lại sau ít phút, hoặc dùng mật khẩu của Học bạ số.
access-exists = Tên đăng nhập này đã có người dùng. Hãy chọn tên khác.
access-password-short = Mật khẩu cần ít nhất 10 ký tự.
access-password-long = Mật khẩu dài nhất 128 ký tự.
access-password-own-name = Mật khẩu không được là tên đăng nhập hay họ tên của bạn.
access-password-common = Mật khẩu này quá dễ đoán. Hãy chọn một câu ngắn chỉ bạn biết.
