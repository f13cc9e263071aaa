//! The person before the terminal: sees the list, says yes or no.

use std::io::{BufRead as _, Write as _};

use hocba_agent::{Person, Review, State};
use hocba_record::section::Rating;
use hocba_signature::statement::Role;

use crate::output::{Lang, Words, words};

/// The terminal.
pub struct Terminal {
    /// Language of what is shown.
    pub lang: Lang,
    /// Nobody is asked.
    pub yes: bool,
    /// Signatures do not count.
    pub demo: bool,
}

impl Terminal {
    fn say(&self, text: &Words) {
        let _ = writeln!(std::io::stderr().lock(), "{}", self.lang.pick(text));
    }
}

/// Names are not cut; a table whose columns are off by a letter is read all the same.
const NAME_WIDTH: usize = 28;

fn rating(rating: Option<Rating>) -> &'static str {
    match rating {
        Some(Rating::Tot) => "Tốt",
        Some(Rating::Kha) => "Khá",
        Some(Rating::Dat) => "Đạt",
        Some(Rating::ChuaDat) => "Chưa đạt",
        None => "–",
    }
}

fn role(role: Role) -> Words {
    match role {
        Role::HomeroomTeacher => words("giáo viên chủ nhiệm", "homeroom teacher"),
        Role::Principal => words("hiệu trưởng", "principal"),
        Role::DeputyPrincipal => words("phó hiệu trưởng (KT.)", "deputy principal"),
        Role::SchoolSeal => words("chữ ký số của trường", "school seal"),
        Role::Department => words("sở GD&ĐT", "department"),
        Role::ProfilePublisher => words("nơi công bố danh sách", "profile publisher"),
    }
}

/// The list as it is shown.
pub fn table(origin: &str, review: &Review, lang: Lang) -> String {
    let Review { class, year, school, entries, .. } = review;
    let (count, digest, role) = (entries.len(), review.short_digest(), role(review.role));
    let head = words(
        format!(
            "\n{origin} đề nghị ký {count} học bạ: lớp {class}, năm học {year}, trường {school}, với vai trò {}",
            role.vi
        ),
        format!("\n{origin} asks you to sign {count} records: class {class}, {year}, school {school}, as {}", role.en),
    );
    let columns = words(
        format!(
            "{:>4}  {:<NAME_WIDTH$} {:<10}  {:<9} {:<10} {:>6}",
            "STT", "Họ và tên", "Ngày sinh", "Học tập", "Rèn luyện", "TB môn"
        ),
        format!("{:>4}  {:<NAME_WIDTH$} {:<10}  {:<9} {:<10} {:>6}", "No.", "Name", "Born", "Study", "Conduct", "Mean"),
    );
    let foot = words(
        format!("Mã danh sách: {digest}   (phải giống mã trên trang web)"),
        format!("List: {digest}   (has to be the same as on the page)"),
    );
    let mut lines = vec![lang.pick(&head).to_owned(), lang.pick(&columns).to_owned()];
    for entry in entries {
        let mean = entry.mean_mark().map_or("–".to_owned(), |mean| format!("{},{}", mean / 10, mean % 10));
        lines.push(format!(
            "{:>4}  {:<NAME_WIDTH$} {:<10}  {:<9} {:<10} {mean:>6}",
            entry.number,
            entry.name,
            entry.birth_date,
            rating(entry.study),
            rating(entry.conduct),
        ));
    }
    lines.push(lang.pick(&foot).to_owned());
    lines.join("\n")
}

impl Person for Terminal {
    fn show_code(&self, code: &str) {
        self.say(&words(format!("Mã ghép cho trang tiếp theo: {code}"), format!("Code for the next page: {code}")));
    }

    fn confirms(&self, origin: &str, review: &Review) -> bool {
        let table = table(origin, review, self.lang);
        let _ = writeln!(std::io::stderr().lock(), "{table}");
        if self.demo {
            self.say(&words("DEMO: chữ ký không có giá trị", "DEMO: the signatures do not count"));
        }
        if self.yes {
            return true;
        }
        let count = review.entries.len();
        let question = match review.signatures() {
            1 if count > 1 => words(
                format!("Ký {count} học bạ này bằng một chữ ký? [c/K] "),
                format!("Sign these {count} records with one signature? [y/N] "),
            ),
            _ => words(format!("Ký {count} học bạ này? [c/K] "), format!("Sign these {count} records? [y/N] ")),
        };
        {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{}", self.lang.pick(&question));
            let _ = err.flush();
        }
        let mut answer = String::new();
        // Nobody there to answer is a no.
        let read = std::io::stdin().lock().read_line(&mut answer).unwrap_or(0);
        read > 0 && ["c", "co", "có", "y", "yes"].contains(&answer.trim().to_lowercase().as_str())
    }

    fn told(&self, review: &Review, state: &State, signed: usize) {
        let of = review.entries.len();
        let class = &review.class;
        match state {
            State::Done => self.say(&words(
                format!("Đã ký {signed}/{of} học bạ lớp {class}"),
                format!("Signed {signed} of {of} records of class {class}"),
            )),
            State::Declined => self.say(&words("Không ký học bạ nào", "Nothing was signed")),
            State::Stopped { why } => self.say(&words(
                format!("Đã ký {signed}/{of}, rồi dừng: {why}\n  → khắc phục rồi bấm tiếp tục trên trang; phần đã ký không ký lại"),
                format!("Signed {signed} of {of}, then stopped: {why}\n  → mend it and go on from the page; what is signed is not signed again"),
            )),
            State::Waiting | State::Signing => {}
        }
    }
}
