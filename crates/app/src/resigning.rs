//! The re-signing queue: records that were anchored and fell, since a key or a certificate that they rest on did not count
//! any more then. They are issued anew; nothing tells the honest ones among them from the forged.

use std::collections::BTreeMap;

use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::{SchoolCode, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    certificate::Certificate,
    statement::{Role, StatementType},
};
use hocba_store::{
    Tx,
    model::{Class, LeafKind, RecordVersion, WantOutcome},
    retrying,
};

use crate::{
    Actor, App, AppError,
    appointments::{Held, Staff},
    people::plain,
    policy::{Action, Place, require},
    signing::{certificates, scope},
};

/// Most records in one re-signing queue.
pub const MAX_FALLEN: usize = 5000;

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its key was compromised before, as the end of its owner's appointment says.
    Compromised {
        /// The appointment.
        appointment: RecordId,
        /// Since when.
        since: UnixTime,
    },
    /// Its certificate, or one above it, did not count then, as the authority said.
    Revoked {
        /// Which certificate.
        certificate: Sha256Digest,
    },
    /// Its certificate, or one above it, expired before the authority said that it counted; nothing will prove it.
    Unproven {
        /// Which certificate.
        certificate: Sha256Digest,
    },
}

/// A record that fell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    /// Record.
    pub record: RecordId,
    /// Version.
    pub version: u32,
    /// Class.
    pub class: RecordId,
    /// Number in the class list.
    pub number: u32,
    /// Block time of its anchor.
    pub anchored_at: UnixTime,
    /// The signature that does not count.
    pub role: Role,
    /// Why not.
    pub fault: Fault,
    /// Where the signer's own key and certificate are sound: the signer's appointment, whose signature it is that has the
    /// fault.
    pub through: Option<RecordId>,
}

/// Records to be signed again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResigningQueue {
    /// By class and number; each once, by the first signature that fell.
    pub fallen: Vec<Fallen>,
    /// Whether there are more than [`MAX_FALLEN`].
    pub more: bool,
}

impl App {
    /// Records of a school that fell, and were not issued anew since. That somebody looked is noted.
    ///
    /// # Errors
    /// `Forbidden`, and when the database fails.
    pub async fn resigning_queue(&self, actor: &Actor, school: &SchoolCode) -> Result<ResigningQueue, AppError> {
        require(actor, Action::ReadStates, Place::School(school))?;
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("resigning_queue").await?;
            let queue = self.fallen(&mut tx, school).await?;
            tx.audit(&plain(actor, "resigning_queue", school.to_string(), now)).await?;
            tx.commit().await?;
            Ok(queue)
        })
        .await
    }

    async fn fallen(&self, tx: &mut Tx, school: &SchoolCode) -> Result<ResigningQueue, AppError> {
        let mut faults = Faults::of(self, tx, school).await?;
        let Some(first) = faults.first() else { return Ok(ResigningQueue::default()) };
        let mut queue = ResigningQueue::default();
        let classes: BTreeMap<RecordId, Class> = tx.classes().await?.into_iter().map(|c| (c.id, c)).collect();
        let mut after: Option<(RecordId, u32)> = None;
        loop {
            let page =
                tx.anchored_since(school, first, after.as_ref().map(|(class, number)| (class, *number)), 500).await?;
            let Some(last) = page.last() else { return Ok(queue) };
            after = Some((last.0.class, last.0.number));
            for (version, anchored_at) in page {
                let Some(class) = classes.get(&version.class) else { continue };
                let Some(found) = faults.of_record(class, &version, anchored_at) else { continue };
                if queue.fallen.len() == MAX_FALLEN {
                    queue.more = true;
                    return Ok(queue);
                }
                queue.fallen.push(found);
            }
        }
    }
}

/// A key that was compromised.
struct Compromised {
    appointment: RecordId,
    certificate: Sha256Digest,
    role: Role,
    since: UnixTime,
}

/// Everything of a school that lets signatures fall.
struct Faults<'a> {
    app: &'a App,
    staff: Staff,
    compromised: Vec<Compromised>,
    /// By block time and certificate: what its authority let fall of what was anchored then.
    lost: BTreeMap<(UnixTime, Sha256Digest), WantOutcome>,
    known: BTreeMap<Sha256Digest, Certificate>,
    authorities: Vec<Certificate>,
    /// What was found of a certificate at a block time; a class asks the same forty times.
    found: BTreeMap<(UnixTime, Sha256Digest), Option<Fault>>,
    /// Appointments whose own signature has a fault.
    tainted: BTreeMap<RecordId, Fault>,
}

impl<'a> Faults<'a> {
    async fn of(app: &'a App, tx: &mut Tx, school: &SchoolCode) -> Result<Self, AppError> {
        let staff = Staff::of(tx, school).await?;
        let compromised = staff.0.iter().filter_map(compromised).collect();
        let lost: BTreeMap<_, _> = tx.lost_wants().await?.into_iter().collect();
        let known = if lost.is_empty() { BTreeMap::new() } else { certificates(tx).await? };
        let authorities = known.values().filter(|c| c.is_ca()).cloned().collect();
        let (found, tainted) = (BTreeMap::new(), BTreeMap::new());
        let mut faults = Self { app, staff, compromised, lost, known, authorities, found, tainted };
        faults.look_at_appointments(tx).await?;
        Ok(faults)
    }

    async fn look_at_appointments(&mut self, tx: &mut Tx) -> Result<(), AppError> {
        let mut given = Vec::new();
        for held in &self.staff.0 {
            let Ok(headers) = held.statement.headers(StatementType::Appointment) else { continue };
            let Some(header) = headers.into_iter().next() else { continue };
            let located = tx.locate(LeafKind::Appointment, &held.appointment.id, 1).await?;
            given.push((held.appointment.id, header, located.and_then(|l| l.batch.receipt).map(|r| r.time)));
        }
        for (appointment, header, anchored_at) in given {
            let giver = self.compromised.iter().find(|c| (c.certificate, c.role) == (header.certificate, header.role));
            let stolen = giver.filter(|giver| anchored_at.is_none_or(|at| at >= giver.since)).map(Compromised::fault);
            let fault = stolen.or_else(|| self.of_certificate(&header.certificate, anchored_at?));
            self.tainted.extend(fault.map(|fault| (appointment, fault)));
        }
        Ok(())
    }

    /// The earliest block time at which something can have fallen.
    fn first(&self) -> Option<UnixTime> {
        let compromised = self.compromised.iter().map(|c| c.since);
        compromised.chain(self.lost.keys().map(|(at, _)| *at)).min()
    }

    /// What its authority says of a certificate and of those above it, for what was anchored at this time.
    fn of_certificate(&mut self, signer: &Sha256Digest, at: UnixTime) -> Option<Fault> {
        if let Some(found) = self.found.get(&(at, *signer)) {
            return *found;
        }
        let any = self.lost.keys().any(|(time, _)| *time == at);
        let certificate = self.known.get(signer).filter(|_| any);
        let path = certificate.and_then(|certificate| self.app.path_of(certificate, &self.authorities, &[at]));
        let fault = path.and_then(|(path, _)| {
            path.iter().find_map(|on_path| {
                let certificate = *on_path.digest();
                self.lost.get(&(at, certificate)).map(|outcome| match outcome {
                    WantOutcome::Silent => Fault::Unproven { certificate },
                    _ => Fault::Revoked { certificate },
                })
            })
        });
        self.found.insert((at, *signer), fault);
        fault
    }

    /// The first signature of a record that does not count.
    fn of_record(&mut self, class: &Class, version: &RecordVersion, anchored_at: UnixTime) -> Option<Fallen> {
        let headers = version.statement.as_ref()?.headers(StatementType::Record).ok()?;
        headers.iter().find_map(|header| {
            let of_key = |c: &&Compromised| c.certificate == header.certificate && c.since <= anchored_at;
            let stolen = self.compromised.iter().find(of_key).map(Compromised::fault);
            let own = stolen.or_else(|| self.of_certificate(&header.certificate, anchored_at));
            let (fault, through) = match own {
                Some(fault) => (fault, None),
                None => {
                    let held = self.staff.held_by(&header.certificate, header.role, Some(scope(class)));
                    let held: Vec<RecordId> = held.map(|held| held.appointment.id).collect();
                    if !held.iter().all(|id| self.tainted.contains_key(id)) {
                        return None;
                    }
                    let first = *held.first()?;
                    (*self.tainted.get(&first)?, Some(first))
                }
            };
            let RecordVersion { record, version, class, number, .. } = *version;
            Some(Fallen { record, version, class, number, anchored_at, role: header.role, fault, through })
        })
    }
}

impl Compromised {
    fn fault(&self) -> Fault {
        Fault::Compromised { appointment: self.appointment, since: self.since }
    }
}

fn compromised(held: &Held) -> Option<Compromised> {
    let since = held.ends.iter().filter_map(|e| e.since).min()?;
    let Appointment { id: appointment, role, ref appointee, .. } = held.appointment;
    Some(Compromised { appointment, certificate: appointee.certificate, role, since })
}
