//! Properties: what holds for any value, any statement, any choice of disclosures.

use std::sync::LazyLock;

use ed25519_dalek::VerifyingKey;
use hocba_bundle::{
    format::RecordPart,
    report::{ShownExtent, Verdict},
};
use hocba_keystore::Ed25519Key;
use hocba_record::{
    canonical::{self, CanonicalError, Limits},
    encoding::{Sha256Digest, base64url},
    types::UnixTime,
};
use hocba_signature::{
    algorithm::{Algorithm, PublicKey},
    statement::{MAX_SIGNATURES, Role, Statement, StatementError, StatementType},
};
use hocba_tests::World;
use proptest::prelude::*;

use crate::json::{LIMITS, spell, value};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_form_is_a_fixed_point(value in value()) {
        let bytes = value.to_bytes();
        prop_assert_eq!(canonical::parse(&bytes, LIMITS), Ok(value.clone()));
        prop_assert_eq!(canonical::parse_canonical(&bytes, LIMITS), Ok(value.clone()));
        prop_assert_eq!(canonical::to_vec(&value), Ok(bytes.clone()));
        prop_assert_eq!(canonical::from_slice::<canonical::Json>(&bytes, LIMITS), Ok(value));
    }

    #[test]
    fn every_spelling_of_a_value_leads_to_one_form(value in value(), choices in prop::collection::vec(any::<u8>(), 256)) {
        let spelled = spell(&value, &mut choices.into_iter());
        prop_assert_eq!(canonical::parse(spelled.as_bytes(), LIMITS), Ok(value.clone()));
        let bytes = value.to_bytes();
        let strict = canonical::parse_canonical(spelled.as_bytes(), LIMITS);
        if spelled.as_bytes() == bytes {
            prop_assert_eq!(strict, Ok(value));
        } else {
            let same = spelled.bytes().zip(&bytes).take_while(|(a, b)| a == *b).count();
            prop_assert_eq!(strict, Err(CanonicalError::NotCanonical { offset: same }));
        }
    }

    #[test]
    fn a_cut_or_changed_canonical_text_is_another_value_or_none(value in value(), at in any::<prop::sample::Index>(), by in 1_u8..) {
        let bytes = value.to_bytes();
        let at = at.index(bytes.len());
        let mut changed = bytes.clone();
        changed[at] ^= by;
        if let Ok(other) = canonical::parse_canonical(&changed, LIMITS) {
            prop_assert_ne!(&other, &value);
            prop_assert_eq!(other.to_bytes(), changed);
        }
        if let Ok(other) = canonical::parse_canonical(&bytes[..at], LIMITS) {
            prop_assert_ne!(other, value, "only a shorter integer can be left");
        }
    }
}

fn signer(n: u8) -> Ed25519Key {
    Ed25519Key::from_seed(&[n; 32])
}

fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![
        Role::HomeroomTeacher,
        Role::Principal,
        Role::DeputyPrincipal,
        Role::SchoolSeal,
        Role::Department,
        Role::ProfilePublisher,
    ])
}

fn any_type() -> impl Strategy<Value = StatementType> {
    use StatementType::{Appointment, Profile, Record, Status};
    prop::sample::select(vec![Record, Appointment, Status, Profile])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_statement_comes_back_from_its_bytes(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        typ in any_type(),
        signers in prop::collection::vec((any_role(), 1_u8..=200, 0_i64..4_000_000_000), 0..=MAX_SIGNATURES),
        other in any_type(),
    ) {
        let statement = signers.iter().fold(Statement::unsigned(payload.clone()), |statement, (role, n, iat)| {
            let iat = UnixTime::from_seconds(*iat).expect("in range");
            let input = statement.prepare(typ, *role, Algorithm::Ed25519, Sha256Digest::of(&[*n]), iat);
            let signature = signer(*n).sign(input.bytes()).to_vec();
            statement.attach(input, signature)
        });
        let limits = Limits { bytes: 1 << 16, depth: 3 };
        let bytes = statement.to_bytes();
        let again = Statement::from_bytes(&bytes, limits).expect("its own bytes");
        prop_assert_eq!(&again, &statement);
        prop_assert_eq!(again.to_bytes(), bytes.clone());
        prop_assert_eq!(again.payload(), payload);
        prop_assert_eq!(again.leaf_hash(), Sha256Digest::of(&[&[0], bytes.as_slice()].concat()));

        let headers = again.headers(typ).expect("as prepared");
        prop_assert_eq!(headers.len(), signers.len());
        for (index, ((role, n, _), header)) in signers.iter().zip(&headers).enumerate() {
            prop_assert_eq!(header.role, *role);
            prop_assert_eq!(header.prev.is_some(), index > 0);
            let key = |n| PublicKey::from(VerifyingKey::from_bytes(&signer(n).public_key()).expect("a point"));
            prop_assert_eq!(again.verify(index, &key(*n)), Ok(()));
            prop_assert_eq!(again.verify(index, &key(n + 1)), Err(StatementError::Signature { index }));
        }
        if other != typ && !signers.is_empty() {
            prop_assert_eq!(again.headers(other), Err(StatementError::Type { index: 0 }));
        }
        for keep in 0..signers.len() {
            prop_assert_eq!(again.clone().truncated(keep).headers(typ), Ok(headers[..keep].to_vec()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a pupil chooses to show, the bundle is valid, shows just that, and holds neither salt nor value of the
    /// rest.
    #[test]
    fn any_choice_of_disclosures_verifies_and_reveals_nothing_else(choice in choice()) {
        let (world, whole) = &*CLASS;
        let count = whole.disclosures.len();
        let (shown, hidden): (Vec<usize>, Vec<usize>) = (0..count).partition(|i| choice.shows(*i, count));
        let mut part = whole.clone();
        part.disclosures = shown.iter().map(|i| whole.disclosures[*i].clone()).collect();
        part.seed = None;
        let bytes = world.assemble(vec![part]).to_bytes();
        let report = world.verify(&bytes);
        prop_assert_eq!(report.verdict, Verdict::Valid, "{:#?}", report.checks);

        let record = &report.records[0];
        let names =
            |places: &[usize]| -> Vec<_> { places.iter().map(|i| whole.disclosures[*i].name().clone()).collect() };
        prop_assert_eq!(record.sections.keys().cloned().collect::<Vec<_>>(), names(&shown));
        let manifest = names(&shown).iter().any(|name| name.as_str() == "manifest");
        let expected = match (manifest, hidden.is_empty()) {
            (false, _) => ShownExtent::Unknown,
            (true, true) => ShownExtent::Whole,
            (true, false) => ShownExtent::Partial { withheld: names(&hidden) },
        };
        prop_assert_eq!(&record.extent, &expected);

        let text = String::from_utf8(bytes).expect("JSON");
        prop_assert!(!text.contains(&base64url(&world.records[0].seed)), "the seed is inside");
        for disclosure in hidden.iter().map(|i| &whole.disclosures[*i]) {
            prop_assert!(!text.contains(&disclosure.salt().to_string()), "salt of {}", disclosure.name());
            let value = String::from_utf8(disclosure.value().to_bytes()).expect("JSON");
            let shown = format!("\"{}\",{value}]", disclosure.name());
            prop_assert!(!text.contains(&shown), "{}", disclosure.name());
        }
    }
}

/// A class whose first pupil's record is shown in parts.
static CLASS: LazyLock<(World, RecordPart)> = LazyLock::new(|| {
    let world = World::new(2);
    let part = World::part(&world.records[0], &world.anchors[0]);
    (world, part)
});

/// What is shown of a record.
#[derive(Debug, Clone)]
enum Choice {
    /// All but the one in this place; none withheld beyond the last.
    AllBut(usize),
    /// Only the one in this place.
    Only(usize),
    /// Those with a bit set.
    Those(u32),
}

impl Choice {
    fn shows(&self, place: usize, count: usize) -> bool {
        match self {
            Choice::AllBut(withheld) => place != withheld % (count + 1),
            Choice::Only(shown) => place == shown % (count + 1),
            Choice::Those(bits) => bits & (1 << place) != 0,
        }
    }
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        (0..32_usize).prop_map(Choice::AllBut),
        (0..32_usize).prop_map(Choice::Only),
        any::<u32>().prop_map(Choice::Those),
    ]
}
