# Lớp và điểm

classes-title = Các lớp
class = Lớp
classes-none = Chưa có lớp nào có điểm.
classes-pupils = Học sinh
classes-faulty = Trả lại, để lại
classes-draft = Chờ chủ nhiệm ký
classes-teacher = Chờ ký duyệt
classes-cosigned = Chờ ký số của trường
classes-complete = Đã ký đủ
classes-in-force = Đã có hiệu lực
class-import-title = Nhập điểm của lớp
class-import-lead = Gửi bảng điểm của một lớp. Xem trước rồi mới nhập; còn một lỗi thì chưa ghi gì.
class-import-file = Bảng điểm
class-import-hint = Tệp .xlsx hoặc .csv, theo mẫu của hệ thống hoặc bảng tổng hợp của trường.
class-import-send = Xem trước
class-import-again = Gửi tệp khác
class-import-faulty = Còn { $count } lỗi, nên chưa nhập được. Sửa trong tệp rồi gửi lại.
class-import-annotated = Tải về tệp của bạn, có ghi chú ở từng ô cần xem
class-import-ready = Không còn lỗi: { $count } học sinh.
class-import-take = Nhập điểm
sheets-title = Các trang được hiểu thế nào
sheet-name = Trang
sheet-role = Được đọc là
sheet-unread = Cột không đọc
opening-no-year = { $school } chưa mở năm học nào.

## Một lớp

class-title = Lớp { $class }
class-of = { $school }, năm học { $year }.
class-number = STT
class-empty = Lớp chưa có học sinh.
class-sign = Ký học bạ
class-sign-lead = Giáo viên chủ nhiệm ký từng học bạ của lớp; học bạ để lại thì không ký.
class-sign-button = Ký { $count } học bạ
class-co-sign = Ký duyệt
class-co-sign-lead = Hiệu trưởng ký duyệt những học bạ giáo viên chủ nhiệm đã ký.
class-co-sign-button = Ký duyệt { $count } học bạ
class-seal = Ký số của trường
class-seal-lead = Văn thư ký số của trường trên những học bạ đã ký duyệt.
class-seal-button = Ký số { $count } học bạ
