//! How the public record does, as far as the database tells: nobody is asked here, so a page of it is as quick while the
//! chain is away.

use hocba_record::types::UnixTime;
use hocba_store::{
    ChainLook, Funds, Queue, Tx,
    model::{Batch, JobKind, LeafKind},
};

use crate::{
    ANCHORING_LEASE, Actor, App, AppError,
    policy::{Action, require_somewhere},
};

/// Batches on a page.
pub const CHAIN_PAGE: usize = 50;
/// A batch that is closed for longer than this and not on the record is late, in seconds. A chain with blocks of four
/// seconds takes some ten; a quarter of an hour is a fault that has not mended itself.
pub const LATE_BATCH: i64 = 900;
/// The anchoring service asks the operators once a minute while it has nothing else to do; what is older than this, in
/// seconds, says nothing of now.
pub const LOOK_OLD: i64 = 600;

/// Whether somebody anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// Somebody has the lease until then; it is renewed every few seconds.
    Alive {
        /// Until when.
        until: UnixTime,
    },
    /// Nobody has; somebody had it until then, where it was not given back.
    Away {
        /// Until when.
        until: Option<UnixTime>,
    },
}

/// Something that somebody has to look after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// Nobody anchors.
    ServiceAway,
    /// Fewer operators agree than have to: nothing is written down as being in force.
    TooFewOperators {
        /// That agreed.
        answered: u32,
        /// That have to.
        needed: u32,
    },
    /// Enough agree, and not all.
    SomeOperators {
        /// That agreed.
        answered: u32,
        /// That are asked.
        operators: u32,
    },
    /// The service is there, and did not say for long how the operators answer.
    NoWord,
    /// A batch is closed and not on the record.
    BatchLate {
        /// Since when.
        since: UnixTime,
    },
    /// The last try was refused, for a reason that docs/anchoring.md names.
    Refused {
        /// Its code.
        code: String,
    },
    /// Something waits for a batch for longer than it should.
    QueueLate {
        /// Of what.
        kind: LeafKind,
        /// Since when.
        since: UnixTime,
    },
    /// Ends of appointments are not in the public log.
    EndsLate {
        /// Since when.
        since: UnixTime,
    },
    /// The account that pays for anchoring is nearly empty.
    FundsLow,
    /// It is empty.
    NoFunds,
}

/// How the public record does.
#[derive(Debug, Clone)]
pub struct ChainHealth {
    /// As of.
    pub at: UnixTime,
    /// Whether somebody anchors.
    pub service: ServiceState,
    /// How the operators answered last.
    pub look: Option<ChainLook>,
    /// What waits for a batch.
    pub queues: Vec<Queue>,
    /// Ends of appointments that wait, and since when the oldest.
    pub ends: Option<(u64, UnixTime)>,
    /// Batches in all.
    pub batches: u64,
    /// Batches without a receipt.
    pub unanchored: u64,
    /// Since when the oldest of these is closed.
    pub unanchored_since: Option<UnixTime>,
    /// What somebody has to look after, the worst first.
    pub alarms: Vec<Alarm>,
}

/// A batch in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    /// The batch.
    pub batch: Batch,
    /// From closing to its block, in seconds.
    pub took: Option<i64>,
}

/// How the public record does, with its batches.
#[derive(Debug, Clone)]
pub struct ChainPage {
    /// In short.
    pub health: ChainHealth,
    /// The newest first.
    pub batches: Vec<BatchLine>,
    /// Where the next page begins; none on the last one.
    pub next: Option<i64>,
}

impl ChainHealth {
    pub(super) async fn of(tx: &mut Tx, batch_age: i64, at: UnixTime) -> Result<Self, AppError> {
        let service = match tx.stored_lease(ANCHORING_LEASE).await? {
            Some(lease) if lease.until > at => ServiceState::Alive { until: lease.until },
            lease => ServiceState::Away { until: lease.map(|lease| lease.until) },
        };
        let (batches, unanchored, unanchored_since) = tx.count_batches().await?;
        let jobs = tx.open_jobs().await?;
        let deliveries = jobs.iter().filter(|job| matches!(job.kind, JobKind::DeliverBatch | JobKind::DeliverStatuses));
        let refused = deliveries.filter_map(|job| job.last_error.clone()).next();
        let mut health = Self {
            at,
            service,
            look: tx.chain_look().await?,
            queues: tx.queues().await?,
            ends: tx.statuses_queue().await?,
            batches,
            unanchored,
            unanchored_since,
            alarms: Vec::new(),
        };
        health.alarms = alarms(&health, refused, batch_age);
        Ok(health)
    }
}

fn alarms(health: &ChainHealth, refused: Option<String>, batch_age: i64) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    let late = |since: UnixTime, patience: i64| since.plus(patience) < health.at;
    let alive = matches!(health.service, ServiceState::Alive { .. });
    if !alive {
        alarms.push(Alarm::ServiceAway);
    }
    // What nobody renews says nothing of now.
    let look = health.look.as_ref().filter(|look| alive && !late(look.at, LOOK_OLD));
    match look {
        Some(look) if look.answered < look.needed => {
            alarms.push(Alarm::TooFewOperators { answered: look.answered, needed: look.needed });
        }
        Some(look) if look.answered < look.operators => {
            alarms.push(Alarm::SomeOperators { answered: look.answered, operators: look.operators });
        }
        None if alive && health.look.is_some() => alarms.push(Alarm::NoWord),
        _ => {}
    }
    match look.and_then(|look| look.funds) {
        Some(Funds::None) => alarms.push(Alarm::NoFunds),
        Some(Funds::Low) => alarms.push(Alarm::FundsLow),
        _ => {}
    }
    if let Some(code) = refused {
        alarms.push(Alarm::Refused { code });
    }
    if let Some(since) = health.unanchored_since.filter(|since| late(*since, LATE_BATCH)) {
        alarms.push(Alarm::BatchLate { since });
    }
    for queue in &health.queues {
        if late(queue.since, batch_age.saturating_add(LATE_BATCH)) {
            alarms.push(Alarm::QueueLate { kind: queue.kind, since: queue.since });
        }
    }
    if let Some((_, since)) = health.ends.filter(|(_, since)| late(*since, LATE_BATCH)) {
        alarms.push(Alarm::EndsLate { since });
    }
    alarms
}

impl App {
    /// How the public record does, and its batches, the newest first, a page at a time: those before this one.
    ///
    /// # Errors
    /// `Forbidden` for whoever appoints at no school.
    pub async fn chain_page(&self, actor: &Actor, before: Option<i64>) -> Result<ChainPage, AppError> {
        require_somewhere(actor, Action::AppointSchool)?;
        let at = self.edges().now();
        let mut tx = self.store().read().await?;
        let health = ChainHealth::of(&mut tx, self.settings().batch_age, at).await?;
        let limit = u32::try_from(CHAIN_PAGE + 1).unwrap_or(u32::MAX);
        let mut found = tx.batches_before(before, limit).await?;
        let more = found.len() > CHAIN_PAGE;
        found.truncate(CHAIN_PAGE);
        let next = found.last().filter(|_| more).map(|batch| batch.id);
        let line = |batch: Batch| {
            let took =
                batch.receipt.as_ref().map(|receipt| (receipt.time.seconds() - batch.closed_at.seconds()).max(0));
            BatchLine { batch, took }
        };
        Ok(ChainPage { health, batches: found.into_iter().map(line).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: i64 = 600;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds).expect("a time")
    }

    /// All is well at 100,000.
    fn well() -> ChainHealth {
        ChainHealth {
            at: at(100_000),
            service: ServiceState::Alive { until: at(100_010) },
            look: Some(ChainLook {
                at: at(99_950),
                operators: 4,
                needed: 3,
                answered: 4,
                block: Some((9, at(99_949))),
                funds: Some(Funds::Enough),
            }),
            queues: vec![Queue { kind: LeafKind::Record, count: 3, since: at(99_900) }],
            ends: Some((1, at(99_900))),
            batches: 2,
            unanchored: 1,
            unanchored_since: Some(at(99_990)),
            alarms: Vec::new(),
        }
    }

    #[test]
    fn all_is_well_where_nothing_is_late_and_everybody_answers() {
        assert_eq!(alarms(&well(), None, AGE), []);
        let never_asked = ChainHealth { look: None, ..well() };
        assert_eq!(alarms(&never_asked, None, AGE), [], "a service of an earlier release does not say");
    }

    #[test]
    fn each_thing_that_is_wrong_has_its_own_alarm_and_no_other() {
        let look = |change: fn(&mut ChainLook)| {
            let mut health = well();
            change(health.look.as_mut().expect("a look"));
            health
        };
        let cases = [
            (ChainHealth { service: ServiceState::Away { until: None }, ..well() }, Alarm::ServiceAway),
            (look(|l| l.answered = 2), Alarm::TooFewOperators { answered: 2, needed: 3 }),
            (look(|l| l.answered = 3), Alarm::SomeOperators { answered: 3, operators: 4 }),
            (look(|l| l.at = at(100_000 - LOOK_OLD - 1)), Alarm::NoWord),
            (look(|l| l.funds = Some(Funds::Low)), Alarm::FundsLow),
            (look(|l| l.funds = Some(Funds::None)), Alarm::NoFunds),
            (
                ChainHealth { unanchored_since: Some(at(100_000 - LATE_BATCH - 1)), ..well() },
                Alarm::BatchLate { since: at(100_000 - LATE_BATCH - 1) },
            ),
            (
                ChainHealth {
                    queues: vec![Queue { kind: LeafKind::Record, count: 1, since: at(100_000 - AGE - LATE_BATCH - 1) }],
                    ..well()
                },
                Alarm::QueueLate { kind: LeafKind::Record, since: at(100_000 - AGE - LATE_BATCH - 1) },
            ),
            (
                ChainHealth { ends: Some((1, at(100_000 - LATE_BATCH - 1))), ..well() },
                Alarm::EndsLate { since: at(100_000 - LATE_BATCH - 1) },
            ),
        ];
        for (health, alarm) in cases {
            assert_eq!(alarms(&health, None, AGE), [alarm]);
        }
        let refused = Alarm::Refused { code: "no_funds".into() };
        assert_eq!(alarms(&well(), Some("no_funds".into()), AGE), [refused]);
    }

    #[test]
    fn what_operators_said_before_the_service_went_away_is_no_alarm_of_now() {
        let mut health = ChainHealth { service: ServiceState::Away { until: Some(at(99_000)) }, ..well() };
        health.look.as_mut().expect("a look").answered = 0;
        assert_eq!(alarms(&health, None, AGE), [Alarm::ServiceAway]);
    }
}
