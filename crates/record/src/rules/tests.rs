//! What holds for every rule set.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::form::RuleSet;

/// What a rule set refuses, or nothing.
fn refused(header: &ClassHeader, draft: &Draft) -> Vec<Finding> {
    match header.form().rules {
        RuleSet::Tt22 => tt22::evaluate(header, draft, &tt22::Policy::default()).err(),
        RuleSet::Tt27 => tt27::evaluate(header, draft, &tt27::Policy::default()).err(),
        RuleSet::Tt58 | RuleSet::Tt58Tt26 => tt58::evaluate(header, draft, &tt58::Policy::default()).err(),
        RuleSet::Tt30 => tt30::evaluate(header, draft, &tt30::Policy::default()).err(),
    }
    .unwrap_or_default()
}

proptest! {
    #![proptest_config(Config { cases: Config::default().cases.max(2_000), ..Config::default() })]

    #[test]
    fn no_draft_makes_the_rules_or_the_checks_panic((header, draft) in tt22::example::any_draft()) {
        let policies = Policies::default();
        let findings = check::check(&header, &draft, &policies);
        let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
        for finding in &findings {
            prop_assert!(!finding.vietnamese().is_empty() && !finding.english().is_empty());
        }
        match sections(&header, &draft, &policies) {
            Ok(_) => prop_assert_eq!(errors, 0),
            Err(refused) => prop_assert_eq!(refused.len(), errors),
        }
        let refused = refused(&header, &draft);
        prop_assert!(refused.iter().all(|f| f.severity == Severity::Error && findings.contains(f)));
    }
}

#[test]
fn the_random_drafts_are_of_every_rule_set_and_with_a_plan_some_are_sound() {
    let mut runner = TestRunner::deterministic();
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..400 {
        let (header, draft) = tt22::example::any_draft().new_tree(&mut runner).expect("a draft").current();
        met.insert((header.form().rules, draft.plan.is_some()));
    }
    assert_eq!(met.len(), 2 * RuleSet::ALL.len());
}

#[test]
fn a_rule_set_refuses_classes_of_another() {
    let pupils = [
        (tt22::example::header(9), tt22::example::draft(9)),
        (tt27::example::header(4), tt27::example::draft(4)),
        (tt58::example::header(9, 2018), tt58::example::draft(9, 2018)),
        (tt58::example::header(9, 2020), tt58::example::draft(9, 2020)),
        (tt22::example::header_in(4, 2018), tt30::tests::draft(4)),
    ];
    for (header, draft) in &pupils {
        assert_eq!(check::check(header, draft, &Policies::default()), [], "{}", header.form().id);
        let taken = [
            tt22::evaluate(header, draft, &tt22::Policy::default()).is_ok(),
            tt27::evaluate(header, draft, &tt27::Policy::default()).is_ok(),
            tt58::evaluate(header, draft, &tt58::Policy::default()).is_ok(),
            tt30::evaluate(header, draft, &tt30::Policy::default()).is_ok(),
        ];
        assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1, "{}", header.form().id);
    }
}

#[test]
fn policies_are_data_and_empty_ones_are_the_defaults() {
    let json = serde_json::to_string(&Policies::default()).expect("plain data");
    assert_eq!(serde_json::from_str::<Policies>(&json).expect("its own form"), Policies::default());
    assert_eq!(serde_json::from_str::<Policies>("{}").expect("defaults"), Policies::default());
    assert!(serde_json::from_str::<Policies>(r#"{"tt99":{}}"#).is_err());
}
