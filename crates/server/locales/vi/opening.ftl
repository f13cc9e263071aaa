# Còn thiếu gì

opening-title = Còn thiếu gì
opening-of = { $school }, năm học { $year }: những việc cần xong trước khi ký lớp đầu tiên.
opening-progress = Đã xong { $settled } trong { $all } việc
opening-what = Việc
opening-how = Cách làm
opening-done = Đã xong
opening-missing-one = Chưa có
opening-missing = Còn thiếu { $missing } trong { $of }
opening-waiting = { $waiting } đang chờ ghi sổ chung
opening-blocked = Chờ việc khác xong trước
opening-optional = Không bắt buộc
opening-page = Làm trên trang này
