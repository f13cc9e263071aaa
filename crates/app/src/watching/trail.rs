//! The audit log, for those who answer for a school or watch over it.
//!
//! An event has ids and codes. What is added here are the names of accounts, which are those of staff; a record stays an id,
//! with the name of its class.

use std::collections::BTreeMap;

use hocba_record::types::{ClassName, SchoolCode, UnixTime};
use hocba_store::{
    AUDITED, AuditCursor, AuditLine, AuditSearch, Subject,
    model::{Grant, Id},
};

use crate::{
    Actor, App, AppError,
    policy::{Action, Place, may, require, require_somewhere, role_may},
};

/// Events on a page.
pub const AUDIT_PAGE: usize = 50;
/// Who acts and has no account: the service itself, and whoever runs commands where the data lies.
const WITHOUT_ACCOUNT: [&str; 2] = ["system", "operator"];

/// What is asked of [`App::audit_log`].
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// The events of this school; of all that the actor may see where it is left out.
    pub school: Option<SchoolCode>,
    /// Whose: a login, `system` or `operator`.
    pub who: Option<String>,
    /// Which action.
    pub action: Option<String>,
    /// About this class.
    pub class: Option<ClassName>,
    /// From this moment on.
    pub from: Option<UnixTime>,
    /// Before this moment.
    pub until: Option<UnixTime>,
    /// Before this place.
    pub before: Option<AuditCursor>,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Login.
    pub login: String,
    /// Name.
    pub name: String,
    /// What they may do today.
    pub grants: Vec<Grant>,
}

/// An event as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailLine {
    /// The event with its place.
    pub line: AuditLine,
    /// Who did it; none where it was nobody with an account, or the account is gone.
    pub who: Option<Person>,
    /// What the subject is.
    pub about: Subject,
    /// Whose account it is about, where it is about one.
    pub whom: Option<Person>,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// As of.
    pub at: UnixTime,
    /// The newest first. Fewer than a page, with a `next`, where what is looked for is rare.
    pub lines: Vec<TrailLine>,
    /// Where to go on; none where there is nothing more.
    pub next: Option<AuditCursor>,
}

/// The schools whose events an account may see: by code, or by how codes begin. None where it is all.
fn reach(actor: &Actor) -> Option<Vec<(String, bool)>> {
    if may(actor, Action::ReadAudit, Place::Everywhere) {
        return None;
    }
    let Actor::Account(account) = actor else { return Some(Vec::new()) };
    let of = |grant: &Grant| match (&grant.school, &grant.prefix) {
        (Some(school), _) => Some((school.to_string(), false)),
        (None, Some(prefix)) => Some((prefix.to_string(), true)),
        (None, None) => None,
    };
    let grants = account.grants.iter().filter(|g| role_may(g.role, Action::ReadAudit) && g.class.is_none());
    Some(grants.filter_map(of).collect())
}

impl App {
    /// What happened, the newest first, a page at a time.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn audit_log(&self, actor: &Actor, query: &AuditQuery) -> Result<AuditPage, AppError> {
        let schools = match &query.school {
            Some(school) => {
                require(actor, Action::ReadAudit, Place::School(school))?;
                Some(vec![(school.to_string(), false)])
            }
            None => {
                require_somewhere(actor, Action::ReadAudit)?;
                reach(actor)
            }
        };
        let at = self.edges().now();
        if schools.as_ref().is_some_and(Vec::is_empty) {
            return Ok(AuditPage { at, lines: Vec::new(), next: None });
        }
        let mut tx = self.store().read().await?;
        let whose = match query.who.as_deref() {
            None => None,
            Some(who) if WITHOUT_ACCOUNT.contains(&who) => Some(who.to_owned()),
            Some(login) => match tx.account_with_login(login).await? {
                Some(account) => Some(account.id.to_string()),
                // Nobody is called so: nothing was done by them.
                None => return Ok(AuditPage { at, lines: Vec::new(), next: None }),
            },
        };
        // An action that nobody knows was never done; it is not looked for through the whole log.
        if query.action.as_ref().is_some_and(|action| !AUDITED.iter().any(|(code, _)| code == action)) {
            return Ok(AuditPage { at, lines: Vec::new(), next: None });
        }
        let until = query.until.map(|until| AuditCursor { at: until.seconds(), id: 0 });
        let search = AuditSearch {
            schools,
            actor: whose,
            action: query.action.clone(),
            class: query.class.as_ref().map(ToString::to_string),
            from: query.from,
            before: [query.before, until].into_iter().flatten().min_by_key(|place| (place.at, place.id)),
        };
        let slice = tx.find_events(&search, u32::try_from(AUDIT_PAGE).unwrap_or(u32::MAX)).await?;
        let mut people: BTreeMap<String, Option<Person>> = BTreeMap::new();
        let mut lines = Vec::new();
        for line in slice.lines {
            let about = Subject::of(&line.event.action);
            for id in [Some(&line.event.actor), (about == Subject::Account).then_some(&line.event.subject)] {
                let Some(id) = id.filter(|id| !people.contains_key(*id)) else { continue };
                let found = match id.parse::<Id>() {
                    Ok(known) => tx.account_even_closed(&known).await?,
                    Err(_) => None,
                };
                let person = |a: crate::model::Account| Person { login: a.login, name: a.name, grants: a.grants };
                people.insert(id.clone(), found.map(person));
            }
            let person = |id: &str| people.get(id).cloned().flatten();
            let (who, whom) = (person(&line.event.actor), person(&line.event.subject));
            lines.push(TrailLine { who, about, whom: whom.filter(|_| about == Subject::Account), line });
        }
        Ok(AuditPage { at, lines, next: slice.next })
    }
}
