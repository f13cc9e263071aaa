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
done-signed-out-here = Bạn đã đăng xuất khỏi Học bạ số, nhưng vẫn còn đăng nhập ở hệ thống kia. Trên máy dùng chung, hãy đăng xuất cả ở đó.
done-password-changed = Đã đổi mật khẩu. Các nơi khác đã bị đăng xuất.
done-session-ended = Đã đăng xuất nơi đó.
done-others-ended = Đã đăng xuất tất cả các nơi khác.
done-account-added = Đã thêm tài khoản. Hãy in phiếu kích hoạt cho người đó.
done-account-locked = Đã khóa tài khoản.
done-account-unlocked = Đã mở khóa tài khoản.
done-already-sent = Biểu mẫu này đã được gửi trước đó và chỉ được thực hiện một lần. Hãy xem kết quả dưới đây.

home-title = Trang chính
hello = Chào { $name }
home-nothing = Bạn chưa được giao việc gì ở đây. Hãy liên hệ quản trị của trường.
todo-title = Việc cần làm
todo-none = Hiện không có việc nào chờ bạn.
todo-marks = Lớp { $class } chưa có điểm: nhập bảng điểm của lớp
todo-returned = Lớp { $class }: { $records } học bạ bị trả lại, cần sửa rồi ký lại
todo-sign = Lớp { $class }: { $records } học bạ chờ bạn ký
todo-co-sign = { $records } học bạ của { $classes } lớp chờ ký duyệt
todo-seal = { $records } học bạ của { $classes } lớp chờ ký số của trường
todo-supersede = Lớp { $class }: { $records } bản mới chờ ký thay bản cũ
todo-requests = Lớp { $class }: { $count } đề nghị xem lại chờ trả lời
todo-appoint = { $classes } lớp chờ ký phân công chủ nhiệm
todo-year = Mở năm học
todo-opening = Còn { $items } việc trước khi ký được lớp đầu tiên
home-me = Tài khoản của tôi
home-everybody = Cho mọi người
home-check = Kiểm tra một tệp học bạ
home-school = Trường { $school }
home-prefix = Các trường có mã bắt đầu bằng { $prefix }
home-all-schools = Tất cả các trường
home-class = { $role } lớp { $class }

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
