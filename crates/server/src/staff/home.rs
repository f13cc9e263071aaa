//! `/home`: what waits for whoever is signed in, and what they may do, by their grants. `/schools`: the schools of a department's officer.

use askama::Template;
use hocba_app::{
    MarksSent, Step, Waiting,
    model::{Account, Grant},
    own_schools,
    policy::{Action, role_may},
};
use hocba_record::types::SchoolCode;

use super::{Answer, Asked, Refusal, chrome::Chrome, html, text::Text, words};

pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}

/// A school, or all of them, and what there is to do.
pub(super) struct PlaceView {
    pub(super) title: String,
    /// Of one school.
    pub(super) school: Option<SchoolCode>,
    pub(super) roles: String,
    pub(super) links: Vec<Link>,
}

#[derive(Template)]
#[template(path = "staff/home.html")]
pub(super) struct HomePage {
    pub(super) c: Chrome,
    pub(super) name: String,
    /// What waits for whoever looks, and where it is done.
    pub(super) todo: Vec<Link>,
    /// Whether they have work here that could wait.
    pub(super) works: bool,
    pub(super) places: Vec<PlaceView>,
    /// Transcripts that they read as pupil or parent.
    pub(super) books: Vec<Link>,
    /// Whether they may be told by e-mail.
    pub(super) mail: bool,
}

impl HomePage {
    /// With schools as people call them: to them a school is no code.
    pub(super) fn with_names(mut self, names: &[(SchoolCode, String)]) -> Self {
        for place in &mut self.places {
            let of = |(code, _): &&(SchoolCode, String)| place.school.as_ref() == Some(code);
            if let Some((_, name)) = names.iter().find(of) {
                place.title.clone_from(name);
            }
        }
        self
    }

    /// With a link to where they say their e-mail address, where that is offered.
    pub(super) fn with_mail(self, mail: bool) -> Self {
        Self { mail, ..self }
    }

    /// With these transcripts.
    pub(super) fn with_books(mut self, readings: &[hocba_app::Reading]) -> Self {
        self.books = super::my::books(self.c.t, readings);
        self
    }

    pub(super) fn new(c: Chrome, account: &Account, waiting: &[Waiting]) -> Self {
        let t = c.t;
        Self {
            name: account.name.clone(),
            todo: waiting.iter().map(|what| waiting_link(what, t)).collect(),
            works: account.grants.iter().any(|grant| grant.school.is_some()),
            places: places(t, &account.grants),
            books: Vec::new(),
            mail: false,
            c: c.titled(t.say("home-title")),
        }
    }
}

/// How something that waits is said, and where it is done.
fn waiting_link(what: &Waiting, t: Text) -> Link {
    let (text, href) = match what {
        Waiting::Marks { school, class } => {
            (t.with("todo-marks", &[("class", class.as_str())]).into_owned(), super::marks::address(school))
        }
        Waiting::Faults { school, sent: MarksSent { class, pupils, faults } } => {
            let numbers = [("pupils", pupils.to_string()), ("faults", faults.to_string())];
            let [pupils, faults] = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
            let class = ("class", class.as_str());
            let text = match faults.1 {
                "0" => t.with("todo-marks-sent", &[class, pupils]),
                _ => t.with("todo-faults", &[class, pupils, faults]),
            };
            (text.into_owned(), super::marks::address(school))
        }
        Waiting::Returned { class, count } => (
            t.with("todo-returned", &[("class", class.name.as_str()), ("records", &count.to_string())]).into_owned(),
            super::class::address(&class.school, &class.id),
        ),
        Waiting::ToSign { class, count } => (
            t.with("todo-sign", &[("class", class.name.as_str()), ("records", &count.to_string())]).into_owned(),
            super::class::address(&class.school, &class.id),
        ),
        Waiting::ToCoSign { school, classes, count } => {
            let numbers = [("records", count.to_string()), ("classes", classes.to_string())];
            let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
            (t.with("todo-co-sign", &numbers).into_owned(), super::review::address(school, Step::CoSign))
        }
        Waiting::ToSeal { school, classes, count } => {
            let numbers = [("records", count.to_string()), ("classes", classes.to_string())];
            let numbers = numbers.each_ref().map(|(name, number)| (*name, number.as_str()));
            (t.with("todo-seal", &numbers).into_owned(), super::review::address(school, Step::Seal))
        }
        Waiting::ToSupersede { class, count } => (
            t.with("todo-supersede", &[("class", class.name.as_str()), ("records", &count.to_string())]).into_owned(),
            super::class::address(&class.school, &class.id),
        ),
        Waiting::Requests { class, count } => (
            t.with("todo-requests", &[("class", class.name.as_str()), ("count", &count.to_string())]).into_owned(),
            super::readers::requests_address(class),
        ),
        Waiting::ToAppoint { school, count } => (
            t.with("todo-appoint", &[("classes", &count.to_string())]).into_owned(),
            super::appointments::address(school),
        ),
        Waiting::Year { school } => (t.say("todo-year").into_owned(), super::years::address(school)),
        Waiting::Opening { school, count } => {
            (t.with("todo-opening", &[("items", &count.to_string())]).into_owned(), super::opening::address(school))
        }
    };
    Link { href, text }
}

/// What waits for whoever is signed in; a file that they sent is read in its turn.
async fn waiting(asked: &Asked) -> Result<Vec<Waiting>, Refusal> {
    let (app, actor) = (asked.app(), asked.actor()?);
    let mut found = Vec::new();
    for school in own_schools(&asked.session()?.account) {
        let sent = match app.sent_marks(actor, &school).await? {
            Some(kept) => {
                let of = school.clone();
                asked.heavy(async move { MarksSent::of(&kept, &of) }).await?
            }
            None => None,
        };
        found.extend(app.waiting_at(actor, &school, sent).await?);
    }
    Ok(found)
}

fn places(t: Text, grants: &[Grant]) -> Vec<PlaceView> {
    let mut places: Vec<PlaceView> = Vec::new();
    for grant in grants {
        let (title, list) = match (&grant.school, &grant.prefix) {
            (Some(school), _) => (words::school(t, school, None), format!("/school/{school}/accounts")),
            (None, Some(prefix)) => {
                (t.with("home-prefix", &[("prefix", &prefix.to_string())]).into_owned(), "/schools".to_owned())
            }
            (None, None) => (t.say("home-all-schools").into_owned(), "/schools".to_owned()),
        };
        let role = words::grant(t, grant);
        let prepares = grant.class.is_none() && role_may(grant.role, Action::PrepareSchool);
        let department = grant.school.is_none() && role_may(grant.role, Action::AppointSchool);
        let manages = role_may(grant.role, Action::ManageSchoolAccounts) && grant.class.is_none();
        let at = places.iter().position(|known| known.title == title).unwrap_or_else(|| {
            let (school, roles, links) = (grant.school.clone(), String::new(), Vec::new());
            places.push(PlaceView { title, school, roles, links });
            places.len() - 1
        });
        let place = &mut places[at];
        if !place.roles.is_empty() {
            place.roles.push_str(", ");
        }
        place.roles.push_str(&role);
        let mut link = |href: String, text: std::borrow::Cow<'static, str>| {
            if !place.links.iter().any(|link| link.href == href) {
                place.links.push(Link { href, text: text.into_owned() });
            }
        };
        if let Some(school) = grant.school.as_ref().filter(|_| role_may(grant.role, Action::ReadStates)) {
            link(super::classes::address(school), t.say("classes-title"));
        }
        for (action, step, title) in
            [(Action::CoSign, Step::CoSign, "review-title"), (Action::Seal, Step::Seal, "seal-title")]
        {
            if let Some(school) = grant.school.as_ref().filter(|_| role_may(grant.role, action)) {
                link(super::review::address(school, step), t.say(title));
            }
        }
        if let Some(school) = grant.school.as_ref().filter(|_| role_may(grant.role, Action::Convert)) {
            link(super::classes::convert_address(school), t.say("convert-title"));
        }
        if let Some(school) = grant.school.as_ref().filter(|_| prepares) {
            link(super::opening::address(school), t.say("opening-title"));
            link(super::lists::address(school), t.say("lists-title"));
            link(super::certificates::address(school), t.say("certificates-title"));
            link(super::years::address(school), t.say("years-title"));
        }
        if department {
            link("/department".to_owned(), t.say("department-title"));
            link("/department/progress".to_owned(), t.say("progress-title"));
            link("/department/daily".to_owned(), t.say("daily-link"));
            link("/department/chain".to_owned(), t.say("chain-title"));
            link("/department/audit".to_owned(), t.say("audit-title"));
            link("/department/tasks".to_owned(), t.say("duty-title"));
            link("/department/schools/open".to_owned(), t.say("open-title"));
        }
        if let Some(school) = grant.school.as_ref().filter(|_| grant.class.is_none())
            && role_may(grant.role, Action::AppointTeacher)
        {
            link(super::appointments::address(school), t.say("appointments-title"));
        }
        if let Some(school) = grant.school.as_ref().filter(|_| grant.class.is_none())
            && role_may(grant.role, Action::ReadAudit)
        {
            link(super::audit::address(school), t.say("audit-title"));
        }
        if manages {
            let text = if grant.school.is_some() { t.say("accounts-title") } else { t.say("schools-title") };
            link(list, text);
        }
    }
    places
}

pub(super) async fn show(asked: Asked) -> Answer {
    let session = asked.session()?;
    if session.must_enrol {
        return Err(Refusal::MustEnrol);
    }
    let waiting = waiting(&asked).await?;
    let readings = asked.app().readings(asked.actor()?).await?;
    let mut names = Vec::new();
    for code in own_schools(&session.account) {
        let name = asked.called(&code).await?;
        names.push((code, name));
    }
    let page = HomePage::new(asked.chrome("/home"), &session.account, &waiting);
    let mail = super::mail::is_offered(&asked).await?;
    html(&page.with_names(&names).with_books(&readings).with_mail(mail))
}

#[derive(Template)]
#[template(path = "staff/schools.html")]
pub(super) struct SchoolsPage {
    pub(super) c: Chrome,
    pub(super) total: u32,
    pub(super) schools: Vec<String>,
}

impl SchoolsPage {
    pub(super) fn new(c: Chrome, schools: Vec<String>) -> Self {
        let t = c.t;
        let total = u32::try_from(schools.len()).unwrap_or(u32::MAX);
        Self { c: c.titled(t.say("schools-title")).below_home(), total, schools }
    }
}

pub(super) async fn schools(asked: Asked) -> Answer {
    let schools = asked.app().administered_schools(asked.actor()?).await?;
    html(&SchoolsPage::new(asked.chrome("/schools"), schools.iter().map(ToString::to_string).collect()))
}
