# Ký trên trang

signing-no-script = Ký trên trang này cần JavaScript. Không bật được thì ký bằng lệnh:
signing-looking = Đang tìm hocba signer trên máy này…
signing-absent = Chưa thấy hocba signer trên máy này. Cắm USB token hoặc chuẩn bị tệp khoá, mở cửa sổ lệnh và chạy lệnh dưới đây, rồi bấm Tìm lại.
signing-look-again = Tìm lại
signing-pair = Mã sáu số đang hiện trong cửa sổ hocba signer
signing-pair-button = Ghép với máy ký
signing-preparing = Đang chuẩn bị nội dung cần ký…
signing-certificate = Chứng thư
signing-count = Số mục sẽ ký
signing-list = Mã danh sách
signing-waiting = Đang chờ trả lời ở cửa sổ hocba signer. Trước khi đồng ý, hãy so mã danh sách ở đó với mã dưới đây: phải giống nhau.
signing-progress = Đã ký và đã nhận:
signing-offline = Mất kết nối. Phần đã ký được giữ trên trang này và sẽ gửi ngay khi có mạng; đừng đóng trang.
signing-nothing = Không còn gì để ký bằng chứng thư này.
signing-not-yours = Chứng thư này không phải chứng thư đã ghi cho tài khoản đang đăng nhập. Hãy cắm token của chính mình, hoặc nhờ quản trị của trường ghi chứng thư mới.
signing-go-on = Tiếp tục
signing-declined = Đã trả lời không ký ở cửa sổ hocba signer. Chưa ký gì.
done-signed = Đã ký xong.
