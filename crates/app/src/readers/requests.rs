//! What readers ask the school to look at again, and what it answers.

use std::collections::BTreeMap;

use hocba_record::{encoding::RecordId, types::SchoolCode};
use hocba_store::{
    model::{Class, Id, RecordVersion, RequestState, StoredRequest},
    retrying,
};
use serde::{Deserialize, Serialize};

use super::{ReaderError, text};
use crate::{
    Actor, App, AppError,
    classes::record_in,
    policy::{Action, Place, may, require},
    signing::event,
    state::{PublicState, public_state},
};

/// Longest text of a request or its answer, in characters.
pub const MAX_REQUEST: usize = 1000;
/// Requests of a class that are shown at once.
const REQUESTS_SHOWN: u32 = 200;
const REQUEST_DAMAGED: &str = "a request does not open";

/// What is asked of the school, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestText {
    asked: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// A request, opened.
#[derive(Debug, Clone)]
pub struct ReaderRequest {
    /// As it is stored.
    pub stored: StoredRequest,
    /// What is asked.
    pub asked: String,
    /// What the school answered.
    pub answer: Option<String>,
}

/// A request of a class, for whoever answers.
#[derive(Debug, Clone)]
pub struct ClassRequest {
    /// Number in the class list.
    pub number: u32,
    /// Name as printed.
    pub name: Option<String>,
    /// The request.
    pub request: ReaderRequest,
}

fn request_place(request: &Id) -> String {
    format!("request/{request}")
}

impl App {
    /// What is wrong with a request; for `hocba fsck`.
    pub fn check_request(&self, request: &StoredRequest) -> Option<&'static str> {
        self.opened_request(request.clone()).is_err().then_some(REQUEST_DAMAGED)
    }

    pub(super) fn opened_request(&self, stored: StoredRequest) -> Result<ReaderRequest, AppError> {
        let RequestText { asked, answer } =
            self.open_json(&request_place(&stored.id), &stored.personal, REQUEST_DAMAGED)?;
        Ok(ReaderRequest { stored, asked, answer })
    }

    /// What readers ask about a class, what is open first.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn class_requests(&self, actor: &Actor, class: &Id) -> Result<(Class, Vec<ClassRequest>), ReaderError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::AnswerRequests, Place::of(&class))?;
        let stored = tx.requests_of_class(&class.id, REQUESTS_SHOWN).await?;
        let versions: BTreeMap<RecordId, RecordVersion> = match stored.is_empty() {
            true => BTreeMap::new(),
            false => tx.records_of(&class.id).await?.into_iter().map(|version| (version.record, version)).collect(),
        };
        let mut found = Vec::with_capacity(stored.len());
        for request in stored {
            let version = versions.get(&request.record).ok_or(AppError::NotFound("record"))?;
            let (number, name) = (version.number, self.personal(version)?.pupil_name());
            found.push(ClassRequest { number, name, request: self.opened_request(request)? });
        }
        Ok((class, found))
    }

    /// The classes of a school about which something is asked that nobody answered yet, with how much: those about which
    /// the actor may answer.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_requests(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<(Class, u64)>, AppError> {
        let mut tx = self.store().read().await?;
        let mut found = Vec::new();
        for (id, waiting) in tx.open_requests_at(school).await? {
            let class = tx.class(&id).await?.ok_or(AppError::NotFound("class"))?;
            if may(actor, Action::AnswerRequests, Place::of(&class)) {
                found.push((class, waiting));
            }
        }
        Ok(found)
    }

    /// Answers a request. What the record says changes by a correction, not by an answer.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; [`ReaderError::Text`]; `Changed` where it is not open any more.
    pub async fn answer_request(&self, actor: &Actor, id: &Id, answer: &str) -> Result<(), ReaderError> {
        let answer = text(answer, "answer", MAX_REQUEST)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("answer_request").await?;
            let stored = tx.request(id).await?.ok_or(AppError::NotFound("request"))?;
            let (_, version) = record_in(&mut tx, actor, Action::AnswerRequests, &stored.record).await?;
            let asked = self.opened_request(stored)?.asked;
            let said = RequestText { asked, answer: Some(answer.clone()) };
            let sealed = self.seal_json(&request_place(id), &said)?;
            tx.end_request(id, RequestState::Answered, &sealed, Some(&actor.id()), now).await?;
            tx.audit(&event(actor, "answer_request", &version, now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Asks the school to look at a year of a book again.
    ///
    /// # Errors
    /// `NotFound` for a book or year that the actor does not read; `NotAnchored` for a year that is not in force;
    /// [`ReaderError::Text`], [`ReaderError::RequestOpen`].
    pub async fn ask_request(
        &self,
        actor: &Actor,
        pupil: &Id,
        record: &RecordId,
        asked: &str,
    ) -> Result<Id, ReaderError> {
        let asked = text(asked, "request", MAX_REQUEST)?;
        let (now, id) = (self.edges().now(), Id::from_bytes(self.edges().bytes()?));
        let personal = self.seal_json(&request_place(&id), &RequestText { asked, answer: None })?;
        retrying(|| async {
            let mut tx = self.store().begin("ask_request").await?;
            let (reader, years) = self.own_years(&mut tx, actor, pupil).await?;
            let year = years.into_iter().find(|(_, version)| version.record == *record);
            let (class, version) = year.ok_or(AppError::NotFound("record"))?;
            let in_force = |line: &hocba_store::model::RecordLine| {
                line.record == *record && (line.version > 1 || public_state(line) == PublicState::InForce)
            };
            if !tx.record_lines(&class.id).await?.iter().any(in_force) {
                return Err(AppError::NotAnchored.into());
            }
            if tx.requests_of(record).await?.iter().any(|request| request.state == RequestState::Open) {
                return Err(ReaderError::RequestOpen);
            }
            tx.add_request(&StoredRequest {
                id,
                record: *record,
                version: version.version,
                account: reader.account,
                state: RequestState::Open,
                personal: personal.clone(),
                asked_at: now,
                ended_at: None,
                answered_by: None,
            })
            .await?;
            tx.audit(&event(actor, "ask_school", &version, now)).await?;
            tx.commit().await?;
            Ok(id)
        })
        .await
    }

    /// Takes back what was asked, while it is open.
    ///
    /// # Errors
    /// `NotFound` for a book that the actor does not read, and a request of another; `Changed` where it is not open.
    pub async fn withdraw_request(&self, actor: &Actor, pupil: &Id, id: &Id) -> Result<(), AppError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("withdraw_request").await?;
            let (_, years) = self.own_years(&mut tx, actor, pupil).await?;
            let stored = tx.request(id).await?.ok_or(AppError::NotFound("request"))?;
            let version = years.into_iter().map(|(_, version)| version).find(|v| v.record == stored.record);
            let version = version.ok_or(AppError::NotFound("request"))?;
            let personal = stored.personal.clone();
            tx.end_request(id, RequestState::Withdrawn, &personal, None, now).await?;
            tx.audit(&event(actor, "withdraw_request", &version, now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}
