//! A signature thief's story: a laptop stolen in March, records forged and anchored in April, found out in May.
//!
//! The principal's laptop held the principal's key and the school's seal. With them the thief appoints a teacher of his
//! own and makes a transcript that is right in every byte. What undoes it is the department's word on the chain, with the
//! day of the theft; what was anchored before that day stands.

use hocba_bundle::{
    format::{AnchoredStatement, AuthorityPart, Der, RecordPart},
    report::{CheckId, Headline, Outcome, Report, Verdict},
    snapshot::{OpenSnapshot, Snapshot, StatusEvidence},
    text::{self, Language},
    verify::{ChainView, Context, verify},
};
use hocba_record::encoding::RecordId;
use hocba_signature::{
    appointment::Appointment,
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{
    DAY, NOW, Person, SCHOOL, SignedRecord, World, at, codes, few_sections, open_claims, open_profile, profile_content,
    signed_record,
};

const FEBRUARY: i64 = NOW - 110 * DAY;
const MARCH: i64 = NOW - 80 * DAY;
const APRIL: i64 = NOW - 50 * DAY;
const MAY: i64 = NOW - 20 * DAY;

/// The world with a true record of February, a true one of April, and a forged one of April.
struct Story {
    world: World,
    /// Bundles: February's, April's true one, April's forged one.
    bundles: [Vec<u8>; 3],
    appointments: [Appointment; 2],
    evidence: StatusEvidence,
}

impl Story {
    fn new() -> Self {
        let mut world = World::bare();
        let sections = few_sections();
        let record = |world: &World, n| signed_record(&world.school, open_claims(SCHOOL, n), &sections, Vec::new());
        let part = |record: &SignedRecord, world: &mut World, time| {
            let anchor = world.ledger.anchor("so-demo", std::slice::from_ref(&record.statement), time).swap_remove(0);
            World::part(record, &anchor)
        };
        let true_ones = [record(&world, 1), record(&world, 2)];
        let february = part(&true_ones[0], &mut world, FEBRUARY);

        // The thief: a teacher of his own, by the stolen key; then a record.
        let mut thief = hocba_tests::School::example("", SCHOOL);
        thief.teacher = Person::example("other-teacher");
        let mut appointment = thief.appointment(Role::HomeroomTeacher, Some("9A3"));
        appointment.id = RecordId::from_bytes([0x66; 16]);
        let appointed = thief.appoint(&appointment);
        let anchor = world.ledger.anchor("so-demo", std::slice::from_ref(&appointed), APRIL).swap_remove(0);
        world.store.appointments.push(AnchoredStatement { anchor, statement: appointed });
        let forged = signed_record(&thief, open_claims(SCHOOL, 3), &sections, Vec::new());
        let april = part(&true_ones[1], &mut world, APRIL + DAY);
        let forged = part(&forged, &mut world, APRIL + DAY);

        let bundle = |part: RecordPart| world.assemble(vec![part]).to_bytes();
        let bundles = [february, april, forged].map(bundle);
        let appointments = [Role::Principal, Role::SchoolSeal].map(|role| world.school.appointment(role, None));
        Self { world, bundles, appointments, evidence: StatusEvidence::default() }
    }

    /// The end of an appointment for a key in other hands, signed by someone and entered in the chain.
    fn end(&mut self, appointment: &Appointment, since: i64, by: (&str, Role), time: i64) {
        let change = StatusChange {
            action: StatusAction::End,
            decision: None,
            live_version: 1,
            reason: ReasonClass::KeyCompromised,
            replacement: None,
            school: appointment.school.clone(),
            since: Some(at(since)),
            subject: appointment.id,
        };
        let statement = Statement::unsigned(change.to_bytes());
        let statement = Person::example(by.0).sign(statement, StatementType::Status, by.1, time);
        self.world.ledger.set_status(&change, true, &statement, time);
        self.evidence.statements.push(statement);
    }

    fn found_out(&mut self) {
        for appointment in self.appointments.clone() {
            self.end(&appointment, MARCH, ("department", Role::Department), MAY);
        }
    }

    /// What the three reports say, by someone who has the status statements or not.
    fn reports(&self, with_statements: bool) -> [Report; 3] {
        let certificates = self.world.store.certificates.iter().map(|c| Der(c.der().to_vec())).collect();
        let authority = AuthorityPart {
            certificates,
            appointments: self.world.store.appointments.clone(),
            ..AuthorityPart::default()
        };
        let statuses = if with_statements {
            StatusEvidence { authority: authority.in_order(), statements: self.evidence.statements.clone() }
        } else {
            StatusEvidence::default()
        };
        let snapshot = Snapshot { statuses, ..self.world.ledger.snapshot() };
        let snapshot = OpenSnapshot::open(&snapshot.to_bytes()).expect("the ledger's digests are its own");
        let profile = open_profile(&profile_content());
        let context = Context { profile: &profile, chain: ChainView::Snapshot(&snapshot), now: at(NOW) };
        self.bundles.each_ref().map(|bundle| verify(bundle, &context))
    }
}

fn verdicts(reports: &[Report; 3]) -> [Verdict; 3] {
    reports.each_ref().map(|report| report.verdict)
}

#[test]
fn until_it_is_found_out_nothing_tells_the_forged_record_from_a_true_one() {
    let story = Story::new();
    assert_eq!(verdicts(&story.reports(true)), [Verdict::Valid; 3]);
}

#[test]
fn found_out_the_forged_record_falls_what_was_before_the_theft_stands_and_each_report_says_why() {
    let mut story = Story::new();
    story.found_out();
    let reports = story.reports(true);
    assert_eq!(verdicts(&reports), [Verdict::Valid, Verdict::Invalid, Verdict::Invalid]);
    assert_eq!(reports[0].headline, Headline::Valid);
    for report in &reports[1..] {
        // Genuine in every other respect: signatures, certificates and anchor hold.
        let failed: Vec<_> =
            report.checks.iter().filter(|c| matches!(c.outcome, Outcome::Failed(_))).map(|c| c.id).collect();
        assert_eq!(failed, [CheckId::Appointments]);
        assert_eq!(codes(report), ["appointment.compromised"]);
        let told: Vec<_> = report
            .checks
            .iter()
            .flat_map(|c| c.outcome.problems())
            .map(|problem| text::problem(problem, Language::Vietnamese))
            .collect();
        let day = text::date(at(MARCH));
        for role in ["hiệu trưởng", "con dấu số của trường"] {
            let sentence = format!("khoá ký của {role} bị lộ hoặc mất từ ngày {day}, trước khi ghi sổ");
            assert!(told.contains(&sentence), "{told:?}");
        }
    }
}

#[test]
fn who_lacks_the_departments_statement_is_told_nothing_false() {
    let mut story = Story::new();
    story.found_out();
    let reports = story.reports(false);
    assert_eq!(verdicts(&reports), [Verdict::Inconclusive; 3]);
    assert!(reports.iter().all(|report| codes(report) == ["appointment.compromise_undated"]));
}

#[test]
fn the_thief_can_neither_date_his_own_theft_nor_undo_others() {
    // The stolen principal's key says that it was stolen only in May: nobody dates the loss of their own key.
    let mut story = Story::new();
    let [principal, _] = story.appointments.clone();
    story.end(&principal, MAY, ("principal", Role::Principal), MAY);
    assert_eq!(codes(&story.reports(true)[2]), ["appointment.compromise_undated"]);
    // The department's date counts beside it.
    story.end(&principal, MARCH, ("department", Role::Department), MAY + 1);
    assert_eq!(verdicts(&story.reports(true)), [Verdict::Inconclusive, Verdict::Invalid, Verdict::Invalid]);

    // With the stolen key he dates the true teacher's loss to January, to fell the true records: without effect on the
    // verdict but that somebody has to look, because the key that says so was stolen by then.
    let mut story = Story::new();
    let teacher = story.world.school.appointment(Role::HomeroomTeacher, Some("9A3"));
    story.found_out();
    story.end(&teacher, NOW - 150 * DAY, ("principal", Role::Principal), MAY + DAY);
    let reports = story.reports(true);
    assert_eq!(codes(&reports[0]), ["appointment.compromise_undated"]);
    assert_eq!(reports[0].verdict, Verdict::Inconclusive);
    // In office and not stolen from, a principal may say so of a teacher.
    let mut story = Story::new();
    story.end(&teacher, NOW - 150 * DAY, ("principal", Role::Principal), MAY);
    assert_eq!(codes(&story.reports(true)[0]), ["appointment.compromised"]);
}
