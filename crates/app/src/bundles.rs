//! Bundles: what is handed out. Proofs come from stored nodes; no batch is built again.

use std::{borrow::Cow, collections::BTreeMap};

use hocba_bundle::{
    assemble::{AuthorityStore, assemble},
    format::{AnchorHint, AnchoredStatement, Bundle, RecordPart},
};
use hocba_merkle::{TileId, path_from_tiles, tiles_needed};
use hocba_record::{
    disclosure::{Disclosure, Seed},
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, UnixTime},
};
use hocba_signature::certificate::Certificate;
use hocba_store::{
    Tx,
    model::{Class, Leaf, LeafKind, Located, RecordState, RecordVersion},
};

use crate::{
    Actor, App, AppError,
    appointments::Staff,
    classes::record_in,
    policy::{Action, Place, require},
    signing::{Checked, certificates},
};

pub use hocba_store::model::LinkScope as Scope;

/// Makes the bundles of one school: reads its certificates, appointments and their proofs once.
pub struct Bundler {
    authority: AuthorityStore,
    certificates: BTreeMap<Sha256Digest, Certificate>,
    times: BTreeMap<u64, UnixTime>,
    /// Appointments that ended, by the leaf of their statement, with the block time of the end.
    ended: BTreeMap<Sha256Digest, UnixTime>,
}

impl Bundler {
    /// What a record anchored at this time can rest on. Of two appointments of one person, the first of which was ended
    /// by mistake, the bundle must hold the second.
    fn authority_at(&self, at: Option<UnixTime>) -> Cow<'_, AuthorityStore> {
        let over = |a: &AnchoredStatement| {
            self.ended.get(&a.statement.leaf_hash()).zip(at).is_some_and(|(end, at)| *end <= at)
        };
        if self.ended.is_empty() || !self.authority.appointments.iter().any(over) {
            return Cow::Borrowed(&self.authority);
        }
        let mut authority = self.authority.clone();
        authority.appointments.retain(|a| !over(a));
        Cow::Owned(authority)
    }
}

/// Which disclosures a scope shows. The manifest goes with all, so that what is withheld is named.
pub fn cut(disclosures: Vec<Disclosure>, scope: Scope) -> Vec<Disclosure> {
    let shown = |name: &str| match scope {
        Scope::Whole => true,
        Scope::Results => !matches!(name, "remarks" | "conduct" | "attendance" | "history"),
        Scope::IdentityAndCompletion => {
            matches!(name, "school" | "identity" | "promotion" | "completion" | "manifest")
        }
    };
    disclosures.into_iter().filter(|d| shown(d.name().as_str())).collect()
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
        let mut ended = BTreeMap::new();
        for held in Staff::of(&mut tx, school).await?.0 {
            if let Some(end) = held.ends.iter().filter_map(|e| e.receipt.as_ref()).map(|r| r.time).min() {
                ended.insert(held.statement.leaf_hash(), end);
            }
            if let Some(anchor) = self.anchor(&mut tx, LeafKind::Appointment, &held.appointment.id, 1).await? {
                appointments.push(AnchoredStatement { anchor, statement: held.statement });
            }
        }
        // Of several appointments that fit, the one anchored first is taken.
        appointments.sort_by_key(|a| (a.anchor.batch, a.anchor.index));
        let times = times(&mut tx).await?;
        let authority = AuthorityStore {
            certificates: certificates.values().cloned().collect(),
            appointments,
            evidence: Vec::new(),
            grace: 0,
            roots: self.profile().roots().to_vec(),
        };
        Ok(Bundler { authority, certificates, times, ended })
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
        let part = self.part(&mut tx, bundler, &class, &version, scope).await?;
        let authority = bundler.authority_at(bundler.times.get(&part.anchor.batch).copied());
        Ok(assemble(vec![part], &authority, &|index| bundler.times.get(&index).copied())?)
    }

    async fn part(
        &self,
        tx: &mut Tx,
        bundler: &Bundler,
        class: &Class,
        version: &RecordVersion,
        scope: Scope,
    ) -> Result<RecordPart, AppError> {
        if version.state != RecordState::Sealed {
            return Err(AppError::NotAnchored);
        }
        let anchor =
            self.anchor(tx, LeafKind::Record, &version.record, version.version).await?.ok_or(AppError::NotAnchored)?;
        let Checked { statement, disclosures, .. } = self.statement(class, version, &bundler.certificates)?;
        // The seed tells what is hidden: it goes only where everything goes.
        let seed: Option<Seed> = match scope {
            Scope::Whole => Some(self.personal(version)?.seed),
            _ => None,
        };
        Ok(RecordPart { anchor, disclosures: cut(disclosures, scope), seed, statement })
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
        Ok(Some(AnchorHint {
            batch: receipt.index,
            chain: self.settings().chain,
            contract: self.settings().contract,
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
        let batch = tx.batch_at(index).await?.ok_or(AppError::NotFound("batch"))?;
        Ok(tx.leaves_of(batch.id, Some(school)).await?)
    }
}

/// Block times of anchored batches, by their index in the contract.
pub(crate) async fn times(tx: &mut Tx) -> Result<BTreeMap<u64, UnixTime>, AppError> {
    let receipts = tx.batches().await?.into_iter().filter_map(|b| b.receipt);
    Ok(receipts.map(|r| (r.index, r.time)).collect())
}
