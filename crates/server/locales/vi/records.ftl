# Trang học bạ của một học sinh, và bản in

record-about = STT { $number }, lớp { $class }, năm học { $year }. Phiên bản { $version }.
record-left-waiting = Để lại: chờ kiểm tra lại hoặc rèn luyện trong hè.
record-left-incomplete = Để lại: chưa đủ điểm hoặc thông tin.
record-left-transferred = Để lại: đã chuyển đi.
record-left-other = Để lại vì lý do khác.
record-returned-mark = Bị trả lại: sai điểm.
record-returned-person = Bị trả lại: sai thông tin học sinh.
record-returned-result = Bị trả lại: sai kết quả, xếp loại.
record-returned-other = Bị trả lại vì lý do khác.
record-renewed-correction = Đây là bản đính chính.
record-renewed-reassessment = Đây là bản sau đánh giá lại hoặc rèn luyện trong hè.
record-in-force = Phiên bản { $version } đang có hiệu lực; phiên bản { $next } dưới đây thay nó khi đã ký đủ và ghi sổ chung.
record-incomplete = Học bạ này chưa đủ mục.
record-print = Bản in
record-print-book = In cả quyển học bạ
record-years = Các năm học
record-year = Năm học { $year }, lớp { $class }
record-changes = Khác với bản đã ký trước
record-no-changes = Không có gì khác.
record-nothing = không có
record-was = trước đây:
record-now = nay:
record-sheet = Như khi in ra

print-class = Bản in học bạ lớp { $class }
print-record = Bản in học bạ của { $name }
print-book = Bản in cả quyển học bạ của { $name }
print-lead = { $count } tờ A4. Trong hộp thoại in, chọn khổ A4, tỷ lệ 100%, không thêm tiêu đề và chân trang.
print-missing = { $count } học bạ đã có hiệu lực nhưng chưa có mã tra cứu.
print-waiting = { $count } học bạ chưa có hiệu lực nên chưa có mã tra cứu; tờ in ghi rõ điều đó.
print-view = Bản để xem. Bản in có mã tra cứu do văn thư cấp.
print-no-owner = Chưa khai báo cơ quan chủ quản của hệ thống; tờ in phải ghi cơ quan này. Người vận hành điền mục system trong hocba.json.
print-make = Tạo mã tra cứu cho { $count } học bạ
done-codes-made = Đã tạo mã tra cứu.

task-codes = Tạo mã tra cứu cho lớp { $class } năm học { $year }
task-codes-progress = { $done } trong { $steps } mã
task-codes-done = Đã tạo xong. Mở bản in để in.
task-codes-refused = Chưa tạo mã nào. Hãy làm lại.
count-codes-made = { $count } mã tra cứu mới
count-codes-kept = { $count } học bạ giữ mã đã có
count-codes-waiting = { $count } học bạ chưa có hiệu lực, chưa có mã

handed-title = Đã phát ra
handed-paper = Mã tra cứu trên giấy, phiên bản { $version }
handed-whole = Đường dẫn: cả học bạ
handed-results = Đường dẫn: kết quả
handed-completion = Đường dẫn: họ tên và hoàn thành chương trình
handed-made = tạo lúc { $at }
handed-made-by = tạo lúc { $at }, { $name }
handed-looks = Đã xem { $many } lần, lần cuối { $at }.
handed-withdraw-hint = Tờ giấy hoặc đường dẫn này sẽ không tra cứu được nữa. Học bạ không đổi; có thể in tờ mới có mã mới.
handed-withdraw = Thu hồi mã này
