//! `appoint --list`: the homeroom teachers of many classes, by one signature of the principal.

use std::{collections::BTreeSet, path::Path};

use hocba_app::{Actor, AppError, MAX_APPOINTMENTS, NewAppointment, title_of};
use hocba_record::types::{ClassName, SchoolCode, SchoolYear, Text};
use hocba_signature::statement::{Role, Statement, StatementType};

use super::{AppointArgs, DAY, Given, unsigned};
use crate::{
    edge::{now, read_input},
    error::{Exit, Failure},
    output::{Output, words},
    people::{Person, read_certificates},
    site::{Site, app_failure},
};

/// Largest list in bytes: 64 lines with long paths.
const MAX_BYTES: usize = 64 * 1024;

/// A class and its teacher.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    class: ClassName,
    name: Text,
    certificate: String,
}

/// Reads `CLASS; NAME; CERTIFICATE FILE`, a line each, as spreadsheets write it: `;` or a tab between, quotes around.
fn read(text: &str) -> Result<Vec<Line>, Failure> {
    let refused = |place: usize, vi: &str, en: &str| {
        Failure::new(Exit::BadInput, "list_line", words(format!("dòng {place}: {vi}"), format!("line {place}: {en}")))
            .hint(words(
                "mỗi dòng: LỚP; HỌ VÀ TÊN; TỆP CHỨNG THƯ, ví dụ 9A3; Nguyễn Thị Hoa; hoa.crt.pem",
                "a line each: CLASS; NAME; CERTIFICATE FILE, as 9A3; Nguyễn Thị Hoa; hoa.crt.pem",
            ))
    };
    let (mut lines, mut classes) = (Vec::new(), BTreeSet::new());
    for (place, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split([';', '\t']).map(|cell| cell.trim().trim_matches('"')).collect();
        let [class, name, certificate] = cells.as_slice() else {
            return Err(refused(place, "cần đúng ba ô", "it takes three cells"));
        };
        let class: ClassName =
            class.parse().map_err(|_| refused(place, "không phải tên lớp", "not the name of a class"))?;
        let name = name.parse().map_err(|_| refused(place, "không phải họ tên", "not a name"))?;
        if !classes.insert(class.clone()) {
            return Err(refused(place, "lớp này đã có ở dòng trên", "the class is there before"));
        }
        lines.push(Line { class, name, certificate: (*certificate).to_owned() });
    }
    if lines.is_empty() {
        return Err(refused(1, "danh sách trống", "the list is empty"));
    }
    Ok(lines)
}

/// Shows and signs the list; gives the number of new appointments. Certificate files are named from the list's folder.
///
/// # Errors
/// A [`Failure`] that names the line, when a key does not open, and when the appointments are refused: then all of them.
pub(super) async fn appoint(
    site: &Site,
    school: &SchoolCode,
    (path, year): (&Path, SchoolYear),
    args: &AppointArgs,
    out: &Output,
) -> anyhow::Result<usize> {
    let refused = |e: AppError| app_failure(&e, out.lang);
    let bytes = read_input(path, MAX_BYTES)?;
    let text = str::from_utf8(&bytes).ok().filter(|_| bytes.len() <= MAX_BYTES).ok_or_else(|| {
        let name = path.display();
        let (vi, en) = (format!("{name}: không phải danh sách UTF-8"), format!("{name}: not a list in UTF-8"));
        Failure::new(Exit::BadInput, "list_file", words(vi, en))
    })?;
    let lines = read(text)?;
    if lines.len() > MAX_APPOINTMENTS {
        return Err(refused(AppError::TooMany { found: lines.len(), max: MAX_APPOINTMENTS }).into());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let (mut statements, mut chains) = (Vec::new(), Vec::new());
    for Line { class, name, certificate } in lines {
        out.line(&format!("  {class}  {name}"));
        let given = Given {
            role: Role::HomeroomTeacher,
            chain: read_certificates(&folder.join(certificate))?.iter().map(|c| c.der().to_vec()).collect(),
            name,
            title: title_of(Role::HomeroomTeacher).parse()?,
            key_storage: args.key_storage.into(),
            from: now(),
            until: now().plus(args.days * DAY),
            school: school.clone(),
        };
        statements.push(unsigned(&given, Some((class, year)))?);
        chains.push(given.chain);
    }
    sign(site, statements, &chains, args, out).await
}

/// Shows and signs the homeroom appointments of a year that are planned and not in force; gives the number of new ones.
/// More than one transaction takes are signed in several, the earlier classes first.
///
/// # Errors
/// When a key does not open, and when the appointments are refused.
pub(super) async fn appoint_planned(
    site: &Site,
    school: &SchoolCode,
    year: SchoolYear,
    args: &AppointArgs,
    out: &Output,
) -> anyhow::Result<usize> {
    let refused = |e: AppError| app_failure(&e, out.lang);
    let mut needed = site.app.needed_appointments(&Actor::LocalOperator, school, year).await.map_err(refused)?;
    if needed.is_empty() {
        out.say(&words(
            "Không còn phân công nào ký được: xem `hocba school state`",
            "No appointment is left that could be signed: see `hocba school state`",
        ));
        return Ok(0);
    }
    if needed.len() > MAX_APPOINTMENTS {
        let left = needed.split_off(MAX_APPOINTMENTS).len();
        out.note(&words(
            format!("còn {left} lớp, chạy lại lệnh này"),
            format!("{left} classes are left: run this command again"),
        ));
    }
    let (mut statements, mut chains) = (Vec::new(), Vec::new());
    for one in needed {
        out.line(&format!("  {}  {}", one.class, one.name));
        let given = Given {
            role: Role::HomeroomTeacher,
            chain: one.chain,
            name: one.name,
            title: title_of(Role::HomeroomTeacher).parse()?,
            key_storage: args.key_storage.into(),
            from: now(),
            until: now().plus(args.days * DAY),
            school: school.clone(),
        };
        statements.push(unsigned(&given, Some((one.class, year)))?);
        chains.push(given.chain);
    }
    sign(site, statements, &chains, args, out).await
}

/// Signs appointments with one authorisation and hands them in together.
async fn sign(
    site: &Site,
    statements: Vec<Statement>,
    chains: &[Vec<Vec<u8>>],
    args: &AppointArgs,
    out: &Output,
) -> anyhow::Result<usize> {
    let refused = |e: AppError| app_failure(&e, out.lang);
    let role = if args.deputy { Role::DeputyPrincipal } else { Role::Principal };
    let person = Person::open(&site.folder, role, &args.key)?;
    let statements = person.sign_list(statements, StatementType::Appointment, role, now())?;
    let new: Vec<NewAppointment<'_>> = statements
        .iter()
        .zip(chains)
        .map(|(statement, appointee_chain)| NewAppointment {
            statement,
            appointer_chain: person.chain(),
            appointee_chain,
        })
        .collect();
    let actor = site.actor_of(&person.digest()).await?;
    Ok(site.app.appoint_many(&actor, &new).await.map_err(refused)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_spreadsheets_write_it_and_a_line_that_is_none_is_named() {
        let lines =
            read("\u{feff}9A3; Nguyễn Thị Hoa ;hoa.crt.pem\r\n\n\"9A4\"\t\"Trần Văn An\"\tan.crt.pem\n").expect("read");
        let said: Vec<_> =
            lines.iter().map(|l| (l.class.to_string(), l.name.to_string(), l.certificate.as_str())).collect();
        assert_eq!(
            said,
            [
                ("9A3".to_owned(), "Nguyễn Thị Hoa".to_owned(), "hoa.crt.pem"),
                ("9A4".to_owned(), "Trần Văn An".to_owned(), "an.crt.pem")
            ]
        );
        for (text, place) in [
            ("", 1),
            ("9A3; Hoa", 1),
            ("9A3; Hoa; a; b", 1),
            ("9A3; Hoa; a\n; Hoa; a", 2),
            ("9A3; Hoa; a\n9A4;; a", 2),
            ("9A3; Hoa; a\n\n9A3; An; b", 3),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.words.en.starts_with(&format!("line {place}:")), "{text}: {}", error.words.en);
        }
    }
}
