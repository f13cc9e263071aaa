//! Sign, co-sign, seal: the three signatures of policy 1, one step of a record's state each.
//!
//! The signer's key is wherever it is. [`App::prepare`] says which bytes to sign, [`App::submit`] takes signatures, a
//! chunk at a time: a chunk lasts whole or not at all, and a run that was cut off goes on with what is left. Nothing is
//! kept between the two: what was to be signed follows from what is stored and from the signer's time.

use std::collections::{BTreeMap, BTreeSet};

use hocba_record::{
    disclosure::{Disclosure, check_disclosures},
    encoding::{RecordId, Sha256Digest},
    payload::RecordPayload,
    types::{ClassName, SchoolYear, UnixTime},
};
use hocba_signature::{
    certificate::Certificate,
    policy::SigningPolicy,
    statement::{Header, Role, SigningInput, Statement, StatementType},
};
use hocba_store::{
    Advance, Tx,
    model::{AuditEvent, Class, Id, JobKind, Leaf, LeafKind, RecordState, RecordVersion},
    retrying,
};

use crate::{
    Actor, App, AppError,
    appointments::Staff,
    personal::issued,
    policy::{Action, Place, require, require_somewhere},
};

/// How far a signer's clock may run ahead, in seconds.
pub(crate) const CLOCK_AHEAD: i64 = 300;

/// One of the three steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The homeroom teacher signs.
    Sign,
    /// The principal or a deputy co-signs.
    CoSign,
    /// The school seals.
    Seal,
}

impl Step {
    /// The state a record is in before.
    pub const fn from(self) -> RecordState {
        match self {
            Step::Sign => RecordState::Draft,
            Step::CoSign => RecordState::TeacherSigned,
            Step::Seal => RecordState::CoSigned,
        }
    }
    /// The state after.
    pub const fn to(self) -> RecordState {
        match self {
            Step::Sign => RecordState::TeacherSigned,
            Step::CoSign => RecordState::CoSigned,
            Step::Seal => RecordState::Sealed,
        }
    }
    /// The role it is signed in.
    pub const fn role(self, deputy: bool) -> Role {
        match (self, deputy) {
            (Step::Sign, _) => Role::HomeroomTeacher,
            (Step::CoSign, false) => Role::Principal,
            (Step::CoSign, true) => Role::DeputyPrincipal,
            (Step::Seal, _) => Role::SchoolSeal,
        }
    }
    /// What an actor needs to be allowed.
    pub const fn action(self) -> Action {
        match self {
            Step::Sign => Action::Sign,
            Step::CoSign => Action::CoSign,
            Step::Seal => Action::Seal,
        }
    }
    /// Name of the transaction and of the audit event.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Sign => "sign_records",
            Step::CoSign => "co_sign_records",
            Step::Seal => "seal_records",
        }
    }
}

/// A signer at work: the step, the role and the certificate, known to be usable.
#[derive(Debug, Clone)]
pub struct Signer {
    step: Step,
    role: Role,
    certificate: Certificate,
    chain: Vec<Vec<u8>>,
}

impl Signer {
    /// The step.
    pub fn step(&self) -> Step {
        self.step
    }
    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }
    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Which records of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// These numbers of the class list.
    Only(BTreeSet<u32>),
    /// All but these.
    Except(BTreeSet<u32>),
}

impl Selection {
    fn takes(&self, number: u32) -> bool {
        match self {
            Selection::All => true,
            Selection::Only(numbers) => numbers.contains(&number),
            Selection::Except(numbers) => !numbers.contains(&number),
        }
    }
    fn named(&self) -> impl Iterator<Item = &u32> {
        match self {
            Selection::All => None,
            Selection::Only(numbers) | Selection::Except(numbers) => Some(numbers),
        }
        .into_iter()
        .flatten()
    }
}

/// One record to be signed.
#[derive(Debug, Clone)]
pub struct SigningTask {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Revision it was read in.
    pub revision: i64,
    /// Number in the class list.
    pub number: u32,
    /// What the signer is shown, and can re-compute the payload's digests from.
    pub disclosures: Vec<Disclosure>,
    at: UnixTime,
    statement: Statement,
    input: SigningInput,
}

impl SigningTask {
    /// The bytes to sign (RFC 7515 §5.1).
    pub fn bytes(&self) -> &[u8] {
        self.input.bytes()
    }
    /// The statement with the signatures before this one.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }
    /// The signer's time, as it stands in the bytes.
    pub fn at(&self) -> UnixTime {
        self.at
    }
    /// What to submit: the signature over [`SigningTask::bytes`].
    pub fn signed(&self, signature: Vec<u8>) -> Signed {
        Signed { record: self.record, version: self.version, revision: self.revision, at: self.at, signature }
    }
}

/// What there is to sign in a class.
#[derive(Debug, Clone, Default)]
pub struct SigningList {
    /// To be signed now.
    pub tasks: Vec<SigningTask>,
    /// Had this signature before.
    pub already: usize,
    /// Not in the state for it: number and state.
    pub waiting: Vec<(u32, RecordState)>,
    /// Left out: numbers.
    pub left_out: Vec<u32>,
    /// Signed before by somebody who is no longer in office: number and role. They are returned and signed again.
    pub signer_gone: Vec<(u32, Role)>,
}

/// A signature that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Revision the task was read in.
    pub revision: i64,
    /// The signer's time, as in the task.
    pub at: UnixTime,
    /// Over the task's bytes.
    pub signature: Vec<u8>,
}

/// What came of submitting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Submitted {
    /// Taken now.
    pub taken: usize,
    /// Taken before: the answer to an earlier submission got lost.
    pub already: usize,
}

impl App {
    /// Looks at a signer's certificate (leaf first): it must lead to a recognised root now.
    ///
    /// # Errors
    /// [`AppError::Certificate`], [`AppError::Forbidden`] where an account signs with a certificate that is not its own.
    pub async fn signer(&self, actor: &Actor, step: Step, deputy: bool, chain: &[Vec<u8>]) -> Result<Signer, AppError> {
        require_somewhere(actor, step.action())?;
        let certificate = self.usable_certificate(chain)?;
        if let Actor::Account(account) = actor
            && account.certificate != Some(*certificate.digest())
        {
            return Err(AppError::Forbidden(step.action()));
        }
        Ok(Signer { step, role: step.role(deputy), certificate, chain: chain.to_vec() })
    }

    /// The leaf of a chain of certificates, if it leads to a recognised root now.
    pub(crate) fn usable_certificate(&self, chain: &[Vec<u8>]) -> Result<Certificate, AppError> {
        let read = |der: &Vec<u8>| Certificate::from_der(der).map_err(|e| AppError::Certificate(e.to_string()));
        let chain: Vec<Certificate> = chain.iter().map(read).collect::<Result<_, _>>()?;
        let (leaf, others) = chain.split_first().ok_or_else(|| AppError::Certificate("none was given".into()))?;
        leaf.path(others, self.profile().roots(), self.edges().now())
            .map_err(|e| AppError::Certificate(e.to_string()))?;
        Ok(leaf.clone())
    }

    /// What there is to sign for a signer. Checks what lies below: earlier signatures, and that the sections kept beside
    /// a record are those that were signed.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `UnknownNumber`, `NotAppointed`, `Damaged`, `Incomplete`.
    pub async fn prepare(
        &self,
        actor: &Actor,
        class: &Id,
        signer: &Signer,
        selection: &Selection,
    ) -> Result<SigningList, AppError> {
        let mut tx = self.store().read().await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, signer.step.action(), Place::of(&class))?;
        let now = self.edges().now();
        let staff = Staff::of(&mut tx, &class.school).await?;
        staff.require(&mut tx, signer.certificate.digest(), signer.role, Some(scope(&class)), now).await?;
        let certificates = certificates(&mut tx).await?;
        let versions = tx.records_of(&class.id).await?;
        drop(tx);
        let known: BTreeSet<u32> = versions.iter().map(|v| v.number).collect();
        if let Some(unknown) = selection.named().find(|n| !known.contains(n)) {
            return Err(AppError::UnknownNumber(*unknown));
        }
        let mut list = SigningList::default();
        for version in versions.into_iter().filter(|v| selection.takes(v.number)) {
            if version.left_out.is_some() {
                list.left_out.push(version.number);
                continue;
            }
            match version.state.cmp(&signer.step.from()) {
                std::cmp::Ordering::Greater => list.already += 1,
                std::cmp::Ordering::Less => list.waiting.push((version.number, version.state)),
                std::cmp::Ordering::Equal => {
                    if let Some(role) = signer_gone(&staff, &class, &version, now) {
                        list.signer_gone.push((version.number, role));
                        continue;
                    }
                    list.tasks.push(self.task(&class, &version, signer, &certificates, now)?);
                }
            }
        }
        Ok(list)
    }

    fn task(
        &self,
        class: &Class,
        version: &RecordVersion,
        signer: &Signer,
        certificates: &BTreeMap<Sha256Digest, Certificate>,
        at: UnixTime,
    ) -> Result<SigningTask, AppError> {
        let (statement, disclosures) = self.statement(class, version, certificates)?;
        let alg = signer.certificate.key().default_algorithm();
        let input = statement.prepare(StatementType::Record, signer.role, alg, *signer.certificate.digest(), at);
        let RecordVersion { record, version, revision, number, .. } = *version;
        Ok(SigningTask { record, version, revision, number, disclosures, at, statement, input })
    }

    /// The statement of a version with its disclosures, checked: what is stored fits together.
    pub(crate) fn statement(
        &self,
        class: &Class,
        version: &RecordVersion,
        certificates: &BTreeMap<Sha256Digest, Certificate>,
    ) -> Result<(Statement, Vec<Disclosure>), AppError> {
        let damaged = |what| AppError::Damaged { number: version.number, what };
        let personal = self.personal(version)?;
        let issued = issued(class, version, &personal)?;
        let Some(statement) = version.statement.clone() else {
            return Ok((Statement::unsigned(issued.payload.to_bytes()), issued.disclosures));
        };
        let changed = || damaged("it was changed after it was signed");
        let headers = statement.headers(StatementType::Record).map_err(|_| changed())?;
        for (index, header) in headers.iter().enumerate() {
            let certificate =
                certificates.get(&header.certificate).ok_or_else(|| damaged("a signer's certificate is missing"))?;
            statement.verify(index, certificate.key()).map_err(|_| changed())?;
        }
        let payload = RecordPayload::from_bytes(statement.payload()).map_err(|_| changed())?;
        if !check_disclosures(&payload, &issued.disclosures).is_empty() || payload.id != version.record {
            return Err(changed());
        }
        Ok((statement, issued.disclosures))
    }

    /// Takes signatures, all of them or none. What was taken before is counted and left as it is, so that submitting
    /// again after a lost answer is harmless.
    ///
    /// # Errors
    /// `Forbidden`, `NotAppointed`, `AppointmentEnded` with the reason, `SignerGone`, `Changed` (prepare again), `Signature`,
    /// `SameKey`, `Time`.
    pub async fn submit(
        &self,
        actor: &Actor,
        class: &Id,
        signer: &Signer,
        signed: &[Signed],
    ) -> Result<Submitted, AppError> {
        retrying(|| self.take_signatures(actor, class, signer, signed)).await
    }

    async fn take_signatures(
        &self,
        actor: &Actor,
        class: &Id,
        signer: &Signer,
        signed: &[Signed],
    ) -> Result<Submitted, AppError> {
        let now = self.edges().now();
        let step = signer.step;
        let mut tx = self.store().begin(step.name()).await?;
        let class = tx.class(class).await?.ok_or(AppError::NotFound("class"))?;
        require(actor, step.action(), Place::of(&class))?;
        let staff = Staff::of(&mut tx, &class.school).await?;
        staff.require(&mut tx, signer.certificate.digest(), signer.role, Some(scope(&class)), now).await?;
        for der in &signer.chain {
            tx.add_certificate(&Sha256Digest::of(der), der, now).await?;
        }
        let issuers = readable(&signer.chain);
        self.refuse_revoked(&mut tx, &signer.certificate, &issuers, now).await?;
        let certificates = certificates(&mut tx).await?;
        let school = tx.school(&class.school).await?.ok_or(AppError::NotFound("school"))?;
        let mut result = Submitted::default();
        for signed in signed {
            if signed.at > now.plus(CLOCK_AHEAD) {
                return Err(AppError::Time("the signer's time"));
            }
            let version = tx
                .record_version(&signed.record, signed.version)
                .await?
                .filter(|v| v.class == class.id)
                .ok_or(AppError::NotFound("record"))?;
            if version.state == step.to() && carries(&version, step, &signed.signature) {
                result.already += 1;
                continue;
            }
            if version.state != step.from() || version.revision != signed.revision || version.left_out.is_some() {
                return Err(AppError::Changed("the record"));
            }
            if let Some(role) = signer_gone(&staff, &class, &version, now) {
                return Err(AppError::SignerGone { number: version.number, role });
            }
            let statement = self.attach(&class, &version, signer, &certificates, signed)?;
            let advance = Advance {
                record: &version.record,
                version: version.version,
                revision: version.revision,
                from: step.from(),
                to: step.to(),
                statement: &statement,
            };
            tx.advance(&advance, now).await?;
            tx.audit(&event(actor, step.name(), &version, now)).await?;
            if step == Step::Seal {
                let leaf = Leaf {
                    leaf: statement.leaf_hash(),
                    kind: LeafKind::Record,
                    subject: version.record,
                    version: version.version,
                    school: class.school.clone(),
                    issuer: school.issuer.clone(),
                    ready_at: now,
                };
                tx.add_leaf(&leaf).await?;
            }
            result.taken += 1;
        }
        if step == Step::Seal && result.taken > 0 {
            let due = now.plus(self.settings().batch_age);
            tx.add_job(JobKind::CloseRecords, school.issuer.as_str(), due).await?;
        }
        if result.taken > 0 {
            self.ask_about(&mut tx, &signer.certificate, &issuers, now).await?;
        }
        tx.commit().await?;
        Ok(result)
    }

    /// The statement with one signature more, which verifies and is of a key that signed it in no other role.
    fn attach(
        &self,
        class: &Class,
        version: &RecordVersion,
        signer: &Signer,
        certificates: &BTreeMap<Sha256Digest, Certificate>,
        signed: &Signed,
    ) -> Result<Statement, AppError> {
        let (statement, _) = self.statement(class, version, certificates)?;
        let before = statement.headers(StatementType::Record).map_err(|_| AppError::Signature(signed.record))?;
        let keys = before.iter().filter_map(|h| certificates.get(&h.certificate)).map(Certificate::spki_sha256);
        if keys.into_iter().any(|key| key == signer.certificate.spki_sha256()) {
            return Err(AppError::SameKey { number: version.number });
        }
        let alg = signer.certificate.key().default_algorithm();
        let input = statement.prepare(StatementType::Record, signer.role, alg, *signer.certificate.digest(), signed.at);
        let statement = statement.attach(input, signed.signature.clone());
        statement.verify(before.len(), signer.certificate.key()).map_err(|_| AppError::Signature(signed.record))?;
        if signer.step == Step::Seal {
            let headers = statement.headers(StatementType::Record).map_err(|_| AppError::Signature(signed.record))?;
            SigningPolicy::policy_1()
                .check(&headers)
                .map_err(|_| AppError::Damaged { number: version.number, what: "its signers are not the policy's" })?;
        }
        Ok(statement)
    }
}

/// Who signed a version before and is no longer in office.
fn signer_gone(staff: &Staff, class: &Class, version: &RecordVersion, now: UnixTime) -> Option<Role> {
    let headers = version.statement.as_ref()?.headers(StatementType::Record).ok()?;
    let gone = |header: &&Header| !staff.may_sign(&header.certificate, header.role, Some(scope(class)), now);
    headers.iter().find(gone).map(|header| header.role)
}

/// What an appointment names of a class.
pub(crate) fn scope(class: &Class) -> (SchoolYear, &ClassName) {
    (class.year, &class.name)
}

/// Whether a version carries this very signature as the step's.
fn carries(version: &RecordVersion, step: Step, signature: &[u8]) -> bool {
    let index = match step {
        Step::Sign => 0,
        Step::CoSign => 1,
        Step::Seal => 2,
    };
    version.statement.as_ref().is_some_and(|s| s.signature(index) == Some(signature))
}

/// The certificates of a chain that was looked at before.
pub(crate) fn readable(chain: &[Vec<u8>]) -> Vec<Certificate> {
    chain.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
}

/// All certificates kept, by digest.
pub(crate) async fn certificates(tx: &mut Tx) -> Result<BTreeMap<Sha256Digest, Certificate>, AppError> {
    let read = tx.certificates().await?;
    let certificates = read.iter().filter_map(|der| Certificate::from_der(der).ok());
    Ok(certificates.map(|c| (*c.digest(), c)).collect())
}

/// An event of a record version.
pub(crate) fn event(actor: &Actor, action: &str, version: &RecordVersion, at: UnixTime) -> AuditEvent {
    AuditEvent {
        at,
        actor: actor.id(),
        action: action.to_owned(),
        subject: version.record.to_string(),
        version: Some(version.version),
        reason: None,
    }
}
