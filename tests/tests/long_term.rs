//! Long-term validity: what happened to a certificate, and when, against a record anchored in between.
//!
//! The expected cells are the table of `docs/spec/long-term.md` §4 itself; each is played with a CA of its own, whose
//! certificates and CRLs are made by `hocba-ca`.

use std::fs;

use hocba_bundle::{
    assemble::AuthorityStore,
    evidence::{EvidenceKind, RevocationEvidence},
    format::{AnchorHint, AnchoredStatement, AuthorityPart, Bundle, BundleFormat, Der},
    profile::{CaFamily, OpenProfile, PinnedRoot, RevocationRule, TrustProfile},
    report::{CheckId, Headline, Outcome, Report, SkipReason},
    snapshot::{OpenSnapshot, Snapshot, StatusEvidence},
    verify::{ChainView, Context, verify},
};
use hocba_ca::{Addresses, Authority, CaKey, Reason, Request, Revocation, SerialNumber, SignFailed, Subject, Validity};
use hocba_keystore::Ed25519Key;
use hocba_signature::{
    algorithm::Algorithm,
    appointment::Appointment,
    certificate::Certificate,
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{
    DAY, Ledger, NOW, Person, SCHOOL, School, World, at, codes, few_sections, open_claims, open_profile,
    profile_content, repository, signed_record,
};

const APPOINTED: i64 = NOW - 200 * DAY;
const ANCHORED: i64 = NOW - 100 * DAY;
/// When authorities answered, and when that was anchored: soon after the appointments, soon after the record, lately.
const ANSWERS: [(i64, i64); 3] = [
    (APPOINTED + 2 * DAY, APPOINTED + 3 * DAY),
    (ANCHORED + 2 * DAY, ANCHORED + 3 * DAY),
    (NOW - 5 * DAY, NOW - 4 * DAY),
];
const RULE: RevocationRule = RevocationRule { grace: DAY as u32, provisional: 30 * DAY as u32 };

/// When it happened: before signing, between signing and anchor, after the anchor.
const MOMENTS: [i64; 3] = [NOW - 150 * DAY, ANCHORED - 3600, ANCHORED + 10 * DAY];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Event {
    Nothing,
    Expired,
    Revoked(Reason),
    DatedBack,
    AuthorityRevoked,
    AuthorityCompromised,
    RootReplaced,
    AppointmentEnded,
    ReportedStolen,
}

struct Key(Ed25519Key, [u8; 44]);

impl Key {
    fn new(seed: u8) -> Self {
        let key = Ed25519Key::from_seed(&[seed; 32]);
        let spki = key.spki_der();
        Self(key, spki)
    }
}

impl CaKey for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }
    fn spki(&self) -> &[u8] {
        &self.1
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        Ok(self.0.sign(message).to_vec())
    }
}

fn validity(from: i64, until: i64) -> Validity {
    Validity::new(at(from), at(until)).expect("an interval")
}

fn serial(n: u8) -> SerialNumber {
    SerialNumber::from_random([n; 16])
}

fn name(common_name: &str) -> Subject {
    Subject::new("Trường THCS Trần Phú", common_name).expect("a name")
}

const ISSUING: u8 = 2;
const TEACHER: u8 = 13;

/// Everything that one cell is about.
struct Cell {
    bundle: Vec<u8>,
    ledger: Ledger,
    profile: TrustProfile,
    statuses: StatusEvidence,
}

impl Cell {
    /// `happened`: the event's date. `clock`: until when things were entered in the chain. `evidence`: whether what the
    /// event is known by is there: authorities' answers, the status log, or the statement behind it.
    fn new(event: Event, happened: i64, clock: i64, evidence: bool) -> Self {
        let (root_key, issuing_key) = (Key::new(1), Key::new(ISSUING));
        let life = validity(NOW - 1000 * DAY, NOW + 1000 * DAY);
        let root_der = hocba_ca::root(&root_key, &name("CA gốc"), life, serial(1)).expect("a root");
        let root = Authority::open(&root_der, &root_key).expect("a CA");
        let nowhere = Addresses::default();
        let issuing_der =
            root.issuing(issuing_key.spki(), &name("CA cấp"), life, serial(ISSUING), &nowhere).expect("a CA");
        let issuing = Authority::open(&issuing_der, &issuing_key).expect("a CA");
        let person = |n: u8, who: &str| {
            let key = Key::new(n);
            let until = if event == Event::Expired && n == TEACHER { happened } else { NOW + 900 * DAY };
            let request = Request::from_spki(key.spki()).expect("a key");
            let life = validity(NOW - 900 * DAY, until);
            let der = issuing.signer(&request, &name(who), life, serial(n), &nowhere).expect("a certificate");
            Person { key: key.0, certificate: Certificate::from_der(&der).expect("a certificate") }
        };
        let school = School {
            department: person(11, "Sở Giáo dục và Đào tạo"),
            principal: person(12, "Trần Văn Hùng"),
            teacher: person(TEACHER, "Nguyễn Thị Hoa"),
            seal: person(14, "Trường THCS Trần Phú"),
            code: SCHOOL.into(),
        };

        let mut ledger = Ledger::default();
        let mut anchor = |statement: Statement, time: i64| {
            let anchor = ledger.anchor("so-demo", std::slice::from_ref(&statement), time).swap_remove(0);
            AnchoredStatement { anchor, statement }
        };
        let given = [(Role::Principal, None), (Role::SchoolSeal, None), (Role::HomeroomTeacher, Some("9A3"))]
            .map(|(role, class)| school.appointment(role, class));
        let appointments = given.each_ref().map(|a| anchor(school.appoint(a), APPOINTED)).to_vec();
        let record = signed_record(&school, open_claims(SCHOOL, 1), &few_sections(), Vec::new());
        let mut located = None;

        // What the authorities say, each time all that is known by then.
        let later = happened + 60 * DAY;
        let revoked = |at_: i64, reason, invalid_since: Option<i64>| {
            (at_, Revocation { at: at(at_), reason, invalid_since: invalid_since.map(at) })
        };
        let of_teacher = match event {
            Event::Revoked(reason) => Some(revoked(happened, reason, None)),
            Event::DatedBack => Some(revoked(later, Reason::KeyCompromise, Some(happened))),
            _ => None,
        };
        let of_issuing = match event {
            Event::AuthorityRevoked => Some(revoked(happened, Reason::Superseded, None)),
            Event::AuthorityCompromised => Some(revoked(later, Reason::CaCompromise, Some(happened))),
            _ => None,
        };
        // A missing status log or statement is told apart from missing answers.
        let by_status = matches!(event, Event::AppointmentEnded | Event::ReportedStolen);
        let mut answers = Vec::new();
        for (number, (said, noted)) in (1..).zip(ANSWERS).filter(|(_, (_, noted))| *noted < clock) {
            if noted > ANCHORED {
                located.get_or_insert_with(|| anchor(record.statement.clone(), ANCHORED));
                if !evidence && !by_status {
                    break;
                }
            }
            for (ca, serial_number, revocation) in [(&root, ISSUING, of_issuing), (&issuing, TEACHER, of_teacher)] {
                let known = revocation.filter(|(published, _)| *published <= said);
                let list: Vec<_> = known.iter().map(|(_, r)| (serial(serial_number), *r)).collect();
                let crl = ca.crl(number, at(said), at(said + 30 * DAY), &list).expect("a CRL");
                answers.push(anchor(RevocationEvidence::new(EvidenceKind::Crl, crl).statement(), noted));
            }
        }

        let located = located.unwrap_or_else(|| anchor(record.statement.clone(), ANCHORED));

        let mut profile = profile_content();
        profile.departments[0].certificate = school.department.digest();
        let cut_off = (event == Event::RootReplaced).then(|| at(happened));
        profile.families = vec![CaFamily {
            id: "pilot".into(),
            policies: None,
            revocation: Some(RULE),
            roots: vec![PinnedRoot { certificate: Der(root_der.clone()), cut_off }],
        }];

        let people = [&school.department, &school.principal, &school.teacher, &school.seal];
        let mut certificates: Vec<_> = people.map(|p| p.certificate.clone()).to_vec();
        certificates.push(Certificate::from_der(&issuing_der).expect("a certificate"));
        let mut statuses = StatusEvidence::default();
        let status = match event {
            Event::AppointmentEnded => Some((ReasonClass::LeftRole, None, happened.min(clock - 3600))),
            Event::ReportedStolen => Some((ReasonClass::KeyCompromised, Some(happened), clock - 3600)),
            _ => None,
        };
        if let Some((reason, since, entered)) = status {
            let teacher: &Appointment = &given[2];
            let change = StatusChange {
                action: StatusAction::End,
                decision: None,
                live_version: 1,
                reason,
                replacement: None,
                school: teacher.school.clone(),
                since: since.map(at),
                subject: teacher.id,
            };
            let statement = Statement::unsigned(change.to_bytes());
            let statement = school.department.sign(statement, StatementType::Status, Role::Department, entered);
            ledger.set_status(&change, true, &statement, entered);
            if evidence {
                let authority = AuthorityPart {
                    appointments: Vec::new(),
                    certificates: certificates.iter().map(|c| Der(c.der().to_vec())).collect(),
                    evidence: answers.clone(),
                    time_stamps: Vec::new(),
                };
                statuses = StatusEvidence { authority: authority.in_order(), statements: vec![statement] };
            } else if event == Event::AppointmentEnded {
                ledger.facts.statuses = None;
            }
        }
        let store = AuthorityStore {
            certificates,
            appointments,
            evidence: answers,
            grace: RULE.grace,
            time_stamps: Vec::new(),
            roots: vec![Certificate::from_der(&root_der).expect("a certificate")],
        };
        // What is forged after the event needs a path for putting the bundle together; the verifier decides.
        let batches = &ledger.facts.batches;
        let times = |hint: &AnchorHint| batches.get(usize::try_from(hint.batch).ok()?).map(|batch| batch.time);
        let part = World::part(&record, &located.anchor);
        let bundle = hocba_bundle::assemble::assemble(vec![part.clone()], &store, &times).unwrap_or_else(|_| {
            // No path any more: everything there is goes in.
            let authority = AuthorityPart {
                appointments: store.appointments.clone(),
                certificates: store.certificates.iter().map(|c| Der(c.der().to_vec())).collect(),
                evidence: store.evidence.clone(),
                time_stamps: Vec::new(),
            };
            Bundle { authority: authority.in_order(), hocba: BundleFormat::V1, records: vec![part] }
        });
        Self { bundle: bundle.to_bytes(), ledger, profile, statuses }
    }

    fn verify(&self, now: i64) -> Report {
        let profile: OpenProfile = open_profile(&self.profile);
        let snapshot = Snapshot { statuses: self.statuses.clone(), taken_at: at(now - 60), ..self.ledger.snapshot() };
        let snapshot = OpenSnapshot::open(&snapshot.to_bytes()).expect("the ledger's digests are its own");
        verify(&self.bundle, &Context { profile: &profile, chain: ChainView::Snapshot(&snapshot), now: at(now) })
    }
}

/// A cell as the table has it: the headline, and what failed or could not be told.
fn words(report: &Report) -> String {
    let codes = codes(report);
    let headline = match report.headline {
        Headline::Valid => "valid",
        Headline::Provisional => "provisional",
        Headline::Inconclusive => "inconclusive",
        _ => "invalid",
    };
    if codes.is_empty() { headline.into() } else { format!("{headline}: {}", codes.join(", ")) }
}

/// The event of a row's name.
fn event(name: &str) -> Event {
    match name {
        "nothing" => Event::Nothing,
        "expired" => Event::Expired,
        "compromise dated back" => Event::DatedBack,
        "authority superseded" => Event::AuthorityRevoked,
        "authority compromised" => Event::AuthorityCompromised,
        "root replaced" => Event::RootReplaced,
        "appointment ended" => Event::AppointmentEnded,
        "key reported stolen" => Event::ReportedStolen,
        reason => Event::Revoked(reason.parse().unwrap_or_else(|_| panic!("no such event: {reason}"))),
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "the number of cells is a figure that is asked for")]
fn every_cell_of_the_matrix_is_as_the_specification_says() {
    let page = fs::read_to_string(repository().join("docs/spec/long-term.md")).expect("the page");
    let table =
        page.split_once("<!-- matrix -->").and_then(|(_, rest)| rest.split_once("<!-- end")).expect("a table").0;
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    let mut cells = 0;
    let mut wrong = Vec::new();
    for row in rows {
        let columns: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, expected @ ..] = columns.as_slice() else { panic!("a row: {row}") };
        let event = event(name);
        let told = MOMENTS.map(|happened| Cell::new(event, happened, NOW, true).verify(NOW));
        // Early: an answer is still to come. Late: it should have been there for long.
        let missing = [ANCHORED + 5 * DAY, NOW].map(|now| Cell::new(event, MOMENTS[2], now, false).verify(now));
        let told = told.iter().chain(&missing).map(words);
        for (column, (expected, told)) in expected.iter().zip(told).enumerate() {
            cells += 1;
            if *expected != told {
                wrong.push(format!("{name}, column {column}: expected `{expected}`, found `{told}`"));
            }
        }
        assert_eq!(expected.len(), 5, "{row}");
    }
    println!("{cells} cells");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cells, 14 * 5, "no row was lost");
}

/// The cell's bundle with other evidence.
fn with_evidence(cell: &Cell, choose: impl Fn(&mut Vec<AnchoredStatement>)) -> Vec<u8> {
    let mut bundle = Bundle::read(&cell.bundle).expect("a bundle").bundle;
    choose(&mut bundle.authority.evidence);
    bundle.authority = bundle.authority.in_order();
    bundle.to_bytes()
}

/// Whether an answer was anchored last of all.
fn is_latest(evidence: &AnchoredStatement, of: &[AnchoredStatement]) -> bool {
    // The two answers of one moment are in two batches, one after the other.
    of.iter().all(|other| other.anchor.batch <= evidence.anchor.batch + 1)
}

#[test]
fn a_holder_can_leave_out_what_came_after_the_grace_and_a_verifier_with_its_own_answers_is_not_fooled() {
    // Stolen in winter, found out and published sixty days later, after a final answer was given.
    let mut cell = Cell::new(Event::DatedBack, MOMENTS[0], NOW, true);
    assert_eq!(words(&cell.verify(NOW)), "invalid: certificate.revoked");
    let all = Bundle::read(&cell.bundle).expect("a bundle").bundle.authority.evidence;
    cell.bundle = with_evidence(&cell, |evidence| evidence.retain(|e| !is_latest(e, &all)));
    assert_eq!(words(&cell.verify(NOW)), "valid", "said plainly in the specification");
    cell.statuses.authority.evidence = all;
    assert_eq!(words(&cell.verify(NOW)), "invalid: certificate.revoked");
}

#[test]
fn an_answer_counts_from_its_batch_and_only_if_something_asks_for_it() {
    let cell = || Cell::new(Event::Nothing, ANCHORED, NOW, true);
    // Beside its place in the batch, an answer proves nothing: an authority's key of long ago may be anybody's.
    let mut moved = cell();
    moved.bundle = with_evidence(&moved, |evidence| evidence.iter_mut().for_each(|e| e.anchor.batch = 0));
    assert_eq!(words(&moved.verify(NOW)), "inconclusive: certificate.revocation_unknown");
    // An answer of an authority that is on no path here.
    let mut stuffed = cell();
    let stranger = Key::new(99);
    let life = validity(NOW - 1000 * DAY, NOW + 1000 * DAY);
    let der = hocba_ca::root(&stranger, &name("CA khác"), life, serial(99)).expect("a root");
    let other = Authority::open(&der, &stranger).expect("a CA");
    let crl = other.crl(1, at(NOW - DAY), at(NOW + DAY), &[]).expect("a CRL");
    let statement = RevocationEvidence::new(EvidenceKind::Crl, crl).statement();
    let anchor = stuffed.ledger.anchor("so-demo", std::slice::from_ref(&statement), NOW - DAY).swap_remove(0);
    let extra = AnchoredStatement { anchor, statement };
    stuffed.bundle = with_evidence(&stuffed, |evidence| evidence.push(extra.clone()));
    assert_eq!(words(&stuffed.verify(NOW)), "invalid: part.unreferenced");
    // Under another name: a CRL that says it is an OCSP answer is neither.
    let mut renamed = cell();
    renamed.bundle = with_evidence(&renamed, |evidence| {
        for anchored in evidence {
            let mut content = RevocationEvidence::of(&anchored.statement).expect("evidence");
            content.kind = EvidenceKind::Ocsp;
            anchored.statement = content.statement();
        }
    });
    assert_eq!(words(&renamed.verify(NOW)), "inconclusive: certificate.revocation_unknown");
}

#[test]
fn without_a_rule_in_the_profile_revocation_is_skipped_unless_it_is_mandatory() {
    let mut cell = Cell::new(Event::Revoked(Reason::Superseded), MOMENTS[0], NOW, true);
    cell.profile.families[0].revocation = None;
    cell.bundle = with_evidence(&cell, Vec::clear);
    let report = cell.verify(NOW);
    assert_eq!(words(&report), "valid");
    let check = report.checks.iter().find(|c| c.id == CheckId::Revocation).expect("each check is told");
    assert_eq!(check.outcome, Outcome::Skipped(SkipReason::NotAsked));
    cell.profile.mandatory.push(CheckId::Revocation);
    assert_eq!(words(&cell.verify(NOW)), "invalid: mandatory.not_shown");
}

/// `hocba_ca::PILOT_POLICY` as profiles write it.
const PILOT: &str = "2.25.122928582555997328286103051177944501873";
const ANOTHER: &str = "1.3.6.1.4.1.99999.1";

#[test]
fn a_family_takes_certificates_of_its_own_policies_only() {
    let mut cell = Cell::new(Event::Nothing, MOMENTS[0], NOW, true);
    let pilot = cell.profile.families[0].clone();
    let family = |id: &str, policies: Option<&[&str]>| {
        let policies = policies.map(|ids| ids.iter().map(|id| id.parse().expect("an identifier")).collect());
        CaFamily { id: id.into(), policies, ..pilot.clone() }
    };
    let government =
        CaFamily { roots: vec![(&Person::example("root").certificate).into()], ..family("government", None) };
    for (families, expected) in [
        (vec![family("pilot", Some(&[PILOT]))], "valid"),
        (vec![family("pilot", Some(&[ANOTHER, PILOT]))], "valid"),
        (vec![family("pilot", Some(&[ANOTHER]))], "invalid: path.policy"),
        (vec![family("pilot", Some(&[]))], "invalid: path.policy"),
        // The rules of one family are not those of another, in either order.
        (vec![government.clone(), family("pilot", Some(&[PILOT]))], "valid"),
        (vec![family("pilot", Some(&[ANOTHER])), government.clone()], "invalid: path.policy"),
        (vec![family("strict", Some(&[ANOTHER])), family("pilot", None)], "valid"),
    ] {
        let ids: Vec<String> = families.iter().map(|family| family.id.clone()).collect();
        cell.profile.families = families;
        assert_eq!(words(&cell.verify(NOW)), expected, "{ids:?}");
    }
}
