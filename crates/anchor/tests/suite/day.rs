//! The chain is away for a day, by a clock that the test turns, while the school goes on.

use hocba_anchor::{Event, Progress};
use hocba_app::{Actor, Overview};
use hocba_record::types::UnixTime;
use hocba_store::model::JobKind;

use crate::common::{Setup, World};

const HOUR: i64 = 3600;
/// How often somebody looks.
const LOOK: i64 = 600;

async fn overview(world: &World) -> Overview {
    world.app().overview(&Actor::LocalOperator).await.expect("read")
}

/// Since when the oldest thing waits that is complete and not on the chain: what the metric shows as an age.
fn oldest(overview: &Overview) -> Option<UnixTime> {
    let batch = overview.unanchored.iter().map(|batch| batch.closed_at).min();
    [overview.waiting_since, batch].into_iter().flatten().min()
}

#[tokio::test]
async fn a_chain_that_is_away_for_a_day_loses_nothing_and_the_backlog_drains_in_order() {
    let world = World::new(Setup { batch: 1, ..Setup::QUICK }).await;
    let begun = world.now();
    world.chain.go_down();
    let mut service = world.service("one");
    // Appointments in the morning, records in the afternoon; each leaf is a batch of its own.
    world.school_work_up_to(hocba_app::Step::Sign).await.expect("no fault was put in");
    let (mut closed, mut codes, mut steps) = (Vec::new(), Vec::new(), 0);
    while world.now() < begun.plus(24 * HOUR) {
        if world.now() == begun.plus(6 * HOUR) {
            world.school_work().await.expect("the school does not wait for the chain");
        }
        loop {
            steps += 1;
            match service.step().await.expect("a chain that is away stops nothing") {
                Progress::Did(Event::BatchClosed { batch, .. }) => closed.push((batch, world.now())),
                Progress::PutOff { code, until, .. } => {
                    codes.push(code);
                    assert!(until <= world.now().plus(60), "never left alone for more than a minute");
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        world.pass(LOOK);
    }
    assert_eq!(closed.len(), 6, "{closed:?}");
    let at = |hours: i64| closed.iter().filter(|(_, at)| *at == begun.plus(hours * HOUR)).count();
    assert_eq!((at(0), at(6)), (3, 3), "{closed:?}");
    assert!(codes.iter().all(|code| *code == "chain_unreachable"), "{codes:?}");
    assert_eq!(steps, codes.len() + closed.len());
    let report = hocba_anchor::fsck(&world.store, Some(&world.app()), None).await.expect("read");
    assert!(report.is_clean(), "{:#?}", report.faults);

    let told = overview(&world).await;
    assert_eq!(oldest(&told), Some(begun), "a day old, and said so");
    assert_eq!((told.anchored, told.unanchored.len()), (0, 6));
    let first = closed[0].0.to_string();
    let job = told.jobs.iter().find(|job| job.kind == JobKind::DeliverBatch && job.subject == first);
    let job = job.expect("the delivery is open");
    assert_eq!((job.last_error.as_deref(), usize::try_from(job.tries)), (Some("chain_unreachable"), Ok(codes.len())));

    world.chain.come_up();
    let mut drained = Vec::new();
    for event in world.anchor(&mut service).await.expect("no fault") {
        if let Event::Anchored { batch, index, time, .. } = event {
            assert!(time >= begun.plus(24 * HOUR), "the time is the block's, not that of the closing");
            drained.push((batch, index));
        }
    }
    let in_order: Vec<_> = closed.iter().map(|(batch, _)| *batch).zip(0..).collect();
    assert_eq!(drained, in_order);
    world.assert_whole("after a day").await;
    world.assert_recorded("after a day").await;
    world.assert_clean("after a day").await;
    assert_eq!(oldest(&overview(&world).await), None, "nothing waits any more");
}
