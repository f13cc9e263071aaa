//! A school goes on to its next year, and everything that is stored still fits together.

use std::collections::BTreeMap;

use hocba_anchor::Place;
use hocba_app::{Mode, Move, RollOptions};
use hocba_record::types::{SchoolCode, SchoolYear};
use hocba_tests::{SCHOOL, office::OPERATOR, school::sealed_school};

/// With `HOCBA_SCHOOL=1900` a school of that size, in 45 classes, which is sealed first and takes some minutes.
#[tokio::test]
async fn a_school_is_rolled_over_and_all_that_is_stored_still_fits_together() {
    let asked = std::env::var("HOCBA_SCHOOL").ok().map(|text| text.parse().expect("a number of pupils"));
    let (pupils, per_grade) = asked.map_or((27, 2), |pupils| (pupils, 11));
    let (office, classes, _) = sealed_school(pupils, per_grade).await;
    let (store, app) = (office.app.store(), &office.app);
    // The stand-in that anchored the school writes no events and ends no jobs: that is told before and after.
    let before = hocba_anchor::fsck(store, Some(app), None).await.expect("read");
    assert!(before.faults.iter().all(|f| matches!(f.place, Place::Batch(_) | Place::Job(_))), "{:?}", before.faults);

    let school: SchoolCode = SCHOOL.parse().expect("a code");
    let years = [2026, 2027].map(|start| SchoolYear::starting(start).expect("a year"));
    app.open_year(&OPERATOR, &school, years[1]).await.expect("opened");
    let repeats = ("8A1".parse().expect("a class"), 1);
    let options = RollOptions { decisions: BTreeMap::from([(repeats, Move::Repeat)]), ..RollOptions::default() };
    let rolled = app.roll_over(&OPERATOR, &school, (years[0], years[1]), &options, Mode::Apply).await.expect("rolled");
    assert_eq!(rolled.pupils.len(), pupils);
    assert!(rolled.placed > 0 && rolled.counts()[&Move::Leave] > 0);

    let after = hocba_anchor::fsck(store, Some(app), None).await.expect("read");
    assert_eq!(after.faults, before.faults, "rolling over adds nothing");
    // It walked them: what was signed is there as it was.
    assert_eq!(after.counted.records, before.counted.records);
    assert_eq!(classes.len(), 4 * per_grade + 1);
}
