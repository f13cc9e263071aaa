//! Findings in words, Vietnamese first: what does not go together, and what to do about it.

use hocba_bundle::text::{Language, chain_problem};
use hocba_record::types::Text;

use crate::{
    finding::{Finding, Hidden, Invented, List, Missing, Unchecked},
    history::Rewriting,
    manifest::{ManifestError, Tagged},
};

/// What was found, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What and where.
    pub what: String,
    /// What to do.
    pub act: &'static str,
}

fn pick<T>(language: Language, vietnamese: T, english: T) -> T {
    match language {
        Language::Vietnamese => vietnamese,
        Language::English => english,
    }
}

/// A finding in words.
pub fn told(finding: &Finding, language: Language) -> Told {
    let (vi, en) = what(finding);
    let (act_vi, act_en) = act(finding);
    Told { what: pick(language, vi, en), act: pick(language, act_vi, act_en) }
}

fn what(finding: &Finding) -> (String, String) {
    match finding {
        Finding::HiddenBatch { batch, how } => {
            let (vi, en) = match how {
                Hidden::NotListed => ("không liệt kê lần ghi này", "does not list it"),
                Hidden::NoLeaves => ("nói là không có lần ghi này", "says that there is no such batch"),
                Hidden::NoSchoolList => {
                    ("nói với trường là không có lần ghi này", "says to the school that there is no such batch")
                }
            };
            (
                format!("Lần ghi {batch} bị giấu: có trên sổ chung, nhưng máy chủ {vi}."),
                format!("Batch {batch} is hidden: it is on the public record, and the service {en}."),
            )
        }
        Finding::InventedBatch { batch, why } => {
            let (vi, en) = match why {
                Invented::NotOnChain => ("sổ chung không có", "the public record does not have it"),
                Invented::FromTheFuture => ("thời điểm ghi còn ở tương lai", "its time is in the future"),
            };
            (
                format!("Lần ghi {batch} là bịa: máy chủ nói có, nhưng {vi}."),
                format!("Batch {batch} is invented: the service shows it, but {en}."),
            )
        }
        Finding::RootDiffers { batch, computed, anchored } => {
            let (computed, anchored) = (Tagged(*computed), Tagged(*anchored));
            (
                format!(
                    "Lần ghi {batch}: danh sách của máy chủ không khớp sổ chung (tính ra {computed}, sổ chung ghi \
                     {anchored})."
                ),
                format!(
                    "Batch {batch}: the service's leaves do not lead to the root on the public record ({computed} instead \
                     of {anchored})."
                ),
            )
        }
        Finding::ListDiffers { batch } => (
            format!("Lần ghi {batch}: gốc, số bản ghi hoặc thời điểm mà máy chủ đưa ra khác với sổ chung."),
            format!("Batch {batch}: the service lists another root, size or time than the public record has."),
        ),
        Finding::BadManifest { batch, list, error } => {
            let (vi, en) = match list {
                List::Batches => ("danh sách các lần ghi", "the list of batches"),
                List::Leaves => ("danh sách bản ghi", "the list of leaves"),
                List::OfSchool => ("danh sách của trường", "the school's list"),
                List::Schools => ("danh sách trường của từng bản ghi", "the list of schools"),
            };
            let of =
                batch.map_or_else(Default::default, |batch| (format!("Lần ghi {batch}: "), format!("Batch {batch}: ")));
            (
                format!("{}{vi} không dùng được: {}.", of.0, refused(*error)),
                format!("{}{en} is refused: {error}.", of.1),
            )
        }
        Finding::ForeignLeaf { batch, position, leaf, kind, subject, version, known_subject } => {
            let leaf = Tagged(*leaf);
            let (vi, en) = if *known_subject {
                (" của một học bạ mà trường có ở phiên bản khác", ", a record that the school has in other versions")
            } else {
                ("", "")
            };
            (
                format!(
                    "Bản ghi lạ dưới mã trường: lần ghi {batch}, chỗ {position} ({kind} {subject}, phiên bản \
                     {version}){vi}; sổ gửi đi của trường không có {leaf}."
                ),
                format!(
                    "A foreign leaf under the school's code: batch {batch}, position {position} ({kind} {subject}, version \
                     {version}){en}; the school's books do not have {leaf}."
                ),
            )
        }
        Finding::OtherSubject { batch, position, leaf, subject, version } => {
            let leaf = Tagged(*leaf);
            (
                format!(
                    "Lần ghi {batch}, chỗ {position}: máy chủ gắn {leaf} với hồ sơ khác; theo sổ gửi đi là {subject}, phiên \
                     bản {version}."
                ),
                format!(
                    "Batch {batch}, position {position}: the service says that {leaf} is of something else; by the books it \
                     is {subject}, version {version}."
                ),
            )
        }
        Finding::TwoAnswers { batch, position, in_school_list } => {
            let (vi, en) = if *in_school_list {
                (
                    "với trường là của trường, với mọi người là của nơi khác",
                    "the school's to the school, and another's to all",
                )
            } else {
                ("với mọi người là của trường, với trường thì giấu đi", "the school's to all, and not to the school")
            };
            (
                format!("Lần ghi {batch}, chỗ {position}: máy chủ nói hai điều: {vi}."),
                format!("Batch {batch}, position {position}: the service says two things: it is {en}."),
            )
        }
        Finding::ListedNotAnchored { batch, position, leaf } => {
            let leaf = Tagged(*leaf);
            (
                format!(
                    "Lần ghi {batch}: máy chủ liệt kê {leaf} ở chỗ {position} cho trường, nhưng chỗ đó không phải nó."
                ),
                format!(
                    "Batch {batch}: the service lists {leaf} at position {position}, where the batch has another leaf."
                ),
            )
        }
        Finding::MissingLeaf { batch, leaf, subject, version, class, place } => {
            let (leaf, class) = (Tagged(*leaf), label(class.as_ref()));
            let (vi, en) = match place {
                Missing::NoSuchBatch => ("sổ chung không có lần ghi đó", "the public record has no such batch"),
                Missing::NotInBatch => ("lần ghi đó không có nó", "that batch does not have it"),
                Missing::NotListed => {
                    ("máy chủ không kê nó cho trường", "the service does not list it under the school")
                }
            };
            (
                format!("Thiếu {subject}, phiên bản {version}{}: lần ghi {batch}, {leaf}: {vi}.", class.0),
                format!("Missing {subject}, version {version}{}: batch {batch}, {leaf}: {en}.", class.1),
            )
        }
        Finding::RewrittenHistory { rewriting } => {
            let (vi, en) = rewritten(*rewriting);
            (format!("Sổ chung đã bị viết lại: {vi}."), format!("The public record was written anew: {en}."))
        }
        Finding::TwoHistories { operators } => {
            let names: Vec<&str> = operators.iter().map(|said| said.id.as_str()).collect();
            let names = names.join(", ");
            (
                format!("Các nơi vận hành kể hai lịch sử khác nhau; nói khác số còn lại: {names}."),
                format!("Operators tell different histories; those who say otherwise: {names}."),
            )
        }
        Finding::ClassCount { class, books, listed } => match class {
            Some(class) => (
                format!("Lớp {class}: sổ gửi đi có {books} bản ghi đã ghi sổ chung, máy chủ kê {listed}."),
                format!(
                    "Class {class}: the books have {books} records on the public record, the service lists {listed}."
                ),
            ),
            None => (
                format!("Ngoài các lớp: sổ gửi đi có {books} bản ghi đã ghi sổ chung, máy chủ kê {listed}."),
                format!(
                    "Of no class: the books have {books} records on the public record, the service lists {listed}."
                ),
            ),
        },
    }
}

fn label(class: Option<&Text>) -> (String, String) {
    class.map_or_else(Default::default, |class| (format!(" (lớp {class})"), format!(" (class {class})")))
}

fn rewritten(rewriting: Rewriting) -> (String, String) {
    match rewriting {
        Rewriting::Contract { chain, contract } => (
            format!("không còn thấy sổ đã xem trước đây ({contract}, chuỗi {chain})"),
            format!("the contract that was looked at before ({contract}, chain {chain}) is not there"),
        ),
        Rewriting::Code => ("chương trình của sổ đã bị thay".into(), "the contract has another code".into()),
        Rewriting::Predecessor => {
            ("sổ này nối tiếp một sổ khác với trước".into(), "its digests grow from another era".into())
        }
        Rewriting::Succession => (
            "sổ mới không nối tiếp đúng sổ cũ".into(),
            "the contract that follows does not name what the one before it held".into(),
        ),
        Rewriting::Closing => (
            "sổ đã khoá nay mở lại hoặc khoá khác đi".into(),
            "a closed era is open again, or closed in another way".into(),
        ),
        Rewriting::Block { number } => {
            (format!("khối {number} nay là khối khác"), format!("block {number} is another block now"))
        }
        Rewriting::BatchesGone { before, now } => (
            format!("trước có {before} lần ghi, nay còn {now}"),
            format!("there were {before} batches, there are {now} now"),
        ),
        Rewriting::Batch { index } => {
            (format!("từ lần ghi {index} trở đi khác với trước"), format!("batch {index} is another one"))
        }
        Rewriting::StatusesGone { before, now } => (
            format!("trước có {before} mục trạng thái, nay còn {now}"),
            format!("there were {before} status entries, there are {now} now"),
        ),
        Rewriting::Status { index } => {
            (format!("từ mục trạng thái {index} trở đi khác với trước"), format!("status entry {index} is another one"))
        }
    }
}

fn refused(error: ManifestError) -> String {
    match error {
        ManifestError::TooLarge { limit } => format!("dài quá {limit} byte"),
        ManifestError::NotJson { line, column } => format!("không phải JSON ở dòng {line}, cột {column}"),
        ManifestError::Shape { line, column } => format!("không đúng dạng ở dòng {line}, cột {column}"),
        ManifestError::TooMany { limit } => format!("nhiều hơn {limit} mục"),
        ManifestError::Order { place } => format!("mục {place} không đứng sau mục trước nó"),
        ManifestError::Repeated { place } => format!("mục {place} lặp lại một mục trước"),
        ManifestError::OtherBatch { asked, said } => format!("là danh sách của lần ghi {said}, không phải {asked}"),
        ManifestError::Count { listed, size } => format!("có {listed} bản ghi, sổ chung ghi {size}"),
    }
}

fn act(finding: &Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::HiddenBatch { .. } | Finding::RootDiffers { .. } | Finding::ListDiffers { .. } => (
            "hỏi sở vì sao; giữ lại thư mục trạng thái và câu trả lời của máy chủ làm chứng",
            "ask the department why; keep the state folder and the service's answers as evidence",
        ),
        Finding::InventedBatch { .. } => (
            "đừng coi học bạ trong lần ghi này là đã có hiệu lực; báo cho sở",
            "do not take records of this batch to be in force; tell the department",
        ),
        Finding::BadManifest { .. } => (
            "thử lại; nếu vẫn thế, báo cho nơi vận hành máy chủ",
            "try again; if it stays so, tell whoever runs the service",
        ),
        Finding::ForeignLeaf { .. } => (
            "tìm xem ai trong trường đã ký; nếu không ai ký, báo sở ngay: có thể khoá ký của trường đã lộ",
            "find out who at the school signed it; if nobody did, tell the department at once: a key may be stolen",
        ),
        Finding::OtherSubject { .. } | Finding::TwoAnswers { .. } | Finding::ListedNotAnchored { .. } => (
            "báo cho nơi vận hành máy chủ; đối chiếu bằng tệp học bạ mà trường giữ",
            "tell whoever runs the service; compare with the transcript files that the school keeps",
        ),
        Finding::MissingLeaf { .. } => (
            "xác minh tệp học bạ của học sinh đó (hocba verify); nếu không hợp lệ, báo cho sở",
            "verify that pupil's transcript file (hocba verify); if it is not valid, tell the department",
        ),
        Finding::RewrittenHistory { .. } => (
            "giữ nguyên thư mục trạng thái: cả hai lịch sử nằm trong đó; báo cho sở và các nơi vận hành khác",
            "keep the state folder as it is: it holds both histories; tell the department and the other operators",
        ),
        Finding::TwoHistories { .. } => (
            "hỏi các nơi vận hành nêu tên; chưa tin nơi nào cho đến khi rõ",
            "ask the operators that are named; trust none of them until it is clear",
        ),
        Finding::ClassCount { .. } => (
            "xem các dòng trên của lớp này; nếu sổ gửi đi thiếu thì xuất lại",
            "look at this class's lines above; where the books lack something, export them again",
        ),
    }
}

/// What could not be compared, in words.
pub fn unchecked(unchecked: &Unchecked, language: Language) -> String {
    let (vi, en) = match unchecked {
        Unchecked::Chain { problem } => (
            format!("Chưa đọc được sổ chung: {}.", chain_problem(*problem, Language::Vietnamese)),
            format!("The public record could not be read: {}.", chain_problem(*problem, Language::English)),
        ),
        Unchecked::Behind { before, now } => (
            format!("Nơi được hỏi còn chậm: mới đến khối {now}, lần trước đã thấy khối {before}."),
            format!("Whoever was asked is behind: at block {now}, where block {before} was seen before."),
        ),
        Unchecked::Batch { batch } => {
            (format!("Lần ghi {batch}: máy chủ không trả lời."), format!("Batch {batch}: the service gave no answer."))
        }
        Unchecked::List => {
            ("Máy chủ không đưa danh sách các lần ghi.".to_owned(), "The service gave no list of batches.".to_owned())
        }
        Unchecked::Algorithm { batch } => (
            format!("Lần ghi {batch}: chương trình này chưa biết cách tính của nó."),
            format!("Batch {batch}: this build does not know its algorithm."),
        ),
    };
    pick(language, vi, en)
}
