//! Each repository: what goes in comes out, what is taken is refused, what somebody else changed is not overwritten.

use hocba_record::types::SchoolYear;
use hocba_signature::statement::Role;
use hocba_store::{
    NewAttempt, NewBatch, StoreError, TileRow,
    model::{
        Account, AttemptState, AuditEvent, Delivery, Deployment, Grant, GrantRole, JobKind, LeafKind, LeftOut, Link,
        LinkContent, LinkScope, Receipt, RecordState, ReturnReason, School, SchoolChange, SchoolChangeKind, StatusKind,
        StoredAppointment, StoredStatus,
    },
};
use hocba_tests::database::TestDatabase;

use crate::kit::{NOW, advance, at, class, digest, envelope, id, issuer, leaf, school, statement, with_drafts};

#[tokio::test]
async fn schools_accounts_and_tokens() {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let mut tx = store.begin("people").await.expect("begun");
    let other: hocba_bundle::facts::IssuerCode = "so-khac".parse().expect("an issuer");
    tx.add_school(&School { code: school(), issuer: other.clone() }, NOW).await.expect("added");
    tx.add_school(&School { code: school(), issuer: issuer() }, NOW).await.expect("changed");
    assert_eq!(tx.schools().await.expect("read"), [School { code: school(), issuer: issuer() }]);
    assert_eq!(tx.school(&"79DEMO002".parse().expect("a code")).await.expect("read"), None);

    let year = SchoolYear::starting(2026).expect("a year");
    let teacher = Grant {
        role: GrantRole::HomeroomTeacher,
        school: Some(school()),
        prefix: None,
        class: Some((year, "9A3".parse().expect("a class"))),
    };
    let everywhere = Grant::everywhere(GrantRole::Department);
    // As bytes go, so in both engines, whatever the locale: capitals before small letters, Đ after z.
    for (n, login) in [(1, "Zung"), (2, "anh"), (3, "zung"), (4, "Đức")] {
        let account = Account {
            id: id(n),
            login: login.into(),
            name: "Nguyễn Thị Ánh".into(),
            certificate: Some(digest(n)),
            grants: vec![everywhere.clone(), teacher.clone()],
        };
        tx.add_account(&account, at(0)).await.expect("added");
    }
    let accounts = tx.accounts().await.expect("read");
    assert_eq!(accounts.iter().map(|a| a.login.as_str()).collect::<Vec<_>>(), ["Zung", "anh", "zung", "Đức"]);
    assert_eq!(accounts[0].grants, [everywhere, teacher]);
    assert_eq!(accounts[0].name, "Nguyễn Thị Ánh");
    assert_eq!(tx.account_of_login("anh").await.expect("read").map(|a| a.id), Some(id(2)));
    assert_eq!(tx.account_of_login("ANH").await.expect("read"), None, "letters count");
    assert_eq!(tx.account_of_certificate(&digest(3)).await.expect("read").map(|a| a.id), Some(id(3)));
    tx.add_token(&digest(50), &id(2), at(0), at(60)).await.expect("added");
    assert_eq!(tx.account_of_token(&digest(50), at(59)).await.expect("read").map(|a| a.id), Some(id(2)));
    assert_eq!(tx.account_of_token(&digest(50), at(60)).await.expect("read"), None, "its time is over");
    tx.commit().await.expect("committed");

    let mut tx = store.begin("taken").await.expect("begun");
    let taken = Account { id: id(9), login: "anh".into(), name: "x".into(), certificate: None, grants: Vec::new() };
    assert!(matches!(tx.add_account(&taken, at(0)).await, Err(StoreError::Exists { what: "the account" })));
}

#[tokio::test]
async fn what_a_deployment_is_is_said_once() {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let ours = Deployment { chain: 1337, contract: "0x01".into(), data_key: "one".into() };
    assert!(!store.read().await.expect("read").agrees(&ours).await.expect("nothing was said"));
    let mut tx = store.begin("agree").await.expect("begun");
    tx.agree(&ours).await.expect("the first");
    tx.agree(&ours).await.expect("the same again");
    tx.commit().await.expect("committed");
    assert!(store.read().await.expect("read").agrees(&ours).await.expect("said"));
    for (other, name) in [
        (Deployment { chain: 1338, ..ours.clone() }, "chain"),
        (Deployment { contract: "0x02".into(), ..ours.clone() }, "contract"),
        (Deployment { data_key: "two".into(), ..ours.clone() }, "data_key"),
    ] {
        let refused = store.begin("agree").await.expect("begun").agree(&other).await;
        assert!(matches!(refused, Err(StoreError::OtherDeployment { name: n }) if n == name), "{refused:?}");
    }
}

#[tokio::test]
async fn certificates_and_appointments() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("appoint").await.expect("begun");
    tx.add_certificate(&digest(1), b"der", at(0)).await.expect("added");
    tx.add_certificate(&digest(1), b"der", at(1)).await.expect("there already");
    assert_eq!(tx.certificates().await.expect("read"), [b"der".to_vec()]);
    let appointment = |n: u64, from: i64| StoredAppointment {
        id: id(n),
        school: school(),
        role: Role::Principal,
        certificate: digest(1),
        valid_from: at(from),
        valid_until: at(1000),
        statement: statement(n),
    };
    tx.add_appointment(&appointment(12, 5)).await.expect("added");
    tx.add_appointment(&appointment(11, 9)).await.expect("added");
    let all = tx.appointments_of(&school()).await.expect("read");
    assert_eq!(all, [appointment(12, 5), appointment(11, 9)], "in the order they begin");
    assert_eq!(tx.appointment(&id(11)).await.expect("read"), Some(appointment(11, 9)));
    assert_eq!(tx.appointment_ids_after(None, 9).await.expect("read"), [id(11), id(12)]);
    assert_eq!(tx.appointment_ids_after(Some(&id(11)), 9).await.expect("read"), [id(12)]);
    tx.commit().await.expect("committed");
    let mut tx = store.begin("appoint").await.expect("begun");
    assert!(matches!(tx.add_appointment(&appointment(11, 1)).await, Err(StoreError::Exists { .. })));
    drop(tx);
    let mut tx = store.begin("appoint").await.expect("begun");
    let unknown = StoredAppointment { certificate: digest(2), ..appointment(13, 1) };
    assert!(matches!(tx.add_appointment(&unknown).await, Err(StoreError::Database(_))), "a foreign key");
}

#[tokio::test]
async fn classes_are_compared_before_they_are_imported_again() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("import").await.expect("begun");
    assert_eq!(tx.classes().await.expect("read"), [class()]);
    assert_eq!(tx.class(&id(1)).await.expect("read"), Some(class()));
    let named = tx.class_named(&school(), class().year, &class().name).await.expect("read");
    assert_eq!(named, Some(class()));
    tx.class_imported_again(&class(), hocba_record::types::Grade::new(8).expect("a grade"), at(5)).await.expect("done");
    let stale = tx.class_imported_again(&class(), class().grade, at(6)).await;
    assert!(matches!(stale, Err(StoreError::Changed { what: "the class" })));
    let now = tx.class(&id(1)).await.expect("read").expect("there");
    assert_eq!((now.revision, now.grade.number()), (2, 8));
    tx.commit().await.expect("committed");
    let mut tx = store.begin("import").await.expect("begun");
    let again = hocba_store::model::Class { id: id(2), ..class() };
    assert!(matches!(tx.add_class(&again, at(0)).await, Err(StoreError::Exists { what: "the class" })));
}

#[tokio::test]
async fn records_go_from_draft_to_sealed_and_back_by_revision() {
    let (_database, store) = with_drafts(3).await;
    let mut tx = store.begin("drafts").await.expect("begun");
    tx.replace_draft(&id(101), 1, 1, &envelope(9), at(2)).await.expect("replaced");
    assert!(matches!(tx.replace_draft(&id(101), 1, 1, &envelope(9), at(2)).await, Err(StoreError::Changed { .. })));
    tx.leave_out(&id(102), 1, 1, Some(LeftOut::Transferred), at(2)).await.expect("left out");
    tx.leave_out(&id(102), 1, 2, None, at(2)).await.expect("taken back in");
    tx.remove_draft(&id(103), 1).await.expect("removed");
    assert!(matches!(tx.remove_draft(&id(103), 1).await, Err(StoreError::Changed { .. })));
    tx.commit().await.expect("committed");

    use RecordState::{CoSigned, Draft, Sealed, TeacherSigned};
    advance(&store, 101, 2, Draft, TeacherSigned).await.expect("signed");
    let twice = advance(&store, 101, 2, Draft, TeacherSigned).await;
    assert!(matches!(twice, Err(StoreError::Changed { what: "the record" })));
    advance(&store, 101, 3, TeacherSigned, CoSigned).await.expect("co-signed");
    let mut tx = store.begin("return").await.expect("begun");
    let version = tx.record(&id(101)).await.expect("read").expect("there");
    assert_eq!(version.statement, Some(statement(101)));
    tx.return_to_draft(&version, &envelope(5), (ReturnReason::WrongMark, None), at(3)).await.expect("returned");
    tx.commit().await.expect("committed");
    let mut tx = store.read().await.expect("read");
    let version = tx.record_version(&id(101), 1).await.expect("read").expect("there");
    assert_eq!((version.state, version.returned, version.revision), (Draft, Some(ReturnReason::WrongMark), 5));
    assert_eq!((version.statement, version.personal, version.number), (None, envelope(5), 1));
    drop(tx);
    for (revision, from, to) in [(5, Draft, TeacherSigned), (6, TeacherSigned, CoSigned), (7, CoSigned, Sealed)] {
        advance(&store, 101, revision, from, to).await.expect("a step");
    }
    let mut tx = store.begin("return").await.expect("begun");
    let sealed = tx.record(&id(101)).await.expect("read").expect("there");
    let refused = tx.return_to_draft(&sealed, &envelope(5), (ReturnReason::WrongMark, None), at(3)).await;
    assert!(matches!(refused, Err(StoreError::Changed { .. })), "what is sealed is not returned");
    drop(tx);

    let mut tx = store.read().await.expect("read");
    let lines = tx.record_lines(&class().id).await.expect("read");
    assert_eq!(lines.iter().map(|l| (l.number, l.state)).collect::<Vec<_>>(), [(1, Sealed), (2, Draft)]);
    assert_eq!(tx.records_of(&class().id).await.expect("read").len(), 2);
    assert_eq!(tx.count_records().await.expect("read"), [(Draft, false, false, 1), (Sealed, false, false, 1)]);
    assert_eq!(tx.version_keys_after(None, 9).await.expect("read"), [(id(101), 1), (id(102), 1)]);
    assert_eq!(tx.version_keys_after(Some((&id(101), 1)), 9).await.expect("read"), [(id(102), 1)]);
    assert_eq!(tx.versions_after(Some((&id(101), 1)), 1).await.expect("read")[0].record, id(102));
    let taken = hocba_store::NewDraft { record: id(500), number: 2, pupil: None, personal: envelope(1) };
    drop(tx);
    let mut tx = store.begin("drafts").await.expect("begun");
    let refused = tx.add_drafts(&class().id, &[taken], at(0)).await;
    assert!(matches!(refused, Err(StoreError::Exists { what: "the number" })));
}

#[tokio::test]
async fn a_class_larger_than_one_statement_is_added_whole() {
    let (_database, store) = with_drafts(1203).await;
    let lines = store.read().await.expect("read").record_lines(&class().id).await.expect("read");
    assert_eq!(lines.len(), 1203);
    assert!(lines.iter().zip(1..).all(|(line, number)| line.number == number));
}

#[tokio::test]
async fn leaves_go_into_one_batch_and_a_batch_gets_one_receipt() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("seal").await.expect("begun");
    for n in 0..1100 {
        tx.add_leaf(&hocba_store::model::Leaf { ready_at: at(i64::from(n % 2 == 0)), ..leaf(n) }).await.expect("added");
    }
    let waiting = tx.waiting(&issuer(), LeafKind::Record).await.expect("read").expect("some wait");
    assert_eq!((waiting.count, waiting.since), (1100, at(0)));
    assert_eq!(tx.waiting(&issuer(), LeafKind::Appointment).await.expect("read"), None);
    assert_eq!(tx.all_waiting().await.expect("read"), [(issuer(), LeafKind::Record, 1100)]);
    let leaves = tx.waiting_leaves(&issuer(), LeafKind::Record, 1050).await.expect("read");
    assert!(leaves.is_sorted_by_key(|l| (l.ready_at, *l.leaf.as_bytes())), "oldest first, then by hash");
    tx.commit().await.expect("committed");

    let mut tx = store.begin("close").await.expect("begun");
    let tiles =
        [TileRow { level: 0, number: 0, hashes: vec![1; 64] }, TileRow { level: 8, number: 0, hashes: vec![2; 32] }];
    let new =
        NewBatch { issuer: &issuer(), kind: LeafKind::Record, root: digest(7777), leaves: &leaves, tiles: &tiles };
    let batch = tx.add_batch(&new, at(9)).await.expect("closed");
    assert_eq!((batch.id, batch.size), (1, 1050));
    tx.commit().await.expect("committed");
    let mut again = store.begin("close").await.expect("begun");
    assert!(matches!(again.add_batch(&new, at(9)).await, Err(StoreError::Changed { what: "a leaf" })));
    drop(again);

    let mut tx = store.begin("anchor").await.expect("begun");
    let placed = tx.leaves_of(1, None).await.expect("read");
    assert!(placed.iter().zip(0..).all(|((place, leaf), n)| *place == n && *leaf == leaves[n as usize]));
    let elsewhere = tx.leaves_of(1, Some(&"79DEMO002".parse().expect("a code"))).await.expect("read");
    assert!(elsewhere.is_empty());
    assert_eq!(tx.tiles(1).await.expect("read"), tiles);
    assert_eq!(tx.tile(1, 8, 0).await.expect("read"), Some(vec![2; 32]));
    assert_eq!(tx.tile(1, 8, 1).await.expect("read"), None);
    assert_eq!(tx.next_batch().await.expect("read").map(|b| b.id), Some(1));
    let receipt = Receipt { index: 3, block: 10, time: at(20), tx_hash: "0xaa".into() };
    tx.add_receipt(1, &receipt).await.expect("anchored");
    assert!(matches!(tx.add_receipt(1, &receipt).await, Err(StoreError::Changed { what: "the batch" })));
    assert_eq!(tx.next_batch().await.expect("read"), None);
    let batch = tx.batch_at(3).await.expect("read").expect("there");
    assert_eq!((batch.receipt, batch.root), (Some(receipt), digest(7777)));
    let subject = &placed[5].1;
    let located = tx.locate(LeafKind::Record, &subject.subject, 1).await.expect("read").expect("in a batch");
    assert_eq!((located.batch.id, located.position), (1, 5));
    assert_eq!(tx.leaf_of(LeafKind::Record, &subject.subject, 1).await.expect("read").as_ref(), Some(subject));
    let keys = tx.leaf_keys_after(None, 2000).await.expect("read");
    assert!(keys.is_sorted_by_key(|k| *k.leaf.as_bytes()));
    assert_eq!(keys.iter().filter(|k| k.batch == Some(1)).count(), 1050);
    assert_eq!(tx.leaf_keys_after(Some(&keys[9].leaf), 1).await.expect("read"), keys[10..11]);
    tx.commit().await.expect("committed");
    let mut tx = store.begin("seal").await.expect("begun");
    assert!(matches!(tx.add_leaf(&leaf(5)).await, Err(StoreError::Exists { what: "the leaf" })));
}

#[tokio::test]
async fn attempts_move_from_the_state_they_were_read_in() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("attempt").await.expect("begun");
    tx.add_leaf(&leaf(1)).await.expect("added");
    let leaves = [leaf(1)];
    let new = NewBatch { issuer: &issuer(), kind: LeafKind::Record, root: digest(1), leaves: &leaves, tiles: &[] };
    tx.add_batch(&new, at(0)).await.expect("closed");
    let attempt = NewAttempt { of: Delivery::Batch(1), sender: "0x01", nonce: 4, tx_hash: "0xbb", raw: &[1, 2, 3] };
    let first = tx.add_attempt(&attempt, at(1)).await.expect("recorded");
    tx.commit().await.expect("committed");
    let mut tx = store.begin("attempt").await.expect("begun");
    assert!(matches!(tx.add_attempt(&attempt, at(1)).await, Err(StoreError::Exists { .. })));
    drop(tx);
    let mut tx = store.begin("attempt").await.expect("begun");
    let read = tx.attempts_of(1).await.expect("read").remove(0);
    assert_eq!(
        (read.id, read.state, read.nonce, read.raw.as_slice()),
        (first, AttemptState::Prepared, 4, &[1, 2, 3][..])
    );
    tx.move_attempt(&read, AttemptState::Included, Some(8), at(2)).await.expect("moved");
    let stale = tx.move_attempt(&read, AttemptState::Final, Some(8), at(3)).await;
    assert!(matches!(stale, Err(StoreError::Changed { what: "the attempt" })));
    let now = tx.attempts_of(1).await.expect("read").remove(0);
    assert_eq!((now.state, now.block), (AttemptState::Included, Some(8)));
}

#[tokio::test]
async fn a_job_is_open_once_and_due_at_the_earlier_time() {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let mut tx = store.begin("jobs").await.expect("begun");
    tx.add_job(JobKind::CloseRecords, "so-demo", at(50)).await.expect("added");
    tx.add_job(JobKind::CloseRecords, "so-demo", at(20)).await.expect("earlier");
    tx.add_job(JobKind::CloseRecords, "so-demo", at(90)).await.expect("later");
    tx.add_job(JobKind::DeliverBatch, "1", at(10)).await.expect("added");
    let jobs = tx.open_jobs().await.expect("read");
    assert_eq!(
        jobs.iter().map(|j| (j.kind, j.due_at)).collect::<Vec<_>>(),
        [(JobKind::DeliverBatch, at(10)), (JobKind::CloseRecords, at(20)),]
    );
    tx.put_off_job(jobs[0].id, "rpc", at(30)).await.expect("put off");
    let open = tx.open_job(JobKind::DeliverBatch, "1").await.expect("read").expect("open");
    assert_eq!((open.tries, open.last_error.as_deref(), open.due_at), (1, Some("rpc"), at(30)));
    tx.finish_job(open.id, at(31)).await.expect("done");
    assert!(matches!(tx.finish_job(open.id, at(31)).await, Err(StoreError::Changed { what: "the job" })));
    tx.add_job(JobKind::DeliverBatch, "1", at(40)).await.expect("another one after it");
    assert_eq!(tx.open_jobs().await.expect("read").len(), 2);
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn a_lease_is_one_holders_until_it_runs_out() {
    let database = TestDatabase::new().await;
    let store = database.open().await;
    let mut tx = store.begin("lease").await.expect("begun");
    assert_eq!(tx.lease("anchoring", at(0)).await.expect("read"), None);
    assert!(tx.take_lease("anchoring", "one", at(0), at(10)).await.expect("asked"));
    assert!(!tx.take_lease("anchoring", "two", at(9), at(19)).await.expect("asked"), "it is another's");
    assert!(tx.take_lease("anchoring", "one", at(9), at(19)).await.expect("asked"), "renewed");
    assert_eq!(tx.lease("anchoring", at(18)).await.expect("read"), Some(("one".into(), at(19))));
    assert_eq!(tx.lease("anchoring", at(19)).await.expect("read"), None, "expired");
    assert!(tx.take_lease("anchoring", "two", at(19), at(29)).await.expect("asked"));
    tx.give_back_lease("anchoring", "one").await.expect("nothing to give back");
    assert!(!tx.take_lease("anchoring", "one", at(20), at(30)).await.expect("asked"));
    tx.give_back_lease("anchoring", "two").await.expect("given back");
    assert!(tx.take_lease("anchoring", "one", at(20), at(30)).await.expect("asked"));
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn events_links_and_looks() {
    let (_database, store) = with_drafts(1).await;
    let mut tx = store.begin("events").await.expect("begun");
    let event = |action: &str| AuditEvent {
        at: at(1),
        actor: "operator".into(),
        action: action.into(),
        subject: "it".into(),
        version: Some(1),
        reason: None,
    };
    for action in ["b", "a", "b"] {
        tx.audit(&event(action)).await.expect("noted");
    }
    assert_eq!(tx.events_of("it").await.expect("read"), [event("b"), event("a"), event("b")]);
    assert_eq!(tx.count_events("b").await.expect("read"), 2);
    let link = Link {
        id: id(7),
        record: id(101),
        scope: LinkScope::Results,
        created_by: "operator".into(),
        created_at: at(0),
        expires_at: None,
        withdrawn_at: None,
    };
    let content = LinkContent { nonce: [3; 12], bytes: vec![9; 40_000] };
    tx.add_link(&link, &digest(1), &content).await.expect("added");
    for seconds in [5, 6] {
        tx.add_look(&id(7), at(seconds)).await.expect("noted");
    }
    assert_eq!(tx.looks_at(&id(7)).await.expect("read"), [at(5), at(6)]);
    assert_eq!(tx.links_of(&id(101)).await.expect("read"), [(link.clone(), 2)]);
    let found = tx.link_of_token(&digest(1)).await.expect("read");
    assert_eq!(found, Some((link.clone(), Some(content))));
    tx.withdraw_link(&id(7), at(8)).await.expect("withdrawn");
    assert!(matches!(tx.withdraw_link(&id(7), at(8)).await, Err(StoreError::Changed { what: "the link" })));
    let gone = Link { withdrawn_at: Some(at(8)), ..link };
    assert_eq!(tx.link_of_token(&digest(1)).await.expect("read"), Some((gone.clone(), None)));
    assert_eq!(tx.link(&id(7)).await.expect("read"), Some(gone));
    tx.commit().await.expect("committed");
    assert!(store.integrity().await.expect("looked").is_empty());
    assert!(store.size().await.expect("asked") > 40_000);
}

#[tokio::test]
async fn a_reader_sees_one_moment_and_writes_nothing() {
    let (_database, store) = with_drafts(1).await;
    let mut reader = store.read().await.expect("read");
    assert_eq!(reader.classes().await.expect("read").len(), 1);
    let mut tx = store.begin("import").await.expect("begun");
    tx.add_class(&hocba_store::model::Class { id: id(2), name: "9A4".parse().expect("a name"), ..class() }, at(0))
        .await
        .expect("added");
    tx.commit().await.expect("committed");
    assert_eq!(reader.classes().await.expect("read").len(), 1, "what was there when it began");
    assert!(reader.add_school(&School { code: school(), issuer: issuer() }, NOW).await.is_err(), "it only reads");
    drop(reader);
    assert_eq!(store.read().await.expect("read").classes().await.expect("read").len(), 2);
}

#[tokio::test]
async fn what_no_row_can_say_is_refused_by_the_engine() {
    let (database, store) = with_drafts(1).await;
    drop(store);
    // Each breaks one constraint of the schema; written without the service's help but with its constraints.
    for sql in [
        "INSERT INTO classes (id, school, year, grade, name, revision, imported_at) VALUES ('x', '79DEMO001', 2026, 13, 'x', 1, 1)",
        "INSERT INTO classes (id, school, year, grade, name, revision, imported_at) VALUES ('x', 'nowhere', 2026, 9, 'x', 1, 1)",
        "INSERT INTO classes (id, school, year, grade, name, revision, imported_at) VALUES ('x', '79DEMO001', 2026, 9, '9A3', 1, 1)",
        "INSERT INTO records (id, class, number) VALUES ('x', (SELECT id FROM classes), 0)",
        "INSERT INTO records (id, class, number) VALUES ('x', (SELECT id FROM classes), 1)",
        "UPDATE record_versions SET state = 'signed'",
        "UPDATE record_versions SET state = 'sealed'",
        "UPDATE record_versions SET left_out = 'ill'",
        "UPDATE record_versions SET nonce = x'00'",
        "UPDATE record_versions SET personal = NULL",
        "UPDATE record_versions SET version = 0",
        "INSERT INTO batches (id, issuer, kind, root, size, closed_at) VALUES (1, 'x', 'record', x'00', 1, 1)",
        "INSERT INTO jobs (kind, subject, due_at) VALUES ('idle', 'x', 1)",
        "INSERT INTO deployment (name, value) VALUES ('other', 'x')",
        "INSERT INTO grants (account, role) VALUES ('nobody', 'clerk')",
        "DELETE FROM schools",
    ] {
        assert!(database.try_sql(sql).await.is_err(), "{sql}");
    }
    assert_eq!(database.try_sql("UPDATE record_versions SET left_out = 'other'").await.expect("allowed"), 1);
}

fn status(n: u64, subject: u64, since: Option<i64>) -> StoredStatus {
    StoredStatus {
        id: 0,
        subject: id(subject),
        action: StatusKind::End,
        live_version: 1,
        reason: if since.is_some() { 6 } else { 5 },
        since: since.map(at),
        school: school(),
        statement: statement(n),
        taken_at: at(3),
        receipt: None,
    }
}

#[tokio::test]
async fn statuses_wait_in_their_order_and_get_one_receipt() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("end").await.expect("begun");
    for (n, subject, since) in [(1, 50, None), (2, 51, None), (3, 50, Some(-7))] {
        assert_eq!(tx.add_status(&status(n, subject, since)).await.expect("added"), n.cast_signed());
    }
    let numbered = |n: u64, subject, since| StoredStatus { id: n.cast_signed(), ..status(n, subject, since) };
    let (one, two, three) = (numbered(1, 50, None), numbered(2, 51, None), numbered(3, 50, Some(-7)));
    assert_eq!(tx.statuses_of(&id(50)).await.expect("read"), [one.clone(), three.clone()]);
    assert_eq!(tx.statuses_of_school(&school()).await.expect("read").len(), 3);
    assert!(tx.statuses_of_school(&"79DEMO002".parse().expect("a code")).await.expect("read").is_empty());
    assert_eq!(tx.waiting_statuses(2).await.expect("read"), [one, two.clone()]);
    assert_eq!(tx.newest_statuses(2).await.expect("read"), [three.clone(), two]);
    assert_eq!(tx.status_ids_after(1, 9).await.expect("read"), [2, 3]);
    let receipt = Receipt { index: 7, block: 10, time: at(20), tx_hash: "0xaa".into() };
    tx.add_status_receipt(2, &receipt).await.expect("noted");
    assert!(matches!(tx.add_status_receipt(2, &receipt).await, Err(StoreError::Changed { what: "the status" })));
    assert_eq!(tx.status(2).await.expect("read").and_then(|s| s.receipt), Some(receipt));
    let waiting = tx.waiting_statuses(9).await.expect("read");
    assert_eq!(waiting.iter().map(|s| s.id).collect::<Vec<_>>(), [1, 3]);
    tx.commit().await.expect("committed");
    let mut tx = store.begin("end").await.expect("begun");
    let again = tx.add_status(&status(3, 50, Some(-7))).await;
    assert!(matches!(again, Err(StoreError::Exists { what: "the status" })), "{again:?}");
}

#[tokio::test]
async fn attempts_for_the_status_log_count_apart_from_those_for_batches() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("attempt").await.expect("begun");
    tx.add_leaf(&leaf(1)).await.expect("added");
    let leaves = [leaf(1)];
    let new = NewBatch { issuer: &issuer(), kind: LeafKind::Record, root: digest(1), leaves: &leaves, tiles: &[] };
    tx.add_batch(&new, at(0)).await.expect("closed");
    let attempt = |of, tx_hash| NewAttempt { of, sender: "0x01", nonce: 4, tx_hash, raw: &[1, 2, 3] };
    tx.add_attempt(&attempt(Delivery::Batch(1), "0xbb"), at(1)).await.expect("recorded");
    assert_eq!(tx.live_anchor_attempt("0x01").await.expect("read").map(|a| a.of), Some(Delivery::Batch(1)));
    assert_eq!(tx.live_anchor_attempt("0x02").await.expect("read"), None, "another key");
    for hash in ["0xc1", "0xc2", "0xc3"] {
        tx.add_attempt(&attempt(Delivery::Statuses, hash), at(1)).await.expect("recorded");
    }
    let twice = tx.status_attempts().await.expect("read");
    assert_eq!(
        twice.iter().map(|a| (a.of, a.tx_hash.as_str())).collect::<Vec<_>>(),
        [(Delivery::Statuses, "0xc1"), (Delivery::Statuses, "0xc2"), (Delivery::Statuses, "0xc3"),]
    );
    tx.move_attempt(&twice[0], AttemptState::Dropped, None, at(2)).await.expect("moved");
    tx.move_attempt(&twice[1], AttemptState::Final, Some(9), at(2)).await.expect("moved");
    assert!(matches!(
        tx.move_attempt(&twice[1], AttemptState::Final, Some(9), at(2)).await,
        Err(StoreError::Changed { .. })
    ));
    let recent = tx.status_attempts().await.expect("read");
    assert_eq!(recent.iter().map(|a| a.tx_hash.as_str()).collect::<Vec<_>>(), ["0xc3"], "since the last final one");
    let known = tx.status_attempt("0xc1").await.expect("read").expect("there");
    assert_eq!((known.state, known.block), (AttemptState::Dropped, None));
    assert_eq!(tx.status_attempts_after(0, 2).await.expect("read").len(), 2);
    assert_eq!(tx.attempts_of(1).await.expect("read")[0].state, AttemptState::Prepared, "the batch's is untouched");
}

#[tokio::test]
async fn records_that_were_complete_before_a_moment_are_open_until_they_are_anchored() {
    let (_database, store) = with_drafts(0).await;
    let mut tx = store.begin("seal").await.expect("begun");
    assert_eq!(tx.records_before(&school(), at(9)).await.expect("read"), (false, None));
    let late = hocba_store::model::Leaf { ready_at: at(5), ..leaf(2) };
    for leaf in [leaf(1), late] {
        tx.add_leaf(&leaf).await.expect("added");
    }
    assert_eq!(tx.records_before(&school(), at(-1)).await.expect("read"), (false, None));
    assert_eq!(tx.records_before(&school(), at(0)).await.expect("read"), (true, None));
    let leaves = [leaf(1)];
    let new = NewBatch { issuer: &issuer(), kind: LeafKind::Record, root: digest(1), leaves: &leaves, tiles: &[] };
    tx.add_batch(&new, at(0)).await.expect("closed");
    assert_eq!(tx.records_before(&school(), at(0)).await.expect("read"), (true, None), "closed is not anchored");
    let receipt = Receipt { index: 0, block: 3, time: at(20), tx_hash: "0xaa".into() };
    tx.add_receipt(1, &receipt).await.expect("anchored");
    assert_eq!(tx.records_before(&school(), at(0)).await.expect("read"), (false, Some(at(20))));
    assert_eq!(tx.records_before(&school(), at(5)).await.expect("read"), (true, Some(at(20))));
}

#[tokio::test]
async fn anchored_records_of_a_school_are_read_by_class_and_number_from_a_moment_on() {
    let (_database, store) = with_drafts(3).await;
    use RecordState::{CoSigned, Draft, Sealed, TeacherSigned};
    for record in [101, 102, 103] {
        for (revision, from, to) in [(1, Draft, TeacherSigned), (2, TeacherSigned, CoSigned), (3, CoSigned, Sealed)] {
            advance(&store, record, revision, from, to).await.expect("a step");
        }
    }
    let mut tx = store.begin("anchor").await.expect("begun");
    for (batch, record) in [(1_i64, 102), (2, 103)] {
        let leaf = hocba_store::model::Leaf { subject: id(record), ..leaf(record) };
        tx.add_leaf(&leaf).await.expect("added");
        let new = NewBatch {
            issuer: &issuer(),
            kind: LeafKind::Record,
            root: digest(record),
            leaves: std::slice::from_ref(&leaf),
            tiles: &[],
        };
        tx.add_batch(&new, at(0)).await.expect("closed");
        let index = batch.unsigned_abs();
        let receipt = Receipt { index, block: index, time: at(10 * batch), tx_hash: format!("0x{batch}") };
        tx.add_receipt(batch, &receipt).await.expect("anchored");
    }
    let mut found = async |since, after: Option<(&hocba_store::model::Id, u32)>| {
        let page = tx.anchored_since(&school(), at(since), after, 9).await.expect("read");
        page.into_iter().map(|(v, time)| (v.record, v.number, time)).collect::<Vec<_>>()
    };
    assert_eq!(found(0, None).await, [(id(102), 2, at(10)), (id(103), 3, at(20))]);
    assert_eq!(found(0, Some((&id(1), 2))).await, [(id(103), 3, at(20))]);
    assert_eq!(found(11, None).await, [(id(103), 3, at(20))]);
    assert_eq!(found(21, None).await, []);
}

#[tokio::test]
async fn what_becomes_of_schools_is_kept_in_order_and_held_to_its_form() {
    let (database, store) = with_drafts(0).await;
    let other: hocba_record::types::SchoolCode = "79DEMO002".parse().expect("a code");
    let mut tx = store.begin("schools").await.expect("begun");
    tx.add_school(&School { code: other.clone(), issuer: issuer() }, NOW).await.expect("added");
    let renamed = SchoolChange {
        school: school(),
        change: SchoolChangeKind::Renamed,
        successor: None,
        name: Some("THCS Trần Phú mới".parse().expect("text")),
        decision: Some("12/QĐ".parse().expect("text")),
        changed_at: at(1),
    };
    let merged = SchoolChange {
        change: SchoolChangeKind::Merged,
        successor: Some(other.clone()),
        name: None,
        decision: None,
        ..renamed.clone()
    };
    for change in [&renamed, &merged] {
        tx.add_school_change(change).await.expect("added");
    }
    tx.commit().await.expect("committed");
    let mut tx = store.read().await.expect("read");
    assert_eq!(tx.school_changes(&school()).await.expect("read"), [renamed, merged]);
    assert!(tx.school_changes(&other).await.expect("read").is_empty());
    drop(tx);
    for (change, successor, name) in [
        ("renamed", "NULL", "NULL"),
        ("merged", "NULL", "NULL"),
        ("merged", "'79DEMO001'", "NULL"),
        ("closed", "'79DEMO009'", "NULL"),
        ("closed", "NULL", "'x'"),
        ("burnt", "NULL", "NULL"),
    ] {
        let sql = format!(
            "INSERT INTO school_changes (school, change, successor, name, changed_at) \
             VALUES ('79DEMO001', '{change}', {successor}, {name}, 1)"
        );
        assert!(database.try_sql(&sql).await.is_err(), "{change} {successor} {name}");
    }
}
