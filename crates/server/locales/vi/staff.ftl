# Chữ trên các trang của nhà trường và sở. Từ dùng: docs/pages.md.

brand = Học bạ số
skip = Đến nội dung
other-language = English
signed-in-as = Đang đăng nhập:
sign-out = Đăng xuất
crumbs = Bạn đang ở
continue = Tiếp tục
actions = Thao tác
print = In
reference = Mã tham chiếu:
yes = Có
no = Chưa có
name = Họ và tên
login = Tên đăng nhập
password = Mật khẩu
role = Vai trò
roles = Vai trò
state = Tình trạng

fault-title = Có lỗi
fault-summary = Chưa thực hiện được
fault-empty = Hãy điền vào ô này.
fault-again = Hai mật khẩu không giống nhau.
fault-role = Hãy chọn một vai trò trong danh sách.
fault-start-again = Đã quá lâu. Hãy bắt đầu đăng nhập lại.

done-signed-out = Bạn đã đăng xuất.
done-password-changed = Đã đổi mật khẩu. Các nơi khác đã bị đăng xuất.
done-session-ended = Đã đăng xuất nơi đó.
done-others-ended = Đã đăng xuất tất cả các nơi khác.
done-account-added = Đã thêm tài khoản. Hãy in phiếu kích hoạt cho người đó.
done-account-locked = Đã khóa tài khoản.
done-account-unlocked = Đã mở khóa tài khoản.
done-already-sent = Biểu mẫu này đã được gửi trước đó và chỉ được thực hiện một lần. Hãy xem kết quả dưới đây.

sign-in = Đăng nhập
sign-in-title = Đăng nhập
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

home-title = Trang chính
hello = Chào { $name }
home-nothing = Bạn chưa được giao việc gì ở đây. Hãy liên hệ quản trị của trường.
home-by-program = Nhập điểm, ký và đóng dấu chưa làm được trên trang này: hiện làm bằng chương trình hocba trên máy của trường, hoặc nhờ quản trị của trường. Bắt đầu bằng lệnh
home-me = Tài khoản của tôi
home-everybody = Cho mọi người
home-check = Kiểm tra một tệp học bạ
home-school = Trường { $school }
home-prefix = Các trường có mã bắt đầu bằng { $prefix }
home-all-schools = Tất cả các trường
home-class = { $role } lớp { $class }

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

schools-title = Các trường
schools-lead = { $count ->
    [0] Không có trường nào.
   *[other] { $count } trường.
}
school = Mã trường

role-homeroom-teacher = Giáo viên chủ nhiệm
role-principal = Hiệu trưởng
role-deputy-principal = Phó hiệu trưởng
role-clerk = Văn thư
role-department = Sở GD&ĐT
role-operator = Vận hành
role-school-administrator = Quản trị của trường

failure-forbidden-title = Bạn không được làm việc này
failure-forbidden = Vai trò của bạn không có việc này. Nếu cần, hãy hỏi quản trị của trường.
failure-csrf-title = Biểu mẫu không dùng được
failure-csrf = Biểu mẫu đã cũ hoặc không đến từ trang này. Chưa có gì thay đổi; hãy mở lại trang và làm lại.
failure-session-title = Phiên làm việc đã hết
failure-session = Chưa có gì thay đổi. Hãy đăng nhập lại rồi làm lại.
failure-not-found-title = Không có trang này
failure-not-found = Địa chỉ sai, hoặc trang không dành cho bạn.
failure-slow-title = Thử quá nhiều lần
failure-other-title = Chưa thực hiện được
failure-internal-title = Lỗi của hệ thống
failure-internal = Chưa rõ việc đã xong hay chưa. Hãy xem lại, và báo mã tham chiếu dưới đây cho quản trị nếu lỗi lặp lại.
kept-title = Những gì bạn đã gõ
kept-lead = Chép lại nếu cần; mật khẩu và mã không được giữ.
onward-home = Về trang chính
onward-sign-in = Đăng nhập

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
access-exists = Tên đăng nhập này đã có người dùng. Hãy chọn tên khác.
access-password-short = Mật khẩu cần ít nhất 10 ký tự.
access-password-long = Mật khẩu dài nhất 128 ký tự.
access-password-own-name = Mật khẩu không được là tên đăng nhập hay họ tên của bạn.
access-password-common = Mật khẩu này quá dễ đoán. Hãy chọn một câu ngắn chỉ bạn biết.

## Còn thiếu gì
opening-title = Còn thiếu gì
opening-of = Trường { $school }, năm học { $year }: những việc cần xong trước khi ký lớp đầu tiên.
opening-progress = Đã xong { $settled } trong { $all } việc
opening-what = Việc
opening-how = Làm bằng lệnh
opening-done = Đã xong
opening-missing-one = Chưa có
opening-missing = Còn thiếu { $missing } trong { $of }
opening-waiting = { $waiting } đang chờ ghi sổ chung
opening-blocked = Chờ việc khác xong trước
opening-optional = Không bắt buộc
opening-no-year = Trường { $school } chưa mở năm học nào. Người vận hành mở năm học bằng lệnh dưới đây.
