//! The schools of a department at a glance: what each has, what it lacks, and what the department itself has to do next.
//!
//! States and counts; no pupil's name and no mark. Whoever appoints a school's principal and seal may look: they see who
//! waits to be appointed, and whose certificate ends.

use std::collections::BTreeMap;

use hocba_bundle::{facts::IssuerCode, text::school_year};
use hocba_record::{
    encoding::Sha256Digest,
    types::{ClassName, SchoolCode, SchoolYear, Text, UnixTime},
};
use hocba_signature::statement::Role;
use hocba_store::{
    CertificateLine, ClassStates, SchoolLine, Tx, Unappointed,
    model::{ListedSchool, Position},
};

use crate::{
    Actor, App, AppError,
    opening::{Facts, Holder, Item, ItemState, PlannedClassFacts, Stage, checklist},
    policy::{Action, Place, may, require_somewhere},
};

/// Schools on a page.
pub const SCHOOLS_PAGE: usize = 50;
/// Schools that are looked at together while those that need something are sought: four pages. A department of 2,000
/// whose schools all are done is walked in ten steps of five statements each.
const WALK: usize = 200;
/// A certificate is about to expire when it is over within this, in seconds: 60 days, the time a renewal takes with room
/// for a summer.
pub const EXPIRING: i64 = 60 * 86_400;
/// Most lines of a list of certificates or of people to appoint.
pub const MAX_LINES: usize = 200;
/// Most schools offered for opening at once; a search finds the others.
pub const MAX_OFFERED: usize = 50;

/// What is asked of [`App::department_schools`].
#[derive(Debug, Clone, Default)]
pub struct SchoolQuery {
    /// Words of the name or a part of the code; all where it is empty.
    pub search: String,
    /// Only schools that go on and lack something.
    pub lacking: bool,
    /// Those after this code.
    pub after: Option<SchoolCode>,
}

/// A page of schools.
#[derive(Debug, Clone)]
pub struct SchoolsPage {
    /// As of.
    pub at: UnixTime,
    /// Schools that the actor may look at, whatever was asked.
    pub all: usize,
    /// By code.
    pub schools: Vec<SchoolGlance>,
    /// Where the next page begins; none on the last one.
    pub next: Option<SchoolCode>,
}

/// How far an office of a school is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfficeState {
    /// Nobody has a certificate for it yet: the school's work.
    NoCertificate,
    /// A certificate is there and nobody was appointed: the department's work.
    ToAppoint,
    /// Appointed, not on the public record yet.
    Waiting,
    /// Appointed.
    Appointed,
}

impl OfficeState {
    const fn of(holder: Holder) -> Self {
        match (holder.appointment, holder.certificates) {
            (Stage::Anchored, _) => OfficeState::Appointed,
            (Stage::Signed, _) => OfficeState::Waiting,
            (Stage::None, 0) => OfficeState::NoCertificate,
            (Stage::None, _) => OfficeState::ToAppoint,
        }
    }
}

/// A school at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolGlance {
    /// Code.
    pub code: SchoolCode,
    /// As it is called today.
    pub name: Option<Text>,
    /// Whether it ended.
    pub closed: bool,
    /// Its newest open year.
    pub year: Option<SchoolYear>,
    /// People on its staff list.
    pub staff: usize,
    /// Accounts with a grant there.
    pub accounts: u64,
    /// Those that somebody can sign in with.
    pub active: u64,
    /// Classes planned for the year.
    pub classes: usize,
    /// Pupils of the year.
    pub pupils: u64,
    /// Items of its checklist that are settled.
    pub settled: usize,
    /// Of how many.
    pub items: usize,
    /// The first that somebody can do something about.
    pub next: Option<Item>,
    /// The principal's office.
    pub principal: OfficeState,
    /// The seal's.
    pub seal: OfficeState,
    /// Certificates of its people that are over within [`EXPIRING`].
    pub expiring: usize,
    /// Certificates that are over.
    pub expired: usize,
    /// How far its classes with records are.
    pub states: ClassStates,
}

/// What a department has to do, over all of its schools.
#[derive(Debug, Clone)]
pub struct DepartmentTasks {
    /// As of.
    pub at: UnixTime,
    /// Certificates that are over or about to be, the soonest first; at most [`MAX_LINES`].
    pub certificates: Vec<CertificateLine>,
    /// Whether there are more.
    pub more_certificates: bool,
    /// Principals and seals with a certificate and without an appointment, by school; at most [`MAX_LINES`].
    pub unappointed: Vec<Unappointed>,
    /// Whether there are more.
    pub more_unappointed: bool,
}

/// Schools that can be opened.
#[derive(Debug, Clone)]
pub struct SchoolsToOpen {
    /// Schools of the department's list that are not served yet, by code; at most [`MAX_OFFERED`].
    pub schools: Vec<ListedSchool>,
    /// How many there are in all.
    pub found: usize,
    /// How many schools the department's list has, of whatever part, served or not.
    pub listed: usize,
    /// Codes under which schools of this department are anchored: of its own where it has any, else of all.
    pub issuers: Vec<IssuerCode>,
}

/// How names and codes are compared in a search: without marks, so that `nguyen du` finds `Nguyễn Du`.
pub(crate) fn search_key(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
    let plain = text.nfd().filter(|c| !is_combining_mark(*c)).map(|c| if matches!(c, 'đ' | 'Đ') { 'd' } else { c });
    plain.collect::<String>().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn is_found(search: &str, code: &SchoolCode, name: Option<&Text>) -> bool {
    search.is_empty()
        || search_key(code.as_str()).contains(search)
        || name.is_some_and(|name| search_key(name.as_str()).contains(search))
}

/// What the checklists of these schools are made of. The same as [`App::opening_state`] reads for one, in five statements
/// for all of them; a test compares the two.
async fn facts_of(
    tx: &mut Tx,
    lines: &[&SchoolLine],
    default: SchoolYear,
    now: UnixTime,
) -> Result<Vec<Facts>, AppError> {
    let codes: Vec<SchoolCode> = lines.iter().map(|line| line.code.clone()).collect();
    let mut positions: BTreeMap<(SchoolCode, Position), (usize, usize)> = BTreeMap::new();
    let mut staff: BTreeMap<SchoolCode, usize> = BTreeMap::new();
    for count in tx.count_staff(&codes).await? {
        *staff.entry(count.school.clone()).or_default() += count.accounts;
        positions.insert((count.school, count.position), (count.accounts, count.certificates));
    }
    let stage = |anchored| if anchored { Stage::Anchored } else { Stage::Signed };
    let offices: BTreeMap<(SchoolCode, Role), Stage> =
        tx.offices_held(&codes, now).await?.into_iter().map(|(code, role, on)| ((code, role), stage(on))).collect();
    let mut given: BTreeMap<(SchoolCode, SchoolYear, ClassName, Sha256Digest), Stage> = BTreeMap::new();
    for held in tx.class_appointments(&codes, now).await? {
        let (year, class) = held.class;
        let furthest = given.entry((held.school, year, class, held.certificate)).or_insert(Stage::None);
        *furthest = (*furthest).max(stage(held.anchored));
    }
    let years: BTreeMap<&SchoolCode, SchoolYear> =
        lines.iter().filter_map(|line| Some((&line.code, line.year?))).collect();
    let mut classes: BTreeMap<SchoolCode, Vec<PlannedClassFacts>> = BTreeMap::new();
    for plan in tx.class_plans(&codes).await? {
        let Some(year) = years.get(&plan.school).copied() else { continue };
        let key = plan.certificate.map(|certificate| (plan.school.clone(), year, plan.name.clone(), certificate));
        let class = PlannedClassFacts {
            homeroom: plan.homeroom,
            certificate: plan.certificate.is_some(),
            appointment: key.and_then(|key| given.get(&key)).copied().unwrap_or(Stage::None),
            pupils: u64::from(plan.has_pupils),
            name: plan.name,
        };
        classes.entry(plan.school).or_default().push(class);
    }
    let facts = lines.iter().map(|line| {
        let holder = |position: Position, role: Role| {
            let (accounts, certificates) = positions.get(&(line.code.clone(), position)).copied().unwrap_or_default();
            let appointment = offices.get(&(line.code.clone(), role)).copied().unwrap_or(Stage::None);
            Holder { accounts, certificates, appointment }
        };
        Facts {
            school: line.code.clone(),
            year: line.year.unwrap_or(default),
            open: !line.closed,
            year_open: line.year.is_some(),
            staff: staff.get(&line.code).copied().unwrap_or_default(),
            principal: holder(Position::Principal, Role::Principal),
            deputy: holder(Position::DeputyPrincipal, Role::DeputyPrincipal),
            clerk: holder(Position::Clerk, Role::SchoolSeal),
            classes: classes.remove(&line.code).unwrap_or_default(),
        }
    });
    Ok(facts.collect())
}

/// The first item that somebody can do something about.
fn next_of(items: Vec<Item>) -> Option<Item> {
    items.into_iter().find(|item| matches!(item.state, ItemState::Missing { .. } | ItemState::Waiting { .. }))
}

/// A school as far as its checklist tells.
fn glance(line: &SchoolLine, facts: &Facts) -> SchoolGlance {
    let items = checklist(facts);
    SchoolGlance {
        code: line.code.clone(),
        name: line.name.clone(),
        closed: line.closed,
        year: line.year,
        staff: facts.staff,
        accounts: 0,
        active: 0,
        classes: facts.classes.len(),
        pupils: 0,
        settled: items.iter().filter(|item| item.is_settled()).count(),
        items: items.len(),
        next: next_of(items),
        principal: OfficeState::of(facts.principal),
        seal: OfficeState::of(facts.clerk),
        expiring: 0,
        expired: 0,
        states: ClassStates::default(),
    }
}

impl App {
    /// The schools of a department, a page at a time, by code.
    ///
    /// # Errors
    /// `Forbidden` for whoever appoints at no school.
    pub async fn department_schools(&self, actor: &Actor, query: &SchoolQuery) -> Result<SchoolsPage, AppError> {
        require_somewhere(actor, Action::AppointSchool)?;
        let at = self.edges().now();
        let default = school_year(at);
        let mut tx = self.store().read().await?;
        let mut lines = tx.school_lines().await?;
        lines.retain(|line| may(actor, Action::AppointSchool, Place::School(&line.code)));
        let all = lines.len();
        let search = search_key(&query.search);
        lines.retain(|line| is_found(&search, &line.code, line.name.as_ref()));
        let wanted: Vec<&SchoolLine> = lines
            .iter()
            .filter(|line| query.after.as_ref().is_none_or(|after| line.code > *after))
            .filter(|line| !query.lacking || !line.closed)
            .collect();
        // One more than a page shows tells whether there is another. Mostly the first of them are enough; where few lack
        // anything, the others are walked through in larger steps.
        let (first, others) = wanted.split_at(wanted.len().min(SCHOOLS_PAGE + 1));
        let mut schools = Vec::new();
        for part in std::iter::once(first).chain(others.chunks(WALK)).filter(|part| !part.is_empty()) {
            let facts = facts_of(&mut tx, part, default, at).await?;
            let glances = part.iter().zip(&facts).map(|(line, facts)| glance(line, facts));
            schools.extend(glances.filter(|school| !query.lacking || school.settled < school.items));
            if !query.lacking || schools.len() > SCHOOLS_PAGE {
                break;
            }
        }
        let more = schools.len() > SCHOOLS_PAGE;
        schools.truncate(SCHOOLS_PAGE);
        fill(&mut tx, &mut schools, at).await?;
        let next = schools.last().filter(|_| more).map(|school| school.code.clone());
        Ok(SchoolsPage { at, all, schools, next })
    }

    /// What a department has to look after: certificates that end, principals and seals to appoint.
    ///
    /// # Errors
    /// `Forbidden` for whoever appoints at no school.
    pub async fn department_tasks(&self, actor: &Actor) -> Result<DepartmentTasks, AppError> {
        require_somewhere(actor, Action::AppointSchool)?;
        let at = self.edges().now();
        let mut tx = self.store().read().await?;
        let lines = tx.school_lines().await?.into_iter();
        let codes: Vec<SchoolCode> = lines
            .filter(|line| may(actor, Action::AppointSchool, Place::School(&line.code)))
            .map(|line| line.code)
            .collect();
        let most = u32::try_from(MAX_LINES + 1).unwrap_or(u32::MAX);
        let (mut certificates, mut unappointed) = (Vec::new(), Vec::new());
        for part in codes.chunks(hocba_store::MAX_SCHOOLS) {
            certificates.extend(tx.certificates_over(part, at.plus(EXPIRING), most).await?);
            if unappointed.len() <= MAX_LINES {
                unappointed.extend(tx.unappointed(part, at).await?);
            }
        }
        certificates.sort_by(|a: &CertificateLine, b| (a.not_after, &a.school).cmp(&(b.not_after, &b.school)));
        let (more_certificates, more_unappointed) = (certificates.len() > MAX_LINES, unappointed.len() > MAX_LINES);
        certificates.truncate(MAX_LINES);
        unappointed.truncate(MAX_LINES);
        Ok(DepartmentTasks { at, certificates, more_certificates, unappointed, more_unappointed })
    }

    /// The schools of the department's list that are not served yet and that the actor may open.
    ///
    /// # Errors
    /// `Forbidden` for whoever opens no school.
    pub async fn schools_to_open(&self, actor: &Actor, search: &str) -> Result<SchoolsToOpen, AppError> {
        require_somewhere(actor, Action::AppointSchool)?;
        let mine = |code: &SchoolCode| may(actor, Action::AppointSchool, Place::School(code));
        let mut tx = self.store().read().await?;
        let served = tx.schools().await?;
        let issuers_where = |of: &dyn Fn(&SchoolCode) -> bool| {
            let issuers: std::collections::BTreeSet<IssuerCode> =
                served.iter().filter(|school| of(&school.code)).map(|school| school.issuer.clone()).collect();
            issuers.into_iter().collect::<Vec<_>>()
        };
        let mut issuers = issuers_where(&mine);
        if issuers.is_empty() {
            issuers = issuers_where(&|_| true);
        }
        let here: std::collections::BTreeSet<&SchoolCode> = served.iter().map(|school| &school.code).collect();
        let search = search_key(search);
        let mut schools = tx.listed_schools().await?;
        let listed = schools.len();
        schools.retain(|school| {
            !here.contains(&school.code) && mine(&school.code) && is_found(&search, &school.code, Some(&school.name))
        });
        let found = schools.len();
        schools.truncate(MAX_OFFERED);
        Ok(SchoolsToOpen { schools, found, listed, issuers })
    }
}

/// What the schools of one page have besides.
async fn fill(tx: &mut Tx, schools: &mut [SchoolGlance], at: UnixTime) -> Result<(), AppError> {
    let codes: Vec<SchoolCode> = schools.iter().map(|school| school.code.clone()).collect();
    if codes.is_empty() {
        return Ok(());
    }
    let mut accounts: BTreeMap<SchoolCode, (u64, u64)> = BTreeMap::new();
    for count in tx.count_accounts(&codes).await? {
        accounts.insert(count.school, (count.accounts, count.active));
    }
    let pupils: BTreeMap<SchoolCode, u64> = tx.count_pupils(&codes).await?.into_iter().collect();
    let states: BTreeMap<SchoolCode, ClassStates> = tx.class_states(&codes).await?.into_iter().collect();
    let over = tx.certificates_over(&codes, at.plus(EXPIRING), u32::MAX).await?;
    for school in schools {
        (school.accounts, school.active) = accounts.get(&school.code).copied().unwrap_or_default();
        school.pupils = pupils.get(&school.code).copied().unwrap_or_default();
        school.states = states.get(&school.code).copied().unwrap_or_default();
        let of_school = || over.iter().filter(|line| line.school == school.code);
        school.expired = of_school().filter(|line| line.not_after < at).count();
        school.expiring = of_school().count() - school.expired;
    }
    Ok(())
}
