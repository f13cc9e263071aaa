//! Evidence of revocation, and what authorities have yet to say.

use hocba_bundle::evidence::{EvidenceKind, RevocationEvidence};
use hocba_store::{
    NewBatch, Store, StoreError,
    model::{EvidenceWant, JobKind, Leaf, LeafKind, Receipt, StoredEvidence, WantOutcome},
};
use hocba_tests::database::TestDatabase;

use crate::kit::{at, digest, issuer, leaf, school, with_drafts};

fn evidence(n: u8, certificate: Option<u64>, this_update: i64) -> StoredEvidence {
    let kind = if certificate.is_some() { EvidenceKind::Ocsp } else { EvidenceKind::Crl };
    let statement = RevocationEvidence::new(kind, vec![n; 100]).statement();
    StoredEvidence {
        id: StoredEvidence::id_of(&statement),
        kind,
        issuer: digest(50),
        certificate: certificate.map(digest),
        this_update: at(this_update),
        next_update: Some(at(this_update + 100)),
        fetched_at: at(this_update + 1),
        statement,
    }
}

fn want(certificate: u64, anchored_at: i64) -> EvidenceWant {
    EvidenceWant {
        certificate: digest(certificate),
        anchored_at: at(anchored_at),
        wanted_from: at(anchored_at + 10),
        school: school(),
        outcome: None,
    }
}

#[tokio::test]
async fn an_answer_is_kept_once_and_found_by_authority_and_certificate() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    for n in [1, 2] {
        tx.add_certificate(&digest(n), b"der", at(0)).await.expect("added");
    }
    let (list, of_one, of_two) = (evidence(1, None, 20), evidence(2, Some(1), 10), evidence(3, Some(2), 30));
    for kept in [&list, &of_one, &of_two] {
        assert!(tx.add_evidence(kept).await.expect("added"));
    }
    let again = StoredEvidence { fetched_at: at(999), ..list.clone() };
    assert!(!tx.add_evidence(&again).await.expect("there"), "the same answer");
    assert_eq!(tx.evidence(&list.id).await.expect("read"), Some(list.clone()), "as it came first");
    assert_eq!(tx.count_evidence().await.expect("read"), 3);
    let about = tx.evidence_about(&digest(50), Some(&digest(1))).await.expect("read");
    assert_eq!(about.iter().map(|line| line.id).collect::<Vec<_>>(), [of_one.id]);
    let about = tx.evidence_about(&digest(50), None).await.expect("read");
    assert_eq!(about.iter().map(|line| line.id).collect::<Vec<_>>(), [list.id]);
    assert!(tx.evidence_about(&digest(51), None).await.expect("read").is_empty());
    let newest = tx.newest_evidence(2).await.expect("read");
    assert_eq!(newest.iter().map(|line| line.id).collect::<Vec<_>>(), [of_two.id, list.id]);
    let ids = tx.evidence_ids_after(None, 10).await.expect("read");
    assert_eq!(ids.len(), 3);
    assert_eq!(tx.evidence_ids_after(Some(&ids[0]), 1).await.expect("read"), [ids[1]]);

    let mut since = async |certificate, since, now| {
        tx.has_evidence_since(&digest(50), &digest(certificate), at(since), at(now)).await.expect("read")
    };
    assert!(since(1, 21, 50).await, "the list speaks of all");
    assert!(!since(1, 22, 50).await && since(2, 22, 50).await);
    assert!(!since(1, 0, 120).await && since(2, 0, 120).await, "past its end");
}

#[tokio::test]
async fn an_answer_is_anchored_like_everything_else() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    let kept = evidence(1, None, 20);
    tx.add_evidence(&kept).await.expect("added");
    let leaf = Leaf { leaf: kept.statement.leaf_hash(), kind: LeafKind::Evidence, subject: kept.id, ..leaf(1) };
    tx.add_leaf(&leaf).await.expect("added");
    tx.add_job(JobKind::CloseEvidence, issuer().as_str(), at(0)).await.expect("added");
    let leaves = [leaf];
    let (issuer, root) = (issuer(), digest(9));
    let new = NewBatch { issuer: &issuer, kind: LeafKind::Evidence, root, leaves: &leaves, tiles: &[] };
    let batch = tx.add_batch(&new, at(5)).await.expect("closed");
    assert_eq!(tx.newest_evidence(1).await.expect("read")[0].anchored_at, None);
    let receipt = Receipt { index: 0, block: 1, time: at(7), tx_hash: "0x1".into() };
    tx.add_receipt(batch.id, &receipt).await.expect("noted");
    assert_eq!(tx.newest_evidence(1).await.expect("read")[0].anchored_at, Some(at(7)));
    assert_eq!(tx.unnoted_batch().await.expect("read"), None, "nothing rests on the signers of evidence: it has none");
    assert!(tx.statements_of(&batch, 0, 10).await.expect("read").is_empty());
}

#[tokio::test]
async fn what_is_wanted_is_decided_once_and_counted_by_certificate() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("test").await.expect("begun");
    for n in [1, 2] {
        tx.add_certificate(&digest(n), b"der", at(0)).await.expect("added");
    }
    for wanted in [want(1, 100), want(1, 200), want(1, 100), want(2, 300)] {
        tx.add_want(&wanted).await.expect("added");
    }
    assert_eq!(tx.open_wants(&digest(1)).await.expect("read"), [want(1, 100), want(1, 200)]);
    let mut both = vec![digest(1), digest(2)];
    both.sort_by_key(ToString::to_string);
    assert_eq!(tx.wanting().await.expect("read"), both);
    let wanted = tx.wanted(at(250)).await.expect("read");
    assert_eq!((wanted.early, wanted.due, wanted.silent, wanted.due_since), (1, 1, 0, Some(at(110))));
    tx.decide_want(&want(1, 100), WantOutcome::Proven, at(250)).await.expect("decided");
    tx.decide_want(&want(1, 200), WantOutcome::Silent, at(250)).await.expect("decided");
    assert_eq!(tx.lost_wants().await.expect("read"), [((at(200), digest(1)), WantOutcome::Silent)]);
    let again = tx.decide_want(&want(1, 100), WantOutcome::Fallen, at(250)).await;
    assert!(matches!(again, Err(StoreError::Changed { .. })));
    let wanted = tx.wanted(at(250)).await.expect("read");
    assert_eq!((wanted.early, wanted.due, wanted.silent, wanted.due_since), (1, 0, 1, None));
    // A question is moved without a failure.
    tx.add_job(JobKind::FetchEvidence, "x", at(1)).await.expect("added");
    let job = tx.open_job(JobKind::FetchEvidence, "x").await.expect("read").expect("open");
    tx.put_off_job(job.id, "too_old", at(2)).await.expect("put off");
    tx.move_job(job.id, at(9)).await.expect("moved");
    let job = tx.open_job(JobKind::FetchEvidence, "x").await.expect("read").expect("open");
    assert_eq!((job.tries, job.due_at, job.last_error), (0, at(9), None));
}

#[tokio::test]
async fn what_was_anchored_before_there_was_evidence_is_found_with_all_that_belongs_to_it() {
    let database = TestDatabase::of_version(4).await;
    let hash = |n: u8| format!(" x'{}'", format!("{n:02x}").repeat(32));
    for sql in [
        "INSERT INTO schools (code, issuer, created_at) VALUES ('79DEMO001', 'so-demo', 1)".to_owned(),
        format!(
            "INSERT INTO batches (id, issuer, kind, root, size, closed_at, chain_index, block, block_time, tx_hash) \
             VALUES (1, 'so-demo', 'record',{}, 1, 5, 0, 3, 7, '0x1'), \
             (2, 'so-demo', 'appointment',{}, 1, 6, NULL, NULL, NULL, NULL)",
            hash(1),
            hash(2)
        ),
        format!(
            "INSERT INTO leaves (leaf, kind, subject, version, school, issuer, ready_at, batch, position) VALUES \
             ({}, 'record', 'AAAAAAAAAAAAAAAAAAAAAA', 1, '79DEMO001', 'so-demo', 4, 1, 0), \
             ({}, 'record', 'AAAAAAAAAAAAAAAAAAAAAQ', 1, '79DEMO001', 'so-demo', 4, NULL, NULL)",
            hash(3),
            hash(4)
        ),
        format!("INSERT INTO batch_tiles (batch, level, number, hashes) VALUES (1, 0, 0,{})", hash(3)),
        format!(
            "INSERT INTO anchor_attempts (batch, state, sender, nonce, tx_hash, raw, block, made_at, changed_at) VALUES \
             (1, 'final', '0x0', 0, '0x1',{}, 3, 5, 5)",
            hash(5)
        ),
        "INSERT INTO jobs (kind, subject, due_at, tries) VALUES ('deliver_batch', '2', 6, 3)".to_owned(),
    ] {
        database.try_sql(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    Store::migrate(&database.database()).await.expect("migrated");
    let store = database.open().await;
    let mut tx = store.begin("after").await.expect("begun");
    let batches = tx.batches().await.expect("read");
    assert_eq!(batches.iter().map(|b| (b.id, b.receipt.is_some())).collect::<Vec<_>>(), [(1, true), (2, false)]);
    assert_eq!(tx.leaves_of(1, None).await.expect("read").len(), 1);
    assert_eq!(tx.waiting(&issuer(), LeafKind::Record).await.expect("read").map(|w| w.count), Some(1));
    assert_eq!(tx.tiles(1).await.expect("read").len(), 1);
    assert_eq!(tx.attempts_of(1).await.expect("read").len(), 1);
    assert_eq!(tx.open_jobs().await.expect("read")[0].tries, 3);
    assert_eq!(tx.unnoted_batch().await.expect("read").map(|b| b.id), Some(1), "what its signers need is asked for");
    tx.note_wants(1, at(0)).await.expect("noted");
    assert_eq!(tx.unnoted_batch().await.expect("read"), None);
    tx.commit().await.expect("committed");
    // Rows go on referring to one another, and to nothing else.
    assert!(database.try_sql("DELETE FROM batches WHERE id = 1").await.is_err());
}
