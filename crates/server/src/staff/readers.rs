//! `/school/{school}/classes/{class}/readers` and `…/requests`: the accounts of a class's pupils and parents, and what they
//! ask.

use askama::Template;
use hocba_app::{
    AppError, ClassRequest, Invitation, MAX_REQUEST, ReaderError, ReaderLine,
    access::AccountState,
    model::{Class, Id, Relation, RequestState},
};
use hocba_bundle::text::date_time;
use hocba_record::encoding::RecordId;

use super::{
    Answer, Asked, Refusal,
    chrome::{Chrome, Done, Fault},
    html, on_to, refused,
    text::Text,
    words,
};

impl From<ReaderError> for Refusal {
    fn from(error: ReaderError) -> Self {
        match error {
            ReaderError::Access(error) => error.into(),
            // Forms say these beside their fields; whatever comes here was not asked by one.
            ReaderError::Text(_)
            | ReaderError::NothingChosen
            | ReaderError::TooManyLinks
            | ReaderError::RequestOpen => crate::problem::Problem::Malformed { member: "form" }.into(),
        }
    }
}

/// As whom somebody reads a book.
pub(super) fn relation(t: Text, relation: Relation) -> String {
    match relation {
        Relation::Pupil => t.say("relation-pupil"),
        Relation::Guardian => t.say("relation-guardian"),
    }
    .into_owned()
}

/// How far a request is.
pub(super) fn request_state(t: Text, state: RequestState) -> String {
    match state {
        RequestState::Open => t.say("request-open"),
        RequestState::Answered => t.say("request-answered"),
        RequestState::Withdrawn => t.say("request-withdrawn"),
    }
    .into_owned()
}

fn class_id(asked: &Asked) -> Result<Id, Refusal> {
    asked.param("class").parse().map_err(|_| Refusal::NotFound)
}

/// A class of somebody else, or of another school than the address says, is as one that is not there.
fn here<T>(asked: &Asked, found: Result<(Class, T), ReaderError>) -> Result<(Class, T), Refusal> {
    let found = found.map_err(|error| match error {
        ReaderError::Access(hocba_app::AccessError::App(AppError::Forbidden(_))) => Refusal::NotFound,
        other => other.into(),
    })?;
    if found.0.school == asked.school()? { Ok(found) } else { Err(Refusal::NotFound) }
}

pub(super) struct AccountView {
    pub(super) relation: String,
    pub(super) state: String,
    /// Where its password is taken from it; only of one that has any.
    pub(super) reset: Option<String>,
}

pub(super) struct LineView {
    pub(super) record: String,
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) has_book: bool,
    pub(super) accounts: Vec<AccountView>,
}

#[derive(Template)]
#[template(path = "staff/class_readers.html")]
pub(super) struct ReadersPage {
    pub(super) c: Chrome,
    pub(super) action: String,
    /// How many have an account that works, of how many that can have one.
    pub(super) active: u32,
    pub(super) all: u32,
    pub(super) most: u32,
    pub(super) lines: Vec<LineView>,
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(super) fn address(class: &Class) -> String {
    format!("{}/readers", super::class::address(&class.school, &class.id))
}

fn crumbs(c: Chrome, title: String, class: &Class) -> Chrome {
    let t = c.t;
    let name = class.name.to_string();
    c.titled(title)
        .crumb(t.say("classes-title"), super::classes::address(&class.school))
        .crumb(t.with("class-title", &[("class", &name)]), super::class::address(&class.school, &class.id))
}

impl ReadersPage {
    pub(super) fn new(c: Chrome, class: &Class, lines: &[ReaderLine]) -> Self {
        let t = c.t;
        let action = address(class);
        let account = |(whom, id, state): &(Relation, Id, AccountState)| AccountView {
            relation: relation(t, *whom),
            state: words::state(t, *state),
            reset: (*state == AccountState::Active).then(|| format!("{action}/{id}/reset")),
        };
        let view = |line: &ReaderLine| LineView {
            record: line.record.to_string(),
            number: line.number,
            name: line.name.clone().unwrap_or_default(),
            has_book: line.has_book,
            accounts: line.readers.iter().map(account).collect(),
        };
        let is_active = |line: &&ReaderLine| line.readers.iter().any(|(.., state)| *state == AccountState::Active);
        let all = count(lines.iter().filter(|line| line.has_book).count());
        let active = count(lines.iter().filter(is_active).count());
        Self {
            lines: lines.iter().map(view).collect(),
            active,
            all,
            most: all.max(1),
            c: crumbs(c, t.say("readers-title").into_owned(), class),
            action,
        }
    }
}

pub(super) async fn show(asked: Asked) -> Answer {
    let (class, lines) = here(&asked, asked.app().class_readers(asked.actor()?, &class_id(&asked)?).await)?;
    html(&ReadersPage::new(asked.chrome(asked.path.clone()), &class, &lines))
}

pub(super) struct SlipSheet {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) relation: String,
    pub(super) login: String,
    pub(super) code: String,
    pub(super) until: String,
}

#[derive(Template)]
#[template(path = "staff/reader_slips.html")]
pub(super) struct ReaderSlipsPage {
    pub(super) c: Chrome,
    pub(super) back: String,
    pub(super) address: String,
    pub(super) class: String,
    pub(super) slips: Vec<SlipSheet>,
}

impl ReaderSlipsPage {
    pub(super) fn new(c: Chrome, class: &Class, address: String, made: Vec<Invitation>) -> Self {
        let t = c.t;
        let sheet = |made: Invitation| SlipSheet {
            number: made.number,
            name: made.name.unwrap_or_default(),
            relation: relation(t, made.relation),
            login: made.slip.login,
            code: made.slip.code,
            until: date_time(made.slip.expires_at),
        };
        Self {
            c: c.titled(t.say("reader-slips-title")),
            back: self::address(class),
            address,
            class: class.name.to_string(),
            slips: made.into_iter().map(sheet).collect(),
        }
    }
}

fn sheets(asked: &Asked, class: &Class, made: Vec<Invitation>) -> Answer {
    let public = asked.server.config.public_url.to_string();
    html(&ReaderSlipsPage::new(asked.chrome(address(class)), class, public, made))
}

/// `chosen`: records whose pupils get slips; all that have none yet where nothing was chosen.
pub(super) async fn invite(asked: Asked) -> Answer {
    let id = class_id(&asked)?;
    let (class, lines) = here(&asked, asked.app().class_readers(asked.actor()?, &id).await)?;
    let whom: Vec<Relation> = asked.form.all("relation").iter().filter_map(|text| text.parse().ok()).collect();
    let chosen: Vec<RecordId> = asked.form.all("chosen").iter().filter_map(|text| text.parse().ok()).collect();
    let is_wanted = |line: &&ReaderLine| line.has_book && (chosen.is_empty() || chosen.contains(&line.record));
    let wanted: Vec<(RecordId, Relation)> = lines
        .iter()
        .filter(is_wanted)
        .flat_map(|line| whom.iter().map(|relation| (line.record, *relation)))
        .take(hocba_app::access::MAX_SLIPS)
        .collect();
    if wanted.is_empty() {
        let fault = Fault { field: "relation", text: asked.t().say("readers-nobody").into_owned() };
        return refused(&ReadersPage::new(asked.chrome(asked.path.clone()).wrong(vec![fault]), &class, &lines));
    }
    let made = asked.app().invite_readers(asked.actor()?, &id, &wanted).await?;
    if made.is_empty() {
        return Ok(on_to(&address(&class), Some(Done::NothingChanged)));
    }
    sheets(&asked, &class, made)
}

pub(super) async fn reset(asked: Asked) -> Answer {
    let id = class_id(&asked)?;
    let (class, _) = here(&asked, asked.app().class_readers(asked.actor()?, &id).await)?;
    let account: Id = asked.param("account").parse().map_err(|_| Refusal::NotFound)?;
    let made = asked.app().reset_reader(asked.actor()?, &id, &account).await?;
    sheets(&asked, &class, vec![made])
}

pub(super) struct RequestView {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) asked: String,
    pub(super) asked_at: String,
    pub(super) state: String,
    pub(super) answer: Option<String>,
    /// Where it is answered, while it is open; and the name of the field.
    pub(super) action: Option<String>,
    pub(super) field: String,
}

#[derive(Template)]
#[template(path = "staff/class_requests.html")]
pub(super) struct RequestsPage {
    pub(super) c: Chrome,
    pub(super) requests: Vec<RequestView>,
    pub(super) most: usize,
}

pub(super) fn requests_address(class: &Class) -> String {
    format!("{}/requests", super::class::address(&class.school, &class.id))
}

impl RequestsPage {
    pub(super) fn new(c: Chrome, class: &Class, requests: &[ClassRequest]) -> Self {
        let t = c.t;
        let view = |one: &ClassRequest| {
            let stored = &one.request.stored;
            let open = stored.state == RequestState::Open;
            RequestView {
                number: one.number,
                name: one.name.clone().unwrap_or_default(),
                asked: one.request.asked.clone(),
                asked_at: date_time(stored.asked_at),
                state: request_state(t, stored.state),
                answer: one.request.answer.clone(),
                action: open.then(|| format!("{}/{}", requests_address(class), stored.id)),
                field: format!("answer-{}", stored.id),
            }
        };
        let requests = requests.iter().map(view).collect();
        Self { requests, most: MAX_REQUEST, c: crumbs(c, t.say("requests-title").into_owned(), class) }
    }
}

pub(super) async fn requests(asked: Asked) -> Answer {
    let (class, requests) = here(&asked, asked.app().class_requests(asked.actor()?, &class_id(&asked)?).await)?;
    html(&RequestsPage::new(asked.chrome(asked.path.clone()), &class, &requests))
}

pub(super) async fn answer(asked: Asked) -> Answer {
    let (class, requests) = here(&asked, asked.app().class_requests(asked.actor()?, &class_id(&asked)?).await)?;
    let id: Id = asked.param("request").parse().map_err(|_| Refusal::NotFound)?;
    if !requests.iter().any(|one| one.request.stored.id == id) {
        return Err(Refusal::NotFound);
    }
    match asked.app().answer_request(asked.actor()?, &id, asked.form.get("answer")).await {
        Ok(()) => Ok(on_to(&requests_address(&class), Some(Done::RequestAnswered))),
        Err(ReaderError::Text(_)) => {
            let text = asked.t().with("request-text", &[("most", &MAX_REQUEST.to_string())]).into_owned();
            let chrome = asked.chrome(requests_address(&class)).wrong(vec![Fault { field: "", text }]);
            refused(&RequestsPage::new(chrome, &class, &requests))
        }
        Err(error) => Err(error.into()),
    }
}
