//! Several classes that are shown, compared and confirmed as one: a grade, a school. A page sends them one after the other,
//! and of each is kept what a confirmation is for, not what was shown: digests, 32 bytes a record. Then each class is sent
//! to be signed as any list is, and is signed without a question where all of it was confirmed.

use std::collections::{BTreeSet, HashMap, HashSet};

use hocba_record::{
    encoding::Sha256Digest,
    types::{ClassName, SchoolCode, SchoolYear},
};
use hocba_signature::statement::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Matter, Review, short};

/// Most classes in one: the largest schools have some 80.
pub const MAX_CLASSES: usize = 120;

/// Most records in one: 80 classes of 45, and some more.
pub const MAX_RECORDS: usize = 5_000;

/// Wholes that are remembered of one origin: a page that was left begins anew.
const MOST_WHOLES: usize = 4;

/// Records confirmed of one origin that are remembered, 32 bytes each; beyond, all are forgotten, and asked about again.
const MOST_CONFIRMED: usize = 4 * MAX_RECORDS;

/// What a page says of the classes that it will send.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeRequest {
    /// `x5t#S256` of the certificate to sign with.
    pub certificate: Sha256Digest,
    /// Capacity.
    pub role: Role,
    /// School of every record.
    pub school: SchoolCode,
}

/// A class of a whole, as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// School year.
    pub year: SchoolYear,
    /// Class.
    pub class: ClassName,
    /// Records.
    pub records: usize,
    /// Digest of its list.
    pub digest: Sha256Digest,
}

/// Classes that are confirmed as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Whose key signs, in which capacity, where.
    pub of: WholeRequest,
    /// The classes in the order in which they came.
    pub parts: Vec<Part>,
}

impl Whole {
    /// Records in all of them.
    pub fn records(&self) -> usize {
        self.parts.iter().map(|part| part.records).sum()
    }

    /// What people compare: SHA-256 of `hocba-lists-v1`, a zero byte and the digest of each class's list, in their order.
    pub fn digest(&self) -> Sha256Digest {
        let mut hash = Sha256::new_with_prefix(b"hocba-lists-v1\0");
        for part in &self.parts {
            hash.update(part.digest.as_bytes());
        }
        Sha256Digest::from_bytes(hash.finalize().into())
    }

    /// The digest as two screens compare it.
    pub fn short_digest(&self) -> String {
        short(&self.digest())
    }
}

/// Where a whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WholeState {
    /// Classes come.
    Gathering,
    /// The person has not answered yet.
    Waiting,
    /// The person said no.
    Declined,
    /// Confirmed: its classes are signed without another question.
    Confirmed,
}

/// How far a whole is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WholeProgress {
    /// By which it is asked about.
    pub id: u64,
    /// Its digest.
    pub list: Sha256Digest,
    /// The digest as it is shown to people.
    pub short: String,
    /// Classes.
    pub classes: usize,
    /// Records.
    pub records: usize,
    /// Where it is.
    #[serde(flatten)]
    pub state: WholeState,
}

/// Why a class is not taken into a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No such whole, or it is asked about already.
    #[error("there is no list of several classes that could take it")]
    Unknown,
    /// Another key, capacity or school than the whole's.
    #[error("the class is of another signer or school than the others")]
    Other,
    /// The class, or a record of it, is there.
    #[error("the class is in the list already")]
    Twice,
    /// More than [`MAX_CLASSES`] or [`MAX_RECORDS`]; or none at all.
    #[error("a list of several classes has 1 to {MAX_CLASSES} classes and at most {MAX_RECORDS} records")]
    Count,
}

struct Gathered {
    whole: Whole,
    state: WholeState,
    contents: BTreeSet<Sha256Digest>,
}

/// The wholes and confirmations of all origins.
#[derive(Default)]
pub(crate) struct Wholes {
    gathered: HashMap<(String, u64), Gathered>,
    confirmed: HashMap<String, HashSet<Sha256Digest>>,
    begun: u64,
}

impl Wholes {
    /// Begins one; the oldest of the origin gives way.
    pub(crate) fn begin(&mut self, origin: &str, of: WholeRequest) -> u64 {
        self.begun += 1;
        let whole = Whole { of, parts: Vec::new() };
        let gathered = Gathered { whole, state: WholeState::Gathering, contents: BTreeSet::new() };
        self.gathered.insert((origin.to_owned(), self.begun), gathered);
        let mut known: Vec<u64> = self.gathered.keys().filter(|key| key.0 == origin).map(|key| key.1).collect();
        known.sort_unstable();
        for old in known.iter().take(known.len().saturating_sub(MOST_WHOLES)) {
            self.gathered.remove(&(origin.to_owned(), *old));
        }
        self.begun
    }

    /// Adds a class that was looked at.
    pub(crate) fn add(&mut self, origin: &str, id: u64, review: &Review) -> Result<Part, NotTaken> {
        let gathered = self.gathered.get_mut(&(origin.to_owned(), id)).ok_or(NotTaken::Unknown)?;
        if gathered.state != WholeState::Gathering {
            return Err(NotTaken::Unknown);
        }
        let Whole { of, parts } = &mut gathered.whole;
        let Matter::Class { year, class } = &review.matter else { return Err(NotTaken::Other) };
        if (review.certificate, review.role, &review.school) != (of.certificate, of.role, &of.school) {
            return Err(NotTaken::Other);
        }
        let contents: BTreeSet<Sha256Digest> = review.entries.iter().map(|entry| entry.content).collect();
        if parts.iter().any(|part| (part.year, &part.class) == (*year, class))
            || !gathered.contents.is_disjoint(&contents)
        {
            return Err(NotTaken::Twice);
        }
        let records: usize = parts.iter().map(|part| part.records).sum();
        if parts.len() >= MAX_CLASSES || records + review.entries.len() > MAX_RECORDS {
            return Err(NotTaken::Count);
        }
        let (year, class) = (*year, class.clone());
        let part = Part { year, class, records: review.entries.len(), digest: review.digest };
        parts.push(part.clone());
        gathered.contents.extend(contents);
        Ok(part)
    }

    /// Closes a whole, to be asked about: the whole, or none where nobody needs to be asked again.
    pub(crate) fn close(&mut self, origin: &str, id: u64) -> Result<Option<Whole>, NotTaken> {
        let gathered = self.gathered.get_mut(&(origin.to_owned(), id)).ok_or(NotTaken::Unknown)?;
        if gathered.state != WholeState::Gathering {
            return Ok(None);
        }
        if gathered.whole.parts.is_empty() {
            return Err(NotTaken::Count);
        }
        let known = self.confirmed.get(origin);
        if known.is_some_and(|known| gathered.contents.iter().all(|content| known.contains(content))) {
            gathered.state = WholeState::Confirmed;
            return Ok(None);
        }
        gathered.state = WholeState::Waiting;
        Ok(Some(gathered.whole.clone()))
    }

    /// Notes what the person said.
    pub(crate) fn answered(&mut self, origin: &str, id: u64, yes: bool) {
        let Some(gathered) = self.gathered.get_mut(&(origin.to_owned(), id)) else { return };
        gathered.state = if yes { WholeState::Confirmed } else { WholeState::Declined };
        if yes {
            let known = self.confirmed.entry(origin.to_owned()).or_default();
            if known.len() + gathered.contents.len() > MOST_CONFIRMED {
                known.clear();
            }
            known.extend(gathered.contents.iter().copied());
        }
    }

    /// Whether all of a list was confirmed in a whole of this origin.
    pub(crate) fn covers(&self, origin: &str, review: &Review) -> bool {
        let known = self.confirmed.get(origin);
        known.is_some_and(|known| review.entries.iter().all(|entry| known.contains(&entry.content)))
    }

    pub(crate) fn progress(&self, origin: &str, id: u64) -> Option<WholeProgress> {
        let Gathered { whole, state, .. } = self.gathered.get(&(origin.to_owned(), id))?;
        Some(WholeProgress {
            id,
            list: whole.digest(),
            short: whole.short_digest(),
            classes: whole.parts.len(),
            records: whole.records(),
            state: *state,
        })
    }
}
