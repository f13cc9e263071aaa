# Bổ nhiệm, phân công

appointments-title = Bổ nhiệm, phân công
appointments-lead = Ai được ký ở trường { $school }.
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
