//! Attacks by someone who holds valid keys of another school and a valid batch of their own, each with the problem
//! that must be found. The attacker knows the protocol, can sign anything with their keys, and can have anything
//! anchored by their own department; what they cannot do is sign for the school or its department.

use hocba_bundle::{
    facts::{ChainFacts, IssuerCode},
    format::{AnchoredStatement, Bundle, Der, RecordPart},
    profile::TrustProfile,
    report::{Report, Verdict},
    snapshot::{OpenSnapshot, Snapshot},
    verify::{ChainView, Context, verify},
};
use hocba_record::{
    disclosure::{Disclosure, Seed, issue},
    encoding::{RecordId, Sha256Digest},
    payload::{OpenClaims, RecordPayload},
    section::{HistoryEntry, Section},
    types::{SchoolYear, UnixTime},
};
use hocba_signature::{
    appointment::Appointment,
    policy::{SignerRule, SigningPolicy},
    statement::{Role, Statement, StatementType},
    status::{ReasonClass, StatusAction, StatusChange},
};
use hocba_tests::{
    DAY, NOW, OTHER_SCHOOL, Person, SCHOOL, School, World, at, example_certificates, open_claims, open_profile,
    profile_content, sample_sections, signed_record,
};

/// One attack: the world may be changed (the attacker anchors), and a file comes out.
struct Attack {
    name: &'static str,
    /// The code of a problem that must be among those found.
    found: &'static str,
    verdict: Verdict,
    make: fn(&mut World) -> Bundle,
}

const fn attack(name: &'static str, found: &'static str, make: fn(&mut World) -> Bundle) -> Attack {
    Attack { name, found, verdict: Verdict::Invalid, make }
}

/// Anchors a statement in a batch of an issuer and wraps it as a bundle part, everything shown.
fn anchored(
    world: &mut World,
    issuer: &str,
    statement: Statement,
    disclosures: Vec<Disclosure>,
    time: i64,
) -> RecordPart {
    let anchor = world.ledger.anchor(issuer, std::slice::from_ref(&statement), time).swap_remove(0);
    RecordPart { anchor, disclosures, seed: None, statement }
}

/// A payload for the victim's school with contents of the attacker's choice.
fn forged(open: OpenClaims) -> (Vec<u8>, Vec<Disclosure>) {
    let issued = issue(open, &sample_sections(), Vec::new(), &Seed::from_bytes([66; 32])).expect("sections");
    (issued.payload.to_bytes(), issued.disclosures)
}

fn sign_as(statement: Statement, signers: &[(&Person, Role)]) -> Statement {
    signers.iter().fold(statement, |statement, (person, role)| {
        person.sign(statement, StatementType::Record, *role, NOW - 2 * DAY)
    })
}

/// A bundle with all the certificates and appointments of both schools that the records' signers could point to.
fn with_everything(world: &World, records: Vec<RecordPart>) -> Bundle {
    let mut bundle = world.bundle(0);
    bundle.authority.certificates = world.store.certificates.iter().map(|c| Der(c.der().to_vec())).collect();
    bundle.authority.appointments = world.store.appointments.clone();
    bundle.authority = bundle.authority.in_order();
    bundle.records = records;
    bundle
}

/// The attacker signs a record of the victim's school in these roles with the given keys.
fn forge_signed_by(world: &mut World, signers: fn(&World) -> Vec<(&Person, Role)>) -> Bundle {
    let (payload, disclosures) = forged(open_claims(SCHOOL, 500));
    let statement = sign_as(Statement::unsigned(payload), &signers(world));
    let part = anchored(world, "so-demo-2", statement, disclosures, NOW - DAY / 2);
    with_everything(world, vec![part])
}

/// The school's own record under a changed payload, signed by nobody again.
fn own_payload_changed(world: &World, change: fn(&mut RecordPayload)) -> Bundle {
    let mut bundle = world.bundle(0);
    let statement = &bundle.records[0].statement;
    let mut payload = RecordPayload::from_bytes(statement.payload()).expect("own payload");
    change(&mut payload);
    bundle.records[0].statement = with_payload(statement, &payload.to_bytes());
    bundle
}

/// The same signatures over another payload.
fn with_payload(statement: &Statement, payload: &[u8]) -> Statement {
    let mut json = hocba_record::canonical::to_json(statement).expect("JSON");
    if let hocba_record::canonical::Json::Object(members) = &mut json {
        for (name, value) in members.iter_mut() {
            if name == "payload" {
                *value = hocba_record::canonical::Json::String(hocba_record::encoding::base64url(payload));
            }
        }
    }
    hocba_record::canonical::from_json(&json).expect("a statement")
}

/// Re-signs the victim's class record with the victim's true people but a changed appointment of one of them,
/// which the given person signed. Used for attacks on appointments.
fn with_appointment(
    world: &mut World,
    role: Role,
    change: fn(&mut Appointment),
    appointer: fn(&World) -> (&Person, Role),
    issuer: &str,
    time: i64,
) -> Bundle {
    let class = (role == Role::HomeroomTeacher).then_some("9A3");
    let mut appointment = world.school.appointment(role, class);
    appointment.id = RecordId::from_bytes([99; 16]);
    change(&mut appointment);
    let (person, as_role) = appointer(world);
    let statement =
        person.sign(Statement::unsigned(appointment.to_bytes()), StatementType::Appointment, as_role, NOW - 200 * DAY);
    let anchor = world.ledger.anchor(issuer, std::slice::from_ref(&statement), time).swap_remove(0);
    let mut bundle = world.bundle(0);
    // The record is anchored again after the appointment, by its own department.
    let again = world
        .ledger
        .anchor("so-demo", std::slice::from_ref(&world.records[0].statement), (NOW - DAY / 2).max(time))
        .swap_remove(0);
    bundle.records[0].anchor = again;
    // Everything else either school holds is at hand, so that only what is wrong with this appointment can show.
    bundle.authority.appointments = world.store.appointments.clone();
    bundle.authority.appointments.retain(|known| {
        Appointment::from_bytes(known.statement.payload()).is_ok_and(|a| a.role != role || a.school.as_str() != SCHOOL)
    });
    bundle.authority.appointments.push(AnchoredStatement { anchor, statement });
    bundle.authority.certificates = world.store.certificates.iter().map(|c| Der(c.der().to_vec())).collect();
    bundle.authority = bundle.authority.in_order();
    bundle
}

fn own_teacher(world: &World) -> (&Person, Role) {
    (&world.school.teacher, Role::Principal)
}
fn own_principal(world: &World) -> (&Person, Role) {
    (&world.school.principal, Role::Principal)
}
fn own_department(world: &World) -> (&Person, Role) {
    (&world.school.department, Role::Department)
}
fn other_principal(world: &World) -> (&Person, Role) {
    (&world.other.principal, Role::Principal)
}
fn other_department(world: &World) -> (&Person, Role) {
    (&world.other.department, Role::Department)
}

const TRIO: [Role; 3] = [Role::HomeroomTeacher, Role::Principal, Role::SchoolSeal];

const ATTACKS: &[Attack] = &[
    // --- the attacker's own people sign for the victim's school ------------------------------------------------
    attack("another school's teacher, principal and seal sign", "appointment.school", |w| {
        forge_signed_by(w, |w| TRIO.map(|r| (w.other.person(r), r)).to_vec())
    }),
    attack("another school's batch issuer anchors it", "issuer.not_entitled", |w| {
        forge_signed_by(w, |w| TRIO.map(|r| (w.school.person(r), r)).to_vec())
    }),
    attack("the true teacher signs, another school's principal co-signs", "appointment.school", |w| {
        forge_signed_by(w, |w| {
            vec![
                (&w.school.teacher, Role::HomeroomTeacher),
                (&w.other.principal, Role::Principal),
                (&w.school.seal, Role::SchoolSeal),
            ]
        })
    }),
    attack("another school's seal under true persons", "appointment.school", |w| {
        forge_signed_by(w, |w| {
            vec![
                (&w.school.teacher, Role::HomeroomTeacher),
                (&w.school.principal, Role::Principal),
                (&w.other.seal, Role::SchoolSeal),
            ]
        })
    }),
    attack("a teacher signs as principal too", "policy.same_certificate", |w| {
        forge_signed_by(w, |w| {
            vec![
                (&w.other.teacher, Role::HomeroomTeacher),
                (&w.other.teacher, Role::Principal),
                (&w.other.seal, Role::SchoolSeal),
            ]
        })
    }),
    attack("the teacher's certificate as principal", "appointment.role", |w| {
        forge_signed_by(w, |w| {
            vec![
                (&w.school.principal, Role::HomeroomTeacher),
                (&w.school.teacher, Role::Principal),
                (&w.school.seal, Role::SchoolSeal),
            ]
        })
    }),
    attack("the seal signs as principal", "appointment.role", |w| {
        forge_signed_by(w, |w| {
            vec![
                (&w.school.teacher, Role::HomeroomTeacher),
                (&w.school.seal, Role::Principal),
                (&w.other.seal, Role::SchoolSeal),
            ]
        })
    }),
    attack("the department signs a record", "policy.role", |w| {
        forge_signed_by(w, |w| {
            vec![
                (&w.school.teacher, Role::HomeroomTeacher),
                (&w.other.department, Role::Department),
                (&w.school.seal, Role::SchoolSeal),
            ]
        })
    }),
    attack("nobody signs", "policy.count", |w| forge_signed_by(w, |_| Vec::new())),
    attack("only the teacher signs", "policy.count", |w| {
        forge_signed_by(w, |w| vec![(&w.school.teacher, Role::HomeroomTeacher)])
    }),
    attack("the seal is missing", "policy.count", |w| {
        forge_signed_by(w, |w| TRIO[..2].iter().map(|r| (w.school.person(*r), *r)).collect())
    }),
    attack("a fourth signature", "policy.count", |w| {
        forge_signed_by(w, |w| {
            let mut signers: Vec<_> = TRIO.map(|r| (w.school.person(r), r)).to_vec();
            signers.push((&w.other.seal, Role::SchoolSeal));
            signers
        })
    }),
    attack("co-signed before it was signed", "policy.role", |w| {
        forge_signed_by(w, |w| {
            [Role::Principal, Role::HomeroomTeacher, Role::SchoolSeal].map(|r| (w.school.person(r), r)).to_vec()
        })
    }),
    attack("certificates of another root", "path.unknown_issuer", |w| {
        let stranger = School::example("stranger-", SCHOOL);
        let (payload, disclosures) = forged(open_claims(SCHOOL, 501));
        let statement = stranger.sign_record(payload);
        let part = anchored(w, "so-demo-2", statement, disclosures, NOW - DAY / 2);
        let mut bundle = with_everything(w, vec![part]);
        for name in ["stranger-teacher", "stranger-principal", "stranger-seal"] {
            bundle.authority.certificates.extend(example_certificates(name).iter().map(|c| Der(c.der().to_vec())));
        }
        bundle.authority = bundle.authority.in_order();
        bundle
    }),
    attack("a foreign root is put into the bundle", "path.unknown_issuer", |w| {
        let stranger = School::example("stranger-", SCHOOL);
        let (payload, disclosures) = forged(open_claims(SCHOOL, 502));
        let statement = stranger.sign_record(payload);
        let part = anchored(w, "so-demo-2", statement, disclosures, NOW - DAY / 2);
        let mut bundle = with_everything(w, vec![part]);
        for name in ["stranger-teacher", "stranger-principal", "stranger-seal", "stranger-root"] {
            bundle.authority.certificates.extend(example_certificates(name).iter().map(|c| Der(c.der().to_vec())));
        }
        bundle.authority = bundle.authority.in_order();
        bundle
    }),
    attack("a CA's own certificate signs", "path.usage", |w| {
        let issuing = Person::example("issuing");
        let (payload, disclosures) = forged(open_claims(SCHOOL, 503));
        let statement = sign_as(
            Statement::unsigned(payload),
            &[
                (&w.school.teacher, Role::HomeroomTeacher),
                (&issuing, Role::Principal),
                (&w.school.seal, Role::SchoolSeal),
            ],
        );
        let part = anchored(w, "so-demo-2", statement, disclosures, NOW - DAY / 2);
        with_everything(w, vec![part])
    }),
    // --- a true record of the victim, changed --------------------------------------------------------------------
    attack("the school code is changed", "signature.invalid", |w| {
        own_payload_changed(w, |p| p.school = OTHER_SCHOOL.parse().expect("code"))
    }),
    attack("the class is changed", "signature.invalid", |w| {
        own_payload_changed(w, |p| p.class = "9A1".parse().expect("class"))
    }),
    attack("the school year is changed", "signature.invalid", |w| {
        own_payload_changed(w, |p| p.year = SchoolYear::starting(2025).expect("year"))
    }),
    attack("the record id is changed, to step out of a revocation", "signature.invalid", |w| {
        own_payload_changed(w, |p| p.id = RecordId::from_bytes([1; 16]))
    }),
    attack("the version is raised", "signature.invalid", |w| {
        own_payload_changed(w, |p| {
            p.version = 9;
            p.replaces = Some(Sha256Digest::of(b"anything"));
        })
    }),
    attack("a digest of the attacker's joins _sd", "signature.invalid", |w| {
        own_payload_changed(w, |p| {
            p.sd[0] = Sha256Digest::of(b"mine");
            p.sd.sort_by_cached_key(ToString::to_string);
        })
    }),
    attack("a classmate's section is shown instead", "section.changed", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].seed = None;
        bundle.records[0].disclosures[1] = w.records[1].disclosures[1].clone();
        bundle
    }),
    attack("a section of the attacker's making is added", "section.changed", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].seed = None;
        let salt = Seed::from_bytes([1; 32]).salt(&"awards".parse().expect("name"));
        let awards = Section::Awards(hocba_record::section::AwardsSection { items: Vec::new() });
        bundle.records[0].disclosures.retain(|d| d.name().as_str() != "awards");
        bundle.records[0].disclosures.push(Disclosure::new(salt, &awards));
        bundle.records[0].disclosures.sort_by(|a, b| a.name().cmp(b.name()));
        bundle
    }),
    attack("a section is shown twice", "section.order", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].seed = None;
        let first = bundle.records[0].disclosures[0].clone();
        bundle.records[0].disclosures.insert(0, first);
        bundle
    }),
    attack("a classmate's seed is carried", "seed.disagrees", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].seed = Some(Seed::from_bytes(w.records[1].seed));
        bundle
    }),
    attack("the signatures of a classmate's record", "signature.invalid", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].statement = with_payload(&w.records[1].statement, w.records[0].statement.payload());
        bundle
    }),
    attack("a record without its last signature, in its own batch", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].statement = bundle.records[0].statement.clone().truncated(2);
        bundle
    }),
    // --- proofs, batches, chains ----------------------------------------------------------------------------------
    attack("the proof of a classmate's record", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor = w.anchors[1].clone();
        bundle
    }),
    attack("the right path at another index", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.index = 1;
        bundle
    }),
    attack("the right path for another size", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.size += 1;
        bundle
    }),
    attack("a path with a surplus node", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.path.push(Sha256Digest::of(b"surplus"));
        bundle
    }),
    attack("a path with a node missing", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.path.pop();
        bundle
    }),
    attack("the proof points at another batch", "anchor.not_included", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.batch = w.other_anchors[0].batch;
        bundle
    }),
    attack("an inner node of the tree is sold as a leaf", "anchor.not_included", |w| {
        // The leaf's sibling and itself make a node; without the leaf tag one could pretend that node is a leaf.
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.path.remove(0);
        bundle.records[0].anchor.index /= 2;
        bundle.records[0].anchor.size = bundle.records[0].anchor.size.div_ceil(2);
        bundle
    }),
    attack("another contract on the same chain", "anchor.foreign_chain", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.contract = hocba_bundle::facts::Address::from_bytes([0xee; 20]);
        bundle
    }),
    attack("another chain", "anchor.foreign_chain", |w| {
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor.chain = 1;
        bundle
    }),
    // --- appointments ---------------------------------------------------------------------------------------------
    attack("the teacher is appointed for another class", "appointment.class", |w| {
        let change: fn(&mut Appointment) = |a| a.class = Some("9A1".parse().expect("class"));
        with_appointment(w, Role::HomeroomTeacher, change, own_principal, "so-demo", NOW - 18 * 3600)
    }),
    attack("the teacher is appointed for another year", "appointment.year", |w| {
        let change: fn(&mut Appointment) = |a| a.year = Some(SchoolYear::starting(2025).expect("year"));
        with_appointment(w, Role::HomeroomTeacher, change, own_principal, "so-demo", NOW - 18 * 3600)
    }),
    attack("the teacher is appointed at another school", "appointment.school", |w| {
        let change: fn(&mut Appointment) = |a| a.school = OTHER_SCHOOL.parse().expect("code");
        with_appointment(w, Role::HomeroomTeacher, change, other_principal, "so-demo-2", NOW - 18 * 3600)
    }),
    attack("another school's principal appoints the teacher", "appointment.school", |w| {
        with_appointment(w, Role::HomeroomTeacher, |_| {}, other_principal, "so-demo", NOW - 18 * 3600)
    }),
    attack("the teacher appoints herself", "appointment.appointer", |w| {
        with_appointment(w, Role::HomeroomTeacher, |_| {}, own_teacher, "so-demo", NOW - 18 * 3600)
    }),
    attack("the department appoints a homeroom teacher directly", "appointment.appointer", |w| {
        with_appointment(w, Role::HomeroomTeacher, |_| {}, own_department, "so-demo", NOW - 18 * 3600)
    }),
    attack("a principal is appointed by another principal", "appointment.appointer", |w| {
        with_appointment(w, Role::Principal, |_| {}, other_principal, "so-demo", NOW - 18 * 3600)
    }),
    attack("a principal is appointed by another department", "appointment.department", |w| {
        with_appointment(w, Role::Principal, |_| {}, other_department, "so-demo", NOW - 18 * 3600)
    }),
    attack("the appointment is anchored after the record", "appointment.too_late", |w| {
        let mut bundle = with_appointment(w, Role::SchoolSeal, |_| {}, own_department, "so-demo", NOW - DAY / 4);
        bundle.records[0].anchor = w.anchors[0].clone();
        bundle
    }),
    attack("the appointment had run out", "appointment.interval", |w| {
        let change: fn(&mut Appointment) = |a| a.until = at(NOW - 10 * DAY);
        with_appointment(w, Role::SchoolSeal, change, own_department, "so-demo", NOW - 18 * 3600)
    }),
    attack("the appointment had not begun", "appointment.interval", |w| {
        let change: fn(&mut Appointment) = |a| a.from = at(NOW + DAY);
        with_appointment(w, Role::SchoolSeal, change, own_department, "so-demo", NOW - 18 * 3600)
    }),
    attack("the appointment is in another department's batch", "issuer.not_entitled", |w| {
        with_appointment(w, Role::SchoolSeal, |_| {}, own_department, "so-demo-2", NOW - 18 * 3600)
    }),
    attack("the appointment was never anchored", "appointment.not_anchored", |w| {
        let mut bundle = w.bundle(0);
        let mut appointment = w.school.appointment(Role::SchoolSeal, None);
        appointment.id = RecordId::from_bytes([98; 16]);
        let place = bundle
            .authority
            .appointments
            .iter()
            .position(|a| Appointment::from_bytes(a.statement.payload()).is_ok_and(|a| a.role == Role::SchoolSeal))
            .expect("the seal's appointment");
        bundle.authority.appointments[place].statement = w.school.appoint(&appointment);
        bundle.authority = bundle.authority.in_order();
        bundle
    }),
    attack("the appointment is missing", "appointment.none", |w| {
        let mut bundle = w.bundle(0);
        bundle
            .authority
            .appointments
            .retain(|a| Appointment::from_bytes(a.statement.payload()).is_ok_and(|a| a.role != Role::HomeroomTeacher));
        bundle
    }),
    attack("a record statement is passed off as an appointment", "appointment.none", |w| {
        let mut bundle = w.bundle(0);
        let place = bundle
            .authority
            .appointments
            .iter()
            .position(|a| Appointment::from_bytes(a.statement.payload()).is_ok_and(|a| a.role == Role::HomeroomTeacher))
            .expect("the teacher's appointment");
        let appointment = w.school.appointment(Role::HomeroomTeacher, Some("9A3"));
        bundle.authority.appointments[place].statement = w.school.principal.sign(
            Statement::unsigned(appointment.to_bytes()),
            StatementType::Record,
            Role::Principal,
            NOW - 200 * DAY,
        );
        bundle.authority = bundle.authority.in_order();
        bundle
    }),
    attack("the appointment had ended", "appointment.ended", |w| {
        let appointment = w.school.appointment(Role::SchoolSeal, None);
        let change = StatusChange {
            action: StatusAction::End,
            decision: None,
            live_version: 1,
            reason: ReasonClass::LeftRole,
            replacement: None,
            school: SCHOOL.parse().expect("code"),
            since: None,
            subject: appointment.id,
        };
        let statement = w.school.department.sign(
            Statement::unsigned(change.to_bytes()),
            StatementType::Status,
            Role::Department,
            NOW - 10 * DAY,
        );
        // The class of the world was anchored a day ago; the appointment ends before that.
        let batches = w.ledger.facts.batches.len();
        assert_eq!(batches, 4);
        w.ledger.set_status(&change, true, &statement, NOW - DAY);
        let again =
            w.ledger.anchor("so-demo", std::slice::from_ref(&w.records[0].statement), NOW - DAY / 2).swap_remove(0);
        let mut bundle = w.bundle(0);
        bundle.records[0].anchor = again;
        bundle
    }),
    // --- policies, kinds of statement, parts -----------------------------------------------------------------------
    attack("a policy of the attacker's making", "policy.not_accepted", |w| {
        let weak = SigningPolicy {
            id: "hocba-policy-1".into(),
            signers: vec![SignerRule { roles: vec![Role::HomeroomTeacher] }],
            ..SigningPolicy::policy_1()
        };
        let mut open = open_claims(SCHOOL, 504);
        open.policy = weak.reference();
        let (payload, disclosures) = forged(open);
        let statement = sign_as(Statement::unsigned(payload), &[(&w.school.teacher, Role::HomeroomTeacher)]);
        let part = anchored(w, "so-demo", statement, disclosures, NOW - DAY / 2);
        with_everything(w, vec![part])
    }),
    attack("the record is signed as a status statement", "statement.type", |w| {
        let (payload, disclosures) = forged(open_claims(SCHOOL, 505));
        let statement = TRIO.into_iter().fold(Statement::unsigned(payload), |statement, role| {
            w.school.person(role).sign(statement, StatementType::Status, role, NOW - 2 * DAY)
        });
        let part = anchored(w, "so-demo", statement, disclosures, NOW - DAY / 2);
        with_everything(w, vec![part])
    }),
    attack("an appointment is passed off as a record", "payload.unreadable", |w| {
        let statement = w.store.appointments[0].statement.clone();
        let part = anchored(w, "so-demo", statement, Vec::new(), NOW - DAY / 2);
        with_everything(w, vec![part])
    }),
    attack("a certificate that nothing uses is hidden in the file", "part.unreferenced", |w| {
        let mut bundle = w.bundle(0);
        bundle.authority.certificates.push(Der(Person::example("deputy").certificate.der().to_vec()));
        bundle.authority = bundle.authority.in_order();
        bundle
    }),
    attack("an appointment that nothing uses is hidden in the file", "part.unreferenced", |w| {
        let mut bundle = w.bundle(0);
        bundle.authority.appointments.push(w.store.appointments[3].clone());
        bundle.authority = bundle.authority.in_order();
        bundle
    }),
    attack("a signer's certificate is left out", "certificate.missing", |w| {
        let mut bundle = w.bundle(0);
        let seal = w.school.seal.digest();
        bundle.authority.certificates.retain(|c| c.digest() != seal);
        bundle
    }),
    attack("the issuing CA's certificate is left out", "path.unknown_issuer", |w| {
        let mut bundle = w.bundle(0);
        let issuing = *Person::example("issuing").certificate.digest();
        bundle.authority.certificates.retain(|c| c.digest() != issuing);
        bundle
    }),
    attack("the record stands twice", "file.record_order", |w| {
        let mut bundle = w.bundle(0);
        let again = bundle.records[0].clone();
        bundle.records.push(again);
        bundle
    }),
    attack("two pupils' years are shown as one pupil's", "pupil.not_tied", |w| {
        let mut open = open_claims(SCHOOL, 507);
        open.id = RecordId::from_bytes([77; 16]);
        let mut sections = sample_sections();
        for section in &mut sections {
            if let Section::Identity(identity) = section {
                identity.identifiers[0].value = "000000000001".parse().expect("text");
                identity.identifiers.truncate(1);
            }
        }
        let other = signed_record(&w.school, open, &sections, Vec::new());
        let anchor = w.ledger.anchor("so-demo", std::slice::from_ref(&other.statement), NOW - DAY / 2).swap_remove(0);
        w.assemble(vec![World::part(&w.records[0], &w.anchors[0]), World::part(&other, &anchor)])
    }),
    attack("two pupils share a school's own number, their national numbers differ", "pupil.not_tied", |w| {
        let mut open = open_claims(SCHOOL, 508);
        open.id = RecordId::from_bytes([78; 16]);
        let mut sections = sample_sections();
        for section in &mut sections {
            if let Section::Identity(identity) = section {
                for identifier in identity.identifiers.iter_mut().filter(|i| i.kind.is_national()) {
                    identifier.value = "000000000001".parse().expect("text");
                }
            }
        }
        let other = signed_record(&w.school, open, &sections, Vec::new());
        let anchor = w.ledger.anchor("so-demo", std::slice::from_ref(&other.statement), NOW - DAY / 2).swap_remove(0);
        w.assemble(vec![World::part(&w.records[0], &w.anchors[0]), World::part(&other, &anchor)])
    }),
    attack("two pupils' years with both identities withheld", "pupil.not_tied", |w| {
        let mut parts = vec![World::part(&w.records[0], &w.anchors[0]), World::part(&w.records[1], &w.anchors[1])];
        for part in &mut parts {
            part.seed = None;
            part.disclosures.retain(|d| d.name().as_str() != "identity");
        }
        w.assemble(parts)
    }),
    attack("another pupil's year is put into the book", "history.disagrees", |w| {
        let earlier = RecordPayload::from_bytes(w.records[1].statement.payload()).expect("own payload");
        let history = vec![HistoryEntry { id: earlier.id, version: 1, payload: Sha256Digest::of(b"the true one") }];
        let later = signed_record(&w.school, open_claims(SCHOOL, 506), &sample_sections(), history);
        let anchor = w.ledger.anchor("so-demo", std::slice::from_ref(&later.statement), NOW - DAY / 2).swap_remove(0);
        let parts = vec![World::part(&w.records[1], &w.anchors[1]), World::part(&later, &anchor)];
        w.assemble(parts)
    }),
    Attack {
        name: "the proof points at a batch that does not exist yet",
        found: "chain.too_old_for_batch",
        verdict: Verdict::Inconclusive,
        make: |w| {
            let mut bundle = w.bundle(0);
            bundle.records[0].anchor.batch = 99;
            bundle
        },
    },
];

fn codes(report: &Report) -> Vec<&'static str> {
    report.checks.iter().flat_map(|c| c.outcome.problems()).map(hocba_bundle::report::Problem::code).collect()
}

#[test]
fn every_structural_attack_is_found_and_named() {
    assert!(ATTACKS.len() >= 40);
    let mut wrong = Vec::new();
    for attack in ATTACKS {
        let mut world = World::new(3);
        let bundle = (attack.make)(&mut world);
        let report = world.verify(&bundle.to_bytes());
        let codes = codes(&report);
        if report.verdict != attack.verdict || !codes.contains(&attack.found) {
            wrong.push(format!("{}: {:?} with {codes:?}, expected {}", attack.name, report.verdict, attack.found));
        }
    }
    println!("{} structural attacks", ATTACKS.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_attack_hides_behind_a_dead_node() {
    // Without the chain an attack may be inconclusive, never valid; forged signatures still show as such.
    for attack in ATTACKS {
        let mut world = World::new(3);
        let bundle = (attack.make)(&mut world);
        let chain = ChainView::Unavailable(hocba_bundle::report::ChainProblem::Unreachable);
        let report = world.verify_with(&bundle.to_bytes(), chain);
        assert_ne!(report.verdict, Verdict::Valid, "{}", attack.name);
        if matches!(attack.found, "signature.invalid" | "section.changed" | "policy.count" | "path.unknown_issuer") {
            assert_eq!(report.verdict, Verdict::Invalid, "{}: {:?}", attack.name, codes(&report));
        }
    }
}

fn status(world: &World, action: StatusAction, live_version: u32, replacement: Option<Sha256Digest>) -> StatusChange {
    let payload = RecordPayload::from_bytes(world.records[0].statement.payload()).expect("own payload");
    StatusChange {
        action,
        decision: None,
        live_version,
        reason: ReasonClass::Correction,
        replacement,
        school: SCHOOL.parse().expect("code"),
        since: None,
        subject: payload.id,
    }
}

#[test]
fn a_superseded_record_is_genuine_and_no_longer_current_whoever_says_so() {
    for (signer, attributed) in [("department", Some("department")), ("other-department", None), ("teacher", None)] {
        let mut world = World::new(2);
        let change = status(&world, StatusAction::Supersede, 2, Some(Sha256Digest::of(b"version 2")));
        let statement = Person::example(signer).sign(
            Statement::unsigned(change.to_bytes()),
            StatementType::Status,
            Role::Department,
            NOW - 7200,
        );
        world.ledger.set_status(&change, false, &statement, NOW - 7200);
        let mut snapshot = world.ledger.snapshot();
        snapshot.statuses.statements.push(statement);
        snapshot.statuses.authority.certificates =
            [Person::example(signer).certificate, Person::example("issuing").certificate]
                .map(|c| Der(c.der().to_vec()))
                .to_vec();
        snapshot.statuses.authority = snapshot.statuses.authority.in_order();
        let snapshot = OpenSnapshot::open(&snapshot.to_bytes()).expect("snapshot");
        let report = world.verify_with(&world.bundle(0).to_bytes(), ChainView::Snapshot(&snapshot));
        assert_eq!(report.verdict, Verdict::Invalid);
        assert_eq!(report.headline, hocba_bundle::report::Headline::Superseded, "{:?}", codes(&report));
        let by = report.checks.iter().flat_map(|c| c.outcome.problems()).find_map(|p| match p {
            hocba_bundle::report::Problem::Superseded(note) => Some(note.by.map(Role::as_str)),
            _ => None,
        });
        assert_eq!(by, Some(attributed), "{signer}");
        // Its classmate's record stands.
        let other = world.verify_with(&world.bundle(1).to_bytes(), ChainView::Snapshot(&snapshot));
        assert_eq!(other.verdict, Verdict::Valid);
    }
}

#[test]
fn a_revoked_record_is_its_own_headline() {
    let mut world = World::new(2);
    let change = status(&world, StatusAction::Revoke, 1, None);
    let statement = Statement::unsigned(change.to_bytes());
    world.ledger.set_status(&change, true, &statement, NOW - 7200);
    let report = world.verify(&world.bundle(0).to_bytes());
    assert_eq!(report.headline, hocba_bundle::report::Headline::Revoked);
}

/// Snapshots and profiles that a verifier must not take at face value.
#[test]
fn doctored_snapshots_are_refused_or_inconclusive() {
    let world = World::new(2);
    let bytes = world.bundle(0).to_bytes();
    let verdict = |change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = world.ledger.snapshot();
        change(&mut snapshot);
        OpenSnapshot::open(&snapshot.to_bytes())
            .map(|snapshot| world.verify_with(&bytes, ChainView::Snapshot(&snapshot)).verdict)
            .ok()
    };
    let facts = |change: fn(&mut ChainFacts)| verdict(&|s: &mut Snapshot| change(&mut s.facts));
    assert_eq!(facts(|_| {}), Some(Verdict::Valid));
    assert_eq!(facts(|f| f.batches[0].root = Sha256Digest::of(b"forged")), None);
    assert_eq!(facts(|f| f.batches[2].issuer = "so-demo-2".parse::<IssuerCode>().expect("code")), None);
    assert_eq!(facts(|f| f.batches[2].time = at(NOW - 300 * DAY)), None);
    assert_eq!(facts(|f| drop(f.batches.pop())), None);
    assert_eq!(facts(|f| f.batches.swap(0, 1)), None);
    assert_eq!(facts(|f| f.status_head = Sha256Digest::of(b"forged")), None);
    assert_eq!(facts(|f| f.contract = hocba_bundle::facts::Address::from_bytes([1; 20])), None);
    assert_eq!(facts(|f| f.chain = 1), None);
    assert_eq!(facts(|f| f.code = Sha256Digest::of(b"another contract")), Some(Verdict::Inconclusive));
    assert_eq!(facts(|f| f.statuses = None), Some(Verdict::Inconclusive));
    assert_eq!(verdict(&|s| s.taken_at = at(NOW - 8 * DAY)), Some(Verdict::Inconclusive), "too old");
    assert_eq!(verdict(&|s| s.taken_at = at(NOW + 3600)), Some(Verdict::Inconclusive), "from the future");
}

#[test]
fn the_profile_decides_whom_to_believe() {
    let world = World::new(2);
    let bytes = world.bundle(0).to_bytes();
    let snapshot = world.snapshot();
    let run = |now: UnixTime, change: fn(&mut TrustProfile)| {
        let mut content = profile_content();
        change(&mut content);
        let profile = open_profile(&content);
        let report = verify(&bytes, &Context { profile: &profile, chain: ChainView::Snapshot(&snapshot), now });
        (report.verdict, codes(&report))
    };
    let check = |change: fn(&mut TrustProfile), verdict: Verdict, code: &str| {
        let (found, codes) = run(at(NOW), change);
        assert_eq!(found, verdict, "{code}: {codes:?}");
        assert!(codes.contains(&code), "{code}: {codes:?}");
    };
    assert_eq!(run(at(NOW), |_| {}), (Verdict::Valid, vec![]));
    check(|p| p.expires = at(NOW), Verdict::Inconclusive, "profile.expired");
    check(|p| p.issued = at(NOW + 1), Verdict::Inconclusive, "profile.not_yet");
    check(|p| p.policies.clear(), Verdict::Invalid, "policy.not_accepted");
    check(|p| p.policies[0].from = at(NOW), Verdict::Invalid, "policy.outside_interval");
    check(|p| p.departments.clear(), Verdict::Invalid, "issuer.not_entitled");
    check(|p| p.departments[0].cut_off = Some(at(NOW - 201 * DAY)), Verdict::Invalid, "issuer.not_entitled");
    check(|p| p.departments[0].until = at(NOW - 2 * DAY), Verdict::Invalid, "issuer.not_entitled");
    check(|p| p.eras.clear(), Verdict::Invalid, "anchor.foreign_chain");
    check(|p| p.eras[0].last = Some(0), Verdict::Invalid, "anchor.outside_era");
    check(|p| p.families.clear(), Verdict::Invalid, "path.unknown_issuer");
    check(|p| p.accepted_age = 60, Verdict::Inconclusive, "snapshot.too_old");
}

#[test]
fn a_mandatory_check_is_never_skipped() {
    let world = World::new(2);
    let snapshot = world.snapshot();
    let mut bundle = world.bundle(0);
    bundle.records[0].seed = None;
    bundle.records[0].disclosures.retain(|d| d.name().as_str() != "history");
    let mut content = profile_content();
    let verdict = |content: &TrustProfile| {
        let profile = open_profile(content);
        let chain = ChainView::Snapshot(&snapshot);
        verify(&bundle.to_bytes(), &Context { profile: &profile, chain, now: at(NOW) })
    };
    assert_eq!(verdict(&content).verdict, Verdict::Valid);
    content.mandatory = vec![hocba_bundle::report::CheckId::History];
    let report = verdict(&content);
    assert_eq!((report.verdict, codes(&report)), (Verdict::Invalid, vec!["mandatory.not_shown"]));
}
