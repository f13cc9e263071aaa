//! The service at work, and what can happen to a transaction.

mod common;

use common::{Setup, World};
use hocba_anchor::Event;

#[tokio::test]
async fn a_class_is_closed_and_anchored_after_its_appointments() {
    for setup in [Setup::QUICK, Setup::SLOW] {
        let world = World::new(setup).await;
        let events = world.story().await.expect("no fault was put in");
        world.assert_whole("a quiet day").await;
        let anchored = events.iter().filter(|e| matches!(e, Event::Anchored { .. })).count();
        let closed = events.iter().filter(|e| matches!(e, Event::BatchClosed { .. })).count();
        assert_eq!(anchored, closed);
        if setup.slow {
            assert!(events.iter().any(|e| matches!(e, Event::Included { .. })), "{events:#?}");
        }
    }
}
