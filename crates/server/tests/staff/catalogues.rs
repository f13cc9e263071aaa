//! The catalogues: complete, in step with each other and with what asks for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser,
};
use hocba_server::staff::text::CATALOGUES;

/// Variables of every text.
type Catalogue = BTreeMap<String, BTreeSet<String>>;

fn variables(pattern: &Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            match expression {
                Expression::Inline(inline) => variable(inline, into),
                Expression::Select { selector, variants } => {
                    variable(selector, into);
                    variants.iter().for_each(|variant| variables(&variant.value, into));
                }
            }
        }
    }
}

fn variable(inline: &InlineExpression<&str>, into: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            into.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inline) = expression.as_ref() {
                variable(inline, into);
            }
        }
        _ => {}
    }
}

fn read(text: &str) -> Catalogue {
    let resource = parser::parse(text).expect("the catalogue parses");
    let mut found = Catalogue::new();
    for entry in resource.body {
        if let Entry::Message(message) = entry {
            let mut names = BTreeSet::new();
            variables(&message.value.expect("every text says something"), &mut names);
            assert!(found.insert(message.id.name.to_owned(), names).is_none(), "{} is there twice", message.id.name);
        }
    }
    found
}

/// Templates and code that ask for texts.
fn sources() -> String {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = fs::read_to_string(crate_folder.join("src/staff.rs")).expect("readable");
    for folder in ["src/staff", "templates/staff"] {
        for file in fs::read_dir(crate_folder.join(folder)).expect("a folder") {
            let text = fs::read_to_string(file.expect("a file").path()).expect("readable");
            // Tests ask for texts that are not there.
            all.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
        }
    }
    all
}

#[test]
fn both_languages_say_the_same_things_with_the_same_variables() {
    let [(_, vietnamese), (_, english)] = CATALOGUES;
    let (vietnamese, english) = (read(vietnamese), read(english));
    assert_eq!(vietnamese, english);
    assert!(vietnamese.len() > 100, "{} texts were read", vietnamese.len());
}

#[test]
fn every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() {
    let (known, sources) = (read(CATALOGUES[0].1), sources());
    let mut asked = 0;
    for call in ["say(\"", ".with(\"", ".count(\""] {
        for (at, _) in sources.match_indices(call) {
            let id = sources[at + call.len()..].split('"').next().unwrap_or_default();
            let variables = known.get(id).unwrap_or_else(|| panic!("no text `{id}`"));
            let wants = !variables.is_empty();
            assert_eq!(wants, call != "say(\"", "`{id}` has variables {variables:?} and is asked for by {call}");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked} places ask for a text");
    for id in known.keys() {
        assert!(sources.contains(&format!("\"{id}\"")), "nobody asks for `{id}`");
    }
}
