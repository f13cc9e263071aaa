//! A made-up class, the same for the same seed.
//!
//! **For**: demos, tests and benches: forty pupils of any grade and of any year since 2015, with plausible names, birth
//! dates, marks or levels that hang together, averages by the rules of that year, conduct, absences and remarks that fit
//! the result. Every pupil passes `hocba_record::check` without an error or a warning.
//!
//! **Will not**: be used for production or stand for real people. School codes contain `DEMO`; personal numbers begin
//! with `000`, which is no province (real codes begin at 001), and ministry codes with `00`; the school's name says DEMO.
//!
//! Chance is ChaCha8 keyed with the seed, so a class is the same everywhere.
//!
//! ```
//! use hocba_record::rules::tt22::{self, Policy};
//! use hocba_sample::{Options, class};
//!
//! let (header, drafts) = class(2026, &Options::lower_secondary());
//! assert_eq!((header.class.as_str(), drafts.len()), ("9A3", 40));
//! let evaluation = tt22::evaluate(&header, &drafts[0], &Policy::default()).expect("no fault");
//! println!("{}: {:?}", drafts[0].identity.name, evaluation.promotion);
//! assert_eq!(class(2026, &Options::lower_secondary()).1, drafts);
//! ```

mod dice;
mod names;
mod school;

use hocba_record::{
    catalogue::{self, Standing, Subject, SubjectKind},
    draft::{
        Assessment, AttainmentsDraft, ClassHeader, ConductDraft, ConductRankingDraft, Draft, ImportedResults,
        SubjectDraft, TermMarks,
    },
    form::{Form, RuleSet},
    rules::{
        self, Listed, Policies,
        average::{Rounding, term_average, year_average},
        tt22, tt27, tt30, tt58,
    },
    section::{
        Achievement, Attainment, AttainmentLevel, Attendance, ConductRank, EducationResult, Identifier, IdentifierKind,
        Identity, Promotion, Rating, SchoolSection, Section, Sex, StudyRank, SubjectLevel,
    },
    types::{ClassName, EducationLevel, Grade, Mark, PartialDate, SchoolCode, SchoolYear, Text, UnixTime},
};

use crate::dice::Dice;

pub use school::{SampleClass, SamplePosition, SampleSchool, SampleStaff, SchoolOptions, school};

/// The most pupils of a made-up class; their numbers have three digits of the pupil's place.
pub const MAX_PUPILS: usize = 999;

/// What class to make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The school's code.
    pub school: SchoolCode,
    /// The school as printed.
    pub school_name: SchoolSection,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Class.
    pub class: ClassName,
    /// How many pupils, at most [`MAX_PUPILS`].
    pub pupils: usize,
    /// How many of them wait for re-assessment in summer; the others are promoted.
    pub pending: usize,
    /// Codes of the electives the class takes (upper secondary).
    pub electives: Vec<&'static str>,
    /// Codes of the subjects whose study topics the class takes (upper secondary); none in the classes made here, since
    /// many gradebooks do not hold them.
    pub topics: Vec<&'static str>,
}

impl Options {
    /// THCS Trần Phú (DEMO), class 9A3 of 2026-2027: forty pupils, one of them waiting for re-assessment.
    pub fn lower_secondary() -> Self {
        Self {
            school: "79DEMO001".parse().expect("a school code"),
            school_name: SchoolSection {
                ward: Some(text("Phường Mẫu")),
                province: Some(text("Thành phố Hồ Chí Minh")),
                ..SchoolSection::named(text("Trường THCS Trần Phú (DEMO)"))
            },
            year: SchoolYear::starting(2026).expect("a school year"),
            grade: Grade::new(9).expect("a grade"),
            class: "9A3".parse().expect("a class"),
            pupils: 40,
            pending: 1,
            electives: Vec::new(),
            topics: Vec::new(),
        }
    }

    /// Tiểu học Lê Lợi (DEMO), class 5A1 of 2026-2027.
    pub fn primary() -> Self {
        Self {
            school: "79DEMO003".parse().expect("a school code"),
            school_name: SchoolSection {
                name: text("Trường Tiểu học Lê Lợi (DEMO)"),
                ..Self::lower_secondary().school_name
            },
            grade: Grade::new(5).expect("a grade"),
            class: "5A1".parse().expect("a class"),
            ..Self::lower_secondary()
        }
    }

    /// Class A1 of a grade in a year, at the demo's school of that level: under whatever circular applied then.
    pub fn of(grade: Grade, year: SchoolYear) -> Self {
        let school = match grade.level() {
            EducationLevel::Primary => Self::primary(),
            EducationLevel::LowerSecondary => Self::lower_secondary(),
            EducationLevel::UpperSecondary => Self::upper_secondary(),
        };
        let class = format!("{}A1", grade.number()).parse().expect("a class");
        Self { year, ..school.of_class(grade, class) }
    }

    /// THPT Nguyễn Du (DEMO), class 12A5 of 2026-2027, with natural sciences.
    pub fn upper_secondary() -> Self {
        Self {
            school: "79DEMO002".parse().expect("a school code"),
            school_name: SchoolSection {
                name: text("Trường THPT Nguyễn Du (DEMO)"),
                ..Self::lower_secondary().school_name
            },
            grade: Grade::new(12).expect("a grade"),
            class: "12A5".parse().expect("a class"),
            electives: vec!["vat_li", "hoa_hoc", "sinh_hoc", "tin_hoc"],
            ..Self::lower_secondary()
        }
    }

    /// The same with another grade and class.
    #[must_use]
    pub fn of_class(mut self, grade: Grade, class: ClassName) -> Self {
        if grade.level() != self.grade.level() {
            self.electives = if grade.level() == EducationLevel::UpperSecondary {
                Self::upper_secondary().electives
            } else {
                Vec::new()
            };
        }
        (self.grade, self.class) = (grade, class);
        self
    }

    /// The same with another number of pupils, none of them waiting for re-assessment.
    #[must_use]
    pub fn with_pupils(mut self, pupils: usize) -> Self {
        (self.pupils, self.pending) = (pupils, 0);
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::lower_secondary()
    }
}

fn text(text: &str) -> Text {
    text.parse().expect("the words of this crate are texts")
}

/// The class, its pupils in the order of a class list.
pub fn class(seed: u64, options: &Options) -> (ClassHeader, Vec<Draft>) {
    let header = ClassHeader {
        school: options.school.clone(),
        school_name: options.school_name.clone(),
        year: options.year,
        grade: options.grade,
        class: options.class.clone(),
    };
    let mut dice = Dice::new(seed);
    let lessons = lessons(&mut dice, options);
    let count = options.pupils.min(MAX_PUPILS);

    let mut pupils: Vec<(String, bool)> = Vec::with_capacity(count);
    for _ in 0..count {
        let female = dice.chance(50);
        let mut name = names::full_name(&mut dice, female);
        // Two pupils of one name happen; a demo is easier to follow without.
        for _ in 0..20 {
            if pupils.iter().all(|(other, _)| *other != name) {
                break;
            }
            name = names::full_name(&mut dice, female);
        }
        pupils.push((name, female));
    }
    pupils.sort_by_key(|(name, _)| names::order(name));

    // Whoever waits for re-assessment sits anywhere in the list, never first, so that a demo's first pupil is sound.
    let mut waiting = vec![false; count];
    for _ in 0..options.pending.min(count.saturating_sub(1)) {
        loop {
            let index = usize::try_from(dice.between(1, u32::try_from(count - 1).unwrap_or(u32::MAX))).unwrap_or(0);
            if let Some(slot) = waiting.get_mut(index).filter(|taken| !**taken) {
                *slot = true;
                break;
            }
        }
    }
    let drafts = pupils
        .iter()
        .zip(waiting)
        .enumerate()
        .map(|(index, ((name, female), waiting))| {
            let identity = identity(&mut dice, options, index, name, *female);
            pupil(&mut dice, &header, &lessons, identity, waiting)
        })
        .collect();
    (header, drafts)
}

/// The sections of one record of lower secondary, quickly, for benches.
pub fn record_sections(seed: u64) -> Vec<Section> {
    let (header, drafts) = class(seed, &Options::lower_secondary().with_pupils(1));
    drafts
        .first()
        .and_then(|draft| rules::sections(&header, draft, &Policies::default()).ok())
        .expect("a sample pupil passes the checks")
}

/// One subject of the class with its teacher.
struct Lesson {
    subject: &'static Subject,
    name: Text,
    topics: bool,
    teacher: Text,
    locked_at: UnixTime,
}

fn lessons(dice: &mut Dice, options: &Options) -> Vec<Lesson> {
    catalogue::of(Form::of(options.grade, options.year).curriculum())
        .filter(|s| s.standing(options.grade) == Some(Standing::Mandatory) || options.electives.contains(&s.code))
        .map(|subject| {
            let female = dice.chance(65);
            // As schools print it, with the language taught.
            let name = if subject.code == "ngoai_ngu_1" { "Ngoại ngữ 1 (Tiếng Anh)" } else { subject.name };
            // Gradebooks are locked in the third week of May, in the afternoon.
            let day = i64::from(dice.between(17, 22));
            let clock = i64::from(dice.between(14 * 60, 17 * 60)) * 60;
            let may =
                days_before(i64::from(options.year.start()) + 1) + 120 + leap(i64::from(options.year.start()) + 1);
            let seconds = (may + day - 1) * 86_400 + clock - 7 * 3600;
            Lesson {
                subject,
                name: text(name),
                topics: subject.has_topics() && options.topics.contains(&subject.code),
                teacher: text(&names::full_name(dice, female)),
                locked_at: UnixTime::from_seconds(seconds).expect("a school year is between 1970 and 9999"),
            }
        })
        .collect()
}

fn leap(year: i64) -> i64 {
    i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
}

/// Days from 1970-01-01 to the first of January of a year from 1950 to 2201; before 1970 counts as 1970.
fn days_before(year: i64) -> i64 {
    (1970..year).map(|y| 365 + leap(y)).sum()
}

const BIRTH_PLACES: &[(&str, u32)] = &[
    ("Thành phố Hồ Chí Minh", 70),
    ("Đồng Nai", 6),
    ("Tây Ninh", 5),
    ("Đồng Tháp", 5),
    ("Vĩnh Long", 4),
    ("Lâm Đồng", 3),
    ("Gia Lai", 2),
    ("Nghệ An", 2),
    ("Thành phố Hà Nội", 2),
    ("Thành phố Huế", 1),
];
const ETHNICITIES: &[(&str, u32)] = &[("Kinh", 93), ("Hoa", 5), ("Khmer", 1), ("Chăm", 1)];

fn identity(dice: &mut Dice, options: &Options, index: usize, name: &str, female: bool) -> Identity {
    // Six in the year grade 1 began; one in twenty is a year older.
    let usual = options.year.start() - u16::from(options.grade.number()) - 5;
    let year = if dice.chance(5) { usual - 1 } else { usual };
    let month = dice.between(1, 12);
    let day = dice.between(1, 28);
    let small = |n: u32| u8::try_from(n).ok();
    let birth_date = PartialDate::new(year, small(month), small(day)).expect("day 28 is in every month");
    // NĐ 137/2015 Art. 13: three digits of province (000 is none), one of century and sex, two of the year, six more.
    let century = 2 * (year / 100 - 19) + u16::from(female);
    let place = index + 1;
    let personal = format!("000{century}{:02}{:03}{place:03}", year % 100, dice.below(1000));
    let ministry = format!("00{:05}{place:03}", dice.below(100_000));
    let identifier = |kind, value: &str| Identifier::new(kind, text(value));
    Identity {
        name: text(name),
        birth_date,
        sex: if female { Sex::Female } else { Sex::Male },
        ethnicity: Some(text(dice.weighted(ETHNICITIES))),
        nationality: Some(text("VN")),
        birth_place: Some(text(dice.weighted(BIRTH_PLACES))),
        birth_province: None,
        identifiers: vec![
            identifier(IdentifierKind::Ministry, &ministry),
            identifier(IdentifierKind::Personal, &personal),
            identifier(IdentifierKind::School, &format!("{}-{}-{place:02}", options.year.start(), options.class)),
        ],
        book: None,
    }
}

/// Tries abilities until the year comes out as wanted. Marks of one ability scatter, and what must not happen in a demo is
/// a pupil who fails by chance.
fn pupil(dice: &mut Dice, header: &ClassHeader, lessons: &[Lesson], identity: Identity, waiting: bool) -> Draft {
    // Tenths: most classes centre between 7 and 8 and reach from 5 to nearly 10.
    let mut ability = if waiting { 40 } else { dice.bell(78, 14).clamp(55, 97) };
    let mut draft = Draft::of(identity);
    for _ in 0..20 {
        draft.subjects = lessons.iter().map(|lesson| subject(dice, header, lesson, ability)).collect();
        match header.form().rules {
            RuleSet::Tt22 => draft.conduct = conduct(dice, ability),
            RuleSet::Tt58 | RuleSet::Tt58Tt26 => draft.conduct_ranking = conduct_ranking(&conduct(dice, ability)),
            RuleSet::Tt27 | RuleSet::Tt30 => draft.attainments = attainments(dice, header, ability),
        }
        draft.attendance = Attendance {
            with_leave: u16::try_from(dice.below(if ability > 80 { 4 } else { 9 })).unwrap_or(0),
            without_leave: u16::try_from(if ability > 65 { 0 } else { dice.below(4) }).unwrap_or(0),
        };
        let Some((imported, standing)) = results(header, &draft) else { break };
        let wanted = if waiting { Promotion::Pending } else { Promotion::Promoted };
        if imported.promotion == Some(wanted) {
            draft.remark = Some(text(homeroom_remark(dice, header, wanted, standing)));
            let primary = header.grade.level() == EducationLevel::Primary;
            draft.attainments.outstanding =
                imported.education_year == Some(EducationResult::HoanThanhTot) && dice.chance(40);
            draft.imported = imported;
            if standing == Rating::Tot && dice.chance(15) {
                draft.other_awards.push(text(dice.pick(if primary { PRIMARY_AWARDS } else { AWARDS })));
            }
            break;
        }
        ability += if waiting { -3 } else { 4 };
    }
    draft
}

/// What the gradebook would have computed, and how good the year was on the four steps of TT 22. Under TT 30 the decision
/// is the teacher's: who has completed every subject goes on.
fn results(header: &ClassHeader, draft: &Draft) -> Option<(ImportedResults, Rating)> {
    let none = ImportedResults::default();
    match header.form().rules {
        RuleSet::Tt22 => {
            let evaluation = tt22::evaluate(header, draft, &tt22::Policy::default()).ok()?;
            let study = evaluation.study?;
            let imported = ImportedResults {
                study_term1: Some(study.term1),
                study_term2: Some(study.term2),
                study_year: Some(study.year),
                promotion: Some(evaluation.promotion),
                ..none
            };
            Some((imported, study.year))
        }
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => {
            let evaluation = tt58::evaluate(header, draft, &tt58::Policy::default()).ok()?;
            let study = evaluation.study?;
            let standing = match study.year.rank {
                StudyRank::Gioi => Rating::Tot,
                StudyRank::Kha => Rating::Kha,
                StudyRank::TrungBinh => Rating::Dat,
                StudyRank::Yeu | StudyRank::Kem => Rating::ChuaDat,
            };
            let ranking = [study.term1, study.term2, study.year].map(|r| Some((r.average, Some(r.rank))));
            Some((ImportedResults { ranking, promotion: Some(evaluation.promotion), ..none }, standing))
        }
        RuleSet::Tt27 => {
            let evaluation = tt27::evaluate(header, draft, &tt27::Policy::default()).ok()?;
            let year = evaluation.result?.year;
            let standing = match year {
                EducationResult::HoanThanhXuatSac => Rating::Tot,
                EducationResult::HoanThanhTot => Rating::Kha,
                EducationResult::HoanThanh => Rating::Dat,
                EducationResult::ChuaHoanThanh => Rating::ChuaDat,
            };
            let promotion = Some(evaluation.promotion);
            Some((ImportedResults { education_year: Some(year), promotion, ..none }, standing))
        }
        RuleSet::Tt30 => {
            let levels = || {
                draft.subjects.iter().filter_map(|subject| match subject.assessment {
                    Assessment::Level { year, .. } => year,
                    _ => None,
                })
            };
            let standing = match levels().min()? {
                SubjectLevel::HoanThanhTot => Rating::Tot,
                SubjectLevel::HoanThanh if levels().any(|level| level == SubjectLevel::HoanThanhTot) => Rating::Kha,
                SubjectLevel::HoanThanh => Rating::Dat,
                SubjectLevel::ChuaHoanThanh => Rating::ChuaDat,
            };
            let decision = if standing > Rating::ChuaDat { Promotion::Promoted } else { Promotion::Pending };
            Some((ImportedResults { promotion: Some(decision), ..none }, standing))
        }
    }
}

/// A mark around an ability; most end in ,0 or ,5 or ,3 and ,8 as quarter marks do.
fn mark(dice: &mut Dice, around: i32, spread: u32) -> Mark {
    let tenths = dice.bell(around, spread).clamp(0, 100);
    let quarter = [0, 3, 5, 8][usize::try_from((tenths % 10) * 4 / 10).unwrap_or(0)];
    let tenths = u32::try_from(tenths - tenths % 10 + quarter).unwrap_or(0);
    Mark::from_tenths(tenths).expect("clamped to 100, and 100 keeps its nought")
}

fn subject(dice: &mut Dice, header: &ClassHeader, lesson: &Lesson, ability: i32) -> SubjectDraft {
    let bent = dice.bell(ability, 5).clamp(25, 98);
    let rounding = Rounding::default();
    let (assessment, remark) = match lesson.subject.kind {
        SubjectKind::Score => {
            let regular = lesson.subject.regular_marks(header.grade).unwrap_or(2);
            let mut term = |better: i32| {
                let mut marks = TermMarks {
                    regular: (0..regular).map(|_| mark(dice, bent + 4, 6)).collect(),
                    midterm: Some(mark(dice, bent + better - 2, 5)),
                    final_exam: Some(mark(dice, bent + better, 4)),
                    average: None,
                };
                marks.average = term_average(&marks, rounding).mark();
                marks
            };
            let (term1, term2) = (term(0), term(2));
            let year = match (term1.average, term2.average) {
                (Some(first), Some(second)) => Some(year_average(first, second, rounding)),
                _ => None,
            };
            let remark = subject_remark(dice, year.map_or(0, Mark::tenths));
            (Assessment::Score { term1, term2, year, reassessed: None }, remark)
        }
        SubjectKind::Level | SubjectKind::TestedLevel => {
            // A level and a test that go together: T with 8 and more, H with 5 to 8, C with 4 and less.
            let (year, test) = match bent {
                75.. => (SubjectLevel::HoanThanhTot, (bent + 10) / 10),
                45.. => (SubjectLevel::HoanThanh, (bent + 9) / 10),
                _ => (SubjectLevel::ChuaHoanThanh, bent / 10),
            };
            let test = u32::try_from(test).ok().and_then(|points| Mark::from_tenths(10 * points.min(10)).ok());
            let test = test.filter(|_| lesson.subject.kind == SubjectKind::TestedLevel);
            let remark = level_remark(dice, year);
            (Assessment::Level { year: Some(year), test, reassessed: None, reassessed_test: None }, remark)
        }
        SubjectKind::Comment => {
            let dat = Some(Achievement::Dat);
            let remark = dice.pick(COMMENT_REMARKS);
            (Assessment::Comment { term1: dat, term2: dat, year: dat, reassessed: None }, remark)
        }
    };
    SubjectDraft {
        code: lesson.subject.code.parse().expect("codes of the catalogue are subject codes"),
        name: lesson.name.clone(),
        assessment,
        study_topics: lesson.topics,
        remark: Some(text(remark)),
        teacher: Some(lesson.teacher.clone()),
        locked_at: Some(lesson.locked_at),
        source: Some(text("Sổ điểm điện tử (DEMO)")),
    }
}

fn conduct(dice: &mut Dice, ability: i32) -> ConductDraft {
    let mut term = || match ability {
        65.. => Rating::Tot,
        55..65 if dice.chance(60) => Rating::Tot,
        ..48 if dice.chance(40) => Rating::Dat,
        _ => Rating::Kha,
    };
    let (term1, term2) = (term(), term());
    ConductDraft {
        term1: Some(term1),
        term2: Some(term2),
        year: Some(tt22::conduct_of_year(term1, term2)),
        retrained: None,
    }
}

/// The same conduct by the ranks of TT 58; the year is mainly the second term (Art. 4).
fn conduct_ranking(conduct: &ConductDraft) -> ConductRankingDraft {
    let rank = |rating: Option<Rating>| {
        rating.map(|rating| match rating {
            Rating::Tot => ConductRank::Tot,
            Rating::Kha => ConductRank::Kha,
            Rating::Dat => ConductRank::TrungBinh,
            Rating::ChuaDat => ConductRank::Yeu,
        })
    };
    let (term1, term2) = (rank(conduct.term1), rank(conduct.term2));
    ConductRankingDraft { term1, term2, year: term2, retrained: None }
}

fn attainments(dice: &mut Dice, header: &ClassHeader, ability: i32) -> AttainmentsDraft {
    let mut one = |listed: &Listed| {
        let level = if ability >= 72 || dice.chance(60) { AttainmentLevel::Tot } else { AttainmentLevel::Dat };
        let remark = dice.pick(if level == AttainmentLevel::Tot { ATTAINED } else { GROWING });
        Attainment {
            code: listed.code.parse().expect("codes of the lists are subject codes"),
            name: text(listed.name),
            level,
            remark: Some(text(remark)),
        }
    };
    let (qualities, competences) = if header.form().rules == RuleSet::Tt30 {
        (tt30::QUALITIES.iter().map(&mut one).collect(), tt30::COMPETENCES.iter().map(&mut one).collect())
    } else {
        (tt27::QUALITIES.iter().map(&mut one).collect(), tt27::competences(header.grade).map(&mut one).collect())
    };
    AttainmentsDraft { qualities, competences, outstanding: false, reassessed: None }
}

const ATTAINED: &[&str] =
    &["Thực hiện tốt, tự giác.", "Biết giúp đỡ bạn bè, được bạn tin yêu.", "Mạnh dạn, chủ động trong học tập."];
const GROWING: &[&str] = &["Có tiến bộ, cần mạnh dạn hơn.", "Thực hiện được khi có hướng dẫn."];
const PRIMARY_AWARDS: &[&str] = &[
    "Giải Nhất hội thi Vở sạch chữ đẹp cấp trường",
    "Giải Nhì giao lưu Toán tuổi thơ cấp trường",
    "Cháu ngoan Bác Hồ",
];

fn level_remark(dice: &mut Dice, level: SubjectLevel) -> &'static str {
    let list: &[&'static str] = match level {
        SubjectLevel::HoanThanhTot => &["Nắm vững kiến thức, vận dụng tốt.", "Học tốt, tích cực phát biểu."],
        SubjectLevel::HoanThanh => &["Hoàn thành yêu cầu, cần luyện tập thêm.", "Có cố gắng, cần cẩn thận hơn."],
        SubjectLevel::ChuaHoanThanh => &["Chưa hoàn thành yêu cầu, cần được giúp đỡ thêm trong hè."],
    };
    dice.pick(list)
}

const AWARDS: &[&str] = &[
    "Giải Ba học sinh giỏi cấp trường môn Toán",
    "Giải Nhì cuộc thi Khoa học kĩ thuật cấp trường",
    "Giải Khuyến khích hội thi Văn hay chữ tốt",
    "Cán bộ lớp tích cực",
];
const COMMENT_REMARKS: &[&str] = &[
    "Tham gia đầy đủ, tích cực.",
    "Hoàn thành tốt các yêu cầu của môn học.",
    "Có tinh thần hợp tác, chủ động trong hoạt động nhóm.",
    "Hoàn thành các yêu cầu; cần mạnh dạn hơn.",
];

fn subject_remark(dice: &mut Dice, tenths: u32) -> &'static str {
    let list: &[&'static str] = match tenths {
        90.. => &["Nắm rất vững kiến thức, vận dụng sáng tạo.", "Học tập xuất sắc, tư duy độc lập."],
        80..90 => &["Nắm vững kiến thức, vận dụng tốt.", "Học tốt, tích cực phát biểu xây dựng bài."],
        65..80 => &["Nắm được kiến thức cơ bản, cần luyện tập thêm.", "Có cố gắng, kết quả khá."],
        50..65 => &["Đạt yêu cầu, cần chăm chỉ hơn.", "Cần rèn thêm kĩ năng vận dụng."],
        _ => &[
            "Chưa nắm vững kiến thức cơ bản, cần ôn tập trong hè.",
            "Cần cố gắng nhiều hơn; gia đình phối hợp nhắc nhở.",
        ],
    };
    dice.pick(list)
}

fn homeroom_remark(dice: &mut Dice, header: &ClassHeader, promotion: Promotion, standing: Rating) -> &'static str {
    let primary = header.grade.level() == EducationLevel::Primary;
    let list: &[&'static str] = match (promotion, standing) {
        (Promotion::Promoted, Rating::Tot) if primary => {
            &["Chăm ngoan, học tốt tất cả các môn, biết giúp đỡ bạn.", "Con học tập rất tốt, tự tin, lễ phép."]
        }
        (Promotion::Promoted, _) if primary => {
            &["Ngoan, lễ phép, có cố gắng trong học tập.", "Con tiến bộ nhiều, cần luyện đọc và tính toán thêm."]
        }
        _ if primary => &["Con cần được giúp đỡ thêm trong hè để hoàn thành chương trình lớp học."],
        (Promotion::Promoted, Rating::Tot) => &[
            "Chăm ngoan, học tập rất tốt, tích cực giúp đỡ bạn bè.",
            "Có ý thức kỉ luật cao, học đều các môn, gương mẫu trong tập thể lớp.",
            "Năng động, có trách nhiệm với công việc chung, kết quả học tập tốt.",
        ],
        (Promotion::Promoted, Rating::Kha) => &[
            "Ngoan, lễ phép, có cố gắng trong học tập; cần phát huy ở các môn tự nhiên.",
            "Chấp hành tốt nội quy, hoà đồng với bạn bè, kết quả học tập khá.",
            "Có tiến bộ trong học kì II; cần mạnh dạn phát biểu hơn.",
        ],
        (Promotion::Promoted, _) => &[
            "Ngoan, hiền; cần chăm chỉ và chủ động hơn trong học tập.",
            "Có cố gắng nhưng kết quả chưa đều; cần ôn luyện thêm trong hè.",
        ],
        _ => &["Học lực còn hạn chế ở nhiều môn; cần ôn tập trong hè để đánh giá lại, gia đình quan tâm nhắc nhở."],
    };
    dice.pick(list)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hocba_record::check::{self, Severity};

    use super::*;

    fn classes() -> Vec<(ClassHeader, Vec<Draft>)> {
        let mut all = vec![class(1, &Options::default()), class(2, &Options::upper_secondary())];
        for grade in 6..=12 {
            let options = Options::lower_secondary()
                .of_class(Grade::new(grade).expect("a grade"), format!("{grade}A1").parse().expect("a class"));
            all.push(class(u64::from(grade), &options));
        }
        all
    }

    /// All twelve grades in a year of each time: TT 30 and TT 58; TT 27's first year and TT 26; both regimes side by side;
    /// only today's.
    fn classes_of_all_times() -> impl Iterator<Item = (ClassHeader, Vec<Draft>)> {
        [2016, 2020, 2022, 2026].into_iter().flat_map(|year| {
            (1..=12).map(move |grade| {
                let year = SchoolYear::starting(year).expect("a year");
                let mut options = Options::of(Grade::new(grade).expect("a grade"), year);
                if options.grade.level() == EducationLevel::UpperSecondary && year.start() == 2026 {
                    options.topics = vec!["toan", "vat_li", "hoa_hoc"];
                }
                class(u64::from(year.start()) + u64::from(grade), &options)
            })
        })
    }

    #[test]
    fn every_grade_of_every_time_passes_the_checks_without_an_error_or_a_doubt() {
        let mut met = BTreeSet::new();
        for (header, drafts) in classes_of_all_times() {
            let form = header.form();
            met.insert(form.id);
            assert!(header.class.as_str().starts_with(&format!("{}A", header.grade.number())), "{}", header.class);
            let mut decisions = Vec::new();
            for draft in &drafts {
                let findings = check::check(&header, draft, &Policies::default());
                assert!(findings.is_empty(), "{} {} {findings:?}", form.id, header.class);
                let sections = rules::sections(&header, draft, &Policies::default()).expect("no error");
                assert!(sections.len() + 2 <= form.slots, "manifest and history fit too");
                decisions.extend(draft.imported.promotion);
            }
            let pending = decisions.iter().filter(|d| **d == Promotion::Pending).count();
            assert_eq!((decisions.len(), pending), (40, 1), "{} {}", form.id, header.class);
            assert!(check::check_class(&drafts).iter().all(|(_, f)| f.severity != Severity::Error));
        }
        assert_eq!(met.len(), hocba_record::form::FORMS.len(), "{met:?}");
    }

    #[test]
    fn results_are_spread_as_in_a_class_under_every_circular() {
        for (header, drafts) in classes_of_all_times().filter(|(header, _)| matches!(header.grade.number(), 5 | 9)) {
            let remarks: BTreeSet<_> = drafts.iter().filter_map(|d| d.remark.as_ref()).collect();
            assert!(remarks.len() >= 4, "{} {remarks:?}", header.form().id);
            let best = |draft: &&Draft| match header.form().rules {
                RuleSet::Tt22 => draft.imported.study_year == Some(Rating::Tot),
                RuleSet::Tt27 => draft.imported.education_year >= Some(EducationResult::HoanThanhTot),
                RuleSet::Tt58 | RuleSet::Tt58Tt26 => {
                    draft.imported.ranking[2].and_then(|(_, rank)| rank) == Some(StudyRank::Gioi)
                }
                RuleSet::Tt30 => true,
            };
            assert!(drafts.iter().filter(best).count() >= 3, "{}", header.form().id);
        }
    }

    #[test]
    fn every_sample_pupil_passes_the_checks_without_an_error_or_a_doubt() {
        for (header, drafts) in classes() {
            for draft in &drafts {
                let findings = check::check(&header, draft, &Policies::default());
                assert!(findings.is_empty(), "{} {findings:?}", header.class);
                assert!(rules::sections(&header, draft, &Policies::default()).is_ok());
            }
            assert!(check::check_class(&drafts).iter().all(|(_, f)| f.severity != Severity::Error));
        }
    }

    #[test]
    fn one_pupil_of_the_demo_waits_for_re_assessment_and_the_others_are_promoted() {
        for seed in 0..20 {
            let (header, drafts) = class(seed, &Options::default());
            let decisions: Vec<Promotion> = drafts
                .iter()
                .map(|d| tt22::evaluate(&header, d, &tt22::Policy::default()).expect("no fault").promotion)
                .collect();
            assert_eq!(decisions.iter().filter(|d| **d == Promotion::Pending).count(), 1, "seed {seed}");
            assert_eq!(decisions.iter().filter(|d| **d == Promotion::Promoted).count(), 39, "seed {seed}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_class_and_another_seed_another() {
        let options = Options::default();
        assert_eq!(class(7, &options), class(7, &options));
        assert_ne!(class(7, &options).1, class(8, &options).1);
        // Pins the generator: whoever changes it, changes every committed picture and vector made from it.
        let (_, drafts) = class(2026, &options);
        assert_eq!(drafts[0].identity.name.as_str(), PINNED);
    }
    const PINNED: &str = "Võ Hồng An";

    #[test]
    fn levels_of_study_are_spread_as_in_a_class() {
        let (header, drafts) = class(2026, &Options::default());
        let years: BTreeSet<_> = drafts
            .iter()
            .map(|d| {
                tt22::evaluate(&header, d, &tt22::Policy::default()).expect("no fault").study.expect("no plan").year
            })
            .collect();
        assert_eq!(years, BTreeSet::from([Rating::ChuaDat, Rating::Dat, Rating::Kha, Rating::Tot]));
    }

    #[test]
    fn no_number_can_be_a_real_persons() {
        for (_, drafts) in classes() {
            for draft in drafts {
                for identifier in draft.identity.identifiers {
                    match identifier.kind {
                        IdentifierKind::Personal => assert!(identifier.value.as_str().starts_with("000")),
                        IdentifierKind::Ministry => assert!(identifier.value.as_str().starts_with("00")),
                        _ => {}
                    }
                }
            }
        }
    }

    #[test]
    fn a_record_for_benches_has_all_its_sections() {
        // Twelve subjects; school, identity, result, conduct, attendance, promotion, awards, remarks, completion.
        assert_eq!(record_sections(1).len(), 12 + 9);
    }

    #[test]
    fn odd_sizes_of_class_are_made_all_the_same() {
        for pupils in [0, 1, 2, 5000] {
            let options = Options { pupils, pending: 3, ..Options::default() };
            let (_, drafts) = class(3, &options);
            assert_eq!(drafts.len(), pupils.min(MAX_PUPILS));
        }
    }
}
