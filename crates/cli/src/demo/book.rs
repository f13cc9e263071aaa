//! The made-up pupil whose book spans grade 1 to 12: three schools, three rule sets, nine years taken over from paper, one
//! moved during the year, one corrected, one re-assessed in summer. With the same code as the single commands.

use anyhow::Context as _;
use hocba_app::{Actor, AppError, Conversion, Import, Scope, Step};
use hocba_chain::Operators;
use hocba_record::{
    draft::{Assessment, ClassHeader, Draft},
    section::{EnrolmentSection, Identity, Move, SchoolSection},
    types::{ClassName, Grade, Mark, SchoolCode, SchoolYear, Text},
};
use hocba_sample::{Options, class};
use hocba_store::model::{Class, Renewal, School};

use super::authority::{ISSUER, SCHOOL};
use crate::{
    anchoring,
    commands::{
        appoint::appoint_demo,
        import::import,
        sign::{SignArgs, step},
        snapshot,
    },
    folder::SNAPSHOT,
    ledger::{self, Node},
    output::{Output, words},
    people::open_chain_key,
    site::{Site, app_failure},
};

/// The school year of grade 12.
const LAST: u16 = 2026;

/// One of the three schools.
struct Stage {
    school: &'static str,
    name: &'static str,
    /// Of the names of its people's keys.
    prefix: &'static str,
    grades: std::ops::RangeInclusive<u8>,
    /// Whether its years are on paper.
    paper: bool,
}

const STAGES: [Stage; 3] = [
    Stage {
        school: "79DEMO003",
        name: "Trường Tiểu học Kim Đồng (DEMO)",
        prefix: "primary-",
        grades: 1..=5,
        paper: true,
    },
    Stage { school: SCHOOL, name: "Trường THCS Trần Phú (DEMO)", prefix: "", grades: 6..=9, paper: true },
    Stage {
        school: "79DEMO002",
        name: "Trường THPT Nguyễn Du (DEMO)",
        prefix: "upper-",
        grades: 10..=12,
        paper: false,
    },
];

fn text(text: &str) -> anyhow::Result<Text> {
    Ok(text.parse()?)
}

/// Why a year has a second version, and what that says otherwise.
type Renewed = (Renewal, &'static dyn Fn(&mut Draft));

/// The year of one grade as its school's spreadsheet.
fn year(stage: &Stage, grade: u8, pupil: &Identity, change: &dyn Fn(&mut Draft)) -> anyhow::Result<Vec<u8>> {
    let starts = SchoolYear::starting(LAST - 12 + u16::from(grade))?;
    let name: ClassName = format!("{grade}A1").parse()?;
    let of_grade = Options { year: starts, ..Options::lower_secondary() }.of_class(Grade::new(grade)?, name);
    let school_name = SchoolSection { name: text(stage.name)?, ..of_grade.school_name.clone() };
    let options = Options { school: stage.school.parse()?, school_name, ..of_grade }.with_pupils(1);
    let (header, mut drafts): (ClassHeader, Vec<Draft>) = class(u64::from(grade), &options);
    let draft = drafts.first_mut().context("a class of one")?;
    // One pupil through all years.
    draft.identity = pupil.clone();
    change(draft);
    Ok(hocba_workbook::template(Some(&header), &[], &drafts)?)
}

/// A pupil who is in grade 12 in 2026-2027.
fn pupil() -> anyhow::Result<Identity> {
    let options = Options::upper_secondary().with_pupils(1);
    let (_, drafts) = class(2026, &options);
    let mut identity = drafts.into_iter().next().context("a class of one")?.identity;
    identity.name = text("Lê Hoàng Mai")?;
    Ok(identity)
}

/// What a year has beside marks.
fn remarkable(grade: u8, draft: &mut Draft) {
    if grade == 7 {
        let moved = || {
            Some(Move {
                on: "2022-01-17".parse().ok()?,
                school_name: "Trường THCS Lê Lợi".parse().ok()?,
                school: None,
                class: "7A5".parse().ok(),
            })
        };
        draft.enrolment = Some(EnrolmentSection { repeating: false, moved_in: moved(), moved_out: None });
    }
}

/// What the summer brought: the mark of one subject again.
fn summer(draft: &mut Draft) {
    for subject in &mut draft.subjects {
        if let (true, Assessment::Score { reassessed, .. }) = (subject.code.as_str() == "toan", &mut subject.assessment)
        {
            *reassessed = Mark::from_tenths(75).ok();
        }
    }
}

/// Makes the book, anchors it, and gives the name of its file. What was done before is not done again.
///
/// # Errors
/// When a step fails.
pub async fn book(site: &Site, operators: &Operators<Node>, out: &Output) -> anyhow::Result<String> {
    let refused = |e: AppError| app_failure(&e, out.lang);
    let pupil = pupil()?;
    let mut last: Option<Class> = None;
    for stage in &STAGES {
        let code: SchoolCode = stage.school.parse()?;
        if site.app.store().read().await?.school(&code).await?.is_none() {
            let school = School { code: code.clone(), issuer: ISSUER.parse()? };
            site.app.add_school(&Actor::LocalOperator, &school).await.map_err(refused)?;
        }
        for grade in stage.grades.clone() {
            let conversion = stage.paper.then(|| -> anyhow::Result<Conversion> {
                Ok(Conversion {
                    converter: text("Phan Thị Văn Thư")?,
                    compared_by: Some(text("Ngô Đức Đối Chiếu")?),
                    made_by: None,
                    paper: Some(text(&format!("Sổ đăng bộ số {grade}12/DEMO"))?),
                })
            });
            let mut import_of = Import { conversion: conversion.transpose()?, ..Import::default() };
            let mut made =
                take(site, stage, year(stage, grade, &pupil, &|d| remarkable(grade, d))?, &import_of, out).await?;
            // Grade 10 was corrected, grade 11 re-assessed: version 2, by the same signatures.
            let renewed: Option<Renewed> = match grade {
                10 => Some((Renewal::Correction, &|draft: &mut Draft| draft.attendance.with_leave += 1)),
                11 => Some((Renewal::Reassessment, &summer)),
                _ => None,
            };
            if let Some((renewal, change)) = renewed {
                import_of.renew = Some(renewal);
                made = take(site, stage, year(stage, grade, &pupil, change)?, &import_of, out).await?;
            }
            last = Some(made);
        }
    }
    let key = open_chain_key(&site.folder, "anchorer", None, None)?;
    anchoring::until_idle(site, operators.clone(), &key, out).await?;
    let (facts, _) = ledger::facts(operators, ledger::finality(&site.folder)).await?;
    site.folder.write(SNAPSHOT, &snapshot::of(&facts, site.app.status_evidence().await?).to_bytes())?;
    let class = last.context("twelve years")?;
    let lines = site.app.store().read().await?.record_lines(&class.id).await?;
    let record = lines.first().context("a class of one")?.record;
    let bundle = site.app.book_bundle(&Actor::LocalOperator, &record, Scope::Whole).await.map_err(refused)?;
    let name = "books/lop-1-den-12.hocba.json";
    site.folder.write(name, &bundle.to_bytes())?;
    out.say(&words(
        format!("Đã lập sổ 12 năm học của một học sinh, ba trường: {name}"),
        format!("Made a pupil's book of twelve years at three schools: {name}"),
    ));
    Ok(name.to_owned())
}

/// Imports a year and takes it through the signatures that its kind has.
async fn take(
    site: &Site,
    stage: &Stage,
    workbook: Vec<u8>,
    import_of: &Import,
    out: &Output,
) -> anyhow::Result<Class> {
    let imported = import(site, &workbook, import_of, out).await?;
    let class = site.app.store().read().await?.class(&imported.class).await?.context("the class just imported")?;
    appoint_demo(site, &class.school, stage.prefix, Some(&class), out).await?;
    for which in Step::of(class.kind) {
        step(site, std::slice::from_ref(&class), *which, &SignArgs::demo(stage.prefix), out).await?;
    }
    Ok(class)
}
