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

## Năm học trên giấy

convert-title = Nhập học bạ giấy
convert-lead = Năm học trước đây chỉ có trên giấy: gửi bảng điểm của một lớp chép từ học bạ giấy. Học bạ in ra có dấu chuyển đổi; hiệu trưởng ký duyệt, trường ký số như mọi học bạ.
convert-by = Người chép từ bản giấy
convert-by-hint = Họ tên, ghi trên từng học bạ.
convert-compared = Người đối chiếu với bản giấy
convert-compared-hint = Họ tên người thứ hai đã so từng học bạ với bản giấy.
convert-made-by = Trường lập bản giấy
convert-made-by-hint = Chỉ khi là trường khác; ghi tên như trên bản giấy.
convert-paper = Bản giấy nào
convert-paper-hint = Như Sổ 3, trang 12.
convert-fault = Chưa ghi, hoặc có ký tự lạ.
convert-same = Người đối chiếu phải là người khác với người chép.

## Bản mới thay bản cũ

class-supersede = Bản mới thay bản cũ
class-supersede-lead = Học bạ đã đính chính và ký số xong. Ký thêm lần này để bản cũ hết hiệu lực; chưa ký thì tờ giấy cũ quét ra vẫn báo đang có hiệu lực.
class-supersede-button = Ký cho { $count } bản mới thay bản cũ
