//! The kinds of problems: code, status and words. The one source of the problem pages and of `docs/problems.md`.

use std::fmt::Write as _;

use axum::http::StatusCode;

use crate::language::{Language, pick};

macro_rules! kinds {
    ($($variant:ident $code:literal $status:ident $members:literal
        vi $title_vi:literal $vi:literal
        en $title_en:literal $en:literal;)*) => {
        /// A kind of problem. The code is stable: `type` is `/problems/<code>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $title_en] $variant,)*
        }
        impl Kind {
            /// All kinds, by status.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),*];
            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Kind::$variant => $code,)* }
            }
            /// The status.
            pub fn status(self) -> StatusCode {
                match self { $(Kind::$variant => StatusCode::$status,)* }
            }
            /// A few words, the same whenever this happens.
            pub fn title(self, language: Language) -> &'static str {
                match self { $(Kind::$variant => pick(language, $title_vi, $title_en),)* }
            }
            /// What happened, and what to do.
            pub fn meaning(self, language: Language) -> &'static str {
                match self { $(Kind::$variant => pick(language, $vi, $en),)* }
            }
            /// Members beside those of RFC 9457, in words; empty where there are none.
            pub fn members(self) -> &'static str {
                match self { $(Kind::$variant => $members,)* }
            }
        }
    };
}

#[rustfmt::skip]
kinds! {
    Malformed "malformed" BAD_REQUEST "`member`: which part could not be read"
        vi "Yêu cầu không đúng khuôn dạng"
           "Nội dung gửi lên không đọc được. Hãy xem lại khuôn dạng trong tài liệu rồi gửi lại."
        en "The request is malformed"
           "What was sent could not be read. Compare it with the endpoint's description and send it again.";
    Unauthenticated "unauthenticated" UNAUTHORIZED ""
        vi "Cần đăng nhập"
           "Việc này cần đăng nhập. Hãy đăng nhập rồi thử lại; chương trình gửi mã truy cập còn hạn trong tiêu đề Authorization."
        en "Sign in first"
           "This needs a signed-in account. Sign in and try again; a program sends a token that has not expired, in Authorization.";
    Forbidden "forbidden" FORBIDDEN "`action`: what the account may not do here"
        vi "Không được phép"
           "Tài khoản này không được làm việc này. Nếu cho là nhầm, hãy hỏi người quản trị của trường."
        en "Not allowed" "This account may not do this. If that seems wrong, ask the school's administrator.";
    NotFound "not-found" NOT_FOUND ""
        vi "Không có gì ở địa chỉ này" "Địa chỉ sai, hoặc thứ cần tìm không còn. Hãy kiểm tra lại địa chỉ."
        en "Nothing is here" "The address is wrong, or what was there is gone. Check the address.";
    LinkUnknown "link-unknown" NOT_FOUND ""
        vi "Không tìm thấy liên kết này"
           "Liên kết không còn hoặc chưa từng có trên máy chủ này. Hãy quét lại mã QR, hoặc xin liên kết mới từ người đưa học bạ."
        en "This link is not known"
           "The link is gone or never was on this server. Scan the code again, or ask whoever handed out the transcript for a new link.";
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED ""
        vi "Không dùng được cách gọi này"
           "Địa chỉ đúng nhưng không nhận cách gọi (method) này. Tiêu đề Allow cho biết các cách được nhận."
        en "Not with this method" "The address is right, the method is not. The Allow header lists those that are.";
    WrongState "wrong-state" CONFLICT
        "`record`; `number`: in the class list; `found_state`: it is in; `expected_state`: it would have to be in"
        vi "Việc này không hợp với trạng thái hiện tại"
           "Có người đã làm bước này hoặc chưa làm bước trước. Hãy tải lại để xem trạng thái hiện tại."
        en "Not in this state"
           "Someone has already taken this step, or an earlier step is missing. Reload to see the present state.";
    SignedWouldChange "signed-would-change" CONFLICT "`class`; `numbers`: in the class list"
        vi "Bảng tính ghi khác học bạ đã ký"
           "Có học bạ đã ký mà bảng tính ghi khác hoặc không có. Hiệu trưởng trả lại các học bạ đó trước, rồi nhập lại."
        en "The spreadsheet contradicts signed records"
           "Some records are signed, and the spreadsheet says otherwise of them or leaves them out. Have them returned first, then import again.";
    NotAnchored "not-anchored" CONFLICT ""
        vi "Học bạ chưa có hiệu lực"
           "Học bạ chưa được ký đủ hoặc chưa ghi sổ chung, nên chưa thể cấp. Thường chỉ mất vài phút sau khi ký số của trường."
        en "Not in force yet"
           "The record lacks signatures or is not on the public record yet, so it cannot be handed out. After the school's seal this takes minutes.";
    EvidenceMissing "evidence-missing" CONFLICT "`role`: of the signer concerned"
        vi "Chưa đủ căn cứ để cấp"
           "Chứng thư hoặc quyết định phân công của một người ký không có, hoặc chưa ghi sổ chung trước học bạ. Hãy hỏi người quản trị của trường."
        en "Evidence is missing"
           "A signer's certificate or appointment is not here, or was not on the public record before the record. Ask the school's administrator.";
    IdempotencyConflict "idempotency-conflict" CONFLICT ""
        vi "Khoá chống gửi trùng đã dùng cho việc khác"
           "Idempotency-Key này đã đi cùng một yêu cầu khác. Hãy dùng khoá mới cho yêu cầu mới."
        en "The idempotency key belongs to another request"
           "This Idempotency-Key came with another request before. Use a new key for a new request.";
    LinkExpired "link-expired" GONE "`expired_at`: seconds since 1970"
        vi "Liên kết đã hết hạn"
           "Hãy xin liên kết mới từ học sinh hoặc phụ huynh. Điều này không nói gì về học bạ đúng hay sai."
        en "The link has expired"
           "Ask the pupil or the parents for a new one. This says nothing about the transcript itself.";
    LinkWithdrawn "link-withdrawn" GONE "`withdrawn_at`: seconds since 1970"
        vi "Liên kết đã được rút lại"
           "Học sinh hoặc phụ huynh đã ngừng chia sẻ học bạ qua liên kết này. Điều này không nói gì về học bạ đúng hay sai."
        en "The link was withdrawn"
           "The pupil or the parents stopped sharing the transcript through this link. This says nothing about the transcript itself.";
    Stale "stale" PRECONDITION_FAILED ""
        vi "Có người đã sửa trong lúc đó" "Bản đang xem đã cũ. Hãy tải lại rồi làm lại thay đổi."
        en "Changed by someone else meanwhile"
           "What was edited is no longer the latest. Reload it and make the change again.";
    TooLarge "too-large" PAYLOAD_TOO_LARGE "`limit`: bytes taken"
        vi "Nội dung quá lớn"
           "Tệp học bạ không lớn hơn 1 MB, bảng tính của lớp không lớn hơn 20 MB. Hãy xem lại có đúng tệp không."
        en "Too large"
           "A transcript file has at most 1 MB, a class workbook 20 MB. Check that it is the right file.";
    UnsupportedMediaType "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE ""
        vi "Không nhận loại nội dung này" "Tiêu đề Content-Type không phải loại mà địa chỉ này nhận."
        en "Content of another type is needed" "The Content-Type is not one that this address takes.";
    Workbook "workbook" UNPROCESSABLE_ENTITY
        "`findings`: each with `code`, `severity` (`error`, `warning`), `sheet`, `cell`, `value` as found, `expected` and `how_to_mend` in `vi` and `en`"
        vi "Bảng tính có lỗi"
           "Chưa có gì được nhập. Từng chỗ được nêu kèm ô, giá trị và cách sửa. Hãy sửa hết rồi nhập lại, hoặc để lại học sinh chưa đủ điểm."
        en "The spreadsheet has faults"
           "Nothing was imported. Each place is listed with cell, value and remedy. Mend them and import again, or leave out pupils who are not ready.";
    UnknownSchool "unknown-school" UNPROCESSABLE_ENTITY "`school`: code in the spreadsheet"
        vi "Trường không có ở đây" "Bảng tính ghi mã của một trường mà máy chủ này không phục vụ. Hãy xem lại mã trường."
        en "The school is not served here"
           "The spreadsheet has the code of a school that this server does not serve. Check the code.";
    UnknownNumber "unknown-number" UNPROCESSABLE_ENTITY "`number`: that the class list lacks"
        vi "Lớp không có số thứ tự này" "Hãy xem lại số thứ tự trong danh sách lớp."
        en "The class has no such number" "Check the numbers in the class list.";
    Incomplete "record-incomplete" UNPROCESSABLE_ENTITY "`number`: in the class list"
        vi "Học bạ chưa đủ điểm"
           "Học sinh này được để lại khi bảng tính chưa đủ điểm. Hãy nhập lại bảng tính đã điền đủ."
        en "The record is not complete"
           "The pupil was left out while the spreadsheet lacked marks. Import the complete spreadsheet.";
    NotAppointed "not-appointed" UNPROCESSABLE_ENTITY
        "`role`: that the signer would need; `reason`: `not_appointed` to anything, `wrong_role`, `wrong_school`, `wrong_year`, `wrong_class`, `outside_interval`, `department_not_recognised`"
        vi "Người ký chưa được bổ nhiệm, phân công"
           "Chứng thư này chưa được giao vai trò đó cho trường, lớp và năm học này, hoặc đã hết thời hạn."
        en "The signer is not appointed"
           "This certificate does not hold that role for this school, class and year, or not any more.";
    PolicyNotAccepted "policy-not-accepted" UNPROCESSABLE_ENTITY "`policy`: that records would be signed by"
        vi "Cách ký chưa được công nhận"
           "Danh sách nơi cấp được công nhận (trust profile) không nhận cách ký mà máy chủ này được đặt. Chưa có gì được ký. Hãy báo người quản trị."
        en "The signing policy is not accepted"
           "The trust profile does not accept the policy that this server is set to. Nothing was signed. Tell the administrator.";
    Certificate "certificate-unusable" UNPROCESSABLE_ENTITY ""
        vi "Chứng thư không dùng được"
           "Chứng thư không đọc được, đã hết hạn hoặc không do nơi được công nhận cấp. Hãy gửi đủ chứng thư, của người ký trước."
        en "The certificate cannot be used"
           "The certificate is not readable, has expired or leads to no recognised root. Send the whole chain, the signer's first.";
    SameKey "same-key" UNPROCESSABLE_ENTITY "`number`: in the class list"
        vi "Khoá này đã ký ở vai trò khác" "Mỗi chữ ký trên một học bạ phải của một khoá khác nhau."
        en "The same key signed in another role" "Each signature of a record is of another key.";
    SignatureWrong "signature-wrong" UNPROCESSABLE_ENTITY "`record`: whose signature does not verify"
        vi "Chữ ký không khớp"
           "Một chữ ký không phải của chứng thư đã gửi trên nội dung cần ký. Không chữ ký nào trong lần gửi này được nhận."
        en "A signature does not verify"
           "It is not the certificate's signature over what was to be signed. None of this call was taken.";
    TimeImpossible "time-impossible" UNPROCESSABLE_ENTITY ""
        vi "Thời điểm không dùng được"
           "Thời điểm đã qua hoặc quá xa. Liên kết kết thúc trong vòng mười năm tới; thời điểm ký không nằm ở tương lai."
        en "The time is not possible"
           "It is past or too far ahead. A link ends within ten years from now; nobody signs in the future.";
    TooMany "too-many" UNPROCESSABLE_ENTITY "`member`: with too many entries; `limit`: entries taken"
        vi "Gửi quá nhiều mục một lần" "Hãy chia thành nhiều lần gửi."
        en "Too many at once" "Send them in several calls.";
    RuleBroken "rule-broken" UNPROCESSABLE_ENTITY "`findings`: each place, with code and words"
        vi "Trái với một quy định"
           "Nội dung đọc được nhưng trái quy định; từng chỗ được nêu kèm theo. Hãy sửa rồi gửi lại."
        en "A rule is broken"
           "What was sent could be read and breaks a rule; each place is listed. Mend it and send it again.";
    TooManyRequests "too-many-requests" TOO_MANY_REQUESTS ""
        vi "Gửi quá nhiều yêu cầu" "Hãy chờ khoảng thời gian nêu trong Retry-After rồi thử lại."
        en "Too many requests" "Wait for as long as Retry-After says, then try again.";
    Internal "internal" INTERNAL_SERVER_ERROR ""
        vi "Có lỗi ở máy chủ"
           "Lỗi đã được ghi lại. Khi hỏi người quản trị, hãy đọc mã tham chiếu. Điều này không nói gì về học bạ đúng hay sai."
        en "Something went wrong here"
           "It has been noted. Quote the reference when asking the operator. This says nothing about any transcript.";
    Busy "busy" SERVICE_UNAVAILABLE ""
        vi "Máy chủ đang bận" "Yêu cầu chưa được làm xong trong thời gian cho phép. Hãy thử lại sau ít phút."
        en "Busy" "The request was not done in the time it has. Try again in a few minutes.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE ""
        vi "Tạm thời chưa phục vụ được" "Một phần của hệ thống chưa trả lời. Hãy thử lại sau ít phút."
        en "Not available now" "A part of the system does not answer. Try again in a few minutes.";
}

impl Kind {
    /// The kind of this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// `type` of its problem documents.
    pub fn uri(self) -> String {
        format!("/problems/{}", self.code())
    }
}

/// `docs/problems.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Problems\n\n\
         Every failure a client of the API can meet, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) documents \
         (`application/problem+json`); a browser gets\nthe same as a page. `type` is `/problems/<code>` on the server \
         that answered and never changes; `title` and `detail` are Vietnamese or English by\n`?lang=` or \
         `Accept-Language`; `request_id` is the id in the operator's log. A verdict is never a problem: a transcript \
         that is not valid is `200` with a report.\n\n\
         Generated from `crates/server/src/problem/kind.rs`; `UPDATE_PAGES=1 cargo test -p hocba-server` rewrites \
         it.\n",
    );
    for kind in Kind::ALL {
        let (vietnamese, english) = (Language::Vietnamese, Language::English);
        let status = kind.status();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n## {}\n\n`{}` {}\n\n- **{}.** {}\n- **{}.** {}\n",
            kind.code(),
            status.as_u16(),
            status.canonical_reason().unwrap_or_default(),
            kind.title(vietnamese),
            kind.meaning(vietnamese),
            kind.title(english),
            kind.meaning(english),
        );
        if !kind.members().is_empty() {
            let _ = writeln!(text, "- Members: {}", kind.members());
        }
    }
    text
}
