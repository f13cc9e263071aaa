# Bổ nhiệm, phân công

appointments-title = Bổ nhiệm, phân công
appointments-lead = Ai được ký ở { $school }.
appointments-school = Bổ nhiệm hiệu trưởng, con dấu
appointments-school-lead = Những người đã ghi chứng thư và chưa được bổ nhiệm.
appointments-homerooms = Phân công chủ nhiệm
appointments-homerooms-lead = Các lớp của năm học { $year } đã xếp chủ nhiệm có chứng thư và chưa ký phân công. Ký một lần cho tất cả.
appointments-sign-homerooms = Ký { $count } phân công
appointments-sign-school = Ký { $count } bổ nhiệm
appointments-who = { $count } người
appointments-given = Đã bổ nhiệm, phân công
appointments-none = Chưa có ai.
appointments-class = { $role } { $class } ({ $year })
appointments-holds = Thời hạn
appointments-end-hint = Chọn một người để thay người hoặc chấm dứt.

## Chấm dứt, thay người

replace-title = Chấm dứt, thay người
replace-over = Bổ nhiệm, phân công này không còn hiệu lực.
replace-reason = Lý do
replace-successor = Người thay
replace-successor-hint = Người của trường đã ghi chứng thư. Thiếu ai thì ghi chứng thư cho người đó trước.
replace-no-successor = Chưa có người thay
replace-successor-fault = Người này không thay được ở đây.
replace-decision = Số quyết định
replace-decision-hint = Nếu có, như 12/QĐ-THCS. Không ghi tên người.
replace-decision-fault = Số quyết định dài quá hoặc có ký tự lạ.
replace-since = Ngày cuối cùng chắc chắn khoá chưa vào tay người khác
replace-since-hint = Chỉ khi lộ hoặc mất khoá ký, ghi như 5/6/2027. Học bạ ký bằng khoá này và ghi sổ từ ngày đó sẽ phải cấp lại.
replace-since-fault = Lộ hoặc mất khoá ký thì phải ghi ngày, như 5/6/2027.
replace-since-only = Ngày này chỉ ghi khi lộ hoặc mất khoá ký.
replace-look = Xem lại trước khi ký
replace-choose-again = Chọn lại
replace-what-happens = Khi ký, những việc này xảy ra cùng lúc
replace-ends = { $name } thôi làm { $role }: { $reason }.
replace-lost-since = Chữ ký bằng khoá này trên những học bạ ghi sổ từ ngày { $day } không còn giá trị.
replace-next = { $name } làm { $role } từ bây giờ.
replace-same-new-key = Lớp vẫn của người này; ghi chứng thư mới rồi phân công lại.
replace-nobody = Chưa có người thay; việc còn lại chờ người được giao sau.
replace-sign = Ký
replace-sign-lead = Những chữ ký đã ký trước đây vẫn có giá trị, trừ khi lộ hoặc mất khoá.
replace-sign-both = Ký chấm dứt và giao người thay
replace-sign-end = Ký chấm dứt
