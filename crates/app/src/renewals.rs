//! New versions take the place of old ones: once a version after the first is sealed, its school says so on the chain, by
//! a signed status statement. Until then the old paper still verifies as current.

use hocba_record::{
    encoding::RecordId,
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    statement::{Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_store::{
    Tx,
    model::{Class, Id, JobKind, RecordState, RecordVersion, Renewal, StatusKind, StoredStatus},
    retrying,
};

use crate::{
    Actor, App, AppError, Signer,
    appointments::Staff,
    ends::ALL_STATUSES,
    policy::{Action, Place, may, may_within, require},
    signing::{CLOCK_AHEAD, event, readable, scope},
};

/// A statement that a version takes the place of those before it, to be signed.
#[derive(Debug, Clone)]
pub struct SupersedingTask {
    /// Record.
    pub record: RecordId,
    /// The version that stands from here on.
    pub version: u32,
    /// Number in the class list.
    pub number: u32,
    /// The bytes to sign (RFC 7515 §5.1).
    pub bytes: Vec<u8>,
    /// The signer's time, as it stands in the bytes.
    pub at: UnixTime,
    /// The signed record that takes the place, which the bytes name by its hash.
    pub statement: Statement,
}

/// A signature over a [`SupersedingTask`].
#[derive(Debug, Clone)]
pub struct Superseding {
    /// Record.
    pub record: RecordId,
    /// Version, as in the task.
    pub version: u32,
    /// The signer's time, as in the task.
    pub at: UnixTime,
    /// Over the task's bytes.
    pub signature: Vec<u8>,
}

/// What the status of a renewed record says.
fn change(class: &Class, version: &RecordVersion) -> Option<StatusChange> {
    let statement = version.statement.as_ref().filter(|_| version.state == RecordState::Sealed)?;
    Some(StatusChange {
        action: StatusAction::Supersede,
        decision: None,
        live_version: version.version,
        reason: match version.renewed? {
            Renewal::Correction => ReasonClass::Correction,
            Renewal::Reassessment => ReasonClass::Reassessment,
        },
        replacement: Some(statement.leaf_hash()),
        school: class.school.clone(),
        since: None,
        subject: version.record,
    })
}

/// Whether nobody said yet that this version takes the place of those before.
async fn unsaid(tx: &mut Tx, version: &RecordVersion) -> Result<bool, AppError> {
    let said = tx.statuses_of(&version.record).await?;
    Ok(!said.iter().any(|status| status.live_version >= version.version || status.action == StatusKind::Revoke))
}

impl App {
    /// The classes of a school whose renewed records are sealed, and of which nobody has signed yet that they take the place
    /// of the old ones: with how many, of those that the actor seals.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn superseding_due(&self, actor: &Actor, school: &SchoolCode) -> Result<Vec<(Class, usize)>, AppError> {
        if !may_within(actor, Action::Seal, school) {
            return Ok(Vec::new());
        }
        let mut tx = self.store().read().await?;
        let mut due = Vec::new();
        for (class, count) in tx.superseding_due(school).await? {
            let Some(class) = tx.class(&class).await? else { continue };
            if may(actor, Action::Seal, Place::of(&class)) {
                due.push((class, count));
            }
        }
        due.sort_by(|(a, _), (b, _)| (a.year, a.grade, &a.name).cmp(&(b.year, b.grade, &b.name)));
        Ok(due)
    }

    /// The statements that are due for the renewed records of a class, for whoever seals to sign.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `NotAppointed`.
    pub async fn superseding(
        &self,
        actor: &Actor,
        class: &Id,
        signer: &Signer,
    ) -> Result<Vec<SupersedingTask>, AppError> {
        let now = self.edges().now();
        let mut tx = self.store().read().await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::Seal, Place::of(&class))?;
        let staff = Staff::of(&mut tx, &class.school).await?;
        staff.require(&mut tx, signer.certificate().digest(), signer.role(), Some(scope(&class)), now).await?;
        let mut tasks = Vec::new();
        for version in tx.records_of(&class.id).await? {
            let Some(change) = change(&class, &version) else { continue };
            if unsaid(&mut tx, &version).await? {
                let input = signer.status_input(&change, now);
                let RecordVersion { record, version, number, statement, .. } = version;
                let Some(statement) = statement else { continue };
                let bytes = input.bytes().to_vec();
                tasks.push(SupersedingTask { record, version, number, bytes, at: now, statement });
            }
        }
        Ok(tasks)
    }

    /// Takes the signed statements. Taken before: nothing happens. They get onto the chain once the versions they name
    /// are there. Gives how many were new.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `NotAppointed`, `Certificate`, `Changed`, `Signature`, `Time`.
    pub async fn submit_superseding(
        &self,
        actor: &Actor,
        class: &Id,
        signer: &Signer,
        signed: &[Superseding],
    ) -> Result<usize, AppError> {
        retrying(|| self.take_superseding(actor, class, signer, signed)).await
    }

    async fn take_superseding(
        &self,
        actor: &Actor,
        class: &Id,
        signer: &Signer,
        signed: &[Superseding],
    ) -> Result<usize, AppError> {
        let now = self.edges().now();
        let mut tx = self.store().begin("supersede_records").await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, Action::Seal, Place::of(&class))?;
        let staff = Staff::of(&mut tx, &class.school).await?;
        staff.require(&mut tx, signer.certificate().digest(), signer.role(), Some(scope(&class)), now).await?;
        signer.keep_certificates(&mut tx, now).await?;
        self.refuse_revoked(&mut tx, signer.certificate(), &readable(signer.chain()), now).await?;
        let mut taken = 0;
        for signed in signed {
            if signed.at > now.plus(CLOCK_AHEAD) {
                return Err(AppError::Time("the signer's time"));
            }
            let version =
                tx.record(&signed.record).await?.filter(|v| v.class == class.id && v.version == signed.version);
            let version = version.ok_or(AppError::Changed("the record"))?;
            let change = change(&class, &version).ok_or(AppError::Changed("the record"))?;
            if !unsaid(&mut tx, &version).await? {
                continue;
            }
            let statement = Statement::unsigned(change.to_bytes());
            let statement = statement.attach(signer.status_input(&change, signed.at), signed.signature.clone());
            let sound = statement.verify(0, signer.certificate().key()).is_ok();
            if !sound || statement.headers(StatementType::Status).is_err() {
                return Err(AppError::Signature(signed.record));
            }
            let status = StoredStatus {
                id: 0,
                subject: version.record,
                action: StatusKind::Supersede,
                live_version: change.live_version,
                reason: change.reason.code(),
                since: None,
                school: class.school.clone(),
                statement,
                taken_at: now,
                receipt: None,
            };
            tx.add_status(&status).await?;
            tx.audit(&event(actor, "supersede_record", &version, now)).await?;
            taken += 1;
        }
        if taken > 0 {
            tx.add_job(JobKind::DeliverStatuses, ALL_STATUSES, now).await?;
        }
        tx.commit().await?;
        Ok(taken)
    }
}
