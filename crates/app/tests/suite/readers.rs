//! Pupils and parents: they see their own book and nobody else's, hand out what they chose, see every look, and ask.

use std::{collections::BTreeSet, net::IpAddr};

use hocba_app::{
    AccessError, Actor, AppError, Choice, Invitation, LinkSecret, OpenLinkError, PublicState, ReaderError, Step,
    access::{AccountState, Activation, Client},
    link_key, link_token,
    model::{Account, Grant, GrantRole, Id, Relation, RequestState},
    policy::{Action, Place, may},
};
use hocba_bundle::{
    format::Bundle,
    report::{Completeness, Report, ShownExtent, Verdict},
};
use hocba_record::{
    encoding::{RecordId, Sha256Digest},
    types::SectionName,
};
use hocba_tests::{
    DAY, NOW, SCHOOL, at,
    office::{OPERATOR, Office},
};

const PASSWORD: &str = "mùa hè ở Đà Lạt";
const CLIENT: Client<'static> = Client { address: IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7)), agent: "" };

async fn records(office: &Office, class: &Id) -> Vec<RecordId> {
    office.lines(class).await.iter().map(|line| line.record).collect()
}

async fn invited(office: &Office, class: &Id, record: RecordId, relation: Relation) -> Invitation {
    office.app.invite_readers(&OPERATOR, class, &[(record, relation)]).await.expect("invited").remove(0)
}

async fn activated(office: &Office, invitation: &Invitation) -> Actor {
    let with = Activation { slip: &invitation.slip.code, password: PASSWORD, code: None, client: CLIENT };
    let session = office.app.activate(&with).await.expect("activated").session;
    assert!(!session.must_enrol, "a reader needs no second factor");
    office.app.session(&session.token).await.expect("alive").actor
}

/// A class of three in force, a parent of the first pupil, and the first two pupils' ids.
async fn with_parent() -> (Office, Id, Actor, Id, Id) {
    let (office, class) = Office::anchored(3).await;
    let records = records(&office, &class).await;
    let parent = activated(&office, &invited(&office, &class, records[0], Relation::Guardian).await).await;
    let pupils = office.app.store().read().await.expect("read").pupils_of_class(&class).await.expect("pupils");
    let (own, other) = (pupils[&records[0]], pupils[&records[1]]);
    (office, class, parent, own, other)
}

fn names(names: &[&str]) -> BTreeSet<SectionName> {
    names.iter().map(|name| name.parse().expect("a name")).collect()
}

fn choice(years: &[RecordId], parts: Option<&[&str]>) -> Choice {
    Choice { years: years.iter().copied().collect(), parts: parts.map(names), label: "Trường ĐH Bách khoa".into() }
}

/// What somebody with the link sees, as a file and as a verdict.
async fn opened(office: &Office, secret: &LinkSecret) -> (Bundle, Report) {
    let token = link_token(secret);
    let content = office.app.open_link(&token).await.expect("opens");
    let hash = Sha256Digest::of(&token);
    let bytes =
        hocba_keystore::unseal(&link_key(secret), &content.nonce, hash.as_bytes(), &content.bytes).expect("opens");
    let report = office.app.verify(&bytes).await;
    (Bundle::read(&bytes).expect("a bundle").bundle, report)
}

fn is_not_there<T>(done: Result<T, impl Into<ReaderError>>) -> bool {
    let Err(error) = done.map_err(Into::into) else { return false };
    matches!(error, ReaderError::Access(AccessError::App(AppError::NotFound(_))))
}

#[tokio::test]
async fn a_parent_sees_their_childs_book_with_a_verdict_and_nobody_elses_is_there() {
    let (office, class, parent, own, other) = with_parent().await;
    let app = &office.app;
    let readings = app.readings(&parent).await.expect("read");
    assert_eq!(readings.iter().map(|r| (r.pupil, r.relation)).collect::<Vec<_>>(), [(own, Relation::Guardian)]);
    let lines = app.class(&OPERATOR, &class).await.expect("a class").pupils;
    assert_eq!(readings[0].name, lines[0].name);

    let book = app.reading(&parent, &own).await.expect("their own");
    let report = book.years[0].report.as_ref().expect("it is in force");
    assert_eq!((book.years.len(), report.verdict, book.years[0].state), (1, Verdict::Valid, PublicState::InForce));
    let file = app.reading_year(&parent, &own, &lines[0].record).await.expect("their file");
    assert_eq!(app.verify(&file).await.verdict, Verdict::Valid);

    // Another pupil's book, their own book with another's year, and anybody else with this book.
    let theirs = lines[1].record;
    assert!(is_not_there(app.reading(&parent, &other).await));
    assert!(is_not_there(app.reading_year(&parent, &other, &theirs).await));
    assert!(is_not_there(app.reading_year(&parent, &own, &theirs).await));
    assert!(is_not_there(app.to_choose(&parent, &other).await));
    assert!(is_not_there(app.create_reader_link(&parent, &other, &choice(&[theirs], None), None).await));
    assert!(is_not_there(app.create_reader_link(&parent, &own, &choice(&[theirs], None), None).await));
    assert!(is_not_there(app.reader_links(&parent, &other).await));
    assert!(is_not_there(app.ask_request(&parent, &other, &theirs, "Xem lại").await));
    assert!(is_not_there(app.ask_request(&parent, &own, &theirs, "Xem lại").await));
    for role in GrantRole::ALL {
        let grants = vec![Grant::of_school(*role, SCHOOL.parse().expect("a code"), None)];
        let (login, name) = ("a".into(), "A".into());
        let id = RecordId::from_bytes([7; 16]);
        let staff = Actor::Account(Account { id, login, name, certificate: None, grants });
        assert!(is_not_there(app.reading(&staff, &own).await), "{role}");
        assert!(app.readings(&staff).await.expect("read").is_empty(), "{role}");
    }
    assert!(is_not_there(app.reading(&OPERATOR, &own).await), "whoever runs commands has no account");
    // And a reader does nothing of a school's.
    for action in Action::ALL {
        assert!(!may(&parent, action, Place::School(&SCHOOL.parse().expect("a code"))), "{action}");
    }
}

#[tokio::test]
async fn a_year_that_is_not_signed_by_all_is_told_as_a_state_without_its_marks() {
    let (office, class) = Office::with_class(1).await;
    let record = records(&office, &class).await[0];
    let parent = activated(&office, &invited(&office, &class, record, Relation::Guardian).await).await;
    let own = office.app.readings(&parent).await.expect("read")[0].pupil;
    for step in [Step::Sign, Step::CoSign, Step::Seal] {
        let book = office.app.reading(&parent, &own).await.expect("their own");
        assert!(book.years[0].report.is_none() && book.years[0].state != PublicState::InForce);
        assert!(matches!(office.app.reading_year(&parent, &own, &record).await, Err(AppError::NotAnchored)));
        let link = office.app.create_reader_link(&parent, &own, &choice(&[record], None), None).await;
        assert!(matches!(link, Err(ReaderError::NothingChosen)));
        let asked = office.app.ask_request(&parent, &own, &record, "Xem lại").await;
        assert!(matches!(asked, Err(ReaderError::Access(AccessError::App(AppError::NotAnchored)))));
        office.step(&class, step, &hocba_app::Selection::All).await;
    }
}

#[tokio::test]
async fn a_link_shows_what_was_chosen_counts_looks_and_ends_when_it_is_withdrawn() {
    let (office, class, parent, own, _) = with_parent().await;
    let app = &office.app;
    let record = records(&office, &class).await[0];
    let chosen = choice(&[record], Some(&["subject.toan", "identity"]));
    let end = at(NOW + 30 * DAY);
    let made = app.create_reader_link(&parent, &own, &chosen, Some(end)).await.expect("made");
    let (bundle, report) = opened(&office, &made.secret).await;
    assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    let shown: BTreeSet<&str> = bundle.records[0].disclosures.iter().map(|d| d.name().as_str()).collect();
    assert_eq!(shown, BTreeSet::from(["history", "identity", "manifest", "school_details", "subject.toan"]));
    assert!(bundle.records[0].seed.is_none(), "the seed tells what is hidden");
    let ShownExtent::Partial { withheld } = &report.records[0].extent else { panic!("{:?}", report.records[0].extent) };
    assert!(withheld.iter().any(|name| name.as_str() == "conduct"), "what is withheld is named");

    // Everything of the only year: the book is whole, and still without the seed.
    let all = app.create_reader_link(&parent, &own, &choice(&[record], None), None).await.expect("made");
    let (bundle, report) = opened(&office, &all.secret).await;
    assert_eq!(report.records[0].extent, ShownExtent::Whole);
    assert_ne!(report.records[0].completeness, Completeness::NotChecked);
    assert!(bundle.records[0].seed.is_none());

    let links = app.reader_links(&parent, &own).await.expect("theirs");
    let of = |id: &Id| links.iter().find(|read| read.view.link.id == *id).expect("listed");
    assert_eq!((of(&made.id).view.looks, of(&made.id).looks.len()), (1, 1));
    assert_eq!(of(&made.id).choice.as_ref(), Some(&chosen));
    // The school's own link is told, and is the school's to withdraw.
    let of_school = app.create_link(&OPERATOR, &record, hocba_app::Scope::Whole, None).await.expect("made");
    assert!(
        app.reader_links(&parent, &own).await.expect("theirs").iter().any(|read| read.view.link.id == of_school.id)
    );
    assert!(is_not_there(app.withdraw_reader_link(&parent, &own, &of_school.id).await));

    // What a parent shares is not the school's to see, nor to withdraw.
    let handed_out = app.links(&OPERATOR, &record).await.expect("the school's");
    assert_eq!(handed_out.iter().map(|line| line.handed.link.id).collect::<Vec<_>>(), [of_school.id]);
    assert!(is_not_there(app.withdraw_link(&OPERATOR, &made.id).await));

    app.withdraw_reader_link(&parent, &own, &made.id).await.expect("withdrawn");
    let token = link_token(&made.secret);
    assert!(matches!(app.open_link(&token).await, Err(OpenLinkError::Withdrawn { .. })));
    assert!(matches!(app.withdraw_reader_link(&parent, &own, &made.id).await, Err(AppError::Changed(_))));
}

#[tokio::test]
async fn nothing_chosen_a_bad_label_and_an_impossible_end_make_no_link() {
    let (office, class, parent, own, _) = with_parent().await;
    let record = records(&office, &class).await[0];
    let make = async |choice: Choice, end: Option<i64>| {
        office.app.create_reader_link(&parent, &own, &choice, end.map(at)).await.map(|_| ())
    };
    let labelled = |label: &str| Choice { label: label.to_owned(), ..choice(&[record], None) };
    assert!(matches!(make(choice(&[], None), None).await, Err(ReaderError::NothingChosen)));
    assert!(matches!(make(choice(&[record], Some(&[])), None).await, Err(ReaderError::NothingChosen)));
    assert!(matches!(make(labelled("  "), None).await, Err(ReaderError::Text("label"))));
    assert!(matches!(make(labelled(&"a".repeat(101)), None).await, Err(ReaderError::Text("label"))));
    for end in [NOW - 11 * DAY, NOW + 4000 * DAY] {
        let refused = make(labelled("x"), Some(end)).await;
        assert!(matches!(refused, Err(ReaderError::Access(AccessError::App(AppError::Time(_))))));
    }
    assert_eq!(office.database.count("SELECT COUNT(*) FROM links").await, 0);
    for _ in 0..hocba_app::MAX_LINKS {
        make(labelled("x"), None).await.expect("made");
    }
    assert!(matches!(make(labelled("x"), None).await, Err(ReaderError::TooManyLinks)));
}

#[tokio::test]
async fn a_request_to_look_again_reaches_the_school_once_and_its_answer_the_parent() {
    let (office, class, parent, own, _) = with_parent().await;
    let app = &office.app;
    let record = records(&office, &class).await[0];
    for text in ["", " \n ", &"a".repeat(1001)] {
        assert!(matches!(app.ask_request(&parent, &own, &record, text).await, Err(ReaderError::Text(_))));
    }
    let asked = "Toán học kỳ II phải là 8,9.";
    let id = app.ask_request(&parent, &own, &record, asked).await.expect("asked");
    assert!(matches!(app.ask_request(&parent, &own, &record, asked).await, Err(ReaderError::RequestOpen)));
    let (_, requests) = app.class_requests(&OPERATOR, &class).await.expect("the school's");
    assert_eq!((requests.len(), requests[0].number, requests[0].request.asked.as_str()), (1, 1, asked));

    let school = SCHOOL.parse().expect("a code");
    let open = app.open_requests(&OPERATOR, &school).await.expect("the school's");
    assert_eq!(open.iter().map(|(class, waiting)| (class.id, *waiting)).collect::<Vec<_>>(), [(class, 1)]);

    assert!(matches!(app.answer_request(&OPERATOR, &id, "").await, Err(ReaderError::Text(_))));
    app.answer_request(&OPERATOR, &id, "Đúng. Nhà trường đính chính.").await.expect("answered");
    let answered = app.answer_request(&OPERATOR, &id, "Lần nữa").await;
    assert!(matches!(answered, Err(ReaderError::Access(AccessError::App(AppError::Changed(_))))));
    assert!(app.open_requests(&OPERATOR, &school).await.expect("the school's").is_empty());
    let withdrawn = app.withdraw_request(&parent, &own, &id).await;
    assert!(matches!(withdrawn, Err(AppError::Changed(_))), "what was answered is not taken back");
    let book = app.reading(&parent, &own).await.expect("their own");
    let request = &book.years[0].requests[0];
    assert_eq!(request.stored.state, RequestState::Answered);
    assert_eq!((request.asked.as_str(), request.answer.as_deref()), (asked, Some("Đúng. Nhà trường đính chính.")));

    // Another one may be asked now, and taken back.
    let second = app.ask_request(&parent, &own, &record, "Còn một điều").await.expect("asked");
    app.withdraw_request(&parent, &own, &second).await.expect("taken back");
    assert_eq!(app.class_requests(&OPERATOR, &class).await.expect("the school's").1.len(), 2);
    // Nothing of it is in the open: neither in the log nor in its own rows.
    let told = "SELECT COUNT(*) FROM audit_events WHERE reason LIKE '%Toán%' OR reason LIKE '%đính chính%'";
    assert_eq!(office.database.count(told).await, 0);
    assert_eq!(office.database.count("SELECT COUNT(*) FROM audit_events WHERE action = 'ask_school'").await, 2);
}

#[tokio::test]
async fn slips_go_to_those_without_a_password_once_and_a_reset_ends_what_was_before() {
    let (office, class) = Office::anchored(2).await;
    let app = &office.app;
    let records = records(&office, &class).await;
    let both: Vec<_> =
        records.iter().flat_map(|r| [Relation::Pupil, Relation::Guardian].map(|relation| (*r, relation))).collect();
    let first = app.invite_readers(&OPERATOR, &class, &both).await.expect("invited");
    let again = app.invite_readers(&OPERATOR, &class, &both).await.expect("invited");
    assert_eq!((first.len(), again.len()), (4, 4));
    let accounts = |made: &[Invitation]| made.iter().map(|m| m.slip.account).collect::<BTreeSet<_>>();
    assert_eq!(accounts(&first), accounts(&again), "the same accounts, with new slips");
    let name = first[0].name.clone().expect("a name");
    for made in &first {
        assert!(!made.slip.login.contains(&name) && !made.slip.name.contains(&name), "no name of a pupil in the open");
    }
    let old = Activation { slip: &first[0].slip.code, password: PASSWORD, code: None, client: CLIENT };
    assert!(matches!(app.activate(&old).await, Err(AccessError::Slip)), "the slip before is void");

    let pupil = activated(&office, &again[0]).await;
    let whose = pupil.account().expect("an account").id;
    assert_eq!(app.invite_readers(&OPERATOR, &class, &both).await.expect("invited").len(), 3, "one is active");
    let (_, lines) = app.class_readers(&OPERATOR, &class).await.expect("listed");
    assert!(lines[0].readers.contains(&(Relation::Pupil, whose, AccountState::Active)), "{:?}", lines[0].readers);

    let made = app.reset_reader(&OPERATOR, &class, &whose).await.expect("reset");
    assert_eq!(office.database.count("SELECT COUNT(*) FROM sessions").await, 0, "its session is over");
    activated(&office, &made).await;
    // Somebody of the staff is no reader of this class, whoever asks.
    let stranger = RecordId::from_bytes([7; 16]);
    assert!(is_not_there(app.reset_reader(&OPERATOR, &class, &stranger).await));
    assert!(is_not_there(app.invite_readers(&OPERATOR, &class, &[(stranger, Relation::Pupil)]).await));
}
