# Chứng thư

certificates-title = Chứng thư
certificates-lead = Gửi nhiều tệp chứng thư cùng lúc: mỗi chứng thư được ghi cho người có họ tên trong đó; chứng thư của trường cho văn thư. Không bao giờ gửi khóa bí mật.
certificates-files = Các tệp chứng thư
certificates-files-hint = .pem, .crt, .cer hoặc .der; có thể gửi kèm chứng thư của nơi cấp.
certificates-send = Gửi chứng thư
certificates-sent = Kết quả
certificates-outcome = { $taken } chứng thư đã ghi, { $not } chưa ghi.
certificates-progress = { $have } trong { $all } người có chứng thư
certificates-no-staff = Trường chưa có danh sách nhân sự. Hãy nhập danh sách trước.
certificate-in-file = Tệp
certificate-subject = Tên trong chứng thư
certificate-result = Kết quả
certificate-issuer = Nơi cấp
certificate-until = Dùng đến
certificate-one = Xem, đổi
certificate-file = Chứng thư của người này
certificate-file-hint = .pem, .crt, .cer hoặc .der; tên trong chứng thư phải là họ tên của người này, hoặc tên trường nếu là văn thư.
certificate-none = Chưa có
certificate-good = Dùng được
certificate-over = Đã hết hạn
certificate-soon = Sắp hết hạn, còn { $count } ngày
certificate-unrecognised = Nơi cấp không được công nhận
position-teacher = Giáo viên
done-certificate-enrolled = Đã ghi chứng thư.
enrolled-new = Đã ghi
enrolled-same = Đã có từ trước
enrol-no-certificate = Tệp này không phải chứng thư.
enrol-private-key = Tệp này có khóa bí mật. Không gửi khóa bí mật cho ai; hãy báo nơi cấp nếu khóa đã lộ. Chỉ gửi tệp chứng thư.
enrol-issuer = Chứng thư của nơi cấp; đã dùng để kiểm tra các chứng thư khác.
enrol-nobody = Không ai trong danh sách nhân sự có tên này, và cũng không phải tên trường.
enrol-several = Nhiều người có tên này. Hãy mở trang của đúng người và gửi ở đó.
enrol-name = Tên trong chứng thư không phải họ tên của người này.
enrol-unrecognised = Nơi cấp không được công nhận, hoặc thiếu chứng thư của nơi cấp. Hãy gửi kèm chứng thư của nơi cấp.
enrol-outside-validity = Chứng thư đã hết hạn hoặc chưa đến ngày dùng.
enrol-usage = Chứng thư này không dùng để ký văn bản.
enrol-taken = Chứng thư này đã được ghi cho tài khoản khác.
enrol-elsewhere = Người này còn làm việc ở trường khác; người quản lý cả hai nơi mới ghi được.

## Chứng thư từ USB token

enrolling-title = Từ USB token hoặc tệp khoá ở máy này
enrolling-lead = Chỉ lấy chứng thư; khoá ở lại trong token.
enrolling-look = Lấy chứng thư từ hocba signer
enrolling-found = Đã đưa vào ô tệp ở trên chứng thư của:
