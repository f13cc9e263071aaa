//! What signed records say, for other systems: payload and disclosures of what is sealed, without seeds.

use hocba_record::{disclosure::Disclosure, encoding::RecordId, payload::RecordPayload, section::Section};
use hocba_store::model::{Class, Id, RecordState, RecordVersion};

use crate::{
    Actor, App, AppError,
    classes::record_in,
    policy::{Action, Place, require},
    signing::{Checked, certificates},
};

/// A sealed record version.
#[derive(Debug, Clone)]
pub struct SealedContent {
    /// Number in the class list.
    pub number: u32,
    /// Its payload, as signed.
    pub payload: RecordPayload,
    /// Every section with its salt, checked against the payload.
    pub disclosures: Vec<Disclosure>,
}

impl SealedContent {
    /// The sections.
    pub fn sections(&self) -> Vec<Section> {
        self.disclosures.iter().filter_map(|d| Section::from_value(d.name(), d.value()).ok()).collect()
    }
}

impl App {
    /// The sealed records of a class, by number: of each the latest sealed version.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn sealed_class(&self, actor: &Actor, class: &Id) -> Result<(Class, Vec<SealedContent>), AppError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::HandOut, Place::of(&class))?;
        let versions = tx.records_of(&class.id).await?;
        let mut sealed = Vec::with_capacity(versions.len());
        for version in versions {
            sealed.extend(self.sealed(&class, version).await?);
        }
        Ok((class, sealed))
    }

    /// The sealed years of the pupil whose record this is, the earliest first.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Damaged`.
    pub async fn sealed_book(&self, actor: &Actor, record: &RecordId) -> Result<Vec<SealedContent>, AppError> {
        let mut tx = self.store().read().await?;
        let (class, version) = record_in(&mut tx, actor, Action::HandOut, record).await?;
        let years = self.years_of(&mut tx, class, version).await?;
        drop(tx);
        let mut sealed = Vec::with_capacity(years.len());
        for (class, version) in years {
            sealed.extend(self.sealed(&class, version).await?);
        }
        Ok(sealed)
    }

    /// The latest sealed version up to this one.
    pub(crate) async fn sealed(&self, class: &Class, latest: RecordVersion) -> Result<Option<SealedContent>, AppError> {
        let mut tx = self.store().read().await?;
        let certificates = certificates(&mut tx).await?;
        for number in (1..=latest.version).rev() {
            let Some(version) = tx.record_version(&latest.record, number).await? else { continue };
            if version.state != RecordState::Sealed {
                continue;
            }
            let Checked { statement, disclosures, .. } = self.statement(class, &version, &certificates)?;
            let damaged = AppError::Damaged { number: version.number, what: "it was changed after it was signed" };
            let payload = RecordPayload::from_bytes(statement.payload()).map_err(|_| damaged)?;
            return Ok(Some(SealedContent { number: version.number, payload, disclosures }));
        }
        Ok(None)
    }
}
