//! Samples of a pupil's page and of sheets: each rule set, each state, differences, the longest texts.

use hocba_app::{
    BookSheets, LinkLine, PaperState, PublicState, RecordSheets, SheetContent, SheetSigner, YearOfBook,
    model::{Class, ClassKind, HandedOut, Id, LeftOut, Link, LinkScope, Renewal, ReturnReason},
};
use hocba_record::{
    book::BookNumber,
    catalogue::{self, SubjectKind},
    encoding::RecordId,
    form::{Form, RuleSet},
    section::{
        Achievement, Attainment, AttainmentLevel, AttainmentsSection, Attendance, Award, AwardsSection,
        CertificateLine, CertificatesSection, CompletionSection, ConductRank, ConductRankingSection, ConductSection,
        ContestLevel, ContestLine, ContestsSection, ConversionSection, EducationResult, EducationResultSection,
        Identifier, IdentifierKind, Identity, Promotion, PromotionSection, Ranking, Rating, RemarksSection,
        SchoolSection, Section, Sex, StudyRank, StudyRankingSection, StudySection, SubjectLevel, SubjectResult,
        SubjectSection,
    },
    types::{Grade, Mark, SchoolYear, Text as RecordText},
};
use hocba_signature::statement::Role;
use zeroize::Zeroizing;

use super::{Sample, at, inside, school};
use crate::{
    config::SystemConfig,
    print::Printed,
    staff::{
        records::{Office, PrintPage, RecordPage, What},
        text::Text,
    },
};

fn words(text: &str) -> RecordText {
    text.parse().expect("a text")
}

fn mark(tenths: u32) -> Mark {
    Mark::from_tenths(tenths).expect("a mark")
}

pub(crate) fn office() -> Office {
    Office {
        system: SystemConfig {
            name: "Hệ thống học bạ số Thành phố Mẫu".into(),
            owner: "Sở Giáo dục và Đào tạo Thành phố Mẫu".into(),
        },
        url: "https://hocba.example.vn".parse().expect("an address"),
        by: Some("Nguyễn Thị Ánh".into()),
        at: at(86_400),
    }
}

/// A year by the rule set of its grade and year, with every section that the form has.
fn sections(form: Form, grade: Grade) -> Vec<Section> {
    let remark = |n: usize| match n % 3 {
        0 => Some(words("Nắm chắc kiến thức, trình bày rõ ràng; cần mạnh dạn phát biểu hơn.")),
        1 => Some(words("Chăm chỉ, tiến bộ nhiều ở học kỳ II.")),
        _ => None,
    };
    let taught = catalogue::of(form.curriculum()).filter(|subject| subject.periods(grade).is_some());
    let mut sections: Vec<Section> = taught
        .take(14)
        .enumerate()
        .map(|(n, subject)| {
            let result = match subject.kind {
                SubjectKind::Score if n == 2 => SubjectResult::Score {
                    term1: mark(52),
                    term2: mark(44),
                    year: mark(47),
                    reassessed: Some(mark(60)),
                },
                SubjectKind::Score => {
                    SubjectResult::Score { term1: mark(80), term2: mark(85), year: mark(83), reassessed: None }
                }
                SubjectKind::Comment if n == 8 => {
                    SubjectResult::Exempt { reason: words("bệnh mạn tính, có giấy xác nhận") }
                }
                SubjectKind::Comment => SubjectResult::Comment {
                    term1: Achievement::Dat,
                    term2: Achievement::Dat,
                    year: Achievement::Dat,
                    reassessed: None,
                },
                SubjectKind::Level => SubjectResult::Level {
                    year: SubjectLevel::HoanThanhTot,
                    test: None,
                    reassessed: None,
                    reassessed_test: None,
                },
                SubjectKind::TestedLevel => SubjectResult::Level {
                    year: SubjectLevel::HoanThanh,
                    test: Some(mark(80)),
                    reassessed: None,
                    reassessed_test: None,
                },
            };
            Section::Subject(SubjectSection {
                code: subject.code.parse().expect("a code"),
                name: words(subject.name),
                result,
                study_topics: false,
                remark: remark(n),
                teacher: Some(words(["Lê Hoàng Phương Uyên Nhi", "Trần Văn Bình"][n % 2])),
                locked_at: None,
                source: None,
            })
        })
        .collect();
    sections.push(Section::School(SchoolSection {
        ward: Some(words("Phường Mẫu")),
        province: Some(words("Thành phố Hồ Chí Minh")),
        ..SchoolSection::named(words("Trường THCS Trần Phú (DEMO)"))
    }));
    sections.push(Section::Identity(Identity {
        name: words("Nguyễn Hoàng Bảo Châu"),
        birth_date: "2012-03-05".parse().expect("a date"),
        sex: Sex::Female,
        ethnicity: Some(words("Kinh")),
        nationality: Some(words("VN")),
        birth_place: Some(words("Thành phố Hồ Chí Minh")),
        birth_province: None,
        identifiers: vec![Identifier::new(IdentifierKind::School, words("HS0012"))],
        book: Some(words(&BookNumber::from_random(grade.level(), [7; 14]).text().to_string())),
    }));
    match form.rules {
        RuleSet::Tt22 => {
            let (term1, term2, year) = (Rating::Kha, Rating::Tot, Rating::Tot);
            sections.push(Section::Conduct(ConductSection { term1, term2, year, retrained: None }));
            sections.push(Section::Result(StudySection { term1, term2, year: Rating::Kha, reassessed: None }));
        }
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => {
            let ranking = |tenths| Ranking { average: mark(tenths), rank: StudyRank::Kha };
            let (term1, term2, year) = (ConductRank::Kha, ConductRank::Tot, ConductRank::Tot);
            sections.push(Section::ConductRanking(ConductRankingSection { term1, term2, year, retrained: None }));
            let (term1, term2, year) = (ranking(72), ranking(78), ranking(76));
            sections.push(Section::StudyRanking(StudyRankingSection { term1, term2, year, reassessed: None }));
        }
        RuleSet::Tt27 | RuleSet::Tt30 => {
            let items = |items: &[(&str, &str)]| AttainmentsSection {
                items: items
                    .iter()
                    .enumerate()
                    .map(|(n, (code, name))| Attainment {
                        code: code.parse().expect("a code"),
                        name: words(name),
                        level: [AttainmentLevel::Tot, AttainmentLevel::Dat][n % 2],
                        remark: remark(n),
                    })
                    .collect(),
            };
            sections.push(Section::Qualities(items(&[
                ("yeu_nuoc", "Yêu nước"),
                ("nhan_ai", "Nhân ái"),
                ("cham_chi", "Chăm chỉ"),
                ("trung_thuc", "Trung thực"),
                ("trach_nhiem", "Trách nhiệm"),
            ])));
            sections.push(Section::Competences(items(&[
                ("tu_chu_tu_hoc", "Tự chủ và tự học"),
                ("giao_tiep_hop_tac", "Giao tiếp và hợp tác"),
                ("giai_quyet_van_de", "Giải quyết vấn đề và sáng tạo"),
                ("ngon_ngu", "Ngôn ngữ"),
                ("tinh_toan", "Tính toán"),
                ("khoa_hoc", "Khoa học"),
                ("the_chat", "Thể chất"),
            ])));
            let year = EducationResult::HoanThanhTot;
            sections.push(Section::EducationResult(EducationResultSection { year, reassessed: None }));
        }
    }
    sections.push(Section::Attendance(Attendance { with_leave: 3, without_leave: 1 }));
    sections.push(Section::Promotion(PromotionSection { decision: Promotion::Promoted }));
    sections.push(Section::Awards(AwardsSection {
        items: vec![Award::Good {}, Award::Other { text: words("Đạt giải Nhì cờ vua cấp trường") }],
    }));
    sections.push(Section::Remarks(RemarksSection {
        homeroom: words("Ngoan, lễ phép, tích cực tham gia hoạt động của lớp; cần rèn thêm chữ viết."),
    }));
    if grade.ends_level() {
        sections.push(Section::Completion(CompletionSection { level: grade.level(), completed: true }));
        sections.push(Section::Certificates(CertificatesSection {
            items: vec![CertificateLine {
                name: words("Chứng chỉ Nghề phổ thông"),
                grade: Some(words("Giỏi")),
                number: Some(words("NP 0123/2027")),
                issued_on: Some("2027-04-20".parse().expect("a date")),
            }],
        }));
        sections.push(Section::Contests(ContestsSection {
            items: vec![ContestLine {
                name: words("Học sinh giỏi môn Toán"),
                level: ContestLevel::Province,
                prize: words("Giải Nhì"),
            }],
        }));
    }
    sections
}

fn class(grade: u8, start: u16) -> Class {
    Class {
        id: Id::from_bytes([7; 16]),
        school: school(),
        year: SchoolYear::starting(start).expect("a year"),
        grade: Grade::new(grade).expect("a grade"),
        name: format!("{grade}A3").parse().expect("a class"),
        revision: 1,
        kind: ClassKind::Year,
    }
}

fn signers(state: PublicState) -> Vec<SheetSigner> {
    let signer = |role, name: &str, title: &str, after| SheetSigner {
        role,
        name: name.into(),
        title: title.into(),
        at: at(after),
    };
    let all = vec![
        signer(Role::HomeroomTeacher, "Nguyễn Thị Hoa", "Giáo viên chủ nhiệm", 0),
        signer(Role::DeputyPrincipal, "Trần Văn Minh", "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG", 3600),
        signer(Role::SchoolSeal, "Trường THCS Trần Phú (DEMO)", "Con dấu của trường", 7200),
    ];
    let signed = match state {
        PublicState::TeacherSigned => 1,
        PublicState::CoSigned => 2,
        PublicState::Sealed | PublicState::InForce => 3,
        _ => 0,
    };
    all.into_iter().take(signed).collect()
}

fn content(grade: u8, start: u16, state: PublicState) -> SheetContent {
    let class = class(grade, start);
    let form = Form::of(class.grade, class.year);
    SheetContent {
        record: RecordId::from_bytes([grade; 16]),
        version: 1,
        number: 7,
        form,
        state,
        left_out: None,
        returned: None,
        renewed: None,
        changed_at: at(0),
        complete: true,
        sections: sections(form, class.grade),
        signers: signers(state),
        in_force_since: (state == PublicState::InForce).then(|| at(9000)),
        class,
    }
}

/// The longest that a text may be, everywhere.
fn longest(mut content: SheetContent) -> SheetContent {
    let text = words("Học tập chăm chỉ, tiến bộ đều và giúp đỡ bạn bè. ".repeat(45).trim());
    for section in &mut content.sections {
        match section {
            Section::Subject(subject) if subject.code.as_str() == "toan" => subject.remark = Some(text.clone()),
            Section::Subject(subject) if subject.code.as_str() == "tin_hoc" => {
                subject.teacher = Some(words("Nguyễn Phước Công Tằng Tôn Nữ Huyền Trân Phương Thảo"));
            }
            Section::Remarks(remarks) => remarks.homeroom = text.clone(),
            Section::Awards(awards) => awards.items.push(Award::Other { text: words(&"W".repeat(900)) }),
            _ => {}
        }
    }
    content
}

fn converted(mut content: SheetContent) -> SheetContent {
    content.sections.push(Section::Conversion(ConversionSection {
        mark: words(hocba_record::section::CONVERSION_MARK),
        converter: words("Lê Văn Thư"),
        converted_at: at(600),
        compared_by: Some(words("Trần Văn Minh")),
        made_by: Some(words("Trường THCS Nguyễn Huệ")),
        paper: Some(words("Sổ đăng bộ số 1234/THCS, trang 12")),
    }));
    content.signers.remove(0);
    content
}

fn code() -> PaperState {
    PaperState::Code(Zeroizing::new("7K3M-9QXT-2ZPA-W4RF".to_owned()))
}

fn view(latest: SheetContent) -> RecordSheets {
    let year = |content: &SheetContent| YearOfBook {
        record: content.record,
        class: content.class.clone(),
        state: content.state,
    };
    let years = vec![year(&content(8, 2025, PublicState::InForce)), year(&latest)];
    RecordSheets { latest, before: None, in_force: None, years }
}

impl Sample for RecordPage {
    fn samples(text: Text) -> Vec<Self> {
        let page = |view: &RecordSheets, hands_out: bool| {
            let nothing = [].as_slice();
            Self::new(inside(text), view, &office(), hands_out.then_some(nothing))
        };
        let handed = |paper: Option<u32>, looks: u64, withdrawn: bool| LinkLine {
            handed: HandedOut {
                link: Link {
                    id: Id::from_bytes([7; 16]),
                    record: RecordId::from_bytes([3; 16]),
                    scope: LinkScope::Results,
                    created_by: "operator".into(),
                    created_at: at(0),
                    expires_at: paper.is_none().then(|| at(30 * 86_400)),
                    withdrawn_at: withdrawn.then(|| at(7200)),
                },
                paper,
                looks,
                last_look: (looks > 0).then(|| at(3600)),
            },
            by: (!withdrawn).then(|| "Lê Thị Văn Thư".to_owned()),
        };
        let lines = [handed(Some(1), 12, false), handed(None, 0, false), handed(Some(1), 1, true)];
        let mut left = content(9, 2026, PublicState::LeftOut);
        left.left_out = Some(LeftOut::WaitingForReassessment);
        left.complete = false;
        left.sections.retain(|section| matches!(section, Section::Identity(_) | Section::School(_)));
        let mut returned = content(9, 2026, PublicState::Returned);
        returned.returned = Some(ReturnReason::WrongMark);
        let before = content(9, 2026, PublicState::InForce);
        let mut corrected = content(9, 2026, PublicState::Draft);
        (corrected.version, corrected.renewed) = (2, Some(Renewal::Correction));
        for section in &mut corrected.sections {
            match section {
                Section::Subject(subject) if subject.code.as_str() == "toan" => {
                    subject.result =
                        SubjectResult::Score { term1: mark(80), term2: mark(95), year: mark(90), reassessed: None };
                    subject.remark = Some(words("Nắm chắc kiến thức, trình bày rõ ràng."));
                }
                Section::Attendance(absent) => absent.with_leave = 2,
                _ => {}
            }
        }
        corrected.sections.retain(|section| !matches!(section, Section::Contests(_)));
        let correction = RecordSheets { before: Some(before.clone()), in_force: Some(before), ..view(corrected) };
        vec![
            page(&view(content(9, 2026, PublicState::InForce)), true),
            Self::new(inside(text), &view(content(9, 2026, PublicState::InForce)), &office(), Some(&lines)),
            page(&view(content(5, 2026, PublicState::TeacherSigned)), false),
            page(&view(returned), false),
            page(&view(left), false),
            page(&correction, true),
            page(&view(longest(content(9, 2026, PublicState::Draft))), false),
            page(&view(content(9, 2026, PublicState::Draft)), false),
        ]
    }
}

impl Sample for PrintPage {
    fn samples(text: Text) -> Vec<Self> {
        let office = office();
        let in_force = content(9, 2026, PublicState::InForce);
        let waiting = content(9, 2026, PublicState::Sealed);
        let (primary, old, older) = (
            content(5, 2026, PublicState::InForce),
            content(9, 2020, PublicState::InForce),
            converted(content(4, 2019, PublicState::InForce)),
        );
        let long = longest(content(12, 2026, PublicState::InForce));
        let (code, missing, none) = (code(), PaperState::NotMade, PaperState::NotInForce);
        let of = |content, paper| Printed { content, paper: Some(paper), before: None };
        let page = |what: What<'_>| Self::new(inside(text), &what, &office);
        let years = vec![older.clone(), primary.clone(), content(6, 2021, PublicState::InForce), in_force.clone()];
        let number = BookNumber::from_random(in_force.class.grade.level(), [7; 14]);
        let book = BookSheets { numbers: [(in_force.class.grade.level(), number)].into(), years };
        let papers = vec![code.clone(), code.clone(), missing.clone(), code.clone()];
        vec![
            page(What::Class(
                &in_force.class,
                vec![of(&in_force, &code), of(&in_force, &missing), of(&waiting, &none)],
            )),
            page(What::Record(of(&primary, &code))),
            page(What::Record(of(&old, &code))),
            page(What::Record(of(&older, &code))),
            page(What::Record(of(&long, &code))),
            page(What::Record(Printed::preview(&waiting))),
            page(What::Book(&book, &papers)),
        ]
    }
}
