//! What a service says of its batches: the list of batches, the leaves of one, whose they are, and those of one school. Bytes of
//! whoever is watched, so each list is bounded before it is looked at, and an error repeats nothing of it.

use std::{collections::BTreeSet, fmt, str::FromStr};

use hocba_merkle::MAX_LEAVES;
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{FormError, SchoolCode, UnixTime},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};

/// Most batches on one page of the list.
pub const PAGE: usize = 1000;
/// Largest page of the list: 1,000 batches of about 230 bytes, four times over.
pub const MAX_LIST_BYTES: usize = 1024 * 1024;
/// Largest list of a batch's leaves: 65,536 of 74 bytes are 4.9 MB.
pub const MAX_LEAVES_BYTES: usize = 8 * 1024 * 1024;
/// Largest list of a school's leaves in a batch: 65,536 of about 180 bytes are 12 MB.
pub const MAX_SCHOOL_BYTES: usize = 16 * 1024 * 1024;

/// Why a list is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum ManifestError {
    /// More bytes than such a list can have.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// Accepted.
        limit: usize,
    },
    /// Not JSON.
    #[error("not JSON at line {line}, column {column}")]
    NotJson {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
    },
    /// JSON, but no such list.
    #[error("not a list of this form at line {line}, column {column}")]
    Shape {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
    },
    /// More entries than there can be.
    #[error("more than {limit} entries")]
    TooMany {
        /// Accepted.
        limit: usize,
    },
    /// Entries that are not each once and ascending by their index or position.
    #[error("entry {place} is not after the one before it")]
    Order {
        /// Which entry, from 0.
        place: usize,
    },
    /// The same leaf twice.
    #[error("entry {place} repeats an earlier leaf")]
    Repeated {
        /// Which entry, from 0.
        place: usize,
    },
    /// The list of another batch than the one asked for.
    #[error("the list of batch {said}, where {asked} was asked for")]
    OtherBatch {
        /// Asked for.
        asked: u64,
        /// As the list says.
        said: u64,
    },
    /// Positions missing or too many.
    #[error("{listed} leaves, where the batch has {size}")]
    Count {
        /// In the list.
        listed: usize,
        /// On the chain.
        size: u32,
    },
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// The list.
    Given(T),
    /// The service says that there is none.
    Absent,
    /// Something that is no such list.
    Refused(ManifestError),
    /// No answer, or one that says nothing of the matter: another time perhaps.
    Silent,
}

impl<T> From<Result<T, ManifestError>> for Answer<T> {
    fn from(read: Result<T, ManifestError>) -> Self {
        match read {
            Ok(list) => Answer::Given(list),
            Err(error) => Answer::Refused(error),
        }
    }
}

/// A digest as the API writes it: `sha256:` and lowercase hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tagged(pub(crate) Sha256Digest);

impl fmt::Display for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0.to_hex())
    }
}
impl FromStr for Tagged {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let error = FormError { what: "digest (sha256: and 64 lowercase hex digits)" };
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix("sha256:").ok_or(error)?, &mut bytes).map_err(|_| error)?;
        let digest = Self(Sha256Digest::from_bytes(bytes));
        if digest.to_string() == text { Ok(digest) } else { Err(error) }
    }
}
impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// For `#[serde(serialize_with)]`: as the API writes it.
pub(crate) fn tagged<S: Serializer>(digest: &Sha256Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Tagged(*digest))
}

/// What a leaf is of: `record`, `appointment`, `evidence`; 1 to 20 of `a-z` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Kind(String);

impl Kind {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether it is of a record.
    pub fn is_record(&self) -> bool {
        self.0 == "record"
    }
}
impl FromStr for Kind {
    type Err = FormError;
    fn from_str(text: &str) -> Result<Self, FormError> {
        let ok = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if ok { Ok(Self(text.to_owned())) } else { Err(FormError { what: "kind of leaf (1 to 20 of a-z, _)" }) }
    }
}
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What the service says of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its index in the contract.
    pub index: u64,
    /// Its root.
    pub root: Sha256Digest,
    /// Its number of leaves.
    pub size: u32,
    /// Block time of its anchor.
    pub time: UnixTime,
}

/// A page of the service's list of anchored batches, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchList {
    /// The batches.
    pub batches: Vec<Claim>,
}

/// All leaves of a batch, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafList {
    /// The leaves; each one's place is its position.
    pub leaves: Vec<Sha256Digest>,
}

/// One leaf that the service lists under a school's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Place in the batch.
    pub position: u32,
    /// The leaf.
    pub leaf: Sha256Digest,
    /// Of what.
    pub kind: Kind,
    /// Record, appointment or evidence.
    pub subject: RecordId,
    /// Version of the record; else 1.
    pub version: u32,
}

/// A school's leaves in a batch, by their positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolList {
    /// The leaves.
    pub lines: Vec<Line>,
}

/// Under which school each leaf of a batch was issued, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolCodes {
    /// The schools; each one's place is the leaf's position.
    pub schools: Vec<SchoolCode>,
}

/// Reads JSON within its limit. Unknown members are let pass: the API may add some.
fn read<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, ManifestError> {
    if bytes.len() > limit {
        return Err(ManifestError::TooLarge { limit });
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => ManifestError::Shape { line, column },
            _ => ManifestError::NotJson { line, column },
        }
    })
}

/// That each key is greater than the one before.
fn ascending<K: Ord>(keys: impl Iterator<Item = K>) -> Result<(), ManifestError> {
    let mut last = None;
    for (place, key) in keys.enumerate() {
        if last.is_some_and(|last| last >= key) {
            return Err(ManifestError::Order { place });
        }
        last = Some(key);
    }
    Ok(())
}

/// That no leaf stands twice. In a batch of ours it cannot, and a list that says so hides how many leaves there are.
fn distinct<'a>(leaves: impl Iterator<Item = &'a Sha256Digest>) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for (place, leaf) in leaves.enumerate() {
        if !seen.insert(leaf) {
            return Err(ManifestError::Repeated { place });
        }
    }
    Ok(())
}

fn at_most(found: usize, limit: usize) -> Result<(), ManifestError> {
    if found > limit { Err(ManifestError::TooMany { limit }) } else { Ok(()) }
}

impl BatchList {
    /// Reads a page that was asked for from this index on.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(bytes: &[u8], from: u64) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Page {
            batches: Vec<Batch>,
        }
        #[derive(Deserialize)]
        struct Batch {
            index: u64,
            root: Tagged,
            size: u32,
            time: UnixTime,
        }
        let page: Page = read(bytes, MAX_LIST_BYTES)?;
        at_most(page.batches.len(), PAGE)?;
        ascending(page.batches.iter().map(|b| b.index))?;
        if page.batches.first().is_some_and(|b| b.index < from) {
            return Err(ManifestError::Order { place: 0 });
        }
        let claim = |b: Batch| Claim { index: b.index, root: b.root.0, size: b.size, time: b.time };
        Ok(Self { batches: page.batches.into_iter().map(claim).collect() })
    }
}

impl LeafList {
    /// Reads the leaves of the batch that was asked for.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(bytes: &[u8], asked: u64) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct List {
            index: u64,
            leaves: Vec<Tagged>,
        }
        let list: List = read(bytes, MAX_LEAVES_BYTES)?;
        if list.index != asked {
            return Err(ManifestError::OtherBatch { asked, said: list.index });
        }
        at_most(list.leaves.len(), MAX_LEAVES as usize)?;
        let leaves: Vec<Sha256Digest> = list.leaves.into_iter().map(|leaf| leaf.0).collect();
        distinct(leaves.iter())?;
        Ok(Self { leaves })
    }
}

impl SchoolCodes {
    /// Reads whose the leaves of the batch are that was asked for.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(bytes: &[u8], asked: u64) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct List {
            index: u64,
            schools: Vec<SchoolCode>,
        }
        let list: List = read(bytes, MAX_LEAVES_BYTES)?;
        if list.index != asked {
            return Err(ManifestError::OtherBatch { asked, said: list.index });
        }
        at_most(list.schools.len(), MAX_LEAVES as usize)?;
        Ok(Self { schools: list.schools })
    }
}

impl SchoolList {
    /// Reads a school's leaves.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct List {
            leaves: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            position: u32,
            leaf: Tagged,
            kind: Kind,
            subject: RecordId,
            version: u32,
        }
        let list: List = read(bytes, MAX_SCHOOL_BYTES)?;
        at_most(list.leaves.len(), MAX_LEAVES as usize)?;
        ascending(list.leaves.iter().map(|one| one.position))?;
        distinct(list.leaves.iter().map(|one| &one.leaf.0))?;
        let line = |one: One| {
            let One { position, leaf, kind, subject, version } = one;
            Line { position, leaf: leaf.0, kind, subject, version }
        };
        Ok(Self { lines: list.leaves.into_iter().map(line).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(n: u8) -> String {
        Tagged(Sha256Digest::of(&[n])).to_string()
    }

    fn leaves(index: u64, list: &[String]) -> Vec<u8> {
        serde_json::json!({ "index": index, "leaves": list, "added": "later" }).to_string().into_bytes()
    }

    #[test]
    fn a_list_of_leaves_is_read_in_its_order_and_new_members_do_no_harm() {
        let list = LeafList::read(&leaves(3, &[leaf(1), leaf(0)]), 3).expect("a list");
        assert_eq!(list.leaves, [Sha256Digest::of(&[1]), Sha256Digest::of(&[0])]);
    }

    #[test]
    fn lists_of_leaves_that_cannot_be_are_refused_each_for_its_reason() {
        let many: Vec<String> =
            (0..=MAX_LEAVES).map(|n| Tagged(Sha256Digest::of(&n.to_be_bytes())).to_string()).collect();
        let over = [b"{\"index\":0,\"leaves\":[]".as_slice(), &vec![b' '; MAX_LEAVES_BYTES], b"}"].concat();
        for (bytes, error) in [
            (over, ManifestError::TooLarge { limit: MAX_LEAVES_BYTES }),
            (b"{\"index\":0,".to_vec(), ManifestError::NotJson { line: 1, column: 11 }),
            (b"<html>".to_vec(), ManifestError::NotJson { line: 1, column: 1 }),
            (b"{\"index\":0,\"index\":0,\"leaves\":[]}".to_vec(), ManifestError::Shape { line: 1, column: 18 }),
            (b"{\"index\":0}".to_vec(), ManifestError::Shape { line: 1, column: 11 }),
            (leaves(0, &["sha256:ABCD".into()]), ManifestError::Shape { line: 1, column: 47 }),
            (leaves(1, &[leaf(1)]), ManifestError::OtherBatch { asked: 0, said: 1 }),
            (leaves(0, &[leaf(1), leaf(2), leaf(1)]), ManifestError::Repeated { place: 2 }),
            (leaves(0, &many), ManifestError::TooMany { limit: 65_536 }),
        ] {
            let found = LeafList::read(&bytes, 0).expect_err("refused");
            match (found, error) {
                // Where in a line of JSON the reader stops is its own affair.
                (ManifestError::Shape { .. }, ManifestError::Shape { .. })
                | (ManifestError::NotJson { .. }, ManifestError::NotJson { .. }) => {}
                (found, error) => assert_eq!(found, error),
            }
        }
    }

    fn school(lines: &[(u32, u8)]) -> Vec<u8> {
        let line = |(position, n): &(u32, u8)| {
            serde_json::json!({
                "position": position, "leaf": leaf(*n), "kind": "record", "subject": RecordId::from_bytes([*n; 16]), "version": 1,
            })
        };
        serde_json::json!({ "leaves": lines.iter().map(line).collect::<Vec<_>>() }).to_string().into_bytes()
    }

    #[test]
    fn a_schools_list_has_each_position_and_each_leaf_once() {
        assert_eq!(SchoolList::read(&school(&[(0, 1), (4, 2)])).expect("a list").lines.len(), 2);
        assert_eq!(SchoolList::read(&school(&[(4, 1), (4, 2)])), Err(ManifestError::Order { place: 1 }));
        assert_eq!(SchoolList::read(&school(&[(4, 1), (0, 2)])), Err(ManifestError::Order { place: 1 }));
        assert_eq!(SchoolList::read(&school(&[(0, 1), (1, 1)])), Err(ManifestError::Repeated { place: 1 }));
        let kind = String::from_utf8(school(&[(0, 1)])).expect("text").replace("\"record\"", "\"\\u001b[2J\"");
        assert!(matches!(SchoolList::read(kind.as_bytes()), Err(ManifestError::Shape { .. })));
    }

    #[test]
    fn the_schools_of_a_batch_are_codes_and_of_the_batch_that_was_asked_for() {
        let read = |text: &str| SchoolCodes::read(text.as_bytes(), 1);
        assert_eq!(read("{\"index\":1,\"schools\":[\"79A\",\"79A\"]}").expect("a list").schools.len(), 2);
        assert_eq!(read("{\"index\":2,\"schools\":[]}"), Err(ManifestError::OtherBatch { asked: 1, said: 2 }));
        assert!(matches!(read("{\"index\":1,\"schools\":[\"a b\"]}"), Err(ManifestError::Shape { .. })));
    }

    fn page(indices: impl Iterator<Item = u64>) -> Vec<u8> {
        let batch = |index| serde_json::json!({ "index": index, "root": leaf(0), "size": 1, "time": 1_811_808_000 });
        serde_json::json!({ "batches": indices.map(batch).collect::<Vec<_>>() }).to_string().into_bytes()
    }

    #[test]
    fn a_page_of_batches_ascends_from_where_it_was_asked_for() {
        assert_eq!(BatchList::read(&page(5..7), 5).expect("a page").batches.len(), 2);
        assert_eq!(BatchList::read(&page(5..7), 6), Err(ManifestError::Order { place: 0 }));
        assert_eq!(BatchList::read(&page([5, 5].into_iter()), 5), Err(ManifestError::Order { place: 1 }));
        assert_eq!(BatchList::read(&page(0..1001), 0), Err(ManifestError::TooMany { limit: PAGE }));
    }
}
