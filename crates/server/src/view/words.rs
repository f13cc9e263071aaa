//! The fixed words of the check page, both languages side by side.

use crate::language::Language;

macro_rules! words {
    ($($name:ident $vi:literal $en:literal;)*) => {
        /// The fixed words of a page in one language.
        #[derive(Debug)]
        pub struct Words {
            $(#[doc = $en] pub $name: &'static str,)*
        }
        static VIETNAMESE: Words = Words { $($name: $vi,)* };
        static ENGLISH: Words = Words { $($name: $en,)* };
    };
}

#[rustfmt::skip]
words! {
    code "vi" "en";
    other_code "en" "vi";
    other_language "English" "Tiếng Việt";
    brand "Kiểm tra học bạ số" "Check a transcript";
    skip "Đến nội dung" "Skip to content";
    intro "Quét mã QR trên học bạ hoặc chọn tệp học bạ (*.hocba.json) để biết học bạ có thật không, còn hiệu lực không và ai đã ký."
          "Scan the code on a transcript or choose a transcript file (*.hocba.json) to learn whether it is genuine, whether it is in force and who signed it.";
    choose "Kiểm tra một tệp học bạ" "Check a transcript file";
    code_label "Nhập mã tra cứu trên giấy" "Enter the look-up code of a paper";
    code_hint "16 ký tự in cạnh mã QR. Chữ thường, dấu cách, O thay cho 0, I hoặc L thay cho 1 đều được."
              "The 16 characters beside the QR code. Small letters, blanks, O for 0, I or L for 1 will do.";
    code_mistyped "Mã bị gõ sai một ký tự hoặc thiếu ký tự. Hãy so lại với tờ giấy."
                  "A character of the code is wrong or missing. Compare it with the paper.";
    code_open "Tra cứu" "Look up";
    choose_file "Chọn tệp học bạ" "Choose a transcript file";
    drop_hint "hoặc kéo tệp vào đây" "or drop it here";
    check "Kiểm tra" "Check";
    privacy "Tệp được gửi tới máy chủ này để kiểm tra và không được lưu lại."
            "The file is sent to this server to be checked and is not kept.";
    staff "Dành cho nhà trường và sở: đăng nhập" "For schools and departments: sign in";
    no_script "Trình duyệt này không chạy kịch bản nên không mở được liên kết của mã QR. Tệp học bạ vẫn kiểm tra được ở dưới."
              "This browser runs no scripts, so the link of a QR code cannot be opened. A transcript file can still be checked below.";

    loading "Đang mở học bạ…" "Opening the transcript…";
    checking "Đang kiểm tra…" "Checking…";
    retry "Thử lại" "Try again";
    broken "Liên kết không đầy đủ" "The link is incomplete";
    broken_text "Phần sau dấu # bị thiếu hoặc bị đổi khi chép. Hãy quét lại mã QR."
                "What follows the # is missing or was changed when copied. Scan the code again.";
    sealed "Không mở được học bạ bằng liên kết này" "The transcript does not open with this link";
    sealed_text "Có thể liên kết bị chép sai vài ký tự. Hãy quét lại mã QR. Điều này không nói gì về học bạ đúng hay sai."
                "A few characters of the link may have been copied wrongly. Scan the code again. This says nothing about the transcript itself.";
    insecure "Cần mở trang qua kết nối an toàn" "A secure connection is needed";
    insecure_text "Trình duyệt chỉ giải mã học bạ khi địa chỉ bắt đầu bằng https. Hãy dùng đúng địa chỉ trên mã QR."
                  "The browser decrypts a transcript only where the address begins with https. Use the address of the QR code.";
    network "Chưa kiểm tra được" "Could not be checked";
    network_text "Máy chủ chưa trả lời nên chưa kiểm tra được gì. Điều này không nói gì về học bạ đúng hay sai. Hãy thử lại sau."
                 "The server does not answer, so nothing was checked. This says nothing about the transcript itself. Try again later.";
    large "Tệp quá lớn" "The file is too large";
    large_text "Tệp học bạ không lớn hơn 1 MB. Hãy chọn đúng tệp *.hocba.json."
               "A transcript file has at most 1 MB. Choose the *.hocba.json file.";
    reloaded "Trang đã được tải lại" "The page was loaded again";
    reloaded_text "Để giữ kín, trang không giữ lại học bạ. Hãy quét lại mã QR hoặc mở lại liên kết."
                  "To keep it private, the page does not remember the transcript. Scan the code or open the link again.";

    demo "BẢN DEMO – khoá ký là khoá ví dụ công khai; kết quả này không có giá trị."
         "DEMO – signed with published example keys; this verdict is worth nothing.";
    what_is_wrong "Điều gì không đúng" "What is wrong";
    what_is_open "Điều gì chưa kiểm tra được" "What could not be checked";
    what_changed "Vì sao" "Why";
    who_signed "Người ký" "Who signed";
    who_claims "Tệp ghi những người ký sau (chưa xác nhận)" "The file names these signers (not confirmed)";
    claimed_at "tự ghi giờ ký" "says it was signed at";
    not_trusted "Nội dung dưới đây là những gì tệp ghi; đừng dựa vào đó."
                "What follows is what the file says; do not rely on it.";
    not_confirmed "Nội dung dưới đây chưa được xác nhận đầy đủ."
                  "What follows is not fully confirmed.";
    pupil "Học sinh" "Pupil";
    show_pupil "Hiện tên học sinh" "Show the pupil's name";
    pupil_withheld "Tệp không trình tên học sinh: kết quả này không nói về một người cụ thể nào."
                   "The pupil's name is withheld: this verdict is about nobody in particular.";
    version "phiên bản" "version";
    school "Trường" "School";
    in_force_since "Đã có hiệu lực – đã ghi sổ chung lúc" "In force – in the public record since";
    not_entered "Chưa xác nhận được việc ghi sổ chung" "Entry in the public record is not confirmed";
    converted "Chuyển từ học bạ giấy." "Taken over from paper.";
    extract "Trích lục." "Extract.";

    groups "Kết quả kiểm tra" "The checks";
    passed "Đạt" "Passed";
    failed "Không đạt" "Failed";
    unavailable "Chưa kiểm tra được" "Could not be checked";
    skipped "Không có gì để kiểm tra" "Nothing to check";
    not_reached "Chưa xét tới" "Not reached";

    facts "Nội dung học bạ" "The transcript";
    subject "Môn học" "Subject";
    term1 "HK I" "Term 1";
    term2 "HK II" "Term 2";
    year "Cả năm" "Year";
    after_summer "sau hè" "after summer";
    changed "đã bị sửa sau khi ký" "changed after signing";
    withheld "Không trình trong tệp này" "Withheld in this file";
    extent_unknown "Không biết còn mục nào khác không." "Whether there are other sections cannot be told.";
    completeness_not_checked "Chưa kiểm tra các năm học trước có đủ không." "Whether the earlier years are complete was not checked.";

    book "Quá trình học" "The years";
    basis "Kiểm tra dựa vào đâu" "What this rests on";
    checked_at "Kiểm tra lúc" "Checked at";
    public_record "Sổ chung" "Public record";
    recognised_issuers "Danh sách nơi cấp được công nhận" "List of recognised issuers";
    limits "Điều trang này không nói" "What this page does not say";
    limit_server "Máy chủ này đã kiểm tra thay bạn. Nếu không muốn phải tin máy chủ, hãy tải tệp học bạ về và chạy"
                 "This server checked for you. To not have to trust it, download the transcript file and run";
    limit_person "Kết quả nói về học sinh có tên trong học bạ, không nói người đang đưa học bạ là ai."
                 "The verdict is about the named pupil, not about who shows the transcript.";
    limit_time "Kết quả đúng vào lúc kiểm tra; học bạ có thể được sửa hoặc thu hồi sau đó."
               "The verdict holds for the moment of the check; a transcript may be corrected or revoked later.";
    download "Tải tệp học bạ" "Download the transcript file";
    print "In trang này" "Print this page";

    problem "Chưa làm được" "That did not work";
    problems "Các lỗi có thể gặp" "Problems";
    problems_intro "Mỗi lỗi mà máy chủ trả về có một địa chỉ cố định và được giải thích ở đây."
                   "Each failure this server answers with has a fixed address and is explained here.";
    reference "Mã tham chiếu" "Reference";
    to_check_page "Về trang kiểm tra học bạ" "To the check page";
    about_problem "Về lỗi này" "About this problem";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    match language {
        Language::Vietnamese => &VIETNAMESE,
        Language::English => &ENGLISH,
    }
}
