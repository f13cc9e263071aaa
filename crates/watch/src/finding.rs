//! What does not go together, and what could not be compared. Each has a stable code; `text` has the words.

use hocba_bundle::report::{ChainProblem, OperatorSaid};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::Text,
};
use serde::Serialize;

use crate::{
    history::Rewriting,
    manifest::{Kind, ManifestError, tagged},
};

/// How a batch is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    /// The service does not list it.
    NotListed,
    /// It gives no leaves of it.
    NoLeaves,
    /// It gives the leaves, but says to the school that there is no such batch.
    NoSchoolList,
}

/// Why a batch cannot be on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invented {
    /// Its time is before the block that was looked at, and the chain does not have it.
    NotOnChain,
    /// Its time is later than now.
    FromTheFuture,
}

/// Where a leaf of the books is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The chain does not have the batch.
    NoSuchBatch,
    /// The batch does not have the leaf.
    NotInBatch,
    /// The batch has it, and the service does not list it under the school.
    NotListed,
}

/// A list that a service gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Of batches.
    Batches,
    /// Of all leaves of a batch.
    Leaves,
    /// Of a school's leaves in a batch.
    OfSchool,
    /// Of whose the leaves are.
    Schools,
}

/// Something that does not go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Finding {
    /// On the chain, and the service shows no such batch.
    HiddenBatch {
        /// Its index in the contract.
        batch: u64,
        /// How it is hidden.
        how: Hidden,
    },
    /// The service shows it, and the chain does not have it.
    InventedBatch {
        /// The index that the service gives.
        batch: u64,
        /// Why it cannot be there.
        why: Invented,
    },
    /// The leaves that the service gives do not lead to the root on the chain.
    RootDiffers {
        /// Which batch.
        batch: u64,
        /// What they lead to.
        #[serde(serialize_with = "tagged")]
        computed: Sha256Digest,
        /// On the chain.
        #[serde(serialize_with = "tagged")]
        anchored: Sha256Digest,
    },
    /// The service lists the batch with another root, size or time than the chain.
    ListDiffers {
        /// Which batch.
        batch: u64,
    },
    /// What the service gave is no list of the kind that was asked for.
    BadManifest {
        /// Of which batch; none for the list of batches.
        #[serde(skip_serializing_if = "Option::is_none")]
        batch: Option<u64>,
        /// Which list.
        list: List,
        /// Why it was refused.
        #[serde(flatten)]
        error: ManifestError,
    },
    /// Issued under the school's code, and the books do not have it.
    ForeignLeaf {
        /// Which batch.
        batch: u64,
        /// Its place there.
        position: u32,
        /// The leaf.
        #[serde(serialize_with = "tagged")]
        leaf: Sha256Digest,
        /// Of what, as the service says.
        kind: Kind,
        /// Of which record or appointment, as the service says.
        subject: RecordId,
        /// Its version, as the service says.
        version: u32,
        /// Whether other versions of it are in the books.
        known_subject: bool,
    },
    /// A leaf of the books, of which the service says something else than the books.
    OtherSubject {
        /// Which batch.
        batch: u64,
        /// Its place there.
        position: u32,
        /// The leaf.
        #[serde(serialize_with = "tagged")]
        leaf: Sha256Digest,
        /// In the books.
        subject: RecordId,
        /// In the books.
        version: u32,
    },
    /// Whose a leaf is, the service says in one way to the school and in another to all.
    TwoAnswers {
        /// Which batch.
        batch: u64,
        /// Its place there.
        position: u32,
        /// Whether it is the school's list that has it.
        in_school_list: bool,
    },
    /// Listed under the school, and not at that place of the batch.
    ListedNotAnchored {
        /// Which batch.
        batch: u64,
        /// The place that the service gives.
        position: u32,
        /// The leaf.
        #[serde(serialize_with = "tagged")]
        leaf: Sha256Digest,
    },
    /// In the books as anchored, and not there.
    MissingLeaf {
        /// The batch that the books name.
        batch: u64,
        /// The leaf.
        #[serde(serialize_with = "tagged")]
        leaf: Sha256Digest,
        /// Of which record or appointment.
        subject: RecordId,
        /// Its version.
        version: u32,
        /// Where the school counts it.
        #[serde(skip_serializing_if = "Option::is_none")]
        class: Option<Text>,
        /// Where it is missing.
        place: Missing,
    },
    /// The chain does not go on from what was kept of it.
    RewrittenHistory {
        /// What does not.
        rewriting: Rewriting,
    },
    /// Operators tell different histories.
    TwoHistories {
        /// Those who say something else than what is believed; all, where nothing is.
        operators: Vec<OperatorSaid>,
    },
    /// More or fewer records are listed for a class than the books have on the chain.
    ClassCount {
        /// The class; none for records that the books count nowhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        class: Option<Text>,
        /// By the books.
        books: u64,
        /// By the service.
        listed: u64,
    },
}

impl Finding {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Finding::HiddenBatch { .. } => "hidden_batch",
            Finding::InventedBatch { .. } => "invented_batch",
            Finding::RootDiffers { .. } => "root_differs",
            Finding::ListDiffers { .. } => "list_differs",
            Finding::BadManifest { .. } => "bad_manifest",
            Finding::ForeignLeaf { .. } => "foreign_leaf",
            Finding::OtherSubject { .. } => "other_subject",
            Finding::TwoAnswers { .. } => "two_answers",
            Finding::ListedNotAnchored { .. } => "listed_not_anchored",
            Finding::MissingLeaf { .. } => "missing_leaf",
            Finding::RewrittenHistory { .. } => "rewritten_history",
            Finding::TwoHistories { .. } => "two_histories",
            Finding::ClassCount { .. } => "class_count",
        }
    }
}

/// Something that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unchecked {
    /// What the chain says is not known.
    Chain {
        /// Why.
        problem: ChainProblem,
    },
    /// Whoever was asked for the chain is behind what was seen before.
    Behind {
        /// The block that was looked at before.
        before: u64,
        /// The block that was looked at now.
        now: u64,
    },
    /// The service gave no answer for a batch.
    Batch {
        /// Which.
        batch: u64,
    },
    /// The service gave no answer for the list of batches.
    List,
    /// The tree of the batch is of an algorithm that this build does not know.
    Algorithm {
        /// Which batch.
        batch: u64,
    },
}

impl Unchecked {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Unchecked::Chain { .. } => "chain",
            Unchecked::Behind { .. } => "behind",
            Unchecked::Batch { .. } => "batch",
            Unchecked::List => "list",
            Unchecked::Algorithm { .. } => "algorithm",
        }
    }
}
