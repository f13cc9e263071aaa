//! The bundle file (gói minh chứng, `*.hocba.json`): everything a verifier needs but the trust profile and the chain.
//!
//! The pupil's part holds records, the disclosures the pupil chose, and where each record is anchored. The authority
//! part holds certificates and appointments, each once; it is the same for a whole school. No pinned root is inside,
//! and nothing that no check uses: a part that could be changed unnoticed would be a place to hide things.

use hocba_merkle::{InclusionProof, MAX_PATH};
use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    disclosure::{Disclosure, MAX_DISCLOSURE_BYTES, Seed},
    encoding::{Sha256Digest, base64url, from_base64url},
};
use hocba_signature::{
    certificate::MAX_CERTIFICATE_BYTES,
    statement::{MAX_SIGNATURES, Statement},
    timestamp::MAX_TOKEN_BYTES,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::facts::Address;

/// Largest bundle in bytes: 12 years of about 12 KB each and the authority part, five times over.
pub const MAX_BUNDLE_BYTES: usize = 1024 * 1024;
/// Deepest nesting: bundle, records, record, disclosures, disclosure, value, list, item, and a few to spare.
pub const MAX_BUNDLE_DEPTH: usize = 12;
/// Most records in one bundle: 12 years, repeated years, and a few to spare.
pub const MAX_RECORDS: usize = 16;
/// Most disclosures beside one record.
pub const MAX_DISCLOSURES: usize = 256;
/// Most certificates, most appointments, and most revocation answers, for each record of the bundle.
pub const MAX_PARTS_PER_RECORD: usize = 16;
/// Most time-stamps for each record of the bundle: of two authorities, twice over.
pub const MAX_TIME_STAMPS_PER_RECORD: usize = 4;
/// How a bundle is read.
pub const BUNDLE_LIMITS: Limits = Limits { bytes: MAX_BUNDLE_BYTES, depth: MAX_BUNDLE_DEPTH };

/// The format marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleFormat {
    /// The first.
    #[serde(rename = "bundle-1")]
    V1,
}

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What shows that the signers had the right to sign.
    pub authority: AuthorityPart,
    /// Format.
    pub hocba: BundleFormat,
    /// The pupil's part: records in the order of their school years.
    pub records: Vec<RecordPart>,
}

/// Certificates, appointments and revocation answers, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityPart {
    /// Ascending by the leaf hash of their statements.
    pub appointments: Vec<AnchoredStatement>,
    /// Ascending by digest.
    pub certificates: Vec<Der>,
    /// What authorities said of revocations ([`crate::evidence`]), ascending by leaf hash; left out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<AnchoredStatement>,
    /// Time-stamps over batches, ascending by the SHA-256 of their tokens; left out where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_stamps: Vec<BatchTimeStamp>,
}

/// A time-stamp over a batch: over its digest, so over each batch of the contract before it, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTimeStamp {
    /// Index of the batch in the contract: a hint whose digest was stamped.
    pub batch: u64,
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// The token in DER.
    pub token: Der,
}

impl BatchTimeStamp {
    /// Whether it says something of what is anchored there.
    pub fn covers(&self, anchor: &AnchorHint) -> bool {
        self.chain == anchor.chain && self.contract == anchor.contract && self.batch >= anchor.batch
    }
}

/// A certificate or another thing in DER, as base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Der(pub Vec<u8>);

impl Der {
    /// SHA-256 of the DER.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.0)
    }
}
impl Serialize for Der {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}
impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_base64url(&String::deserialize(deserializer)?).map(Der).map_err(D::Error::custom)
    }
}

/// Where a statement is anchored: a hint where to look and the path that leads there, never a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorHint {
    /// Index of the batch in the contract.
    pub batch: u64,
    /// EIP-155 chain id.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// Place of the leaf in the batch.
    pub index: u32,
    /// RFC 9162 audit path, bottom up.
    pub path: Vec<Sha256Digest>,
    /// Number of leaves in the batch.
    pub size: u32,
}

impl AnchorHint {
    /// The proof as `hocba-merkle` takes it.
    pub fn proof(&self) -> InclusionProof {
        let path = self.path.iter().map(|node| *node.as_bytes()).collect();
        InclusionProof { index: self.index, size: self.size, path }
    }
}

/// A signed statement and where it is anchored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchoredStatement {
    /// Where.
    pub anchor: AnchorHint,
    /// What.
    pub statement: Statement,
}

/// One record with what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordPart {
    /// Where it is anchored.
    pub anchor: AnchorHint,
    /// What is shown, ascending by name.
    pub disclosures: Vec<Disclosure>,
    /// The seed, where the whole record is shown to someone who may keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// The signed record.
    pub statement: Statement,
}

/// A bundle as read, and whether its bytes were the canonical ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBundle {
    /// The bundle.
    pub bundle: Bundle,
    /// Where the file first differs from its canonical form, if an editor or a mail program saved it again.
    pub resaved_at: Option<usize>,
}

/// Why bytes are no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not the JSON of a bundle.
    #[error(transparent)]
    Unreadable(#[from] CanonicalError),
    /// Beyond a limit of the protocol.
    #[error("{found} {what}, at most {limit} are accepted")]
    Limit {
        /// Of what.
        what: &'static str,
        /// Found.
        found: usize,
        /// Accepted.
        limit: usize,
    },
    /// There is no record in it.
    #[error("the bundle holds no record")]
    NoRecord,
    /// Certificates, appointments, answers or time-stamps are not each once and ascending.
    #[error("{what} are not each once and in order")]
    Order {
        /// Of what.
        what: &'static str,
    },
}

impl Bundle {
    /// Reads a bundle. A file that says the same in other bytes (byte order mark, white space, order) is read too, and
    /// marked: it is not valid, but the report can say what happened to it.
    ///
    /// # Errors
    /// See [`BundleError`].
    pub fn read(bytes: &[u8]) -> Result<ReadBundle, BundleError> {
        let value = canonical::parse(bytes, BUNDLE_LIMITS)?;
        let again = value.to_bytes();
        let resaved_at = (again != bytes)
            .then(|| again.iter().zip(bytes).take_while(|(canonical, found)| canonical == found).count());
        let bundle: Bundle = canonical::from_canonical(&again)?;
        bundle.check_limits()?;
        Ok(ReadBundle { bundle, resaved_at })
    }

    /// The canonical bytes: the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_vec(self).expect("a bundle holds text, integers and disclosures of the subset")
    }

    fn check_limits(&self) -> Result<(), BundleError> {
        let limit = |what, found: usize, limit: usize| {
            if found > limit { Err(BundleError::Limit { what, found, limit }) } else { Ok(()) }
        };
        if self.records.is_empty() {
            return Err(BundleError::NoRecord);
        }
        limit("records", self.records.len(), MAX_RECORDS)?;
        for record in &self.records {
            limit("disclosures", record.disclosures.len(), MAX_DISCLOSURES)?;
            for disclosure in &record.disclosures {
                limit("bytes in a disclosure", disclosure.to_bytes().len(), MAX_DISCLOSURE_BYTES)?;
            }
            limit("signatures", record.statement.len(), MAX_SIGNATURES)?;
            limit("path nodes", record.anchor.path.len(), MAX_PATH)?;
        }
        self.authority.check_limits(self.records.len())
    }
}

impl AuthorityPart {
    pub(crate) fn check_limits(&self, records: usize) -> Result<(), BundleError> {
        let limit = |what, found: usize, limit: usize| {
            if found > limit { Err(BundleError::Limit { what, found, limit }) } else { Ok(()) }
        };
        limit("certificates", self.certificates.len(), MAX_PARTS_PER_RECORD * records)?;
        limit("appointments", self.appointments.len(), MAX_PARTS_PER_RECORD * records)?;
        for certificate in &self.certificates {
            limit("bytes in a certificate", certificate.0.len(), MAX_CERTIFICATE_BYTES)?;
        }
        limit("revocation answers", self.evidence.len(), MAX_PARTS_PER_RECORD * records)?;
        for anchored in self.appointments.iter().chain(&self.evidence) {
            limit("signatures", anchored.statement.len(), MAX_SIGNATURES)?;
            limit("path nodes", anchored.anchor.path.len(), MAX_PATH)?;
        }
        limit("time-stamps", self.time_stamps.len(), MAX_TIME_STAMPS_PER_RECORD * records)?;
        for stamp in &self.time_stamps {
            limit("bytes in a time-stamp", stamp.token.0.len(), MAX_TOKEN_BYTES)?;
        }
        if !self.time_stamps.iter().map(|stamp| stamp.token.digest()).is_sorted_by(|a, b| a < b) {
            return Err(BundleError::Order { what: "time-stamps" });
        }
        if !self.certificates.windows(2).all(|pair| pair[0].digest() < pair[1].digest()) {
            return Err(BundleError::Order { what: "certificates" });
        }
        for (what, statements) in [("appointments", &self.appointments), ("revocation answers", &self.evidence)] {
            let leaves: Vec<_> = statements.iter().map(|anchored| anchored.statement.leaf_hash()).collect();
            if !leaves.is_sorted_by(|a, b| a < b) {
                return Err(BundleError::Order { what });
            }
        }
        Ok(())
    }

    /// Sorts and drops repeats, as the format asks.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.certificates.sort_by_cached_key(Der::digest);
        self.certificates.dedup();
        self.time_stamps.sort_by_cached_key(|stamp| stamp.token.digest());
        self.time_stamps.dedup();
        for statements in [&mut self.appointments, &mut self.evidence] {
            statements.sort_by_cached_key(|anchored| anchored.statement.leaf_hash());
            statements.dedup();
        }
        self
    }
}
