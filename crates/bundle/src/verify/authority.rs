//! By what right: certificates, appointments, departments, and where statements are anchored.

use std::{cell::RefCell, collections::BTreeSet};

use hocba_merkle::{LeafHash, Root, verify_inclusion};
use hocba_record::{
    encoding::Sha256Digest,
    types::{ClassName, SchoolCode, SchoolYear, UnixTime},
};
use hocba_signature::{
    appointment::{Appointment, KeyStorage},
    certificate::{Certificate, CertificateError, PathError, SignatureCache},
    path::End,
    statement::{Header, Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};

use crate::{
    facts::{ALG_RFC6962_SHA256, Address, BatchFact, CheckedFacts, Standing, StatusFact},
    format::{AnchorHint, AuthorityPart},
    report::{AppointmentProblem, ChainProblem, Problem},
    verify::{
        Context,
        revocation::{Findings, KnownEvidence},
    },
};

/// Longest chain of appointments: teacher, principal, department.
const MAX_DEPTH: usize = 3;
/// Most appointments of one certificate that are weighed, in the order of the file. An honest bundle holds one for each
/// role; without a bound, a file of appointments that appoint one another would cost their number squared.
const MAX_CANDIDATES: usize = 16;
/// Most parts in the authority behind a whole snapshot's statuses, as so many records would have.
const STATUS_AUTHORITY_RECORDS: usize = 64;

/// What someone needs to have been appointed to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need<'a> {
    pub(crate) certificate: &'a Sha256Digest,
    pub(crate) role: Role,
    pub(crate) school: &'a SchoolCode,
    pub(crate) class: Option<(&'a ClassName, SchoolYear)>,
    /// Block time; `None` when the chain says nothing.
    pub(crate) at: Option<UnixTime>,
}

/// Someone who had the right, with what the appointment says of them.
#[derive(Debug, Clone)]
pub(crate) struct Authorised {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) key_storage: Option<KeyStorage>,
}

/// Where a statement was found on chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) time: UnixTime,
    pub(crate) issuer: crate::facts::IssuerCode,
}

struct KnownAppointment<'a> {
    digest: Sha256Digest,
    statement: &'a Statement,
    anchor: &'a AnchorHint,
    /// `None` where the statement is not of an appointment's form.
    content: Option<(Appointment, Header)>,
}

/// Certificates and appointments at hand, and which of them were of use.
pub(crate) struct Authority<'a> {
    pub(super) context: Context<'a>,
    certificates: Vec<(Sha256Digest, Result<Certificate, CertificateError>)>,
    usable: Vec<Certificate>,
    appointments: Vec<KnownAppointment<'a>>,
    /// The bundle's first, then the verifier's own.
    pub(super) evidence: Vec<KnownEvidence<'a>>,
    /// How many of the evidence are the bundle's.
    carried: usize,
    pub(super) findings: Findings,
    used: RefCell<BTreeSet<Sha256Digest>>,
    pub(super) signatures: SignatureCache,
    /// Leaf hashes of appointments whose one signature verified under the certificate it names.
    verified: RefCell<BTreeSet<Sha256Digest>>,
}

impl<'a> Authority<'a> {
    pub(crate) fn new(part: &'a AuthorityPart, context: &Context<'a>) -> Self {
        let certificates: Vec<_> =
            part.certificates.iter().map(|der| (der.digest(), Certificate::from_der(&der.0))).collect();
        let usable = certificates.iter().filter_map(|(_, c)| c.clone().ok()).collect();
        let appointments = part
            .appointments
            .iter()
            .map(|anchored| KnownAppointment {
                digest: anchored.statement.leaf_hash(),
                statement: &anchored.statement,
                anchor: &anchored.anchor,
                content: appointment_content(&anchored.statement),
            })
            .collect();
        let own = context.chain.statuses().map_or(&[][..], |statuses| statuses.authority.evidence.as_slice());
        // Of a status's own authority part, these are the same.
        let own = own.iter().filter(|evidence| !part.evidence.contains(evidence));
        Self {
            context: *context,
            certificates,
            usable,
            appointments,
            evidence: part.evidence.iter().chain(own).map(KnownEvidence::new).collect(),
            carried: part.evidence.len(),
            findings: Findings::default(),
            used: RefCell::default(),
            signatures: SignatureCache::default(),
            verified: RefCell::default(),
        }
    }

    /// The certificate of this digest.
    pub(crate) fn certificate(&self, digest: &Sha256Digest, role: Role) -> Result<&Certificate, Problem> {
        match self.certificates.iter().find(|(found, _)| found == digest) {
            None => Err(Problem::CertificateMissing { role }),
            Some((_, Err(error))) => Err(Problem::CertificateUnusable(*error)),
            Some((digest, Ok(certificate))) => {
                self.mark(digest);
                Ok(certificate)
            }
        }
    }

    /// The certificate of this digest, without a word on whose it should be.
    pub(super) fn usable(&self, digest: &Sha256Digest) -> Option<&Certificate> {
        self.usable.iter().find(|certificate| certificate.digest() == digest)
    }

    pub(super) fn mark(&self, digest: &Sha256Digest) {
        self.used.borrow_mut().insert(*digest);
    }

    fn mark_verified(&self, digest: &Sha256Digest) {
        self.verified.borrow_mut().insert(*digest);
    }

    /// Parts that nothing used.
    pub(crate) fn unreferenced(&self) -> Vec<Problem> {
        let used = self.used.borrow();
        let certificates = self.certificates.iter().filter(|(digest, _)| !used.contains(digest));
        let appointments = self.appointments.iter().filter(|a| !used.contains(&a.digest));
        let evidence = self.evidence[..self.carried].iter().filter(|evidence| !used.contains(&evidence.leaf));
        certificates
            .map(|_| Problem::Unreferenced { part: "certificate" })
            .chain(appointments.map(|_| Problem::Unreferenced { part: "appointment" }))
            .chain(evidence.map(|_| Problem::Unreferenced { part: "revocation answer" }))
            .collect()
    }

    /// Whether a path leads from the certificate to a pinned root at `at`, on which nothing was revoked by then. Without a block time only what no time can
    /// mend is told: an unknown issuer, a broken signature, a wrong usage.
    pub(crate) fn path(
        &self,
        certificate: &Certificate,
        role: Role,
        at: Option<UnixTime>,
        claimed: UnixTime,
    ) -> Vec<Problem> {
        let problem = |error| vec![Problem::Path { role, error }];
        let time = at.unwrap_or(claimed);
        match self.context.profile.path(certificate, &self.signatures, &self.usable, time, End::Signer) {
            Ok(path) => {
                path.intermediates.iter().for_each(|digest| self.mark(digest));
                match at {
                    Some(at) => self.revocation(certificate, role, &path, at),
                    None => vec![Problem::NotReached],
                }
            }
            Err(PathError::OutsideValidity) if at.is_none() => vec![Problem::NotReached],
            Err(error) => problem(error),
        }
    }

    /// Finds a batch on chain, in an era that the profile recognises.
    pub(super) fn batch(
        &self,
        chain: u64,
        contract: &Address,
        index: u64,
    ) -> Result<(&CheckedFacts, &BatchFact), Problem> {
        let mut same_contract = self
            .context
            .profile
            .profile()
            .eras
            .iter()
            .filter(|era| era.chain == chain && era.contract == *contract)
            .peekable();
        if same_contract.peek().is_none() {
            return Err(Problem::ForeignChain);
        }
        let era = same_contract
            .find(|era| era.first <= index && era.last.is_none_or(|last| index <= last))
            .ok_or(Problem::OutsideEra)?;
        let facts = match self.context.chain {
            super::ChainView::Unavailable(problem) => return Err(Problem::Chain(problem)),
            _ => self.context.chain.facts().ok_or(Problem::Chain(ChainProblem::NotAsked))?,
        };
        let facts = facts.of(chain, contract).ok_or(Problem::Chain(ChainProblem::OtherChain))?;
        if facts.facts().code != era.code {
            return Err(Problem::Chain(ChainProblem::OtherCode));
        }
        let batch = usize::try_from(index).ok().and_then(|index| facts.facts().batches.get(index));
        Ok((facts, batch.ok_or(Problem::Chain(ChainProblem::TooOldForBatch))?))
    }

    /// Finds a statement on chain.
    pub(crate) fn locate(&self, leaf: &Sha256Digest, hint: &AnchorHint) -> Result<Located, Problem> {
        let (_, batch) = self.batch(hint.chain, &hint.contract, hint.batch)?;
        if batch.alg != ALG_RFC6962_SHA256 {
            return Err(Problem::Chain(ChainProblem::UnknownAlgorithm));
        }
        verify_inclusion(
            &LeafHash::from_bytes(*leaf.as_bytes()),
            &hint.proof(),
            &Root::from_bytes(*batch.root.as_bytes()),
            batch.size,
        )
        .map_err(Problem::NotIncluded)?;
        Ok(Located { time: batch.time, issuer: batch.issuer.clone() })
    }

    /// Whether the issuer of a batch answered for the school when the batch was anchored.
    pub(crate) fn issuer_entitled(&self, located: &Located, school: &SchoolCode) -> bool {
        self.context
            .profile
            .profile()
            .departments
            .iter()
            .any(|d| d.issuer == located.issuer && d.covers(school) && d.recognised_at(located.time))
    }

    /// Whether the certificate had the right at the time.
    pub(crate) fn authorise(&self, need: &Need<'_>) -> Result<Authorised, Vec<Problem>> {
        self.authorise_at_depth(need, 1)
    }

    fn authorise_at_depth(&self, need: &Need<'_>, depth: usize) -> Result<Authorised, Vec<Problem>> {
        let refuse = |problem| vec![Problem::Appointment { role: need.role, problem }];
        if depth > MAX_DEPTH {
            return Err(refuse(AppointmentProblem::TooDeep));
        }
        if need.role == Role::Department {
            return self.department(need);
        }
        // The most telling refusal among the candidates: the one that got furthest.
        let mut best = (0, refuse(AppointmentProblem::NotAppointed));
        let candidates = self.appointments.iter().filter_map(|known| {
            let (appointment, header) = known.content.as_ref()?;
            (appointment.appointee.certificate == *need.certificate).then_some((known, appointment, header))
        });
        for (known, appointment, header) in candidates.take(MAX_CANDIDATES) {
            match self.weigh(known, appointment, header, need, depth) {
                Ok(authorised) => {
                    self.mark(&known.digest);
                    return Ok(authorised);
                }
                Err((step, problems)) if step > best.0 => best = (step, problems),
                Err(_) => {}
            }
        }
        Err(best.1)
    }

    fn department(&self, need: &Need<'_>) -> Result<Authorised, Vec<Problem>> {
        let refuse = |problem| Err(vec![Problem::Appointment { role: need.role, problem }]);
        let known = self.context.profile.profile().departments.iter().filter(|d| d.certificate == *need.certificate);
        let mut in_scope = known.filter(|d| d.covers(need.school)).peekable();
        if in_scope.peek().is_none() {
            return refuse(AppointmentProblem::DepartmentNotRecognised);
        }
        let found = match need.at {
            Some(at) => in_scope.find(|d| d.recognised_at(at)),
            None => in_scope.next(),
        };
        match found {
            None => refuse(AppointmentProblem::DepartmentNotRecognised),
            Some(d) => Ok(Authorised { name: d.name.to_string(), title: None, key_storage: None }),
        }
    }

    /// Whether this appointment gives the right. An error says how far it got (for the most telling refusal) and why.
    fn weigh(
        &self,
        known: &KnownAppointment<'_>,
        appointment: &Appointment,
        header: &Header,
        need: &Need<'_>,
        depth: usize,
    ) -> Result<Authorised, (usize, Vec<Problem>)> {
        let refuse = |step, problem| Err((step, vec![Problem::Appointment { role: need.role, problem }]));
        if appointment.role != need.role {
            return refuse(1, AppointmentProblem::WrongRole);
        }
        if appointment.school != *need.school {
            return refuse(2, AppointmentProblem::WrongSchool);
        }
        if let Some((class, year)) = need.class {
            if appointment.year != Some(year) {
                return refuse(3, AppointmentProblem::WrongYear);
            }
            if appointment.class.as_ref() != Some(class) {
                return refuse(4, AppointmentProblem::WrongClass);
            }
        }
        if !appointment.may_be_given_by(header.role) || header.certificate == *need.certificate {
            return refuse(5, AppointmentProblem::AppointerNotEntitled);
        }
        let appointer = self.certificate(&header.certificate, header.role).map_err(|problem| (5, vec![problem]))?;
        if !self.verified.borrow().contains(&known.digest) {
            if known.statement.verify(0, appointer.key()).is_err() {
                return refuse(5, AppointmentProblem::BadStatement);
            }
            self.mark_verified(&known.digest);
        }
        let located = match self.locate(&known.digest, known.anchor) {
            Ok(located) => Some(located),
            Err(problem @ Problem::Chain(_)) if need.at.is_some() => return Err((6, vec![problem])),
            Err(Problem::Chain(_)) => None,
            Err(_) => return refuse(6, AppointmentProblem::NotAnchored),
        };
        let appointed_at = located.as_ref().map(|l| l.time);
        if let (Some(appointed_at), Some(at)) = (appointed_at, need.at) {
            if appointed_at > at {
                return refuse(7, AppointmentProblem::AnchoredTooLate);
            }
            if !appointment.covers(at) {
                return refuse(8, AppointmentProblem::OutsideInterval);
            }
            let Some(standing) = self.context.chain.facts().and_then(|facts| facts.standing(&appointment.id)) else {
                return Err((9, vec![Problem::NoStatusLog]));
            };
            if let Some(problem) = self.ended(&standing, appointment, at) {
                return refuse(9, problem);
            }
        }
        if let Some(located) = &located
            && !self.issuer_entitled(located, need.school)
        {
            return Err((10, vec![Problem::IssuerNotEntitled]));
        }
        let path = self.path(appointer, header.role, appointed_at, header.iat);
        if path.iter().any(|p| *p != Problem::NotReached) {
            return Err((10, path));
        }
        let above = Need {
            certificate: &header.certificate,
            role: header.role,
            school: need.school,
            class: None,
            at: appointed_at,
        };
        match self.authorise_at_depth(&above, depth + 1) {
            Err(problems) if problems.iter().all(|p| *p == unknown(header.role)) => {}
            Err(problems) => return Err((11, problems)),
            Ok(_) => {}
        }
        if need.at.is_none() {
            // Everything that needs no clock held; the rest waits for the chain.
            self.mark(&known.digest);
            return Err((12, vec![unknown(need.role)]));
        }
        Ok(Authorised {
            name: appointment.appointee.name.to_string(),
            title: Some(appointment.appointee.title.to_string()),
            key_storage: Some(appointment.key_storage),
        })
    }

    /// What the status log says against an appointment at a block time: that it had ended by then, or that its key was
    /// in other hands, however much later that was found out.
    fn ended(&self, standing: &Standing, appointment: &Appointment, at: UnixTime) -> Option<AppointmentProblem> {
        let ends = || standing.entries.iter().filter(|entry| entry.revoked);
        let compromises = ends().filter(|entry| entry.reason == ReasonClass::KeyCompromised.code());
        let mut undated = false;
        for entry in compromises {
            match self.compromised_since(entry, appointment) {
                Some(since) if since <= at => return Some(AppointmentProblem::Compromised { since }),
                Some(_) => {}
                None => undated = true,
            }
        }
        if ends().any(|entry| entry.time <= at) {
            return Some(AppointmentProblem::Ended);
        }
        undated.then_some(AppointmentProblem::CompromiseUndated)
    }

    /// The moment of compromise that an entry stands for: from its signed statement, if that is at hand and signed by
    /// the department or by someone who may give the appointment. Nobody dates the loss of their own key, so a thief
    /// cannot; and each step of this goes one rank up, so it ends.
    fn compromised_since(&self, entry: &StatusFact, appointment: &Appointment) -> Option<UnixTime> {
        let above = |role| role == Role::Department || appointment.may_be_given_by(role);
        self.attributed(entry, &appointment.school, &above)?.1.since
    }

    /// What an appointment says of a certificate in a role, whether or not it holds; for showing only.
    pub(crate) fn describe(&self, certificate: &Sha256Digest, role: Role) -> Option<Authorised> {
        self.appointments.iter().filter_map(|known| known.content.as_ref()).find_map(|(appointment, _)| {
            (appointment.appointee.certificate == *certificate && appointment.role == role).then(|| Authorised {
                name: appointment.appointee.name.to_string(),
                title: Some(appointment.appointee.title.to_string()),
                key_storage: Some(appointment.key_storage),
            })
        })
    }

    /// Who signed the statement behind a status entry, if it is at hand, says what the entry says, and was signed by
    /// someone entitled to.
    pub(crate) fn attribute(&self, entry: &StatusFact, school: &SchoolCode) -> Option<Role> {
        let any = |role| matches!(role, Role::Principal | Role::DeputyPrincipal | Role::SchoolSeal | Role::Department);
        self.attributed(entry, school, &any).map(|(role, _)| role)
    }

    /// The same with what the statement says, of signers in these roles only.
    fn attributed(
        &self,
        entry: &StatusFact,
        school: &SchoolCode,
        by: &dyn Fn(Role) -> bool,
    ) -> Option<(Role, StatusChange)> {
        let evidence = self.context.chain.statuses()?;
        let statement = evidence.statements.iter().find(|s| s.leaf_hash() == entry.statement)?;
        let change = StatusChange::from_bytes(statement.payload()).ok()?;
        let says_the_same = crate::facts::status_key(&change.subject) == entry.key
            && change.live_version == entry.live_version
            && change.reason.code() == entry.reason
            && (change.action != StatusAction::Supersede) == entry.revoked
            && change.school == *school;
        let headers = statement.headers(StatementType::Status).ok()?;
        let [header] = headers.as_slice() else { return None };
        if !by(header.role) || !says_the_same || evidence.authority.check_limits(STATUS_AUTHORITY_RECORDS).is_err() {
            return None;
        }
        let pool = Authority::new(&evidence.authority, &self.context);
        let certificate = pool.certificate(&header.certificate, header.role).ok()?;
        statement.verify(0, certificate.key()).ok()?;
        let at = Some(entry.time);
        let need = Need { certificate: &header.certificate, role: header.role, school, class: None, at };
        let entitled = pool.path(certificate, header.role, at, header.iat).is_empty() && pool.authorise(&need).is_ok();
        entitled.then_some((header.role, change))
    }
}

fn unknown(role: Role) -> Problem {
    Problem::Appointment { role, problem: AppointmentProblem::Unknown }
}

fn appointment_content(statement: &Statement) -> Option<(Appointment, Header)> {
    let headers = statement.headers(StatementType::Appointment).ok()?;
    let [header] = headers.as_slice() else { return None };
    let appointment = Appointment::from_bytes(statement.payload()).ok()?;
    Some((appointment, header.clone()))
}
