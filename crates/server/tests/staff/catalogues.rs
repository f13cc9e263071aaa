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

fn read(text: &str, found: &mut Catalogue) {
    let resource = parser::parse(text).expect("the catalogue parses");
    for entry in resource.body {
        if let Entry::Message(message) = entry {
            let mut names = BTreeSet::new();
            variables(&message.value.expect("every text says something"), &mut names);
            assert!(found.insert(message.id.name.to_owned(), names).is_none(), "{} is there twice", message.id.name);
        }
    }
}

/// All texts of all catalogues.
fn all(language: usize) -> Catalogue {
    let mut found = Catalogue::new();
    CATALOGUES.iter().for_each(|(_, texts)| read(texts[language], &mut found));
    found
}

/// Templates and code that ask for texts.
fn sources() -> String {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = fs::read_to_string(crate_folder.join("src/staff.rs")).expect("readable");
    for folder in ["src/staff", "src/staff/samples", "templates/staff"] {
        let entries =
            fs::read_dir(crate_folder.join(folder)).expect("a folder").map(|file| file.expect("a file").path());
        for file in entries.filter(|path| path.is_file()) {
            let text = fs::read_to_string(file).expect("readable");
            // Tests ask for texts that are not there.
            all.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
        }
    }
    all
}

#[test]
fn both_languages_say_the_same_things_with_the_same_variables() {
    for (name, texts) in CATALOGUES {
        let [vietnamese, english] = texts.map(|text| {
            let mut found = Catalogue::new();
            read(text, &mut found);
            found
        });
        assert_eq!(vietnamese, english, "{name}");
        assert!(!vietnamese.is_empty(), "{name} says something");
    }
}

#[test]
fn every_catalogue_in_the_folders_is_one_of_the_list() {
    let known: BTreeSet<String> = CATALOGUES.iter().map(|(name, _)| format!("{name}.ftl")).collect();
    for language in ["vi", "en"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language);
        let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
        let files: BTreeSet<String> = files.map(|name| name.into_string().expect("UTF-8")).collect();
        assert_eq!(files, known, "{language}");
    }
}

#[test]
fn every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() {
    let (known, sources) = (all(0), sources());
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
