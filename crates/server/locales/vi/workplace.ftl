# Nơi làm việc của chủ nhiệm, hiệu trưởng, văn thư

todo-faults = Lớp { $class }: { $pupils } học sinh, còn { $faults } lỗi trong bảng điểm
todo-marks-sent = Lớp { $class }: { $pupils } học sinh, bảng điểm đã gửi và chưa nhập

left-out-reassessment = chờ kiểm tra lại
left-out-incomplete = chưa đủ điểm hoặc thông tin
left-out-transferred = đã chuyển đi
left-out-other = lý do khác
returned-mark = sai điểm
returned-person = sai thông tin học sinh
returned-result = sai kết quả, xếp loại
returned-other = lý do khác
renewed-correction = đính chính
renewed-reassessment = đánh giá lại, rèn luyện trong hè
fault-reason = Hãy chọn lý do.
fault-note = Lời nhắn dài quá 300 ký tự, hoặc có ký tự không dùng được.
cell-empty = trống

done-left-out = Đã để học sinh lại. Lớp ký tiếp mà không chờ em.
done-taken-in = Đã đưa học sinh trở lại.
done-returned = Đã trả lại cho giáo viên chủ nhiệm. Chữ ký trước đó không còn.

## Một lớp

class-todo-returned = { $count } học bạ bị trả lại chưa sửa: sửa trong bảng điểm, nhập lại, rồi ký lại.
class-todo-left-out = { $count } học sinh đang để lại. Khi đủ điều kiện, nhập lại bảng điểm hoặc đưa trở lại.
class-needs = Cần xem trước ({ $count })
class-rest = Học sinh còn lại ({ $count })
class-corrected = đã sửa, chờ ký lại
class-version = bản { $version }: { $why }
class-sign-again-button = Ký lại { $count } học bạ
leave-out = Để lại
leave-out-one = Để lại một học sinh
leave-out-which = Học sinh nào
choose-pupil = Chọn học sinh
leave-out-reason = Lý do để lại
take-in = Đưa trở lại
take-in-import = Nhập lại bảng điểm để đưa trở lại
class-import-first = Em này chưa đủ điểm hoặc thông tin: nhập lại bảng điểm đã đủ, rồi em tự trở lại danh sách.
give-back = Trả lại
return-which = Trả lại học bạ nào
return-all = Tất cả { $count } học bạ đang chờ
return-reason = Lý do trả lại
return-note = Lời nhắn cho giáo viên chủ nhiệm
return-note-hint = Không bắt buộc, tối đa 300 ký tự. Mất đi khi học bạ được ký lại.

## Ký

signing-continue-button = Tiếp tục { $count } còn lại
signing-so-far = Đã ký { $done } trên { $all } học bạ.
signing-who = Sẽ ký: { $count } học sinh
signing-left-out = Để lại: { $count } học sinh
signing-scope = Ký một lần cho

## Nhập điểm

class-import-some-ready = { $ready } học sinh sẵn sàng, { $out } học sinh để lại hoặc chưa đủ.
class-import-leave = Để lại
class-import-before = đang để lại: { $why }
class-import-not-ready = còn lỗi, xem bên dưới
class-import-mend-first = Sửa trong tệp trước
class-import-take-in = Không để lại nữa
class-import-leave-missing = Học sinh còn lỗi thì sửa trong tệp, hoặc để lại và chọn lý do.
class-import-blocked = Những học bạ này đã ký và tệp ghi khác, hoặc không còn trong tệp. Nhờ hiệu trưởng trả lại rồi mới nhập được.
class-import-renewed = { $count } học bạ đã ký đủ và tệp ghi khác. Nhập sẽ tạo bản mới, ký lại đủ các chữ ký; bản cũ vẫn kiểm tra được.
class-import-renew = Lý do có bản mới
class-import-choose = Chọn lý do
class-import-renew-missing = Hãy chọn lý do có bản mới của học bạ đã ký đủ.

## Ký duyệt

review-title = Duyệt học bạ
seal-title = Ký số của trường
review-lead = { $records } học bạ của { $classes } lớp chờ ký duyệt.
seal-lead = { $records } học bạ của { $classes } lớp đã ký duyệt, chờ ký số của trường.
review-nothing = Hiện không có học bạ nào chờ ở đây.
review-sign = Ký cả lớp, cả khối hoặc cả trường
review-sign-lead = Ký duyệt những học bạ giáo viên chủ nhiệm đã ký. Danh sách hiện ở hocba signer, hỏi một lần cho tất cả.
seal-sign-lead = Ký số của trường trên những học bạ đã ký duyệt. Danh sách hiện ở hocba signer, hỏi một lần cho tất cả.
review-school = Cả trường
review-grade = Khối { $grade }
review-scope = { $what }: { $classes } lớp, { $records } học bạ
review-scope-class = Lớp { $class }: { $records } học bạ
review-odd = Lớp có điểm cần xem
review-waiting = { $count } học bạ chờ
review-oddities = { $count } điểm cần xem
review-more = Và { $count } học bạ nữa cần xem: mở trang của lớp.
review-drawn = Xem thử vài học bạ rút ngẫu nhiên
review-seen = đã xem

## Kết quả nhập

count-marks-renewed = { $count } học bạ có bản mới
count-marks-left-out = { $count } học sinh để lại
