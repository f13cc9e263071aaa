//! List mode: a class of forty with one signature of each signer for many records, verified like any other.

use hocba_bundle::{
    format::{Bundle, RecordPart},
    profile::{AcceptedPolicy, TrustProfile},
    report::{Report, Verdict},
    verify::{ChainView, Context, verify},
};
use hocba_record::{
    disclosure::{Seed, issue},
    encoding::Sha256Digest,
};
use hocba_signature::{
    policy::SigningPolicy,
    statement::{Algorithm, Role, Statement, StatementType},
};
use hocba_tests::{
    DAY, NOW, Person, SCHOOL, SignedRecord, World, at, codes, few_sections, open_claims, open_profile, profile_content,
};
use serde_json::Value;

const PUPILS: u16 = 40;

/// Signs a list of statements in a role, once.
fn sign_list(statements: Vec<Statement>, typ: StatementType, by: &Person, role: Role) -> Vec<Statement> {
    let input = Statement::prepare_list(&statements, typ, role, Algorithm::Ed25519, by.digest(), at(NOW - 2 * DAY));
    let input = input.expect("a list");
    input.attach(statements, &by.key.sign(input.bytes())).expect("as many")
}

/// A profile that accepts both modes.
fn both_modes() -> TrustProfile {
    let mut profile = profile_content();
    let accepted = AcceptedPolicy { from: at(NOW - 400 * DAY), policy: SigningPolicy::policy_1_list(), until: None };
    profile.policies.push(accepted);
    profile
}

struct Class {
    world: World,
    /// One record a bundle.
    parts: Vec<RecordPart>,
    profile: TrustProfile,
}

impl Class {
    /// A class whose records name this policy and are signed by what `sign` makes of the unsigned ones.
    fn new(policy: &SigningPolicy, sign: impl FnOnce(&World, Vec<Statement>) -> Vec<Statement>) -> Self {
        let mut world = World::bare();
        let seed = |n: u16| *Sha256Digest::of(&n.to_be_bytes()).as_bytes();
        let issued: Vec<_> = (0..PUPILS)
            .map(|n| {
                let mut open = open_claims(SCHOOL, n);
                open.policy = policy.reference();
                issue(open, &few_sections(), Vec::new(), &Seed::from_bytes(seed(n))).expect("a record")
            })
            .collect();
        let unsigned = issued.iter().map(|i| Statement::unsigned(i.payload.to_bytes())).collect();
        let statements = sign(&world, unsigned);
        let anchors = world.ledger.anchor("so-demo", &statements, NOW - DAY);
        let parts = (0..PUPILS).zip(issued).zip(statements).zip(&anchors).map(|(((n, issued), statement), anchor)| {
            let record = SignedRecord { statement, disclosures: issued.disclosures, seed: seed(n) };
            World::part(&record, anchor)
        });
        Self { parts: parts.collect(), world, profile: both_modes() }
    }

    /// Forty records: the teacher signs one list; the principal signs 37 at once and, when they come again, three; the
    /// school seals all of them.
    fn by_lists() -> Self {
        Self::new(&SigningPolicy::policy_1_list(), |world, statements| {
            let school = &world.school;
            let record = StatementType::Record;
            let mut first = sign_list(statements, record, &school.teacher, Role::HomeroomTeacher);
            let returned = first.split_off(37);
            let mut signed = sign_list(first, record, &school.principal, Role::Principal);
            signed.extend(sign_list(returned, record, &school.principal, Role::Principal));
            sign_list(signed, record, &school.seal, Role::SchoolSeal)
        })
    }

    fn bundle(&self, n: usize) -> Bundle {
        self.world.assemble(vec![self.parts[n].clone()])
    }

    fn verify(&self, bundle: &[u8]) -> Report {
        let snapshot = self.world.snapshot();
        let profile = open_profile(&self.profile);
        verify(bundle, &Context { profile: &profile, chain: ChainView::Snapshot(&snapshot), now: at(NOW) })
    }
}

#[test]
fn a_class_signed_by_lists_is_valid_record_by_record() {
    let class = Class::by_lists();
    let mut signatures: Vec<Vec<u8>> = Vec::new();
    for n in 0..class.parts.len() {
        let bundle = class.bundle(n);
        let report = class.verify(&bundle.to_bytes());
        assert_eq!((report.verdict, codes(&report)), (Verdict::Valid, vec![]), "{n}");
        signatures.extend((0..3).map(|i| bundle.records[0].statement.signature(i).expect("three").to_vec()));
    }
    signatures.sort();
    signatures.dedup();
    assert_eq!(signatures.len(), 4, "one of the teacher, two of the principal, one of the school");
}

/// A change of one record's file, and the codes that it is refused with.
type Attack = (&'static str, fn(&mut Value), &'static [&'static str]);

/// The entry of a signer in a bundle's only record.
fn entry(bundle: &mut Value, signer: usize) -> &mut Value {
    &mut bundle["records"][0]["statement"]["signatures"][signer]
}

#[test]
fn every_change_of_a_place_in_a_list_is_refused() {
    let class = Class::by_lists();
    let attacks: &[Attack] = &[
        ("place of the next pupil", |b| entry(b, 0)["list"]["index"] = 6.into(), &["signature.invalid"]),
        ("place beyond the list", |b| entry(b, 0)["list"]["index"] = 40.into(), &["signature.invalid"]),
        ("longer list", |b| entry(b, 0)["list"]["size"] = 41.into(), &["signature.invalid"]),
        ("empty list", |b| entry(b, 0)["list"]["size"] = 0.into(), &["signature.invalid"]),
        ("path cut", |b| drop(entry(b, 0)["list"]["path"].as_array_mut().expect("path").pop()), &["signature.invalid"]),
        (
            "path longer",
            |b| {
                let path = entry(b, 0)["list"]["path"].as_array_mut().expect("path");
                path.push(path[0].clone());
            },
            &["signature.invalid"],
        ),
        (
            "nodes swapped",
            |b| entry(b, 1)["list"]["path"].as_array_mut().expect("path").swap(0, 1),
            &["signature.invalid"],
        ),
        (
            "principal's place as the teacher's",
            |b| entry(b, 0)["list"] = entry(b, 1)["list"].clone(),
            &["signature.invalid"],
        ),
        ("no place", |b| drop(entry(b, 0).as_object_mut().expect("entry").remove("list")), &["statement.type"]),
    ];
    for (what, change, expected) in attacks {
        let mut bundle: Value = serde_json::from_slice(&class.bundle(5).to_bytes()).expect("JSON");
        change(&mut bundle);
        let bytes = hocba_record::canonical::parse(bundle.to_string().as_bytes(), hocba_bundle::format::BUNDLE_LIMITS);
        let report = class.verify(&bytes.expect("of the subset").to_bytes());
        assert_eq!(report.verdict, Verdict::Invalid, "{what}");
        // The statement is another one, so it is not in the batch either; and where a signature fails, that is named.
        let codes = codes(&report);
        assert!(codes.contains(&"anchor.not_included"), "{what}: {codes:?}");
        assert!(expected.iter().all(|code| codes.contains(code)), "{what}: {codes:?}");
    }
}

#[test]
fn the_mode_is_the_policys_and_the_profile_has_to_accept_it() {
    let each = |world: &World, statements: Vec<Statement>| -> Vec<Statement> {
        statements.into_iter().map(|s| world.school.sign_record(s.payload().to_vec())).collect()
    };
    let lists = |world: &World, statements: Vec<Statement>| -> Vec<Statement> {
        [Role::HomeroomTeacher, Role::Principal, Role::SchoolSeal].into_iter().fold(statements, |statements, role| {
            sign_list(statements, StatementType::Record, world.school.person(role), role)
        })
    };
    let report = |class: &Class| class.verify(&class.bundle(0).to_bytes());
    let each_as_list = Class::new(&SigningPolicy::policy_1_list(), each);
    assert_eq!(codes(&report(&each_as_list)), ["policy.mode"]);
    let list_as_each = Class::new(&SigningPolicy::policy_1(), lists);
    assert_eq!(codes(&report(&list_as_each)), ["policy.mode"]);
    // One signer of three in the other mode.
    let mixed = Class::new(&SigningPolicy::policy_1_list(), |world, statements| {
        let school = &world.school;
        let listed = sign_list(statements, StatementType::Record, &school.teacher, Role::HomeroomTeacher);
        let listed = sign_list(listed, StatementType::Record, &school.principal, Role::Principal);
        let seal = |s| school.seal.sign(s, StatementType::Record, Role::SchoolSeal, NOW - 2 * DAY);
        listed.into_iter().map(seal).collect()
    });
    assert_eq!(codes(&report(&mixed)), ["policy.mode"]);
    // Off by default: the usual profile does not have the policy.
    let mut class = Class::by_lists();
    assert_eq!(report(&class).verdict, Verdict::Valid);
    class.profile = profile_content();
    assert_eq!(codes(&report(&class)), ["policy.not_accepted"]);
    // What was signed as a list of appointments is no list of records.
    let other_kind = Class::new(&SigningPolicy::policy_1_list(), |world, statements| {
        let school = &world.school;
        let listed = sign_list(statements, StatementType::Appointment, &school.teacher, Role::HomeroomTeacher);
        let listed = sign_list(listed, StatementType::Record, &school.principal, Role::Principal);
        sign_list(listed, StatementType::Record, &school.seal, Role::SchoolSeal)
    });
    let bundle = Bundle {
        authority: Class::by_lists().bundle(0).authority,
        hocba: hocba_bundle::format::BundleFormat::V1,
        records: vec![other_kind.parts[0].clone()],
    };
    let codes = codes(&other_kind.verify(&bundle.to_bytes()));
    assert!(codes.contains(&"statement.type"), "{codes:?}");
}

#[test]
fn forty_five_appointments_take_one_signature() {
    let world = World::bare();
    let principal = &world.school.principal;
    let appointments: Vec<Statement> = (0..45_u8)
        .map(|n| {
            let mut appointment = world.school.appointment(Role::HomeroomTeacher, Some("9A3"));
            appointment.id = hocba_record::encoding::RecordId::from_bytes([n; 16]);
            appointment.class = Some(format!("9A{n}").parse().expect("a class"));
            Statement::unsigned(appointment.to_bytes())
        })
        .collect();
    let signed = sign_list(appointments, StatementType::Appointment, principal, Role::Principal);
    for statement in &signed {
        let headers = statement.headers(StatementType::Appointment).expect("an appointment");
        assert_eq!(headers.len(), 1);
        assert_eq!(statement.verify(0, principal.certificate.key()), Ok(()));
        assert_eq!(statement.signature(0), signed[0].signature(0));
    }
}
