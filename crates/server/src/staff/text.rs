//! Text of the staff pages: the catalogues in `locales/vi` and `locales/en`, one for each subject, compiled in.
//!
//! No language stands in for the other: a text that is missing shows as `⟦id⟧`, and a test finds it before anybody does.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

use crate::language::{self, Language};

/// A catalogue, as committed: its name, and its text in Vietnamese and English.
pub type Catalogue = (&'static str, [&'static str; 2]);

macro_rules! catalogues {
    ($($name:literal),* $(,)?) => {
        &[$((
            $name,
            [
                include_str!(concat!("../../locales/vi/", $name, ".ftl")),
                include_str!(concat!("../../locales/en/", $name, ".ftl")),
            ],
        )),*]
    };
}

/// All of them. What is said on every page is in `staff`.
pub const CATALOGUES: &[Catalogue] = catalogues![
    "access",
    "appointments",
    "certificates",
    "classes",
    "department",
    "lists",
    "mail",
    "opening",
    "readers",
    "records",
    "signing",
    "staff",
    "tasks",
    "watching",
    "workplace",
    "years",
];

type Bundle = FluentBundle<FluentResource>;

static VIETNAMESE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Vietnamese));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));

fn bundle(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language::code(language).parse().expect("`vi` and `en` are language tags");
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Marks of direction would be in the way of searching and copying; both languages are written from left to right.
    bundle.set_use_isolating(false);
    for (_, [vietnamese, english]) in CATALOGUES {
        let text = language::pick(language, *vietnamese, *english);
        // What does not parse or is there twice shows as missing, in the test too.
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(rest, _)| rest);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

/// The text of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text(pub Language);

impl Text {
    /// A text without variables.
    pub fn say(self, id: &str) -> Cow<'static, str> {
        self.find(id, None)
    }

    /// A text with variables.
    pub fn with(self, id: &str, variables: &[(&'static str, &str)]) -> Cow<'static, str> {
        let arguments: FluentArgs<'_> = variables.iter().map(|(name, value)| (*name, *value)).collect();
        self.find(id, Some(&arguments))
    }

    /// A text with a number.
    pub fn count(self, id: &str, count: u32) -> Cow<'static, str> {
        let mut arguments = FluentArgs::new();
        arguments.set("count", count);
        self.find(id, Some(&arguments))
    }

    fn find(self, id: &str, arguments: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let bundle: &'static Bundle = language::pick(self.0, &VIETNAMESE, &ENGLISH);
        let pattern = bundle.get_message(id).and_then(|message| message.value());
        let Some(pattern) = pattern else { return format!("⟦{id}⟧").into() };
        let mut errors = Vec::new();
        let said = bundle.format_pattern(pattern, arguments, &mut errors).into_owned();
        if errors.is_empty() { said.into() } else { format!("⟦{id}⟧").into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_or_a_variable_that_is_missing_is_seen_and_not_covered_by_the_other_language() {
        let text = Text(Language::English);
        assert_eq!(text.say("no-such-text"), "⟦no-such-text⟧");
        assert_eq!(text.say("hello"), "⟦hello⟧", "it needs a name");
        assert_eq!(text.with("hello", &[("name", "Ánh")]), "Hello, Ánh");
    }
}
