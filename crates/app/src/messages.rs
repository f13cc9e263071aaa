//! Records as another system sends them (the national data contract): each version taken once, in whatever order and
//! however often messages come.
//!
//! A message is about one pupil, so what is wrong with one stops nobody else, and pupils nobody wrote of stay as they
//! are. What was taken is noted with the drafts it made, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use hocba_exchange::contract::{Decision, Event, Incoming, Known, RecordKey, decide};
use hocba_record::{
    check::{self, Finding, Severity},
    draft::{ClassHeader, Draft},
    encoding::RecordId,
    rules::Policies,
    types::ClassName,
};
use hocba_store::{
    ContractKey, ContractRecord, PupilKey, Tx,
    model::{Class, ClassKind, Id, RecordState, RecordVersion},
    retrying,
};

use crate::{
    Actor, App, AppError, Import,
    classes::Roll,
    people::plain,
    policy::{Action, Place, require},
};

/// Why a message was not taken. It is not noted either: sent again after something changed, it is looked at anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageFault {
    /// What it says does not make a year of a transcript; at least one finding is an error.
    Unsound(Vec<Finding>),
    /// It speaks of another grade than the messages before it about the same class.
    OtherGrade,
    /// The record is signed, and the message says something else of it, or cancels it. After the seal, a correction or a
    /// summer result makes a new version ([`Import::renew`]); before, the record is returned first.
    Signed {
        /// Number in the class list.
        number: u32,
    },
    /// Its identifiers are those of two pupils who are known here.
    TwoPupils,
    /// The record is signed in another class of the school than the message names.
    SignedElsewhere {
        /// That class.
        class: ClassName,
    },
}

/// What came of messages about one class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Pupils who were not there before.
    pub added: usize,
    /// Drafts that say something else now.
    pub updated: usize,
    /// Sealed records with a draft of a new version now.
    pub renewed: usize,
    /// Signed records of which the message says the same.
    pub unchanged: usize,
    /// Records that were cancelled.
    pub cancelled: usize,
    /// Messages passed over: this version or a later one was taken before.
    pub passed_over: usize,
    /// Messages not taken, by their place in the list.
    pub refused: Vec<(usize, MessageFault)>,
    /// What should be looked at in what was taken.
    pub warnings: Vec<(usize, Finding)>,
}

/// What came of one try.
enum Written {
    /// It is written.
    Done(Taken),
    /// Nothing is: these have to be left out first.
    Without(Vec<(usize, MessageFault)>),
}

/// A message that changes something, on its way.
struct Chosen<'a> {
    /// Its place in the list.
    place: usize,
    key: ContractKey,
    incoming: &'a Incoming,
    draft: &'a Draft,
    known: Option<ContractRecord>,
}

impl App {
    /// Takes messages about pupils of one class: the header of the first one with content says which.
    ///
    /// # Errors
    /// Of the class as a whole: `Forbidden`, `UnknownSchool`, `SchoolClosed`, `OtherKind`, `TwoPupils`, `Changed`. What is
    /// wrong with single messages is in [`Taken::refused`].
    pub async fn take_messages(
        &self,
        actor: &Actor,
        messages: &[Incoming],
        import: &Import,
    ) -> Result<Taken, AppError> {
        let Some(header) = messages.iter().find_map(|m| m.event.content()).map(|content| &content.header) else {
            return Ok(Taken::default());
        };
        require(actor, Action::Import, Place::Class(&header.school, header.year, &header.class))?;
        let mut refused = BTreeMap::new();
        loop {
            match retrying(|| self.write_messages(actor, header, messages, import, &refused)).await? {
                Written::Done(mut taken) => {
                    taken.refused.extend(refused);
                    taken.refused.sort_by_key(|(place, _)| *place);
                    return Ok(taken);
                }
                // Nothing was written. Each round refuses one more at least.
                Written::Without(more) => refused.extend(more),
            }
        }
    }

    /// One transaction over the messages that are not refused yet.
    async fn write_messages(
        &self,
        actor: &Actor,
        header: &ClassHeader,
        messages: &[Incoming],
        import: &Import,
        refused: &BTreeMap<usize, MessageFault>,
    ) -> Result<Written, AppError> {
        let now = self.edges().now();
        let mut taken = Taken::default();
        let mut tx = self.store().begin("take_messages").await?;
        let mut chosen = self.choose(&mut tx, header, messages, refused, &mut taken).await?;
        if chosen.is_empty() {
            return Ok(Written::Done(taken));
        }
        let class = self.class_of(&mut tx, header, ClassKind::Year).await?;
        let before = tx.records_of(&class.id).await?;
        let numbers = self.number(&mut tx, &class, &before, &mut chosen, &mut taken).await?;
        let places: BTreeMap<u32, usize> = numbers.iter().map(|(place, number)| (*number, *place)).collect();
        let rows = chosen.iter().map(|c| (numbers[&c.place], c.draft)).collect();
        let plan = match self.plan(&mut tx, &class, &Roll { header, rows, whole: false }, import).await {
            Err(AppError::TwoPupils { number }) if places.contains_key(&number) => {
                return Ok(Written::Without(vec![(places[&number], MessageFault::TwoPupils)]));
            }
            plan => plan?,
        };
        if !plan.would_change.is_empty() {
            let fault = |number: &u32| Some((*places.get(number)?, MessageFault::Signed { number: *number }));
            return Ok(Written::Without(plan.would_change.iter().filter_map(fault).collect()));
        }
        self.carry_out(&mut tx, actor, &class, &plan).await?;
        let records: BTreeMap<u32, RecordId> =
            tx.records_of(&class.id).await?.into_iter().map(|v| (v.number, v.record)).collect();
        let noted: Vec<(ContractKey, ContractRecord)> = chosen
            .iter()
            .map(|c| {
                let record = records.get(&numbers[&c.place]).copied();
                (c.key, ContractRecord { version: c.incoming.version, cancelled: false, record })
            })
            .collect();
        tx.note_contract_records(&noted, now).await?;
        tx.audit(&plain(actor, "take_messages", class.id.to_string(), now)).await?;
        tx.commit().await?;
        taken.added = plan.new.len();
        taken.updated = plan.replaced.len();
        taken.renewed = plan.renewed.len();
        taken.unchanged = plan.unchanged + plan.kept;
        Ok(Written::Done(taken))
    }

    /// The messages that bring something new and sound; of several versions of one record in the list the highest.
    async fn choose<'a>(
        &self,
        tx: &mut Tx,
        header: &ClassHeader,
        messages: &'a [Incoming],
        refused: &BTreeMap<usize, MessageFault>,
        taken: &mut Taken,
    ) -> Result<Vec<Chosen<'a>>, AppError> {
        let keys: Vec<ContractKey> = messages.iter().map(|m| self.contract_key(&m.id)).collect();
        let known = tx.contract_records(&keys).await?;
        let mut highest: BTreeMap<ContractKey, Known> =
            known.iter().map(|(key, r)| (*key, Known { version: r.version, cancelled: r.cancelled })).collect();
        let mut chosen: BTreeMap<ContractKey, Chosen<'a>> = BTreeMap::new();
        for (place, (incoming, key)) in messages.iter().zip(keys).enumerate() {
            if refused.contains_key(&place) {
                continue;
            }
            let decision = decide(highest.get(&key).copied(), incoming);
            let Some(content) = incoming.event.content().filter(|_| decision.changes()) else {
                taken.passed_over += 1;
                continue;
            };
            if content.header.grade != header.grade {
                taken.refused.push((place, MessageFault::OtherGrade));
                continue;
            }
            highest.insert(key, Known { version: incoming.version, cancelled: false });
            let one = Chosen { place, key, incoming, draft: &content.draft, known: known.get(&key).copied() };
            // An earlier version in the same list was on its way and is overtaken.
            taken.passed_over += usize::from(chosen.insert(key, one).is_some());
        }
        let mut chosen: Vec<Chosen<'a>> = chosen.into_values().collect();
        chosen.sort_by_key(|c| c.place);
        self.keep_sound(header, &mut chosen, taken);
        Ok(chosen)
    }

    /// All checks; who fails one is refused, and the others are looked at without them.
    fn keep_sound(&self, header: &ClassHeader, chosen: &mut Vec<Chosen<'_>>, taken: &mut Taken) {
        let mut found: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
        let drafts: Vec<Draft> = chosen.iter().map(|c| c.draft.clone()).collect();
        for (index, finding) in check::check_class(&drafts) {
            found.entry(index).or_default().push(finding);
        }
        for (index, draft) in drafts.iter().enumerate() {
            let findings = check::check(header, draft, &Policies::default());
            if !findings.is_empty() {
                found.entry(index).or_default().extend(findings);
            }
        }
        let mut unsound = BTreeSet::new();
        for (index, findings) in found {
            let place = chosen[index].place;
            if findings.iter().any(|f| f.severity == Severity::Error) {
                unsound.insert(place);
                taken.refused.push((place, MessageFault::Unsound(findings)));
            } else {
                taken.warnings.extend(findings.into_iter().map(|f| (place, f)));
            }
        }
        chosen.retain(|c| !unsound.contains(&c.place));
    }

    /// Takes a cancellation: the draft is removed, and the version remembered, so that an older message that comes late
    /// does not bring it back. What is signed is not cancelled by a message: that takes a decision.
    ///
    /// # Errors
    /// `Forbidden`, `Changed`. What is wrong with the message itself is in [`Taken::refused`].
    pub async fn take_cancellation(&self, actor: &Actor, message: &Incoming) -> Result<Taken, AppError> {
        if !matches!(message.event, Event::Cancel) {
            return Ok(Taken::default());
        }
        // Nobody learns by it what is here: whoever may import nowhere may not ask.
        crate::policy::require_somewhere(actor, Action::Import)?;
        let now = self.edges().now();
        retrying(|| async {
            let mut taken = Taken::default();
            let key = self.contract_key(&message.id);
            let mut tx = self.store().begin("take_cancellation").await?;
            let known = tx.contract_records(&[key]).await?.remove(&key);
            let before = known.map(|r| Known { version: r.version, cancelled: r.cancelled });
            if decide(before, message) != Decision::Cancel {
                taken.passed_over = 1;
                return Ok(taken);
            }
            let mut subject = "none".to_owned();
            if let Some(version) = latest(&mut tx, known.and_then(|r| r.record)).await? {
                let class = tx.class(&version.class).await?.ok_or(AppError::NotFound("class"))?;
                require(actor, Action::Import, Place::of(&class))?;
                if version.state != RecordState::Draft || version.version != 1 {
                    taken.refused.push((0, MessageFault::Signed { number: version.number }));
                    return Ok(taken);
                }
                tx.loosen_pupils(&version.pupil.into_iter().collect::<Vec<_>>()).await?;
                tx.remove_draft(&version.record, version.revision).await?;
                taken.cancelled = 1;
                subject = version.record.to_string();
            }
            let note = ContractRecord { version: message.version, cancelled: true, record: None };
            tx.note_contract_records(&[(key, note)], now).await?;
            tx.audit(&plain(actor, "take_cancellation", subject, now)).await?;
            tx.commit().await?;
            Ok(taken)
        })
        .await
    }

    /// Another system's key may hold a pupil's number: here it is a keyed index.
    fn contract_key(&self, key: &RecordKey) -> ContractKey {
        self.key().index(&format!("contract/{}", key.as_str()))
    }
}

async fn latest(tx: &mut Tx, record: Option<RecordId>) -> Result<Option<RecordVersion>, AppError> {
    match record {
        Some(record) => Ok(tx.record(&record).await?),
        None => Ok(None),
    }
}

impl App {
    /// A number in the class list for each message: that of its record; of the pupil's record, where the class was
    /// imported from a spreadsheet before; or the next free one, in the order of the list. A draft in another class moves;
    /// what is signed there stays.
    async fn number(
        &self,
        tx: &mut Tx,
        class: &Class,
        before: &[RecordVersion],
        chosen: &mut Vec<Chosen<'_>>,
        taken: &mut Taken,
    ) -> Result<BTreeMap<usize, u32>, AppError> {
        let here: BTreeMap<Id, u32> = before.iter().map(|v| (v.record, v.number)).collect();
        let of_pupils: BTreeMap<Id, u32> = before.iter().filter_map(|v| Some((v.pupil?, v.number))).collect();
        let keys: Vec<Vec<PupilKey>> =
            chosen.iter().map(|one| self.keys_of(&class.school, &one.draft.identity)).collect();
        let owners = tx.pupils_by_keys(&keys.concat()).await?;
        let mut next = before.iter().map(|v| v.number).max().unwrap_or(0);
        let (mut numbers, mut given) = (BTreeMap::new(), BTreeSet::new());
        let mut stays = BTreeSet::new();
        for (one, keys) in chosen.iter().zip(&keys) {
            let record = one.known.and_then(|known| known.record);
            let there = record.and_then(|record| here.get(&record)).copied();
            if there.is_none()
                && let Some(version) = latest(tx, record).await?
            {
                if version.state != RecordState::Draft || version.version != 1 {
                    let other = tx.class(&version.class).await?.ok_or(AppError::NotFound("class"))?;
                    taken.refused.push((one.place, MessageFault::SignedElsewhere { class: other.name }));
                    stays.insert(one.place);
                    continue;
                }
                tx.loosen_pupils(&version.pupil.into_iter().collect::<Vec<_>>()).await?;
                tx.remove_draft(&version.record, version.revision).await?;
            }
            let mut pupils = keys.iter().filter_map(|key| of_pupils.get(owners.get(key)?)).copied();
            let number = there.or_else(|| pupils.find(|number| !given.contains(number))).unwrap_or_else(|| {
                next += 1;
                next
            });
            given.insert(number);
            numbers.insert(one.place, number);
        }
        chosen.retain(|c| !stays.contains(&c.place));
        Ok(numbers)
    }
}
