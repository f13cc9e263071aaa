# Việc cần nhiều thời gian

tasks-title = Những lần nhập gần đây
task-lists = Nhập danh sách năm học { $year }
task-marks = Nhập điểm năm học { $year }
task-marks-class = Nhập điểm lớp { $class } năm học { $year }
task-begun = Bắt đầu
task-ended = Kết thúc
task-running = Đang làm
task-done = Đã xong
task-refused = Chưa nhập được
task-interrupted = Bị ngắt giữa chừng
task-beginning = Đang chuẩn bị…
task-progress = { $done } trong { $steps } dòng
task-leave = Có thể rời trang này; việc vẫn tiếp tục, và kết quả ở trang của trường.
task-done-lead = Đã nhập xong.
task-nothing-new = Không có gì thay đổi.
task-nothing-stored = Chưa ghi gì. Hãy sửa tệp rồi gửi lại.
task-refused-findings = Tệp còn lỗi.
task-interrupted-lead = Máy chủ dừng khi đang làm việc này, nên chưa rõ đã xong hay chưa. Hãy làm lại: những gì đã nhập sẽ giữ nguyên, không bị nhập hai lần.
