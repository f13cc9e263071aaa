//! Sign, co-sign, seal: the three signatures of policy 1, one step of a record's state each. Records taken over from
//! paper have the last two.
//!
//! In mode `each` every record has an input of its own; in mode `list` the records of a list share one, and a signature
//! over it is submitted for each of them with its place in the list. A record is signed to the end in the mode it began
//! in, since its payload names the policy.
//!
//! The signer's key is wherever it is. [`App::prepare`] says which bytes to sign, [`App::submit`] takes signatures, a
//! chunk at a time: a chunk lasts whole or not at all, and a run that was cut off goes on with what is left. Nothing is
//! kept between the two: what was to be signed follows from what is stored and from the signer's time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hocba_record::{
    disclosure::{Disclosure, Issued, check_disclosures},
    encoding::{RecordId, Sha256Digest},
    payload::RecordPayload,
    types::{ClassName, SchoolYear, UnixTime},
};
use hocba_signature::{
    certificate::{Certificate, SignatureCache},
    list::{ListPlace, MAX_LIST},
    path::End,
    policy::{SigningMode, SigningPolicy},
    statement::{Header, Role, SigningInput, Statement, StatementType},
    status::StatusChange,
};
use hocba_store::{
    Advance, Tx,
    model::{AuditEvent, Class, ClassKind, Id, JobKind, Leaf, LeafKind, RecordState, RecordVersion},
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
    /// All, in their order.
    pub const ALL: [Step; 3] = [Step::Sign, Step::CoSign, Step::Seal];

    /// The steps of records of this kind, in their order.
    pub const fn of(kind: ClassKind) -> &'static [Step] {
        match kind {
            ClassKind::Year => &Self::ALL,
            ClassKind::Converted => &[Step::CoSign, Step::Seal],
        }
    }
    /// The state a record of this kind is in before.
    pub const fn from(self, kind: ClassKind) -> RecordState {
        match (self, kind) {
            (Step::Sign, _) | (Step::CoSign, ClassKind::Converted) => RecordState::Draft,
            (Step::CoSign, ClassKind::Year) => RecordState::TeacherSigned,
            (Step::Seal, _) => RecordState::CoSigned,
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

    /// The certificates as given, leaf first.
    pub(crate) fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// Keeps the certificates: what is signed with them is handed out with them.
    pub(crate) async fn keep_certificates(&self, tx: &mut Tx, now: UnixTime) -> Result<(), AppError> {
        for der in &self.chain {
            tx.add_certificate(&Sha256Digest::of(der), der, now).await?;
        }
        Ok(())
    }

    /// What is signed to make a status statement.
    pub(crate) fn status_input(&self, change: &StatusChange, at: UnixTime) -> SigningInput {
        let alg = self.certificate.key().default_algorithm();
        let statement = Statement::unsigned(change.to_bytes());
        statement.prepare(StatementType::Status, self.role, alg, *self.certificate.digest(), at)
    }

    /// The header of a list signed at this time.
    fn list_header(&self, at: UnixTime) -> Header {
        Header {
            alg: self.certificate.key().default_algorithm(),
            iat: at,
            prev: None,
            role: self.role,
            typ: StatementType::RecordList,
            certificate: *self.certificate.digest(),
        }
    }

    /// Tasks of these records, in their order: those of mode `list` as few lists.
    fn tasks(&self, ready: Vec<Ready>, at: UnixTime) -> Result<Vec<SigningTask>, AppError> {
        let alg = self.certificate.key().default_algorithm();
        let mut inputs: BTreeMap<usize, Input> = BTreeMap::new();
        let listed: Vec<usize> = (0..ready.len()).filter(|i| ready[*i].mode == SigningMode::List).collect();
        for chunk in listed.chunks(MAX_LIST) {
            let statements: Vec<Statement> = chunk.iter().map(|i| ready[*i].statement.clone()).collect();
            let (typ, certificate) = (StatementType::Record, *self.certificate.digest());
            let input = Statement::prepare_list(&statements, typ, self.role, alg, certificate, at)
                .map_err(|_| AppError::Damaged { number: ready[chunk[0]].number, what: "the list cannot be signed" })?;
            let bytes: Arc<[u8]> = input.bytes().into();
            let places = chunk.iter().zip(input.places());
            inputs.extend(places.map(|(i, place)| (*i, Input::List { bytes: bytes.clone(), place: place.clone() })));
        }
        let task = |(i, ready): (usize, Ready)| {
            let input = inputs.remove(&i).unwrap_or_else(|| {
                let (typ, certificate) = (StatementType::Record, *self.certificate.digest());
                Input::Each(ready.statement.prepare(typ, self.role, alg, certificate, at))
            });
            let Ready { class, record, version, revision, number, disclosures, statement, .. } = ready;
            SigningTask { class, record, version, revision, number, disclosures, at, statement, input }
        };
        Ok(ready.into_iter().enumerate().map(task).collect())
    }
}

/// A record that is to be signed, whatever the input.
struct Ready {
    class: Id,
    record: RecordId,
    version: u32,
    revision: i64,
    number: u32,
    disclosures: Vec<Disclosure>,
    statement: Statement,
    mode: SigningMode,
}

/// What a signature is over.
#[derive(Debug, Clone)]
enum Input {
    Each(SigningInput),
    List { bytes: Arc<[u8]>, place: ListPlace },
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
    pub(crate) fn takes(&self, number: u32) -> bool {
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
    /// Class it is submitted for.
    pub class: Id,
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
    input: Input,
}

impl SigningTask {
    /// The bytes to sign (RFC 7515 §5.1). Those of tasks of one list are the same, and need to be signed once only.
    pub fn bytes(&self) -> &[u8] {
        match &self.input {
            Input::Each(input) => input.bytes(),
            Input::List { bytes, .. } => bytes,
        }
    }
    /// The place in the list that is signed; none where the record is signed by itself.
    pub fn place(&self) -> Option<&ListPlace> {
        match &self.input {
            Input::Each(_) => None,
            Input::List { place, .. } => Some(place),
        }
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
        let place = self.place().cloned();
        Signed { record: self.record, version: self.version, revision: self.revision, at: self.at, place, signature }
    }

    fn ready(self) -> Ready {
        let mode = if self.place().is_some() { SigningMode::List } else { SigningMode::Each };
        let Self { class, record, version, revision, number, disclosures, statement, .. } = self;
        Ready { class, record, version, revision, number, disclosures, statement, mode }
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

impl SigningList {
    /// What the key has to sign, each input once, with the tasks that its signature is for.
    pub fn inputs(&self) -> Vec<(&[u8], Vec<&SigningTask>)> {
        let mut inputs: Vec<(&[u8], Vec<&SigningTask>)> = Vec::new();
        let mut known: BTreeMap<&[u8], usize> = BTreeMap::new();
        for task in &self.tasks {
            let place = *known.entry(task.bytes()).or_insert_with(|| {
                inputs.push((task.bytes(), Vec::new()));
                inputs.len() - 1
            });
            inputs[place].1.push(task);
        }
        inputs
    }

    /// What one signer has to sign in several classes: in mode `list`, with one signature for all of them.
    ///
    /// # Errors
    /// None that [`App::prepare`] would not have had.
    pub fn joined(lists: Vec<Self>, signer: &Signer) -> Result<Self, AppError> {
        let mut all = Self::default();
        for list in lists {
            all.tasks.extend(list.tasks);
            all.already += list.already;
            all.waiting.extend(list.waiting);
            all.left_out.extend(list.left_out);
            all.signer_gone.extend(list.signer_gone);
        }
        if let Some(at) = all.tasks.iter().map(SigningTask::at).max() {
            let tasks = std::mem::take(&mut all.tasks);
            all.tasks = signer.tasks(tasks.into_iter().map(SigningTask::ready).collect(), at)?;
        }
        Ok(all)
    }
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
    /// The place in the list that was signed, as in the task.
    pub place: Option<ListPlace>,
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
        self.profile()
            .path(leaf, &SignatureCache::default(), others, self.edges().now(), End::Signer)
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
        require_step(&class, signer.step)?;
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
        let from = signer.step.from(class.kind);
        if from == RecordState::Draft {
            self.require_accepted(&self.policy_of(class.kind.of_records()), now)?;
        }
        let (mut list, mut ready) = (SigningList::default(), Vec::new());
        for version in versions.into_iter().filter(|v| selection.takes(v.number)) {
            if version.left_out.is_some() {
                list.left_out.push(version.number);
                continue;
            }
            match version.state.cmp(&from) {
                std::cmp::Ordering::Greater => list.already += 1,
                std::cmp::Ordering::Less => list.waiting.push((version.number, version.state)),
                std::cmp::Ordering::Equal => {
                    if let Some(role) = signer_gone(&staff, &class, &version, now) {
                        list.signer_gone.push((version.number, role));
                        continue;
                    }
                    let Checked { statement, disclosures, policy } = self.statement(&class, &version, &certificates)?;
                    let (class, mode) = (class.id, policy.mode);
                    let RecordVersion { record, version, revision, number, .. } = version;
                    ready.push(Ready { class, record, version, revision, number, disclosures, statement, mode });
                }
            }
        }
        list.tasks = signer.tasks(ready, now)?;
        Ok(list)
    }

    /// Whether verdicts accept records signed by this policy now.
    fn require_accepted(&self, policy: &SigningPolicy, now: UnixTime) -> Result<(), AppError> {
        let mut accepted = self.profile().profile().policies.iter();
        let known = accepted.any(|a| a.policy == *policy && a.from <= now && a.until.is_none_or(|until| now < until));
        if known { Ok(()) } else { Err(AppError::PolicyNotAccepted { policy: policy.id.clone() }) }
    }

    /// The statement of a version with its disclosures, checked: what is stored fits together.
    pub(crate) fn statement(
        &self,
        class: &Class,
        version: &RecordVersion,
        certificates: &BTreeMap<Sha256Digest, Certificate>,
    ) -> Result<Checked, AppError> {
        let damaged = |what| AppError::Damaged { number: version.number, what };
        let personal = self.personal(version)?;
        let policy = self.policy_of(class.kind.of_records());
        let Issued { payload, disclosures, .. } = issued(class, version, &personal, &policy)?;
        let Some(statement) = version.statement.clone() else {
            return Ok(Checked { statement: Statement::unsigned(payload.to_bytes()), disclosures, policy });
        };
        let changed = || damaged("it was changed after it was signed");
        let headers = statement.headers(StatementType::Record).map_err(|_| changed())?;
        for (index, header) in headers.iter().enumerate() {
            let certificate =
                certificates.get(&header.certificate).ok_or_else(|| damaged("a signer's certificate is missing"))?;
            statement.verify(index, certificate.key()).map_err(|_| changed())?;
        }
        let payload = RecordPayload::from_bytes(statement.payload()).map_err(|_| changed())?;
        if !check_disclosures(&payload, &disclosures).is_empty() || payload.id != version.record {
            return Err(changed());
        }
        let policy = SigningPolicy::named(&payload.policy);
        let policy = policy.ok_or_else(|| damaged("its signing policy is none of ours"))?;
        Ok(Checked { statement, disclosures, policy })
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
        require_step(&class, step)?;
        let (from, kind) = (step.from(class.kind), class.kind);
        let staff = Staff::of(&mut tx, &class.school).await?;
        staff.require(&mut tx, signer.certificate.digest(), signer.role, Some(scope(&class)), now).await?;
        signer.keep_certificates(&mut tx, now).await?;
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
            if version.state == step.to() && carries(&version, step, kind, &signed.signature) {
                result.already += 1;
                continue;
            }
            if version.state != from || version.revision != signed.revision || version.left_out.is_some() {
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
                from,
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
        let Checked { statement, policy, .. } = self.statement(class, version, certificates)?;
        let before = statement.headers(StatementType::Record).map_err(|_| AppError::Signature(signed.record))?;
        let keys = before.iter().filter_map(|h| certificates.get(&h.certificate)).map(Certificate::spki_sha256);
        if keys.into_iter().any(|key| key == signer.certificate.spki_sha256()) {
            return Err(AppError::SameKey { number: version.number });
        }
        let (typ, alg) = (StatementType::Record, signer.certificate.key().default_algorithm());
        let statement = match (policy.mode, &signed.place) {
            (SigningMode::Each, None) => {
                let input = statement.prepare(typ, signer.role, alg, *signer.certificate.digest(), signed.at);
                statement.attach(input, signed.signature.clone())
            }
            (SigningMode::List, Some(place)) => {
                let header = signer.list_header(signed.at);
                statement.attach_in_list(&header, place.clone(), signed.signature.clone())
            }
            _ => return Err(AppError::Changed("the way records are signed")),
        };
        statement.verify(before.len(), signer.certificate.key()).map_err(|_| AppError::Signature(signed.record))?;
        if signer.step == Step::Seal {
            let headers = statement.headers(StatementType::Record).map_err(|_| AppError::Signature(signed.record))?;
            policy
                .check(&headers)
                .map_err(|_| AppError::Damaged { number: version.number, what: "its signers are not the policy's" })?;
        }
        Ok(statement)
    }
}

/// Refuses a step that records of the class's kind do not have.
fn require_step(class: &Class, step: Step) -> Result<(), AppError> {
    if Step::of(class.kind).contains(&step) {
        Ok(())
    } else {
        Err(AppError::NoTeacherSigns { class: class.name.clone() })
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

/// The statement of a version, found sound.
pub(crate) struct Checked {
    pub(crate) statement: Statement,
    pub(crate) disclosures: Vec<Disclosure>,
    /// The policy that its payload names.
    pub(crate) policy: SigningPolicy,
}

/// Whether a version carries this very signature as the step's.
fn carries(version: &RecordVersion, step: Step, kind: ClassKind, signature: &[u8]) -> bool {
    let index = Step::of(kind).iter().position(|of_kind| *of_kind == step);
    let Some(index) = index else { return false };
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
