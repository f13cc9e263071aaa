//! Lists at work: shown, confirmed once, signed one by one. Each signature is kept under what it is over, so that a line
//! that broke or a token that was pulled out costs nothing: what was signed is handed out again, the rest is signed.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hocba_record::{
    encoding::{RecordId, Sha256Digest, base64url},
    types::UnixTime,
};
use hocba_signature::list::ListPlace;
use serde::{Serialize, Serializer};
use tokio::sync::watch;

use crate::{Person, RecordShown, Review, Shown, Signer, WholeProgress, wholes::Wholes};

/// Most lists that are remembered: a principal's school has some 50 classes. The oldest that is not at work gives way.
const MOST_LISTS: usize = 200;

/// Most lists that wait for the person or are signed at a time.
const MOST_AT_WORK: usize = 64;

/// Where a list is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The person has not answered yet.
    Waiting,
    /// The person said no.
    Declined,
    /// Confirmed; signatures come.
    Signing,
    /// The key stopped. Sent again, the list goes on where it stopped, without another question.
    Stopped {
        /// Why, in words for the person.
        why: String,
    },
    /// All signed.
    Done,
}

/// One signature, as a server takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    number: u32,
    #[serde(flatten)]
    of: SignedOf,
    at: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<ListPlace>,
    #[serde(serialize_with = "as_base64url")]
    signature: Vec<u8>,
}

/// What a signature is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum SignedOf {
    Record { record: RecordId, version: u32, revision: i64 },
    Appointment { appointment: RecordId },
    End { end: RecordId },
    Superseding { record: RecordId, version: u32 },
}

impl From<&Shown> for SignedOf {
    fn from(shown: &Shown) -> Self {
        match shown {
            Shown::Record(RecordShown { record, version, revision, .. }) => {
                Self::Record { record: *record, version: *version, revision: *revision }
            }
            Shown::Appointment(appointment) => Self::Appointment { appointment: appointment.id },
            Shown::End { change, .. } => Self::End { end: change.subject },
            Shown::Superseding(change) => Self::Superseding { record: change.subject, version: change.live_version },
        }
    }
}

fn as_base64url<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64url(bytes))
}

/// How far a list is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// By which it is asked about.
    pub id: Sha256Digest,
    /// Its digest.
    pub list: Sha256Digest,
    /// The digest as it is shown to people.
    pub short: String,
    /// Where it is.
    #[serde(flatten)]
    pub state: State,
    /// Records or appointments in it.
    pub of: usize,
    /// Signatures there are.
    pub signed: usize,
    /// Those from the place on that was asked for.
    pub signatures: Vec<Signed>,
}

/// An origin and the id of a list: two pages do not see each other's.
pub(crate) type Key = (String, Sha256Digest);

struct List {
    review: Review,
    state: State,
    /// Entries that have a signature, in the order they got it.
    order: Vec<usize>,
    begun: u64,
}

#[derive(Default)]
struct Inner {
    lists: HashMap<Key, List>,
    /// Time and signature by what was signed.
    results: HashMap<Sha256Digest, (UnixTime, Vec<u8>)>,
    wholes: Wholes,
    begun: u64,
}

impl Inner {
    /// What was signed before, in another list or at another time, need not be signed again.
    fn count_what_is_signed(&mut self, key: &Key) {
        let Some(list) = self.lists.get_mut(key) else { return };
        let known: BTreeSet<usize> = list.order.iter().copied().collect();
        let signed = |(place, entry): (usize, &crate::Entry)| {
            (!known.contains(&place) && self.results.contains_key(&entry.content)).then_some(place)
        };
        list.order.extend(list.review.entries.iter().enumerate().filter_map(signed));
    }
}

/// All lists of a process.
#[derive(Clone)]
pub(crate) struct Work {
    inner: Arc<Mutex<Inner>>,
    changed: watch::Sender<()>,
    /// One question at a time, and one use of the keys.
    turn: Arc<Mutex<()>>,
}

/// One of the signer's keys.
pub(crate) type SharedSigner = Arc<Mutex<Box<dyn Signer>>>;

impl Work {
    pub(crate) fn new() -> Self {
        Self { inner: Arc::default(), changed: watch::channel(()).0, turn: Arc::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing below leaves it half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Told of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// How far a list is, with its signatures from this place on; none where it is not known.
    pub(crate) fn progress(&self, key: &Key, from: usize) -> Option<Progress> {
        let inner = self.inner();
        let list = inner.lists.get(key)?;
        let signed = |&place: &usize| {
            let entry = &list.review.entries[place];
            let (at, signature) = inner.results.get(&entry.content)?;
            let (number, of) = (entry.number, SignedOf::from(&entry.shown));
            Some(Signed { number, of, at: *at, list: entry.place.clone(), signature: signature.clone() })
        };
        Some(Progress {
            id: list.review.id,
            list: list.review.digest,
            short: list.review.short_digest(),
            state: list.state.clone(),
            of: list.review.entries.len(),
            signed: list.order.len(),
            signatures: list.order.iter().skip(from).filter_map(signed).collect(),
        })
    }

    /// Takes a list. Sent again, one that waits or is being signed goes on as it was; one that stopped goes on signing; one
    /// that was declined is asked about again.
    ///
    /// `Begun` has to be run; there is none where nothing is to be done.
    ///
    /// # Errors
    /// Where too many lists are at work.
    pub(crate) fn take(&self, key: &Key, review: Review) -> Result<Option<Begun>, Busy> {
        let mut inner = self.inner();
        inner.begun += 1;
        let begun = inner.begun;
        let confirmed = match inner.lists.get(key).map(|list| &list.state) {
            Some(State::Waiting | State::Signing | State::Done) => return Ok(None),
            Some(State::Stopped { .. }) => true,
            Some(State::Declined) | None => inner.wholes.covers(&key.0, &review),
        };
        let at_work = inner.lists.values().filter(|l| matches!(l.state, State::Waiting | State::Signing)).count();
        if at_work >= MOST_AT_WORK {
            return Err(Busy);
        }
        let order = inner.lists.remove(key).map(|list| list.order).unwrap_or_default();
        let state = if confirmed { State::Signing } else { State::Waiting };
        inner.lists.insert(key.clone(), List { review, state, order, begun });
        inner.count_what_is_signed(key);
        while inner.lists.len() > MOST_LISTS {
            let ended = inner.lists.iter().filter(|(_, l)| !matches!(l.state, State::Waiting | State::Signing));
            let Some(oldest) = ended.min_by_key(|(_, l)| l.begun).map(|(key, _)| key.clone()) else { break };
            inner.lists.remove(&oldest);
        }
        Ok(Some(Begun { confirmed }))
    }

    /// Asks where that is needed, and signs. Blocks for as long as a person and a token take.
    pub(crate) fn run(&self, key: &Key, begun: &Begun, signer: &SharedSigner, person: &dyn Person) {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let review = match self.inner().lists.get(key) {
            Some(list) => list.review.clone(),
            None => return,
        };
        if !begun.confirmed && !person.confirms(&key.0, &review) {
            self.enter(key, State::Declined);
            person.told(&review, &State::Declined, 0);
            return;
        }
        // A page that was loaded again asks for the rest while the list before it is still at work: what that one signed
        // since is this one's too.
        self.inner().count_what_is_signed(key);
        self.enter(key, State::Signing);
        // Records of a list have their content in common: one of them is signed.
        let left: Vec<usize> = {
            let (inner, mut seen) = (self.inner(), BTreeSet::new());
            let mut missing = |place: &usize| {
                let content = review.entries[*place].content;
                !inner.results.contains_key(&content) && seen.insert(content)
            };
            (0..review.entries.len()).filter(|place| missing(place)).collect()
        };
        let messages: Vec<&[u8]> = left.iter().map(|place| review.entries[*place].bytes.as_slice()).collect();
        let mut taken = |which: usize, signature: Vec<u8>| {
            let Some(&place) = left.get(which) else { return ControlFlow::Break(()) };
            self.keep(key, place, &review, signature);
            ControlFlow::Continue(())
        };
        let ended = if left.is_empty() {
            Ok(())
        } else {
            signer.lock().unwrap_or_else(PoisonError::into_inner).sign_each(&messages, &mut taken)
        };
        let signed = self.inner().lists.get(key).map_or(0, |list| list.order.len());
        let state = match ended {
            Ok(()) if signed == review.entries.len() => State::Done,
            Ok(()) => State::Stopped { why: "the key stopped before the end".into() },
            Err(stopped) => State::Stopped { why: stopped.0 },
        };
        self.enter(key, state.clone());
        drop(turn);
        person.told(&review, &state, signed);
    }

    /// The thread at a list is gone, by a fault of a vendor's library or of ours; what was signed is there.
    pub(crate) fn broke(&self, key: &Key) {
        self.enter(key, State::Stopped { why: "a fault in the program or in the token's library".into() });
    }

    fn enter(&self, key: &Key, state: State) {
        if let Some(list) = self.inner().lists.get_mut(key) {
            // What is signed is not signed again; a school's bytes are not kept for it.
            if state == State::Done {
                list.review.entries.iter_mut().for_each(|entry| entry.bytes = Vec::new());
            }
            list.state = state;
        }
        self.changed.send_replace(());
    }

    /// Something with the lists of several classes.
    pub(crate) fn with_wholes<T>(&self, work: impl FnOnce(&mut Wholes) -> T) -> T {
        let done = work(&mut self.inner().wholes);
        self.changed.send_replace(());
        done
    }

    pub(crate) fn whole(&self, origin: &str, id: u64) -> Option<WholeProgress> {
        self.inner().wholes.progress(origin, id)
    }

    /// Asks about several classes at once. Blocks for as long as a person takes.
    pub(crate) fn ask_whole(&self, origin: &str, id: u64, whole: &crate::Whole, person: &dyn Person) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let yes = person.confirms_whole(origin, whole);
        self.with_wholes(|wholes| wholes.answered(origin, id, yes));
    }

    fn keep(&self, key: &Key, place: usize, review: &Review, signature: Vec<u8>) {
        let mut inner = self.inner();
        let entry = &review.entries[place];
        inner.results.insert(entry.content, (entry.at, signature));
        if let Some(list) = inner.lists.get_mut(key) {
            let same = review.entries.iter().enumerate().filter(|(_, other)| other.content == entry.content);
            list.order.extend(same.map(|(place, _)| place));
        }
        drop(inner);
        self.changed.send_replace(());
    }
}

/// [`MOST_AT_WORK`] lists are.
pub(crate) struct Busy;

/// A list that is to be run.
pub(crate) struct Begun {
    confirmed: bool,
}
