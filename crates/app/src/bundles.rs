//! Bundles: what is handed out. Proofs come from stored nodes; no batch is built again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use hocba_bundle::{
    assemble::{AuthorityStore, KnownTimeStamp, assemble},
    format::{AnchorHint, AnchoredStatement, BatchTimeStamp, Bundle, RecordPart},
};
use hocba_merkle::{TileId, path_from_tiles, tiles_needed};
use hocba_record::{
    disclosure::{Disclosure, Seed},
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, SectionName, UnixTime},
};
use hocba_signature::{certificate::Certificate, statement::StatementType};
use hocba_store::{
    EvidenceLine, Tx,
    model::{Batch, Class, Leaf, LeafKind, Located, RecordState, RecordVersion},
};

use crate::{
    Actor, App, AppError, Settings,
    appointments::Staff,
    classes::record_in,
    eras::{BatchPlace, place_of},
    evidence::needed,
    policy::{Action, Place, require, require_somewhere},
    signing::{Checked, certificates},
};

pub use hocba_store::model::LinkScope as Scope;

/// Most batches in one answer, as many as the contract gives in one.
pub const BATCHES_PAGE: u32 = 1000;

/// Makes the bundles of one school: reads its certificates, appointments and their proofs once.
pub struct Bundler {
    authority: AuthorityStore,
    certificates: BTreeMap<Sha256Digest, Certificate>,
    times: BTreeMap<BatchPlace, UnixTime>,
    /// Appointments that ended, by the leaf of their statement, with the block time of the end.
    ended: BTreeMap<Sha256Digest, UnixTime>,
    /// What authorities said, and where it is anchored; of each certificate the oldest first.
    evidence: Vec<(EvidenceLine, AnchoredStatement)>,
    /// Time-stamps over batches, the lowest first.
    time_stamps: Vec<KnownTimeStamp>,
    /// Those of a batch rest on the same.
    made: Mutex<BTreeMap<UnixTime, Arc<AuthorityStore>>>,
}

impl Bundler {
    /// Block times of anchored batches.
    pub(crate) fn times(&self) -> impl Iterator<Item = (BatchPlace, UnixTime)> {
        self.times.iter().map(|(place, time)| (*place, *time))
    }

    /// What a record anchored at this time can rest on. Of two appointments of one person, the first of which was ended
    /// by mistake, the bundle must hold the second. Of what authorities said: what is final for the record and for the
    /// appointments before it, and the last word.
    pub(crate) fn authority_at(&self, at: UnixTime) -> Arc<AuthorityStore> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let authority = made.entry(at).or_insert_with(|| {
            let mut authority = self.authority.clone();
            authority.appointments.retain(|a| self.ended.get(&a.statement.leaf_hash()).is_none_or(|end| *end > at));
            let appointed = authority.appointments.iter().filter_map(|a| self.times.get(&place_of(&a.anchor))).copied();
            let times: BTreeSet<UnixTime> = appointed.filter(|appointed| *appointed <= at).chain([at]).collect();
            let lines: Vec<EvidenceLine> = self.evidence.iter().map(|(line, _)| line.clone()).collect();
            let ids: BTreeSet<RecordId> = needed(&lines, &times, authority.grace).into_iter().map(|l| l.id).collect();
            let chosen = self.evidence.iter().filter(|(line, _)| ids.contains(&line.id));
            authority.evidence = chosen.map(|(_, anchored)| anchored.clone()).collect();
            authority.time_stamps = self.time_stamps_at(at);
            Arc::new(authority)
        });
        Arc::clone(authority)
    }

    /// Of each authority the first that is about a batch of this time.
    fn time_stamps_at(&self, at: UnixTime) -> Vec<KnownTimeStamp> {
        let mut found: BTreeMap<(&str, u64), &KnownTimeStamp> = BTreeMap::new();
        for (chain, contract, index) in self.times.iter().filter(|(_, time)| **time == at).map(|(place, _)| *place) {
            let mut seen = BTreeSet::new();
            let about =
                |stamp: &BatchTimeStamp| (stamp.chain, stamp.contract) == (chain, contract) && stamp.batch >= index;
            for known in self.time_stamps.iter().filter(|known| about(&known.stamp)) {
                if seen.insert(known.authority.as_str()) {
                    found.insert((&known.authority, known.stamp.batch), known);
                }
            }
        }
        found.into_values().cloned().collect()
    }
}

/// What a bundle is to show of each of its records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// As a scope says.
    Scope(Scope),
    /// Everything; the list of earlier years only where these are all of them, and never the seed.
    All {
        /// Whether the list of earlier years goes along.
        history: bool,
    },
    /// Some parts; the school and the list of parts go with them, so that what is withheld is named.
    Parts {
        /// Which.
        parts: &'a BTreeSet<SectionName>,
        /// Whether the list of earlier years goes along.
        history: bool,
    },
}

impl Shown<'_> {
    fn cut(self, disclosures: Vec<Disclosure>) -> Vec<Disclosure> {
        let shown = |name: &SectionName| match self {
            Shown::Scope(scope) => in_scope(name.as_str(), scope),
            Shown::All { history } | Shown::Parts { history, .. } if name.as_str() == "history" => history,
            Shown::All { .. } => true,
            Shown::Parts { parts, .. } => {
                parts.contains(name) || matches!(name.as_str(), "manifest" | "school_details")
            }
        };
        disclosures.into_iter().filter(|d| shown(d.name())).collect()
    }
}

fn in_scope(name: &str, scope: Scope) -> bool {
    match scope {
        Scope::Whole => true,
        Scope::Results => !matches!(name, "remarks" | "conduct" | "conduct_ranking" | "attendance" | "history"),
        Scope::IdentityAndCompletion => {
            matches!(name, "school_details" | "identity" | "promotion" | "completion" | "manifest")
        }
    }
}

/// Which disclosures a scope shows. The manifest goes with all, so that what is withheld is named.
pub fn cut(disclosures: Vec<Disclosure>, scope: Scope) -> Vec<Disclosure> {
    Shown::Scope(scope).cut(disclosures)
}

impl App {
    /// Gets ready to make the bundles of a school.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn bundler(&self, school: &SchoolCode) -> Result<Bundler, AppError> {
        let mut tx = self.store().read().await?;
        let certificates = certificates(&mut tx).await?;
        let mut appointments = Vec::new();
        let (mut ended, mut people) = (BTreeMap::new(), BTreeSet::new());
        for held in Staff::of(&mut tx, school).await?.0 {
            let appointers = held.statement.headers(StatementType::Appointment).into_iter().flatten();
            people.extend(appointers.map(|header| header.certificate).chain([held.appointment.appointee.certificate]));
            if let Some(end) = held.ends.iter().filter_map(|e| e.receipt.as_ref()).map(|r| r.time).min() {
                ended.insert(held.statement.leaf_hash(), end);
            }
            if let Some(anchor) = self.anchor(&mut tx, LeafKind::Appointment, &held.appointment.id, 1).await? {
                appointments.push(AnchoredStatement { anchor, statement: held.statement });
            }
        }
        // Of several appointments that fit, the one anchored first is taken.
        appointments.sort_by_key(|a| (self.settings().batch_number(place_of(&a.anchor)), a.anchor.index));
        let times = times(&mut tx, self.settings()).await?;
        let mut evidence = Vec::new();
        for line in self.evidence_on(&mut tx, &people, &certificates, self.edges().now()).await? {
            if let Some(anchored) = self.anchored_evidence(&mut tx, &line).await? {
                evidence.push((line, anchored));
            }
        }
        let authority = AuthorityStore {
            certificates: certificates.values().cloned().collect(),
            appointments,
            evidence: Vec::new(),
            time_stamps: Vec::new(),
            // Of several families the longest: an answer that is final by it is final for each, and where there is none
            // the last one is taken.
            grace: self.grace(),
            roots: self.profile().roots().to_vec(),
        };
        let time_stamps = self.known_time_stamps(&mut tx).await?;
        Ok(Bundler { authority, certificates, times, ended, evidence, time_stamps, made: Mutex::default() })
    }

    /// The bundle of a record's latest version.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `NotAnchored`, `Assemble`, `Damaged`.
    pub async fn bundle(&self, actor: &Actor, record: &RecordId, scope: Scope) -> Result<Bundle, AppError> {
        let school = {
            let mut tx = self.store().read().await?;
            record_in(&mut tx, actor, Action::HandOut, record).await?.0.school
        };
        self.bundle_with(actor, &self.bundler(&school).await?, record, scope).await
    }

    /// The same, of many records of one school.
    ///
    /// # Errors
    /// As for [`App::bundle`].
    pub async fn bundle_with(
        &self,
        actor: &Actor,
        bundler: &Bundler,
        record: &RecordId,
        scope: Scope,
    ) -> Result<Bundle, AppError> {
        let mut tx = self.store().read().await?;
        let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
        let found = self.anchored_part(&mut tx, bundler, &class, &version, Shown::Scope(scope)).await?;
        let (part, at) = found.ok_or(AppError::NotAnchored)?;
        let authority = bundler.authority_at(at);
        Ok(assemble(vec![part], &authority, &|hint| bundler.times.get(&place_of(hint)).copied())?)
    }

    /// A version's part of a bundle with its block time; of one that is not anchored yet, the version before.
    pub(crate) async fn anchored_part(
        &self,
        tx: &mut Tx,
        bundler: &Bundler,
        class: &Class,
        version: &RecordVersion,
        shown: Shown<'_>,
    ) -> Result<Option<(RecordPart, UnixTime)>, AppError> {
        for number in (1..=version.version).rev() {
            let Some(version) = tx.record_version(&version.record, number).await? else { continue };
            match self.part(tx, bundler, class, &version, shown).await {
                Err(AppError::NotAnchored) => {}
                part => {
                    let part = part?;
                    let at = bundler.times.get(&place_of(&part.anchor)).copied().ok_or(AppError::NotAnchored)?;
                    return Ok(Some((part, at)));
                }
            }
        }
        Ok(None)
    }

    async fn part(
        &self,
        tx: &mut Tx,
        bundler: &Bundler,
        class: &Class,
        version: &RecordVersion,
        shown: Shown<'_>,
    ) -> Result<RecordPart, AppError> {
        if version.state != RecordState::Sealed {
            return Err(AppError::NotAnchored);
        }
        let anchor =
            self.anchor(tx, LeafKind::Record, &version.record, version.version).await?.ok_or(AppError::NotAnchored)?;
        let Checked { statement, disclosures, .. } = self.statement(class, version, &bundler.certificates)?;
        // The seed tells what is hidden: it goes only where everything goes.
        let seed: Option<Seed> = match shown {
            Shown::Scope(Scope::Whole) => Some(self.personal(version)?.seed),
            _ => None,
        };
        Ok(RecordPart { anchor, disclosures: shown.cut(disclosures), seed, statement })
    }

    /// Where a leaf is anchored, with its path; none while its batch has no receipt.
    pub(crate) async fn anchor(
        &self,
        tx: &mut Tx,
        kind: LeafKind,
        subject: &RecordId,
        version: u32,
    ) -> Result<Option<AnchorHint>, AppError> {
        let Some(Located { batch, position }) = tx.locate(kind, subject, version).await? else { return Ok(None) };
        let Some(receipt) = &batch.receipt else { return Ok(None) };
        let damaged = |_| AppError::Damaged { number: 0, what: "the stored tree of its batch" };
        let mut tiles: BTreeMap<(u8, u32), Vec<[u8; 32]>> = BTreeMap::new();
        for TileId { level, number } in tiles_needed(position, batch.size).map_err(damaged)? {
            if let Some(bytes) = tx.tile(batch.id, level, number).await? {
                let (hashes, _) = bytes.as_chunks::<32>();
                tiles.insert((level, number), hashes.to_vec());
            }
        }
        let proof = path_from_tiles(position, batch.size, |id| tiles.get(&(id.level, id.number)).cloned())
            .map_err(|_| AppError::Damaged { number: 0, what: "the stored tree of its batch" })?;
        let (chain, contract, batch_index) = self.settings().batch_place(receipt.index);
        Ok(Some(AnchorHint {
            batch: batch_index,
            chain,
            contract,
            index: position,
            path: proof.path.into_iter().map(Sha256Digest::from_bytes).collect(),
            size: batch.size,
        }))
    }

    /// Everything issued in a school's name in the batch at this index of the contract: places and leaves.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn manifest(&self, actor: &Actor, school: &SchoolCode, index: u64) -> Result<Vec<(u32, Leaf)>, AppError> {
        require(actor, Action::ReadManifest, Place::School(school))?;
        let mut tx = self.store().read().await?;
        let batch = tx
            .batch_at(self.settings().first_batch().saturating_add(index))
            .await?
            .ok_or(AppError::NotFound("batch"))?;
        Ok(tx.leaves_of(batch.id, Some(school)).await?)
    }

    /// Batches that are on the chain, from this index of the contract on; at most [`BATCHES_PAGE`]. The chain says the same
    /// to anyone, so anyone may ask.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn batch_list(&self, from: u64) -> Result<Vec<Batch>, AppError> {
        let first = self.settings().first_batch();
        let mut batches = self.store().read().await?.anchored_from(first.saturating_add(from), BATCHES_PAGE).await?;
        for receipt in batches.iter_mut().filter_map(|batch| batch.receipt.as_mut()) {
            receipt.index -= first;
        }
        Ok(batches)
    }

    /// All leaves of the batch at this index of the contract, in their order. Anyone may ask: a leaf is the hash of a signed
    /// statement with at least 128 random bits in it, so it tells nothing to whoever does not hold the statement.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn batch_leaves(&self, index: u64) -> Result<Vec<Sha256Digest>, AppError> {
        let mut tx = self.store().read().await?;
        let batch = tx
            .batch_at(self.settings().first_batch().saturating_add(index))
            .await?
            .ok_or(AppError::NotFound("batch"))?;
        let mut leaves = Vec::new();
        for tile in tx.tiles(batch.id).await?.into_iter().filter(|tile| tile.level == 0) {
            let (hashes, _) = tile.hashes.as_chunks::<32>();
            leaves.extend(hashes.iter().map(|hash| Sha256Digest::from_bytes(*hash)));
        }
        Ok(leaves)
    }

    /// Under which school's code each leaf of the batch at this index of the contract was issued, by their places.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn batch_schools(&self, actor: &Actor, index: u64) -> Result<Vec<SchoolCode>, AppError> {
        require_somewhere(actor, Action::ReadManifest)?;
        let mut tx = self.store().read().await?;
        let batch = tx
            .batch_at(self.settings().first_batch().saturating_add(index))
            .await?
            .ok_or(AppError::NotFound("batch"))?;
        let leaves = tx.leaves_of(batch.id, None).await?;
        Ok(leaves.into_iter().map(|(_, leaf)| leaf.school).collect())
    }
}

/// Block times of anchored batches, by where they are.
pub(crate) async fn times(tx: &mut Tx, settings: &Settings) -> Result<BTreeMap<BatchPlace, UnixTime>, AppError> {
    let receipts = tx.batches().await?.into_iter().filter_map(|b| b.receipt);
    Ok(receipts.map(|r| (settings.batch_place(r.index), r.time)).collect())
}
