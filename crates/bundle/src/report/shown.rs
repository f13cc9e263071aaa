//! What was looked at: the record, its signers, the facts and who agreed on them.

use std::collections::BTreeMap;

use hocba_record::{
    canonical::Json,
    encoding::{RecordId, Sha256Digest},
    payload::RecordKind,
    types::{ClassName, Grade, SchoolCode, SchoolYear, SectionName, UnixTime},
};
use hocba_signature::{appointment::KeyStorage, statement::Role};
use serde::{Deserialize, Serialize};

/// Where the chain facts came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactsSource {
    /// Nowhere.
    None,
    /// Asked now.
    Live,
    /// A snapshot taken earlier.
    Snapshot,
}

/// As of when the verdict holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AsOf {
    /// Where the facts came from.
    pub source: FactsSource,
    /// Block looked at.
    pub block: Option<u64>,
    /// Its time.
    pub block_time: Option<UnixTime>,
    /// Age of the facts in seconds.
    pub age: Option<i64>,
    /// Whose word they are, where several operators were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
}

/// What each operator said about the chain when it was asked last, compared with the others. The verdict does not rest on
/// it: facts without agreement never get as far. It tells the reader of a report which node to mistrust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// How many operators have to say the same.
    pub needed: u8,
    /// What they said, in the order of the profile.
    pub operators: Vec<OperatorSaid>,
}

/// One operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorSaid {
    /// The operator, as in the profile.
    pub id: String,
    /// Its word.
    #[serde(flatten)]
    pub word: OperatorWord,
}

/// What an operator's word amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum OperatorWord {
    /// It says what is believed.
    Agrees,
    /// It is not as far as the block that was looked at.
    Behind {
        /// How far it is.
        block: u64,
    },
    /// It says something else about the same block: it lies, or is on a fork.
    Differs,
    /// Its answers contradict themselves.
    Inconsistent,
    /// It is on another chain, or knows no such contract.
    OtherChain,
    /// The contract has another code there.
    OtherCode,
    /// It gave no answer.
    Silent,
}

impl Agreement {
    /// How many say what is believed.
    pub fn agreeing(&self) -> usize {
        self.operators.iter().filter(|o| o.word == OperatorWord::Agrees).count()
    }
    /// Those who say something else, or nothing.
    pub fn others(&self) -> impl Iterator<Item = &OperatorSaid> {
        self.operators.iter().filter(|o| o.word != OperatorWord::Agrees)
    }
}

/// One signer as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// In which role.
    pub role: Role,
    /// Name as printed, from the appointment; the certificate's common name where there is none.
    pub name: String,
    /// Title as printed.
    pub title: Option<String>,
    /// When they say they signed.
    pub claimed_at: UnixTime,
    /// Where the key lives, as the appointer stated.
    pub key_storage: Option<KeyStorage>,
    /// SHA-256 of the certificate.
    pub certificate: Sha256Digest,
}

/// How much of a record is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ShownExtent {
    /// All of it.
    Whole,
    /// Not these.
    Partial {
        /// Names of withheld sections.
        withheld: Vec<SectionName>,
    },
    /// Cannot be told.
    Unknown,
}

/// What is known of the book's earlier years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Completeness {
    /// The list of earlier years is withheld.
    NotChecked,
    /// Every earlier year it names is in the bundle.
    Complete,
    /// So many earlier years it names are not in the bundle.
    Missing {
        /// Number.
        records: usize,
    },
}

/// A time-stamp as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownTimeStamp {
    /// The authority, as the profile calls it.
    pub authority: String,
    /// When it saw the batch, as it states.
    pub time: UnixTime,
}

/// One record as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSummary {
    /// Identity.
    pub id: RecordId,
    /// Version.
    pub version: u32,
    /// Kind.
    pub kind: RecordKind,
    /// School code.
    pub school: SchoolCode,
    /// School year.
    pub year: SchoolYear,
    /// Grade.
    pub grade: Grade,
    /// Class.
    pub class: ClassName,
    /// Form version; names the rule set, too.
    pub form: String,
    /// Block time of its anchor.
    pub anchored_at: Option<UnixTime>,
    /// The earliest time-stamp that bears it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stamp: Option<ShownTimeStamp>,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// How much is shown.
    pub extent: ShownExtent,
    /// Earlier years.
    pub completeness: Completeness,
    /// What is shown, by section name.
    pub sections: BTreeMap<SectionName, Json>,
}
