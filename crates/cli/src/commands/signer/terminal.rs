//! The person before the terminal: sees the list, says yes or no.

use std::io::{BufRead as _, Write as _};

use hocba_agent::{Matter, Person, RecordShown, Review, Shown, State, Whole, short};
use hocba_app::reason_words;
use hocba_bundle::text::{date, date_time};
use hocba_record::section::Rating;
use hocba_signature::{appointment::Appointment, statement::Role, status::StatusChange};

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

    /// Asks a question that yes or no answers.
    fn answers(&self, question: &Words) -> bool {
        if self.demo {
            self.say(&words("DEMO: chữ ký không có giá trị", "DEMO: the signatures do not count"));
        }
        if self.yes {
            return true;
        }
        {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{}", self.lang.pick(question));
            let _ = err.flush();
        }
        let mut answer = String::new();
        // Nobody there to answer is a no.
        let read = std::io::stdin().lock().read_line(&mut answer).unwrap_or(0);
        read > 0 && ["c", "co", "có", "y", "yes"].contains(&answer.trim().to_lowercase().as_str())
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
    let (count, digest, role, school) =
        (review.entries.len(), review.short_digest(), role(review.role), &review.school);
    let head = match &review.matter {
        Matter::Class { year, class } => words(
            format!(
                "\n{origin} đề nghị ký {count} học bạ: lớp {class}, năm học {year}, trường {school}, với vai trò {}",
                role.vi
            ),
            format!(
                "\n{origin} asks you to sign {count} records: class {class}, {year}, school {school}, as {}",
                role.en
            ),
        ),
        Matter::Superseding { year, class } => words(
            format!(
                "\n{origin} đề nghị ký: bản mới thay bản cũ của {count} học bạ lớp {class}, năm học {year}, trường {school}, với vai trò {}",
                role.vi
            ),
            format!(
                "\n{origin} asks you to sign: new versions of {count} records of class {class}, {year}, school {school}, take the place of old ones, as {}",
                role.en
            ),
        ),
        Matter::Appointments => {
            let what = appointments_and_ends(review);
            words(
                format!("\n{origin} đề nghị ký {}: trường {school}, với vai trò {}", what.vi, role.vi),
                format!("\n{origin} asks you to sign {}: school {school}, as {}", what.en, role.en),
            )
        }
    };
    let columns = match review.matter {
        Matter::Class { .. } => words(
            format!(
                "{:>4}  {:<NAME_WIDTH$} {:<10}  {:<9} {:<10} {:>6}",
                "STT", "Họ và tên", "Ngày sinh", "Học tập", "Rèn luyện", "TB môn"
            ),
            format!(
                "{:>4}  {:<NAME_WIDTH$} {:<10}  {:<9} {:<10} {:>6}",
                "No.", "Name", "Born", "Study", "Conduct", "Mean"
            ),
        ),
        Matter::Superseding { .. } => words(
            format!("{:>4}  {:<24} {:<9} {}", "STT", "Mã học bạ năm", "Bản mới", "Lý do"),
            format!("{:>4}  {:<24} {:<9} {}", "No.", "Record", "Version", "Reason"),
        ),
        Matter::Appointments => words(
            format!("{:>4}  {:<NAME_WIDTH$} {:<34} {:<23} {}", "STT", "Họ và tên", "Vai trò", "Thời hạn", "Chứng thư"),
            format!("{:>4}  {:<NAME_WIDTH$} {:<34} {:<23} {}", "No.", "Name", "Role", "Holds", "Certificate"),
        ),
    };
    let foot = words(
        format!("Mã danh sách: {digest}   (phải giống mã trên trang web)"),
        format!("List: {digest}   (has to be the same as on the page)"),
    );
    let mut lines = vec![lang.pick(&head).to_owned(), lang.pick(&columns).to_owned()];
    lines.extend(review.entries.iter().map(|entry| match &entry.shown {
        Shown::Record(shown) => record_line(entry.number, shown),
        Shown::Appointment(appointment) => appointment_line(entry.number, appointment, lang),
        Shown::End { change, appointment } => end_line(entry.number, change, appointment, lang),
        Shown::Superseding(change) => superseding_line(entry.number, change, lang),
    }));
    lines.push(lang.pick(&foot).to_owned());
    lines.join("\n")
}

/// Several classes as one: a line for each, and what two screens compare.
pub fn summary(origin: &str, whole: &Whole, lang: Lang) -> String {
    let (classes, count, role, school) = (whole.parts.len(), whole.records(), role(whole.of.role), &whole.of.school);
    let head = words(
        format!("\n{origin} đề nghị ký {count} học bạ của {classes} lớp: trường {school}, với vai trò {}", role.vi),
        format!("\n{origin} asks you to sign {count} records of {classes} classes: school {school}, as {}", role.en),
    );
    let digest = whole.short_digest();
    let foot = words(
        format!("Mã danh sách của tất cả: {digest}   (phải giống mã trên trang web)"),
        format!("List of all: {digest}   (has to be the same as on the page)"),
    );
    let mut lines = vec![lang.pick(&head).to_owned()];
    lines.extend(whole.parts.iter().map(|part| {
        let line = words(format!("lớp {}", part.class), format!("class {}", part.class));
        format!("{:>6}  {} ({})", part.records, lang.pick(&line), part.year)
    }));
    lines.push(lang.pick(&foot).to_owned());
    lines.join("\n")
}

fn record_line(number: u32, shown: &RecordShown) -> String {
    let mean = shown.mean_mark().map_or("–".to_owned(), |mean| format!("{},{}", mean / 10, mean % 10));
    format!(
        "{number:>4}  {:<NAME_WIDTH$} {:<10}  {:<9} {:<10} {mean:>6}",
        shown.name,
        shown.birth_date,
        rating(shown.study),
        rating(shown.conduct),
    )
}

/// How many appointments and how many ends a list has.
fn appointments_and_ends(review: &Review) -> Words {
    let ends = review.entries.iter().filter(|entry| matches!(entry.shown, Shown::End { .. })).count();
    let given = review.entries.len() - ends;
    match (given, ends) {
        (_, 0) => words(format!("{given} bổ nhiệm, phân công"), format!("{given} appointments")),
        (0, _) => words(format!("{ends} CHẤM DỨT bổ nhiệm, phân công"), format!("{ends} ENDS of appointments")),
        _ => words(
            format!("{ends} CHẤM DỨT và {given} bổ nhiệm, phân công"),
            format!("{ends} ENDS of appointments, and {given} appointments"),
        ),
    }
}

/// As what somebody is appointed, with the class.
fn office(appointment: &Appointment, lang: Lang) -> String {
    let role = role(appointment.role);
    match appointment.class.as_ref().zip(appointment.year) {
        Some((class, year)) => format!("{} {class} {year}", lang.pick(&role)),
        None => lang.pick(&role).to_owned(),
    }
}

fn superseding_line(number: u32, change: &StatusChange, lang: Lang) -> String {
    let (vi, en) = reason_words(change.reason);
    let (record, version) = (change.subject.to_string(), change.live_version);
    format!("{number:>4}  {record:<24} {version:<9} {}", lang.pick(&words(vi, en)))
}

fn end_line(number: u32, change: &StatusChange, appointment: &Appointment, lang: Lang) -> String {
    let (vi, en) = reason_words(change.reason);
    let mut why = words(format!("CHẤM DỨT: {vi}"), format!("ENDS: {en}"));
    if let Some(since) = change.since {
        why.vi.push_str(&format!(", từ {}", date_time(since)));
        why.en.push_str(&format!(", since {}", date_time(since)));
    }
    if let Some(decision) = &change.decision {
        for said in [&mut why.vi, &mut why.en] {
            said.push_str(&format!(" ({decision})"));
        }
    }
    let (name, what) = (appointment.appointee.name.as_str(), office(appointment, lang));
    format!("{number:>4}  {name:<NAME_WIDTH$} {what:<34} {}", lang.pick(&why))
}

fn appointment_line(number: u32, appointment: &Appointment, lang: Lang) -> String {
    let Appointment { appointee, from, until, .. } = appointment;
    let what = office(appointment, lang);
    let holds = format!("{} – {}", date(*from), date(*until));
    let certificate = short(&appointee.certificate);
    format!("{number:>4}  {:<NAME_WIDTH$} {what:<34} {holds:<23} {certificate}", appointee.name.as_str())
}

impl Person for Terminal {
    fn show_code(&self, code: &str) {
        self.say(&words(format!("Mã ghép cho trang tiếp theo: {code}"), format!("Code for the next page: {code}")));
    }

    fn confirms(&self, origin: &str, review: &Review) -> bool {
        let table = table(origin, review, self.lang);
        let _ = writeln!(std::io::stderr().lock(), "{table}");
        let count = review.entries.len();
        let question = match (&review.matter, review.signatures()) {
            (Matter::Appointments, _) => {
                let what = appointments_and_ends(review);
                words(format!("Ký {} này? [c/K] ", what.vi), format!("Sign these {}? [y/N] ", what.en))
            }
            (Matter::Superseding { .. }, _) => words(
                format!("Ký cho {count} bản mới này thay bản cũ? [c/K] "),
                format!("Sign that these {count} versions take the place of old ones? [y/N] "),
            ),
            (_, 1) if count > 1 => words(
                format!("Ký {count} học bạ này bằng một chữ ký? [c/K] "),
                format!("Sign these {count} records with one signature? [y/N] "),
            ),
            _ => words(format!("Ký {count} học bạ này? [c/K] "), format!("Sign these {count} records? [y/N] ")),
        };
        self.answers(&question)
    }

    fn shows(&self, origin: &str, review: &Review) {
        let table = table(origin, review, self.lang);
        let _ = writeln!(std::io::stderr().lock(), "{table}");
    }

    fn confirms_whole(&self, origin: &str, whole: &Whole) -> bool {
        let summary = summary(origin, whole, self.lang);
        let _ = writeln!(std::io::stderr().lock(), "{summary}");
        let (classes, count) = (whole.parts.len(), whole.records());
        self.answers(&words(
            format!("Ký {count} học bạ của {classes} lớp này? [c/K] "),
            format!("Sign these {count} records of {classes} classes? [y/N] "),
        ))
    }

    fn told(&self, review: &Review, state: &State, signed: usize) {
        let of = review.entries.len();
        match (state, &review.matter) {
            (State::Done, Matter::Class { class, .. }) => self.say(&words(
                format!("Đã ký {signed}/{of} học bạ lớp {class}"),
                format!("Signed {signed} of {of} records of class {class}"),
            )),
            (State::Done, Matter::Superseding { class, .. }) => self.say(&words(
                format!("Đã ký {signed}/{of} bản mới thay bản cũ, lớp {class}"),
                format!("Signed {signed} of {of} new versions of class {class}"),
            )),
            (State::Done, Matter::Appointments) => {
                let what = appointments_and_ends(review);
                self.say(&words(format!("Đã ký {}", what.vi), format!("Signed {}", what.en)));
            }
            (State::Declined, _) => self.say(&words("Không ký gì", "Nothing was signed")),
            (State::Stopped { why }, _) => self.say(&words(
                format!("Đã ký {signed}/{of}, rồi dừng: {why}\n  → khắc phục rồi bấm tiếp tục trên trang; phần đã ký không ký lại"),
                format!("Signed {signed} of {of}, then stopped: {why}\n  → mend it and go on from the page; what is signed is not signed again"),
            )),
            (State::Waiting | State::Signing, _) => {}
        }
    }
}
