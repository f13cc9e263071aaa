//! Time-stamps: from an anchored batch to a bundle that carries the authority's word, and what goes wrong on the way.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use hocba_anchor::{Place, What, fsck};
use hocba_app::model::{Job, JobKind};
use hocba_bundle::{
    profile::{PinnedRoot, TimeStampAuthority, TimeStampRule},
    report::{CheckId, Outcome, Verdict},
    time_stamp::TOLERANCE,
};
use hocba_evidence::{Ask, Collector, Event, Fetch, FetchError, HttpFetch, Settings, TimeStampAddress};
use hocba_store::Moment;
use hocba_tests::{DAY, NOW, at, codes, stamper::Stamper};

use crate::{
    authority::Ways,
    world::{Crash, OPERATOR, World},
};

const MOMENTS: [Moment; 2] = [Moment::Failed, Moment::FailedButPersisted];

/// How the authority behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Honest,
    Dead,
    Slow,
    Busy,
    Garbage,
    Refusing,
    OtherDigest,
    OldAnswer,
    Stranger,
    Flipped,
    Behind,
    Ahead,
}

/// A time-stamp authority at the other end of the wire.
struct Tsa {
    stamper: Stamper,
    clock: Arc<AtomicI64>,
    mood: Mutex<Mood>,
    asked: AtomicUsize,
}

impl Tsa {
    fn answer(&self, query: &[u8]) -> Result<Vec<u8>, FetchError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (now, mood) = (self.clock.load(Ordering::SeqCst), *self.mood.lock().expect("no panic"));
        let honest = |query: &[u8]| self.stamper.answer(query, now);
        let flipped = |mut bytes: Vec<u8>, at: usize| {
            bytes[at] ^= 1;
            bytes
        };
        match mood {
            Mood::Honest => Ok(honest(query)),
            Mood::Dead => Err(FetchError::Unreachable),
            Mood::Slow => Err(FetchError::Timeout),
            Mood::Busy => Err(FetchError::Status(503)),
            Mood::Garbage => Ok(b"<html>".to_vec()),
            // PKIStatusInfo: rejection.
            Mood::Refusing => Ok(vec![0x30, 5, 0x30, 3, 2, 1, 2]),
            Mood::OtherDigest => {
                let place = query.windows(2).position(|w| w == [4, 32]).expect("a digest") + 2;
                Ok(honest(&flipped(query.to_vec(), place)))
            }
            Mood::OldAnswer => Ok(honest(&flipped(query.to_vec(), query.len() - 4))),
            Mood::Stranger => Ok(Stamper::new(9).answer(query, now)),
            Mood::Flipped => {
                let answer = honest(query);
                let last = answer.len() - 1;
                Ok(flipped(answer, last))
            }
            Mood::Behind => Ok(self.stamper.answer(query, now - TOLERANCE - 60)),
            Mood::Ahead => Ok(self.stamper.answer(query, now + TOLERANCE + 60)),
        }
    }
}

/// The network: the authority, and the pilot CA over real HTTP.
struct Wire(Arc<Tsa>, HttpFetch);

impl Fetch for Wire {
    async fn fetch(&self, ask: Ask<'_>) -> Result<Vec<u8>, FetchError> {
        match ask {
            Ask::TimeStamp { url, request } => {
                assert_eq!(url, "http://tsa.example/");
                self.0.answer(request)
            }
            other => self.1.fetch(other).await,
        }
    }
}

struct Scene {
    world: World,
    tsa: Arc<Tsa>,
}

impl Scene {
    async fn new() -> Self {
        let mut world = World::new(Ways::Crl, 1).await;
        let (stamper, clock) = (Stamper::new(1), Arc::clone(&world.clock));
        let roots = vec![PinnedRoot::from(&stamper.root())];
        let authorities = vec![TimeStampAuthority { id: "tsa-1".into(), policies: None, roots }];
        world.stamps = Some(TimeStampRule { authorities, from: at(NOW - DAY), required: true });
        let tsa = Tsa { stamper, clock, mood: Mutex::new(Mood::Honest), asked: AtomicUsize::new(0) };
        Self { world, tsa: Arc::new(tsa) }
    }

    fn mood(&self, mood: Mood) {
        *self.tsa.mood.lock().expect("no panic") = mood;
    }

    fn asked(&self) -> usize {
        self.tsa.asked.load(Ordering::SeqCst)
    }

    fn collector(&self) -> Collector<Wire> {
        let http = HttpFetch::new(["127.0.0.1".to_owned()], Duration::from_millis(500)).expect("a client");
        let address = TimeStampAddress { authority: "tsa-1".into(), url: "http://tsa.example/".into() };
        let settings = Settings { time_stamps: vec![address], ..Settings::new("one") };
        Collector::new(self.world.app(), Wire(Arc::clone(&self.tsa), http), settings)
    }

    /// What happens about time-stamps.
    async fn collect(&self) -> Result<Vec<Event>, Crash> {
        let mut events = Vec::new();
        self.collector().run_until_idle(|event| events.push(event.clone())).await?;
        events.retain(|event| matches!(event, Event::Stamped { .. } | Event::StampPutOff { .. }));
        Ok(events)
    }

    /// Up to an anchored record.
    async fn anchored(&self) -> Result<(), Crash> {
        self.world.appoint().await?;
        self.world.anchor().await?;
        self.world.sign().await?;
        self.world.anchor().await
    }

    async fn story(&self) -> Result<(), Crash> {
        self.anchored().await?;
        self.collect().await.map(drop)
    }

    async fn kept(&self) -> u64 {
        self.world.store.read().await.expect("read").count_time_stamps().await.expect("read")
    }

    async fn job(&self) -> Option<Job> {
        let jobs = self.world.store.read().await.expect("read").open_jobs().await.expect("jobs");
        jobs.into_iter().find(|job| job.kind == JobKind::FetchTimeStamp)
    }

    async fn faults(&self) -> Vec<(Place, What)> {
        let facts = self.world.facts().await;
        let report = fsck(&self.world.store, Some(&self.world.app()), Some(&facts)).await.expect("read");
        report.faults.into_iter().map(|fault| (fault.place, fault.what)).collect()
    }
}

#[tokio::test]
async fn an_anchored_batch_is_stamped_and_bundles_show_it() {
    let scene = Scene::new().await;
    scene.world.appoint().await.expect("appointed");
    scene.world.anchor().await.expect("anchored");
    assert_eq!(scene.collect().await.expect("collected"), [], "appointments need none");
    scene.world.sign().await.expect("signed");
    scene.world.anchor().await.expect("anchored");
    let before = scene.world.verify(&scene.world.bundle().await).await;
    assert_eq!((codes(&before), before.verdict), (vec!["time_stamp.missing"], Verdict::Inconclusive));

    let events = scene.collect().await.expect("collected");
    let [Event::Stamped { authority, batch: 2, time }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((authority.as_str(), *time), ("tsa-1", scene.world.now()));
    let bundle = scene.world.bundle().await;
    assert_eq!(bundle.authority.time_stamps.len(), 1);
    let report = scene.world.verify(&bundle).await;
    assert_eq!((codes(&report), report.verdict), (vec![], Verdict::Valid));
    let shown = report.records[0].time_stamp.as_ref().expect("shown");
    assert_eq!((shown.authority.as_str(), shown.time), ("tsa-1", *time));
    let counted = scene.world.assert_clean("stamped").await.counted;
    assert_eq!(counted.time_stamps, 1);
    assert_eq!(scene.job().await, None);
    assert_eq!(scene.collect().await.expect("collected"), [], "once is enough");
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn a_profile_or_settings_without_authorities_ask_nobody() {
    let mut scene = Scene::new().await;
    scene.anchored().await.expect("anchored");
    assert!(scene.world.collect().await.expect("collected").iter().all(|e| !matches!(e, Event::StampPutOff { .. })));
    scene.world.stamps = None;
    assert_eq!(scene.collect().await.expect("collected"), []);
    assert_eq!((scene.asked(), scene.job().await), (0, None));
    let overview = scene.world.app().overview(&OPERATOR).await.expect("read");
    assert_eq!(overview.time_stamps, None);
}

#[tokio::test]
async fn a_dead_authority_holds_nothing_up_and_is_asked_again() {
    let scene = Scene::new().await;
    scene.mood(Mood::Dead);
    scene.anchored().await.expect("anchoring goes on");
    for (tries, pause) in [(1, 60), (2, 120), (3, 240)] {
        let events = scene.collect().await.expect("collected");
        let until = scene.world.now().plus(pause);
        let put_off = Event::StampPutOff { authority: "tsa-1".into(), code: "unreachable", until };
        assert_eq!(events, [put_off]);
        assert_eq!(scene.collect().await.expect("collected"), [], "not before its time");
        let state = scene.world.app().overview(&OPERATOR).await.expect("read").time_stamps.expect("a rule");
        let unstamped = state.unstamped.expect("one");
        assert_eq!((unstamped.batches, state.kept, state.failing.len()), (1, 0, 1));
        assert_eq!((state.failing[0].tries, state.failing[0].code.as_str()), (tries, "unreachable"));
        assert_eq!(state.late_since(scene.world.now()), None);
        assert_eq!(state.late_since(unstamped.since.plus(DAY)), Some(unstamped.since), "worth a look after a day");
        scene.world.assert_clean("dead").await;
        scene.world.pass(pause);
    }
    scene.mood(Mood::Honest);
    assert!(matches!(scene.collect().await.expect("collected").as_slice(), [Event::Stamped { .. }]));
    let report = scene.world.verify(&scene.world.bundle().await).await;
    assert_eq!((codes(&report), report.verdict), (vec![], Verdict::Valid));
    scene.world.assert_clean("revived").await;
    let state = scene.world.app().overview(&OPERATOR).await.expect("read").time_stamps.expect("a rule");
    assert_eq!((state.unstamped, state.kept, state.failing.len()), (None, 1, 0));
}

#[tokio::test]
async fn nothing_is_kept_that_would_not_be_believed() {
    let scene = Scene::new().await;
    scene.anchored().await.expect("anchored");
    for (mood, code) in [
        (Mood::Slow, "timeout"),
        (Mood::Busy, "status"),
        (Mood::Garbage, "malformed"),
        (Mood::Refusing, "refused"),
        (Mood::OtherDigest, "time_stamp.other_digest"),
        (Mood::OldAnswer, "other_nonce"),
        (Mood::Stranger, "time_stamp.unknown_authority"),
        (Mood::Flipped, "time_stamp.signature"),
        (Mood::Ahead, "time_stamp.from_future"),
    ] {
        scene.mood(mood);
        let events = scene.collect().await.expect("collected");
        let [Event::StampPutOff { code: found, until, .. }] = events.as_slice() else { panic!("{mood:?}: {events:?}") };
        assert_eq!((*found, scene.kept().await), (code, 0), "{mood:?}");
        scene.world.pass(until.seconds() - scene.world.now().seconds());
    }
    // Its clock is too far behind the chain's, seen from the batch's own time.
    let late = Scene::new().await;
    late.mood(Mood::Behind);
    late.anchored().await.expect("anchored");
    let events = late.collect().await.expect("collected");
    assert!(matches!(events.as_slice(), [Event::StampPutOff { code: "time_stamp.early", .. }]), "{events:?}");
    assert_eq!(late.kept().await, 0);
}

#[tokio::test]
async fn a_crash_at_every_commit_about_time_stamps_is_survived() {
    let names = {
        let scene = Scene::new().await;
        scene.world.store.faults().watch();
        scene.mood(Mood::Dead);
        scene.story().await.expect("no fault was put in");
        scene.world.pass(60);
        scene.mood(Mood::Honest);
        scene.collect().await.expect("no fault was put in");
        scene.world.store.faults().seen()
    };
    let about = ["note_time_stamp", "put_off_time_stamp", "keep_time_stamp"];
    let places: BTreeSet<usize> = about
        .iter()
        .map(|name| names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name} is not in {names:?}")))
        .collect();
    for place in places {
        for moment in MOMENTS {
            let what = format!("commit {place} ({}) {moment:?}", names[place]);
            let mut scene = Scene::new().await;
            scene.world.store.faults().put_after(place, moment);
            scene.mood(Mood::Dead);
            let mut struck = scene.story().await.is_err();
            scene.mood(Mood::Honest);
            if !struck {
                scene.world.pass(60);
                // Between the question and keeping what came of it.
                struck = scene.collect().await.is_err();
            }
            assert!(struck, "{what}: the fault did not strike");
            scene.world.restart().await;
            scene.world.assert_clean(&what).await;
            scene.world.pass(61);
            scene.collect().await.unwrap_or_else(|_| panic!("{what}: nothing breaks the second time"));
            assert_eq!((scene.kept().await, scene.job().await), (1, None), "{what}");
            scene.world.assert_clean(&what).await;
            let report = scene.world.verify(&scene.world.bundle().await).await;
            assert_eq!((codes(&report), report.verdict), (vec![], Verdict::Valid), "{what}");
        }
    }
}

#[tokio::test]
async fn fsck_finds_a_time_stamp_that_was_changed() {
    let scene = Scene::new().await;
    scene.story().await.expect("no fault was put in");
    scene.world.assert_clean("before").await;
    let stamps = scene.world.store.read().await.expect("read").time_stamps_after(None, 10).await.expect("read");
    let (place, good) = (Place::TimeStamp(2, "tsa-1".into()), stamps[0].token.clone());
    let sql = async |sql: String| assert_eq!(scene.world.database.sql(&sql).await, 1, "{sql}");
    let token = |bytes: &[u8]| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("UPDATE time_stamps SET token = x'{hex}'")
    };
    let mut changed = good.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    sql(token(&changed)).await;
    assert_eq!(scene.faults().await, [(place.clone(), What::NoTimeStamp("time_stamp.signature"))]);
    sql(token(&[0x30, 0])).await;
    assert_eq!(scene.faults().await, [(place.clone(), What::NoTimeStamp("time_stamp.malformed"))]);
    // A good one, of another batch.
    let facts = scene.world.facts().await;
    let digest = facts.batch_digest(0).expect("the appointments' batch");
    sql(token(&scene.tsa.stamper.token(digest, stamps[0].gen_time.seconds()))).await;
    assert_eq!(scene.faults().await, [(place.clone(), What::NoTimeStamp("time_stamp.other_digest"))]);
    sql(token(&good)).await;
    sql("UPDATE time_stamps SET gen_time = gen_time + 1".into()).await;
    assert_eq!(scene.faults().await, [(place.clone(), What::Claims("time"))]);
    sql("UPDATE time_stamps SET gen_time = gen_time - 1".into()).await;
    sql("DELETE FROM audit_events WHERE action = 'keep_time_stamp'".into()).await;
    assert_eq!(scene.faults().await, [(place, What::NoEvent("keep_time_stamp"))]);
}

#[tokio::test]
async fn a_bundle_with_a_changed_time_stamp_is_refused() {
    let scene = Scene::new().await;
    scene.story().await.expect("no fault was put in");
    let mut bundle = scene.world.bundle().await;
    *bundle.authority.time_stamps[0].token.0.last_mut().expect("bytes") ^= 1;
    let report = scene.world.verify(&bundle).await;
    assert_eq!((codes(&report), report.verdict), (vec!["time_stamp.signature"], Verdict::Invalid));
    let check = report.checks.iter().find(|check| check.id == CheckId::TimeStamp).expect("made");
    assert!(matches!(check.outcome, Outcome::Failed(_)));
}
