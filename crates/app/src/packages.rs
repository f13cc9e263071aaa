//! Packages for the ministry's store: noted before they are sent, and what the store answers, shown beside the pupil.

use std::collections::BTreeMap;

use hocba_exchange::package::{Answer, Answers, ResultCode, ResultError, State, merge};
use hocba_record::{encoding::RecordId, types::UnixTime};
use hocba_store::{
    PackageRecord, StoredPackage, Tx,
    model::{Envelope, Id, StoreAnswer},
    retrying,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Actor, App, AppError,
    people::plain,
    policy::{Action, Place, require},
};

/// What the store says of a record that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtStore {
    /// The package it was last sent in.
    pub package: Id,
    /// The version that was sent.
    pub version: u32,
    /// What the store says of it.
    pub answer: StoreAnswer,
    /// With [`StoreAnswer::Rejected`] why, in the store's words.
    pub errors: Vec<ResultError>,
    /// When it said so; none while it has not.
    pub at: Option<UnixTime>,
}

/// What answers changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswersTaken {
    /// Records of which the store says something else now.
    pub changed: usize,
    /// Records of which nothing new was said.
    pub unchanged: usize,
    /// Records of the package that the store has not processed yet.
    pub waiting: usize,
    /// Records that the store found errors in, of the whole package.
    pub rejected: usize,
}

/// A list of errors as it lies in its envelope.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Errors {
    errors: Vec<(String, String)>,
}

impl App {
    /// Notes a package that is about to be sent. Written before the file is handed out, so that an answer always finds it.
    ///
    /// # Errors
    /// `Forbidden` unless the actor may hand out everything, `Exists`.
    pub async fn note_package(
        &self,
        actor: &Actor,
        package: &StoredPackage,
        records: &[(RecordId, u32)],
    ) -> Result<(), AppError> {
        require(actor, Action::HandOut, Place::Everywhere)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("note_package").await?;
            tx.add_package(package, records).await?;
            tx.audit(&plain(actor, "note_package", package.id.to_string(), now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// The records of a package.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn package_records(&self, actor: &Actor, package: &Id) -> Result<Vec<RecordId>, AppError> {
        require(actor, Action::HandOut, Place::Everywhere)?;
        let mut tx = self.store().read().await?;
        tx.package(package).await?.ok_or(AppError::NotFound("package"))?;
        Ok(tx.package_records(package).await?.into_iter().map(|r| r.record).collect())
    }

    /// Takes the store's answers about a package. Whichever order they come in and however often, the end is the same.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Changed`.
    pub async fn take_answers(&self, actor: &Actor, answers: &Answers) -> Result<AnswersTaken, AppError> {
        require(actor, Action::HandOut, Place::Everywhere)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut taken = AnswersTaken::default();
            let mut tx = self.store().begin("take_answers").await?;
            tx.package(&answers.package).await?.ok_or(AppError::NotFound("package"))?;
            // A record is called by its id there, which is the same in all versions.
            let said: BTreeMap<&str, &Answer> = answers.answers.iter().map(|a| (a.id.as_str(), a)).collect();
            for stored in tx.package_records(&answers.package).await? {
                let before = self.state(&answers.package, &stored)?;
                let now_known = match said.get(stored.record.to_string().as_str()) {
                    Some(answer) => Some(merge(before.clone(), answer.state.clone())),
                    None => before.clone(),
                };
                match now_known.as_ref().map_or(ResultCode::Waiting, |s| s.code) {
                    ResultCode::Waiting => taken.waiting += 1,
                    ResultCode::Rejected => taken.rejected += 1,
                    ResultCode::Accepted => {}
                }
                match now_known.filter(|state| Some(state) != before.as_ref()) {
                    Some(state) => {
                        self.write_answer(&mut tx, &answers.package, stored, &state).await?;
                        taken.changed += 1;
                    }
                    None => taken.unchanged += 1,
                }
            }
            if taken.changed > 0 {
                tx.audit(&plain(actor, "take_answers", answers.package.to_string(), now)).await?;
                tx.commit().await?;
            }
            Ok(taken)
        })
        .await
    }

    async fn write_answer(
        &self,
        tx: &mut Tx,
        package: &Id,
        stored: PackageRecord,
        state: &State,
    ) -> Result<(), AppError> {
        let errors = match state.code {
            ResultCode::Rejected => Some(self.seal_errors(package, &stored.record, &state.errors)?),
            ResultCode::Waiting | ResultCode::Accepted => None,
        };
        let answer = word(state.code);
        Ok(tx.answer(package, &PackageRecord { answer, answered_at: Some(state.at), errors, ..stored }).await?)
    }

    /// Of each record of a class that was sent, what the store says of it. Who may see the class sees it; its words, which
    /// may name the pupil, only who may see records.
    pub(crate) async fn at_store(
        &self,
        tx: &mut Tx,
        class: &Id,
        words: bool,
    ) -> Result<BTreeMap<RecordId, AtStore>, AppError> {
        let mut found = BTreeMap::new();
        for (record, (package, stored)) in tx.answers_of_class(class).await? {
            let state = if words { self.state(&package, &stored)? } else { None };
            let errors = state.map(|state| state.errors).unwrap_or_default();
            let at =
                AtStore { package, version: stored.version, answer: stored.answer, errors, at: stored.answered_at };
            found.insert(record, at);
        }
        Ok(found)
    }

    /// What is known of a record at the store; none while it did not answer.
    fn state(&self, package: &Id, stored: &PackageRecord) -> Result<Option<State>, AppError> {
        let Some(at) = stored.answered_at else { return Ok(None) };
        let errors = match &stored.errors {
            Some(envelope) => self.open_errors(package, &stored.record, envelope)?,
            None => Vec::new(),
        };
        let code = match stored.answer {
            StoreAnswer::Waiting => ResultCode::Waiting,
            StoreAnswer::Accepted => ResultCode::Accepted,
            StoreAnswer::Rejected => ResultCode::Rejected,
        };
        Ok(Some(State { code, errors, at }))
    }

    fn seal_errors(&self, package: &Id, record: &RecordId, errors: &[ResultError]) -> Result<Envelope, AppError> {
        let plain: Vec<(String, String)> = errors.iter().map(|e| (e.code.to_string(), e.text.to_string())).collect();
        let bytes = hocba_record::canonical::to_vec(&Errors { errors: plain })
            .map(Zeroizing::new)
            .map_err(|_| AppError::Damaged { number: 0, what: "the store's errors" })?;
        self.seal_envelope(&place(package, record), &bytes)
    }

    fn open_errors(&self, package: &Id, record: &RecordId, envelope: &Envelope) -> Result<Vec<ResultError>, AppError> {
        let damaged = |what| AppError::Damaged { number: 0, what };
        let words = [
            "what the ministry's store answered was sealed with another data key",
            "what the ministry's store answered does not open",
        ];
        let plain = self.open_envelope(&place(package, record), envelope, words).map_err(damaged)?;
        let limits = hocba_record::canonical::Limits { bytes: 1024 * 1024, depth: 6 };
        let wrong = "what the ministry's store answered is not of its form";
        let Errors { errors } = hocba_record::canonical::from_slice(&plain, limits).map_err(|_| damaged(wrong))?;
        errors
            .into_iter()
            .map(|(code, text)| {
                let parsed = |text: String| text.parse().map_err(|_| damaged(wrong));
                Ok(ResultError { code: parsed(code)?, text: parsed(text)? })
            })
            .collect()
    }
}

/// Where an envelope belongs; it opens nowhere else.
fn place(package: &Id, record: &RecordId) -> String {
    format!("answer/{package}/{record}")
}

const fn word(code: ResultCode) -> StoreAnswer {
    match code {
        ResultCode::Waiting => StoreAnswer::Waiting,
        ResultCode::Accepted => StoreAnswer::Accepted,
        ResultCode::Rejected => StoreAnswer::Rejected,
    }
}
