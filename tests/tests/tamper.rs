//! The tamper matrix: one bundle with all parts present, changed in every place it has.
//!
//! Nothing in the format is a checksum over the whole file, so each change must be found by the check it belongs to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use hocba_bundle::{
    format::AnchoredStatement,
    report::{CheckId, Outcome, Report, Verdict},
    verify::{ChainView, Context, verify},
};
use hocba_record::{
    canonical::{self, Json, Limits},
    disclosure::Seed,
    encoding::{base64url, from_base64url},
    payload::RecordPayload,
    section::HistoryEntry,
    types::{Grade, SchoolYear},
};
use hocba_signature::statement::Role;
use hocba_tests::{DAY, NOW, World, at, few_sections, open_claims, sample_sections, signed_record};

/// A bundle with everything in it: two years, the second naming the first, seeds, all disclosures.
struct Subject {
    world: World,
    bytes: Vec<u8>,
    snapshot: hocba_bundle::snapshot::OpenSnapshot,
}

impl Subject {
    fn new() -> Self {
        let mut world = World::new(3);
        let mut appointment = world.school.appointment(Role::HomeroomTeacher, Some("8A3"));
        appointment.year = Some(SchoolYear::starting(2025).expect("year"));
        let statement = world.school.appoint(&appointment);
        let anchor = world.ledger.anchor("so-demo", std::slice::from_ref(&statement), NOW - DAY).swap_remove(0);
        world.store.appointments.push(AnchoredStatement { anchor, statement });

        let mut earlier = open_claims(&world.school.code, 100);
        earlier.grade = Grade::new(8).expect("grade");
        earlier.class = "8A3".parse().expect("class");
        earlier.year = SchoolYear::starting(2025).expect("year");
        let earlier = signed_record(&world.school, earlier, &few_sections(), Vec::new());
        let payload = RecordPayload::from_bytes(earlier.statement.payload()).expect("own payload");
        let history = vec![HistoryEntry { id: payload.id, version: 1, payload: payload.digest() }];
        let later = signed_record(&world.school, open_claims(&world.school.code, 101), &sample_sections(), history);
        let statements = [earlier.statement.clone(), later.statement.clone(), world.records[0].statement.clone()];
        let anchors = world.ledger.anchor("so-demo", &statements, NOW - DAY / 2);
        let bundle = world.assemble(vec![World::part(&earlier, &anchors[0]), World::part(&later, &anchors[1])]);
        let snapshot = world.snapshot();
        Self { world, bytes: bundle.to_bytes(), snapshot }
    }

    fn verify(&self, bytes: &[u8]) -> Report {
        let chain = ChainView::Snapshot(&self.snapshot);
        verify(bytes, &Context { profile: &self.world.profile, chain, now: at(NOW) })
    }
}

fn failed(report: &Report) -> BTreeSet<CheckId> {
    let bad = report.checks.iter().filter(|c| matches!(c.outcome, Outcome::Failed(_) | Outcome::Unavailable(_)));
    bad.map(|c| c.id).collect()
}

#[test]
fn the_subject_is_valid_before_it_is_changed() {
    let subject = Subject::new();
    let report = subject.verify(&subject.bytes);
    assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);
    assert_eq!(report.records.len(), 2);
}

/// First matrix: every byte, two other values each.
#[test]
fn no_byte_can_be_replaced() {
    let subject = Subject::new();
    let next = AtomicUsize::new(0);
    let (tried, unreadable) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut bytes = subject.bytes.clone();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(original) = subject.bytes.get(place).copied() else { break };
                    // A flipped low bit (another digit or letter), and by turns a letter that base64url and JSON both
                    // take and a space, which is what an editor adds.
                    let other = if place.is_multiple_of(2) && original != b' ' {
                        b' '
                    } else {
                        b'A' + u8::from(original == b'A')
                    };
                    for replacement in [original ^ 1, other] {
                        bytes[place] = replacement;
                        let report = subject.verify(&bytes);
                        tried.fetch_add(1, Ordering::Relaxed);
                        if failed(&report).contains(&CheckId::Format) {
                            unreadable.fetch_add(1, Ordering::Relaxed);
                        }
                        assert_ne!(report.verdict, Verdict::Valid, "byte {place}: {original} -> {replacement}");
                    }
                    bytes[place] = original;
                }
            });
        }
    });
    let (tried, unreadable) = (tried.into_inner(), unreadable.into_inner());
    assert!(tried >= 2 * subject.bytes.len());
    println!(
        "byte matrix: {} bytes, {tried} changed files, {unreadable} unreadable, the rest found by a check",
        subject.bytes.len()
    );
}

/// A step into a JSON value; base64url texts that hold JSON are stepped into as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Member(String),
    Item(usize),
    Decoded,
}

fn places(value: &Json, path: &mut Vec<Step>, out: &mut Vec<Vec<Step>>) {
    if !path.is_empty() {
        out.push(path.clone());
    }
    match value {
        Json::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                path.push(Step::Item(i));
                places(item, path, out);
                path.pop();
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                path.push(Step::Member(name.clone()));
                places(member, path, out);
                path.pop();
            }
        }
        Json::String(text) => {
            if let Some(inner) = decoded(text) {
                path.push(Step::Decoded);
                places(&inner, path, out);
                path.pop();
            }
        }
        Json::Bool(_) | Json::Integer(_) => {}
    }
}

fn decoded(text: &str) -> Option<Json> {
    let bytes = from_base64url(text).ok()?;
    matches!(bytes.first(), Some(b'{'))
        .then(|| canonical::parse_canonical(&bytes, Limits { bytes: 1 << 20, depth: 20 }).ok())
        .flatten()
}

fn edit(value: &mut Json, path: &[Step], change: &mut dyn FnMut(&mut Json)) {
    let Some((step, rest)) = path.split_first() else { return change(value) };
    match (step, value) {
        (Step::Member(name), Json::Object(members)) => {
            let member = members.iter_mut().find(|(n, _)| n == name).expect("place was listed");
            edit(&mut member.1, rest, change);
        }
        (Step::Item(i), Json::Array(items)) => edit(&mut items[*i], rest, change),
        (Step::Decoded, Json::String(text)) => {
            let mut inner = decoded(text).expect("place was listed");
            edit(&mut inner, rest, change);
            *text = base64url(&inner.to_bytes());
        }
        other => panic!("no such place: {other:?}"),
    }
}

fn another(value: &Json) -> Json {
    match value {
        Json::Bool(b) => Json::Bool(!b),
        Json::Integer(n) => Json::Integer(n + 1),
        Json::String(text) => {
            // Another text of the same alphabet and length, so that shape alone does not refuse it.
            let mut chars: Vec<char> = text.chars().collect();
            match chars.first_mut() {
                Some(c) => *c = if *c == 'b' { 'c' } else { 'b' },
                None => chars.push('b'),
            }
            Json::String(chars.into_iter().collect())
        }
        Json::Array(_) | Json::Object(_) => Json::String("b".into()),
    }
}

/// Which checks may be the ones that find a change at this place. One of them must have.
fn guardians(path: &[Step]) -> Vec<CheckId> {
    use CheckId as C;
    let names: Vec<&str> =
        path.iter().filter_map(|s| if let Step::Member(n) = s { Some(n.as_str()) } else { None }).collect();
    match names.as_slice() {
        ["records", "disclosures", ..] => vec![C::Disclosures, C::Seed, C::Manifest],
        ["records", "seed"] => vec![C::Seed],
        ["records", "anchor", ..] => vec![C::Inclusion],
        ["records", "statement", "payload", ..] => vec![C::Payload, C::Verify, C::Statement],
        ["records", "statement", "signatures", ..] => vec![C::Statement, C::Policy, C::Verify],
        ["authority", "certificates", ..] => vec![C::Verify, C::Certificates, C::Appointments],
        ["authority", "appointments", ..] => vec![C::Appointments],
        _ => vec![],
    }
}

/// Second matrix: every value changed, dropped, swapped with its neighbour, duplicated; written canonically again.
#[test]
fn no_value_can_be_changed_and_the_right_check_says_so() {
    let subject = Subject::new();
    let original = canonical::parse_canonical(&subject.bytes, hocba_bundle::format::BUNDLE_LIMITS).expect("own bytes");
    let mut all = Vec::new();
    places(&original, &mut Vec::new(), &mut all);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &all {
        let (parent, last) = path.split_at(path.len() - 1);
        for operation in ["changed", "dropped", "swapped", "duplicated"] {
            let mut value = original.clone();
            let mut done = true;
            match (operation, &last[0]) {
                ("changed", _) => edit(&mut value, path, &mut |v| *v = another(v)),
                ("dropped", Step::Member(name)) => edit(&mut value, parent, &mut |v| {
                    if let Json::Object(members) = v {
                        members.retain(|(n, _)| n != name);
                    }
                }),
                ("dropped", Step::Item(i)) => edit(&mut value, parent, &mut |v| {
                    if let Json::Array(items) = v {
                        items.remove(*i);
                    }
                }),
                ("swapped", Step::Item(i)) => edit(&mut value, parent, &mut |v| {
                    if let Json::Array(items) = v
                        && i + 1 < items.len()
                    {
                        items.swap(*i, i + 1);
                    }
                }),
                ("swapped", Step::Member(name)) => edit(&mut value, parent, &mut |v| {
                    if let Json::Object(members) = v {
                        let i = members.iter().position(|(n, _)| n == name).expect("listed");
                        if i + 1 < members.len() {
                            let (head, tail) = members.split_at_mut(i + 1);
                            std::mem::swap(&mut head[i].1, &mut tail[0].1);
                        }
                    }
                }),
                ("duplicated", Step::Item(i)) => edit(&mut value, parent, &mut |v| {
                    if let Json::Array(items) = v {
                        items.insert(*i, items[*i].clone());
                    }
                }),
                _ => done = false,
            }
            if !done || value == original {
                continue;
            }
            *counts.entry(operation).or_default() += 1;
            let report = subject.verify(&value.to_bytes());
            let found = failed(&report);
            let seed_withheld = operation == "dropped" && *last == [Step::Member("seed".into())];
            let year_withheld = operation == "dropped" && parent == [Step::Member("records".into())];
            if seed_withheld {
                // Whoever shows a record need not hand on its seed.
                assert_eq!(report.verdict, Verdict::Valid, "{operation} {path:?}: {:#?}", report.checks);
                continue;
            }
            assert_ne!(report.verdict, Verdict::Valid, "{operation} {path:?}");
            if year_withheld {
                // The years are each a record of their own, but the authority part then holds one appointment too many.
                assert!(found.contains(&CheckId::Unreferenced), "{operation} {path:?}: {found:?}");
                continue;
            }
            let expected = guardians(path);
            let named = found.contains(&CheckId::Format) || expected.iter().any(|id| found.contains(id));
            assert!(named, "{operation} {path:?}: expected one of {expected:?}, found {found:?}");
        }
    }
    println!("value matrix: {} places, {counts:?}", all.len());
}

#[test]
fn a_changed_mark_is_named_by_its_subject() {
    let subject = Subject::new();
    let text = String::from_utf8(subject.bytes.clone()).expect("JSON is text");
    let place = text.find(",\"subject.toan\",{").expect("the record has mathematics");
    let year = place + text[place..].find("\"year\":").expect("a mark") + "\"year\":".len();
    let mut changed = text.clone();
    changed.replace_range(year..year + 1, if &text[year..=year] == "9" { "8" } else { "9" });
    let report = subject.verify(changed.as_bytes());
    assert_eq!(report.verdict, Verdict::Invalid);
    let headline = hocba_bundle::text::headline(&report, hocba_bundle::text::Language::Vietnamese);
    assert_eq!(headline, "Học bạ này không hợp lệ: môn Toán đã bị sửa sau khi ký.");
    assert_eq!(failed(&report), BTreeSet::from([CheckId::Disclosures, CheckId::Seed]));
}

#[test]
fn a_resaved_file_says_so_and_that_its_content_still_matches() {
    let subject = Subject::new();
    let text = String::from_utf8(subject.bytes.clone()).expect("JSON is text");
    let value = canonical::parse(&subject.bytes, hocba_bundle::format::BUNDLE_LIMITS).expect("own bytes");
    let pretty = serde_json::to_string_pretty(&value).expect("JSON");
    for resaved in
        [format!("\u{feff}{text}"), format!("{text}\n"), format!("{text}\r\n"), text.replace(",\"", ", \""), pretty]
    {
        let report = subject.verify(resaved.as_bytes());
        assert_eq!(report.verdict, Verdict::Invalid);
        assert_eq!(report.headline, hocba_bundle::report::Headline::Resaved, "{:?}", failed(&report));
    }
}

#[test]
fn any_subset_of_sections_without_the_seed_is_valid_and_shows_nothing_else() {
    let subject = Subject::new();
    let bundle = subject.world.bundle(0);
    let all = bundle.records[0].disclosures.len();
    for mask in (0..1u32 << all.min(10)).step_by(7) {
        let mut partial = bundle.clone();
        let shown = &mut partial.records[0].disclosures;
        let mut i = 0;
        shown.retain(|_| {
            i += 1;
            mask & (1 << (i - 1)) != 0
        });
        partial.records[0].seed = None;
        let bytes = partial.to_bytes();
        let report = subject.world.verify(&bytes);
        assert_eq!(report.verdict, Verdict::Valid, "{mask:b}: {:#?}", report.checks);
        let text = String::from_utf8(bytes).expect("JSON is text");
        for hidden in bundle.records[0].disclosures.iter().filter(|d| !partial.records[0].disclosures.contains(d)) {
            assert!(!text.contains(&hidden.salt().to_string()), "a withheld salt shows");
            assert!(!report.records[0].sections.contains_key(hidden.name()));
        }
    }
}

#[test]
fn a_part_never_carries_the_seed() {
    let subject = Subject::new();
    let mut bundle = subject.world.bundle(0);
    bundle.records[0].disclosures.pop();
    bundle.records[0].seed = Some(Seed::from_bytes(subject.world.records[0].seed));
    let report = subject.world.verify(&bundle.to_bytes());
    assert_eq!(failed(&report), BTreeSet::from([CheckId::Seed]));
}
