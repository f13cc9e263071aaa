//! What readers hand out of a book: links to chosen years and parts, and who looked.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    encoding::RecordId,
    types::{SectionName, Text, UnixTime},
};
use hocba_store::{
    model::{Class, Id, LinkChoice},
    retrying,
};
use serde::{Deserialize, Serialize};

use super::{ReaderError, text};
use crate::{Actor, App, AppError, LinkView, NewLink, Scope, bundles::Shown, links::MAX_LIFE, signing::event};

/// Longest name of whom a link is for, in characters.
pub const MAX_LABEL: usize = 100;
/// Living links that readers of one book may have made: each is looked after by somebody.
pub const MAX_LINKS: usize = 50;
/// Years of a book: twelve grades, and some that were repeated.
const MAX_YEARS: usize = 24;
const CHOICE_DAMAGED: &str = "what a link shows does not open";

/// What a link is to show: sealed beside it, so that whoever made it sees later what they gave away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Years, by their records.
    pub years: BTreeSet<RecordId>,
    /// Parts of each; all where it is left out.
    pub parts: Option<BTreeSet<SectionName>>,
    /// Whom it is for, in the words of whoever made it.
    pub label: String,
}

/// A link as a reader sees it.
#[derive(Debug, Clone)]
pub struct ReadLink {
    /// The link, and how often somebody looked.
    pub view: LinkView,
    /// What it shows; none of a link that the school made.
    pub choice: Option<Choice>,
    /// When somebody looked, the latest last.
    pub looks: Vec<UnixTime>,
}

fn choice_place(link: &Id) -> String {
    format!("link-choice/{link}")
}

impl App {
    /// What is wrong with what a link shows; for `hocba fsck`.
    pub fn check_link_choice(&self, choice: &LinkChoice) -> Option<&'static str> {
        let opened = self.open_json::<Choice>(&choice_place(&choice.link), &choice.personal, CHOICE_DAMAGED);
        opened.is_err().then_some(CHOICE_DAMAGED)
    }

    /// What can be chosen for a link: the years that are in force with the parts that each has.
    ///
    /// # Errors
    /// `NotFound` for a book that the actor does not read; `Damaged`.
    pub async fn to_choose(
        &self,
        actor: &Actor,
        pupil: &Id,
    ) -> Result<Vec<(Class, RecordId, Vec<(SectionName, Option<Text>)>)>, AppError> {
        let mut tx = self.store().read().await?;
        let (_, years) = self.own_years(&mut tx, actor, pupil).await?;
        drop(tx);
        let mut offered = Vec::new();
        for (class, version) in years {
            let record = version.record;
            let Some(sealed) = self.sealed(&class, version).await? else { continue };
            let parts = sealed.sections().into_iter().map(|section| {
                let subject = match &section {
                    hocba_record::section::Section::Subject(subject) => Some(subject.name.clone()),
                    _ => None,
                };
                (section.name(), subject)
            });
            offered.push((class, record, parts.collect()));
        }
        Ok(offered)
    }

    /// Makes a link to what was chosen of a book, open until it ends or is withdrawn.
    ///
    /// # Errors
    /// `NotFound` for a book or a year that the actor does not read; [`ReaderError::NothingChosen`],
    /// [`ReaderError::Text`], [`ReaderError::TooManyLinks`]; `Time`.
    pub async fn create_reader_link(
        &self,
        actor: &Actor,
        pupil: &Id,
        choice: &Choice,
        expires_at: Option<UnixTime>,
    ) -> Result<NewLink, ReaderError> {
        let now = self.edges().now();
        if expires_at.is_some_and(|end| end <= now || end > now.plus(MAX_LIFE)) {
            return Err(AppError::Time("the link's end").into());
        }
        let choice = Choice { label: text(&choice.label, "label", MAX_LABEL)?, ..choice.clone() };
        if choice.years.is_empty()
            || choice.years.len() > MAX_YEARS
            || choice.parts.as_ref().is_some_and(BTreeSet::is_empty)
        {
            return Err(ReaderError::NothingChosen);
        }
        let mut tx = self.store().read().await?;
        let (_, years) = self.own_years(&mut tx, actor, pupil).await?;
        drop(tx);
        let all = years.len();
        let chosen: Vec<_> = years.into_iter().filter(|(_, v)| choice.years.contains(&v.record)).collect();
        if chosen.len() != choice.years.len() {
            return Err(AppError::NotFound("record").into());
        }
        // Whether years are missing can be told only where the book is shown whole.
        let shown = match &choice.parts {
            None => Shown::All { history: chosen.len() == all },
            Some(parts) => Shown::Parts { parts, history: chosen.len() == all },
        };
        let bundle = match self.years_bundle(&mut BTreeMap::new(), &chosen, shown).await {
            Err(AppError::NotAnchored) => return Err(ReaderError::NothingChosen),
            bundle => bundle?,
        };
        let made = self.sealed_link(&bundle.to_bytes())?;
        let newest = chosen.last().ok_or(ReaderError::NothingChosen)?.1.clone();
        let link = made.link(newest.record, Scope::Whole, actor, now, expires_at);
        let sealed = self.seal_json(&choice_place(&link.id), &choice)?;
        let done: Result<(), ReaderError> = retrying(|| async {
            let mut tx = self.store().begin("create_reader_link").await?;
            self.own(&mut tx, actor, pupil).await?;
            let mut alive = 0;
            for id in tx.link_choices_of(pupil).await?.into_keys() {
                let living = |link: &hocba_store::model::Link| {
                    link.withdrawn_at.is_none() && link.expires_at.is_none_or(|end| end > now)
                };
                alive += usize::from(tx.link(&id).await?.is_some_and(|link| living(&link)));
            }
            if alive >= MAX_LINKS {
                return Err(ReaderError::TooManyLinks);
            }
            tx.add_link(&link, &made.hash, &made.content).await?;
            tx.add_link_choice(&LinkChoice { link: link.id, pupil: *pupil, personal: sealed.clone() }).await?;
            let mut event = event(actor, "create_link", &newest, now);
            event.reason = Some("chosen".to_owned());
            tx.audit(&event).await?;
            Ok(tx.commit().await?)
        })
        .await;
        done.map(|()| NewLink { id: link.id, secret: made.secret })
    }

    /// All links to a book that the actor reads, the school's among them, the newest first, with every look.
    ///
    /// # Errors
    /// `NotFound` for a book that the actor does not read; `Damaged`.
    pub async fn reader_links(&self, actor: &Actor, pupil: &Id) -> Result<Vec<ReadLink>, AppError> {
        let mut tx = self.store().read().await?;
        let (_, years) = self.own_years(&mut tx, actor, pupil).await?;
        let choices = tx.link_choices_of(pupil).await?;
        let mut found = Vec::new();
        for (_, version) in years {
            for (link, looks) in tx.links_of(&version.record).await? {
                let choice = match choices.get(&link.id) {
                    Some(choice) => Some(self.open_json(&choice_place(&link.id), &choice.personal, CHOICE_DAMAGED)?),
                    None => None,
                };
                let times = tx.looks_at(&link.id).await?;
                found.push(ReadLink { view: LinkView { link, looks }, choice, looks: times });
            }
        }
        found.sort_by_key(|read| std::cmp::Reverse((read.view.link.created_at, read.view.link.id)));
        Ok(found)
    }

    /// Withdraws a link that a reader of this book made.
    ///
    /// # Errors
    /// `NotFound` for a book that the actor does not read and a link that none of its readers made; `Changed` where it was
    /// withdrawn before.
    pub async fn withdraw_reader_link(&self, actor: &Actor, pupil: &Id, id: &Id) -> Result<(), AppError> {
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("withdraw_reader_link").await?;
            self.own(&mut tx, actor, pupil).await?;
            if !tx.link_choices_of(pupil).await?.contains_key(id) {
                return Err(AppError::NotFound("link"));
            }
            let link = tx.link(id).await?.ok_or(AppError::NotFound("link"))?;
            let version = tx.record(&link.record).await?.ok_or(AppError::NotFound("record"))?;
            tx.withdraw_link(id, now).await?;
            tx.audit(&event(actor, "withdraw_link", &version, now)).await?;
            Ok(tx.commit().await?)
        })
        .await
    }
}
