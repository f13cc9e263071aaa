//! `/school/{school}/certificates…`: by which certificates the people of a school sign, and many of them enrolled at once.

use askama::Template;
use hocba_app::{
    CertificateFile, CertificateRefusal, Enrolled, MAX_CERTIFICATE_FILES, StaffCertificate,
    model::{Id, Position},
};
use hocba_bundle::text::date;
use hocba_record::types::{SchoolCode, UnixTime};

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault, Field},
    html, on_to, refused,
    signing::{self, AgentAt},
    text::Text,
};

/// Bytes of all files of a form: certificates have 2 KiB, with a chain 8 KiB.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of one person's.
pub(super) const MAX_ONE: usize = 256 * 1024;
const ACCEPT: &str = ".pem,.crt,.cer,.der";
/// Seconds before its end from which a certificate is said to be about to end: 60 days.
const SOON: i64 = 60 * 86_400;

pub(super) fn address(school: &SchoolCode) -> String {
    format!("/school/{school}/certificates")
}

pub(super) fn position(t: Text, position: Position) -> String {
    match position {
        Position::Principal => t.say("role-principal"),
        Position::DeputyPrincipal => t.say("role-deputy-principal"),
        Position::Teacher => t.say("position-teacher"),
        Position::Clerk => t.say("role-clerk"),
        Position::Administrator => t.say("role-school-administrator"),
    }
    .into_owned()
}

pub(super) struct PersonView {
    pub(super) name: String,
    pub(super) position: String,
    pub(super) href: String,
    pub(super) state: String,
    pub(super) good: bool,
    pub(super) issuer: String,
    pub(super) until: String,
}

fn person(t: Text, school: &SchoolCode, line: &StaffCertificate, now: UnixTime) -> PersonView {
    let (state, good) = match &line.certificate {
        None => (t.say("certificate-none"), false),
        Some(facts) if facts.not_after < now => (t.say("certificate-over"), false),
        Some(facts) if facts.issuer.is_none() => (t.say("certificate-unrecognised"), false),
        Some(facts) if facts.not_after < now.plus(SOON) => {
            let days = u32::try_from((facts.not_after.seconds() - now.seconds()) / 86_400).unwrap_or(0);
            (t.count("certificate-soon", days), false)
        }
        Some(_) => (t.say("certificate-good"), true),
    };
    let facts = line.certificate.as_ref();
    PersonView {
        name: line.name.clone(),
        position: position(t, line.position),
        href: format!("{}/{}", address(school), line.account),
        state: state.into_owned(),
        good,
        issuer: facts.and_then(|facts| facts.issuer.clone()).unwrap_or_else(|| "–".to_owned()),
        until: facts.map_or_else(|| "–".to_owned(), |facts| date(facts.not_after)),
    }
}

/// What became of a file, as a line.
pub(super) struct FileView {
    pub(super) file: String,
    pub(super) subject: String,
    pub(super) taken: bool,
    pub(super) text: String,
}

fn file(t: Text, enrolled: &Enrolled) -> FileView {
    let (taken, text) = match enrolled.outcome {
        Ok((_, true)) => (true, t.say("enrolled-new").into_owned()),
        Ok((_, false)) => (true, t.say("enrolled-same").into_owned()),
        Err(refusal) => (false, why(t, refusal)),
    };
    FileView { file: enrolled.file.clone(), subject: enrolled.subject.clone(), taken, text }
}

fn why(t: Text, refusal: CertificateRefusal) -> String {
    match refusal {
        CertificateRefusal::NoCertificate => t.say("enrol-no-certificate"),
        CertificateRefusal::PrivateKey => t.say("enrol-private-key"),
        CertificateRefusal::Issuer => t.say("enrol-issuer"),
        CertificateRefusal::Nobody => t.say("enrol-nobody"),
        CertificateRefusal::Several => t.say("enrol-several"),
        CertificateRefusal::Name => t.say("enrol-name"),
        CertificateRefusal::Unrecognised => t.say("enrol-unrecognised"),
        CertificateRefusal::OutsideValidity => t.say("enrol-outside-validity"),
        CertificateRefusal::Usage => t.say("enrol-usage"),
        CertificateRefusal::Taken => t.say("enrol-taken"),
        CertificateRefusal::Elsewhere => t.say("enrol-elsewhere"),
    }
    .into_owned()
}

#[derive(Template)]
#[template(path = "staff/certificates.html")]
pub(super) struct CertificatesPage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) field: Field,
    pub(super) have: u32,
    pub(super) all: u32,
    pub(super) most: u32,
    pub(super) people: Vec<PersonView>,
    pub(super) files: Vec<FileView>,
    pub(super) taken: u32,
    pub(super) not_taken: u32,
}

impl CertificatesPage {
    pub(super) fn new(
        c: Chrome,
        school: &SchoolCode,
        people: &[StaffCertificate],
        files: &[Enrolled],
        now: UnixTime,
    ) -> Self {
        let t = c.t;
        let c = c.titled(t.say("certificates-title")).crumb(t.say("opening-title"), super::opening::address(school));
        let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let all = many(people.len());
        let taken = files.iter().filter(|file| file.outcome.is_ok()).count();
        // What needs somebody's eye comes first.
        let mut files: Vec<FileView> = files.iter().map(|enrolled| file(t, enrolled)).collect();
        files.sort_by_key(|file| file.taken);
        Self {
            action: address(school),
            field: c
                .field("files", t.say("certificates-files"))
                .hint(t.say("certificates-files-hint"))
                .file(ACCEPT)
                .multiple(),
            have: many(people.iter().filter(|line| line.certificate.is_some()).count()),
            all,
            most: all.max(1),
            people: people.iter().map(|line| person(t, school, line, now)).collect(),
            taken: many(taken),
            not_taken: many(files.len() - taken),
            files,
            c,
        }
    }
}

async fn page(
    asked: &Asked,
    school: &SchoolCode,
    files: &[Enrolled],
    faults: Vec<Fault>,
) -> Result<CertificatesPage, Refusal> {
    let people = asked.app().staff_certificates(asked.actor()?, school).await?;
    let now = asked.app().edges().now();
    Ok(CertificatesPage::new(asked.chrome(address(school)).wrong(faults), school, &people, files, now))
}

pub(super) async fn list(asked: Asked) -> Answer {
    let school = asked.school()?;
    html(&page(&asked, &school, &[], Vec::new()).await?)
}

/// Enrols the files of a form, in their turn: each takes signatures to be checked.
async fn enrol(asked: &Asked, school: &SchoolCode, only: Option<Id>) -> Result<Vec<Enrolled>, Refusal> {
    let sent: Vec<(String, Vec<u8>)> =
        asked.form.files("files").map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    let (app, actor, school) = (asked.app().clone(), asked.actor()?.clone(), school.clone());
    let work = async move {
        let files: Vec<CertificateFile<'_>> =
            sent.iter().map(|(name, bytes)| CertificateFile { name, bytes }).collect();
        app.enrol_certificates(&actor, &school, &files, only).await
    };
    Ok(asked.heavy(work).await??)
}

pub(super) async fn many(asked: Asked) -> Answer {
    let school = asked.school()?;
    let t = asked.t();
    let sent = asked.form.files("files").count();
    let fault = match sent {
        0 => Some(t.say("fault-no-file").into_owned()),
        sent if sent > MAX_CERTIFICATE_FILES => {
            Some(t.count("fault-many-files", u32::try_from(MAX_CERTIFICATE_FILES).unwrap_or(u32::MAX)).into_owned())
        }
        _ => None,
    };
    if let Some(text) = fault {
        return refused(&page(&asked, &school, &[], vec![Fault { field: "files", text }]).await?);
    }
    let files = enrol(&asked, &school, None).await?;
    html(&page(&asked, &school, &files, Vec::new()).await?)
}

#[derive(Template)]
#[template(path = "staff/certificate.html")]
pub(super) struct CertificatePage {
    pub(super) c: Chrome,
    pub(super) action: String,
    pub(super) person: PersonView,
    pub(super) subject: Option<String>,
    pub(super) field: Field,
    /// The key that is plugged in at this machine.
    pub(super) s: EnrollingView,
}

/// Where the certificates of a plugged in key come from.
pub(super) struct EnrollingView {
    pub(super) id: &'static str,
    pub(super) at: AgentAt,
}

impl CertificatePage {
    pub(super) fn new(c: Chrome, school: &SchoolCode, line: &StaffCertificate, now: UnixTime, agent: &AgentAt) -> Self {
        let t = c.t;
        let person = person(t, school, line, now);
        let c = c.titled(person.name.clone()).crumb(t.say("certificates-title"), address(school));
        Self {
            action: person.href.clone(),
            subject: line.certificate.as_ref().map(|facts| facts.subject.clone()),
            field: c
                .field("files", t.say("certificate-file"))
                .hint(t.say("certificate-file-hint"))
                .file(ACCEPT)
                .multiple(),
            person,
            s: EnrollingView { id: "enrolling", at: agent.clone() },
            c,
        }
    }
}

/// Somebody of the staff; whoever is not is not there.
async fn found(asked: &Asked) -> Result<(SchoolCode, StaffCertificate), Refusal> {
    let school = asked.school()?;
    let id: Id = asked.param("account").parse().map_err(|_| Refusal::NotFound)?;
    let people = asked.app().staff_certificates(asked.actor()?, &school).await?;
    let line = people.into_iter().find(|line| line.account == id);
    Ok((school, line.ok_or(Refusal::NotFound)?))
}

pub(super) async fn one(asked: Asked) -> Answer {
    let (school, line) = found(&asked).await?;
    let now = asked.app().edges().now();
    let agent = AgentAt::of(&asked);
    let page = CertificatePage::new(asked.chrome(asked.path.clone()), &school, &line, now, &agent);
    Ok(signing::with_agent(html(&page)?, &agent))
}

pub(super) async fn send_one(asked: Asked) -> Answer {
    let (school, line) = found(&asked).await?;
    let t = asked.t();
    let enrolled = enrol(&asked, &school, Some(line.account)).await?;
    // Issuers that came along are no answer; of several certificates the first that was taken is.
    let own: Vec<&Enrolled> =
        enrolled.iter().filter(|e| !matches!(e.outcome, Err(CertificateRefusal::Issuer))).collect();
    if own.iter().any(|e| e.outcome.is_ok()) {
        return Ok(on_to(&address(&school), Some(Done::CertificateEnrolled)));
    }
    let text = match own.first().map(|e| &e.outcome) {
        Some(Err(refusal)) => why(t, *refusal),
        _ => t.say("fault-no-file").into_owned(),
    };
    let now = asked.app().edges().now();
    let chrome = asked.chrome(asked.path.clone()).wrong(vec![Fault { field: "files", text }]);
    let agent = AgentAt::of(&asked);
    Ok(signing::with_agent(refused(&CertificatePage::new(chrome, &school, &line, now, &agent))?, &agent))
}
