//! What the ministry's store answers is noted beside the record, sealed, and the same whichever way it comes.

use hocba_app::{AppError, model::StoreAnswer};
use hocba_exchange::package::{Answer, Answers, ResultCode, ResultError, State};
use hocba_record::{encoding::RecordId, types::UnixTime};
use hocba_signature::statement::Statement;
use hocba_store::StoredPackage;
use hocba_tests::office::{OPERATOR, Office};

const PACKAGE: RecordId = RecordId::from_bytes([77; 16]);

fn time(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(1_813_000_000 + seconds).expect("a time")
}

/// An office with two sealed records that were sent.
async fn sent() -> (Office, RecordId, Vec<RecordId>) {
    let (office, class) = Office::anchored(2).await;
    let records: Vec<RecordId> = office.lines(&class).await.iter().map(|line| line.record).collect();
    let package = StoredPackage {
        id: PACKAGE,
        department: "79".into(),
        created_at: time(0),
        statement: Statement::unsigned(b"{}".to_vec()),
    };
    let list: Vec<(RecordId, u32)> = records.iter().map(|r| (*r, 1)).collect();
    office.app.note_package(&OPERATOR, &package, &list).await.expect("noted");
    let again = office.app.note_package(&OPERATOR, &package, &list).await;
    assert!(matches!(again, Err(AppError::Exists("the package"))), "{again:?}");
    (office, class, records)
}

fn answers(said: &[(RecordId, ResultCode, i64, &[&str])]) -> Answers {
    let text = |text: &str| text.parse().expect("a text");
    let answer = |(record, code, at, errors): &(RecordId, ResultCode, i64, &[&str])| Answer {
        id: record.to_string().parse().expect("a key"),
        state: State {
            code: *code,
            errors: errors.iter().map(|e| ResultError { code: text("E01"), text: text(e) }).collect(),
            at: time(*at),
        },
    };
    Answers { package: PACKAGE, at: time(100), answers: said.iter().map(answer).collect() }
}

/// What stands beside each pupil.
async fn beside(office: &Office, class: &RecordId) -> Vec<(StoreAnswer, Vec<String>)> {
    let view = office.app.class(&OPERATOR, class).await.expect("a class");
    view.pupils
        .into_iter()
        .map(|pupil| {
            let at = pupil.at_store.expect("it was sent");
            (at.answer, at.errors.iter().map(|e| e.text.to_string()).collect())
        })
        .collect()
}

#[tokio::test]
async fn answers_stand_beside_the_pupil_and_never_go_back() {
    let (office, class, records) = sent().await;
    assert_eq!(beside(&office, &class).await, [(StoreAnswer::Waiting, vec![]), (StoreAnswer::Waiting, vec![])]);
    let wrong = "Thiếu số định danh của Nguyễn Thị Ánh";
    let first = answers(&[(records[0], ResultCode::Accepted, 1, &[]), (records[1], ResultCode::Rejected, 1, &[wrong])]);
    let taken = office.app.take_answers(&OPERATOR, &first).await.expect("taken");
    assert_eq!((taken.changed, taken.unchanged, taken.waiting, taken.rejected), (2, 0, 0, 1));
    let expected = [(StoreAnswer::Accepted, vec![]), (StoreAnswer::Rejected, vec![wrong.to_owned()])];
    assert_eq!(beside(&office, &class).await, expected);

    let again = office.app.take_answers(&OPERATOR, &first).await.expect("taken");
    assert_eq!((again.changed, again.unchanged, again.rejected), (0, 2, 1), "the same again");
    let late = answers(&[(records[0], ResultCode::Waiting, 9, &[]), (records[1], ResultCode::Accepted, 0, &[])]);
    assert_eq!(office.app.take_answers(&OPERATOR, &late).await.expect("taken").changed, 0, "older, or no answer");
    assert_eq!(beside(&office, &class).await, expected);
    let mended = answers(&[(records[1], ResultCode::Accepted, 5, &[])]);
    assert_eq!(office.app.take_answers(&OPERATOR, &mended).await.expect("taken").changed, 1);
    assert_eq!(beside(&office, &class).await[1], (StoreAnswer::Accepted, vec![]));
}

#[tokio::test]
async fn the_words_of_the_store_lie_in_an_envelope_that_opens_in_its_place_only() {
    let (office, class, records) = sent().await;
    let said = answers(&[
        (records[0], ResultCode::Rejected, 1, &["Nguyễn Thị Ánh"]),
        (records[1], ResultCode::Rejected, 1, &["Trần Văn Bình"]),
    ]);
    office.app.take_answers(&OPERATOR, &said).await.expect("taken");
    let mut tx = office.app.store().begin("swap").await.expect("begun");
    let stored = tx.package_records(&PACKAGE).await.expect("records");
    let plain = "Ánh".as_bytes();
    for record in &stored {
        let bytes = &record.errors.as_ref().expect("an envelope").bytes;
        assert!(!bytes.windows(plain.len()).any(|w| w == plain));
    }
    let mut moved = stored[0].clone();
    moved.errors = stored[1].errors.clone();
    tx.answer(&PACKAGE, &moved).await.expect("written");
    tx.commit().await.expect("committed");
    let refused = office.app.class(&OPERATOR, &class).await;
    assert!(matches!(refused, Err(AppError::Damaged { .. })), "{refused:?}");
}

#[tokio::test]
async fn answers_to_a_package_that_was_never_sent_are_refused() {
    let (office, ..) = sent().await;
    let other = Answers { package: RecordId::from_bytes([78; 16]), ..answers(&[]) };
    let refused = office.app.take_answers(&OPERATOR, &other).await;
    assert!(matches!(refused, Err(AppError::NotFound("package"))), "{refused:?}");
}
