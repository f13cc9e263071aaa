# Học sinh, phụ huynh và điều họ đề nghị

## Nhà trường cấp tài khoản

readers-title = Tài khoản của học sinh và phụ huynh
readers-progress = { $active } trong { $all } học sinh đã có tài khoản dùng được
readers-lead = Mỗi tài khoản chỉ xem được học bạ của một học sinh. Hãy in phiếu và đưa tận tay.
readers-for = In phiếu cho
relation-guardian = Phụ huynh
relation-pupil = Học sinh
readers-accounts = Tài khoản
readers-none = Chưa có
readers-no-book = Chưa có mã định danh nên chưa có tài khoản
readers-chosen-hint = Không chọn ai thì in cho cả lớp. Ai đã kích hoạt thì không in nữa.
readers-print = In phiếu
readers-nobody = Hãy chọn phụ huynh, học sinh hoặc cả hai.
readers-reset = Cấp lại
readers-reset-whom = Cấp lại cho { $relation } của { $name }
readers-reset-lead = Dùng khi quên mật khẩu. Mật khẩu cũ và mọi nơi đang đăng nhập mất hiệu lực ngay.
reader-slips-title = Phiếu xem học bạ
reader-slips-lead = Hãy in ngay và đưa tận tay từng gia đình. Ai cầm phiếu thì xem được học bạ.
reader-slip-for = { $relation }, lớp { $class }
reader-slip-how = Mở { $address }/activate trên điện thoại hoặc máy tính, gõ mã kích hoạt và chọn mật khẩu. Sau đó luôn đăng nhập bằng tên đăng nhập ở trên.

## Đề nghị xem lại

requests-title = Đề nghị xem lại
requests-lead = Phụ huynh và học sinh thấy câu trả lời. Nếu học bạ sai, hãy đính chính bằng bản mới; câu trả lời không sửa học bạ.
requests-none = Chưa có đề nghị nào.
request-open = Chờ trả lời
request-answered = Đã trả lời
request-withdrawn = Đã rút
request-answer = Trả lời
request-answer-button = Gửi trả lời
request-text = Hãy viết từ 1 đến { $most } ký tự.
done-request-answered = Đã gửi trả lời.
done-request-asked = Đã gửi đề nghị cho giáo viên chủ nhiệm.
done-request-withdrawn = Đã rút đề nghị.
done-link-withdrawn = Đã thu hồi. Bản ai đó đã tải về thì vẫn còn.

## Học bạ của tôi

my-title = Học bạ của { $name }
my-title-nameless = Học bạ
my-home = Học bạ của { $name }, lớp { $class }
my-books = Học bạ
my-as = Bạn xem với tư cách
my-number = Mã sổ học bạ
my-no-years = Chưa có năm học nào.
my-year = Năm học { $year }, lớp { $class }
my-one-year = Năm học { $year }
my-soon = Nhà trường đã ký số, đang ghi sổ chung.
my-not-yet = Nhà trường chưa ký xong học bạ năm này.
my-see = Xem học bạ
my-keep = Tải tệp học bạ
my-ask = Đề nghị xem lại
my-asked-at = Đề nghị lúc { $at }
my-school-answers = Nhà trường trả lời
my-links = Đường dẫn đã chia sẻ
my-links-lead = Ai có đường dẫn thì xem được phần bạn chọn, không cần tài khoản. Bạn thấy từng lượt xem và thu hồi được bất cứ lúc nào.
my-links-none = Chưa có đường dẫn nào.
my-link-school = Nhà trường tạo
my-link-by-school = Bản in hoặc đường dẫn do nhà trường cấp
my-link-everything = Tất cả nội dung
my-link-parts = { $count ->
   *[other] { $count } mục đã chọn
}
my-link-made-at = Tạo lúc { $at }
my-link-until = xem được đến { $at }
my-link-ended = hết hạn ngày { $at }
my-link-withdrawn = thu hồi lúc { $at }
my-link-open = xem được cho đến khi thu hồi
my-looks = { $count ->
   *[other] { $count } lượt xem
}
my-looks-none = Chưa ai xem.
my-link-withdraw = Thu hồi
my-link-new = Tạo đường dẫn
my-link-lead = Chọn cho ai, năm nào, phần nào và đến bao giờ. Người nhận kiểm tra được chữ ký của phần bạn chọn, và thấy tên các mục không được chia sẻ.
my-link-for = Chia sẻ cho ai
my-link-for-hint = Chỉ bạn và tài khoản gia đình thấy dòng này. Ví dụ: Trường ĐH Bách khoa, hồ sơ 2027.
my-link-for-fault = Hãy viết chia sẻ cho ai, nhiều nhất { $most } ký tự.
my-link-years = Năm học
my-link-extent = Nội dung
my-link-some = Chỉ các mục sau
my-link-terms = Mỗi môn được ký cả hai học kỳ và cả năm cùng nhau, nên không tách riêng từng học kỳ được.
my-link-life = Xem được trong
my-life-days = { $count ->
   *[other] { $count } ngày
}
my-life-open = Cho đến khi thu hồi
my-link-make = Tạo đường dẫn
my-link-nothing = Hãy chọn ít nhất một năm đã có hiệu lực và một mục.
my-link-many = Đã có { $most } đường dẫn còn dùng được. Hãy thu hồi bớt.
my-link-made = Đường dẫn đã tạo
my-link-once = Đường dẫn này chỉ hiện một lần. Hãy chép, chụp hoặc in ngay; quên thì tạo đường dẫn mới.
my-link-qr = Mã QR xem học bạ
my-link-lives-until = Xem được đến: { $until }
my-request-title = Đề nghị xem lại học bạ
my-request-lead = Giáo viên chủ nhiệm nhận đề nghị này và trả lời ở đây. Học bạ vẫn có hiệu lực trong lúc chờ.
my-request-text = Điều cần xem lại
my-request-hint = Nhiều nhất { $most } ký tự. Hãy nói rõ môn, học kỳ và giá trị đúng.
my-request-send = Gửi đề nghị
my-request-open = Đã có một đề nghị của năm học này đang chờ trả lời.
my-request-withdraw = Rút đề nghị
