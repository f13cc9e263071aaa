//! Text as it comes from spreadsheets: what a reader cannot see in it, and how to repair what has one repair.
//!
//! Used by importers before a `Text` exists, which refuses most of this, and by [`super::check`] for what a `Text` may
//! still hold: look-alike letters, of which Ð (U+00D0, Icelandic) for Đ (U+0110) is the one met daily
//! (`domain.md` §6.4).

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::{Finding, Message, Place};
use crate::types::{MAX_TEXT_BYTES, is_invisible};

/// One thing wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextProblem {
    /// Nothing but blanks.
    Empty,
    /// Longer than a `Text` may be.
    TooLong {
        /// Bytes found.
        bytes: usize,
    },
    /// Not in Unicode normalisation form C.
    NotNfc,
    /// A character that looks like another.
    LookAlike {
        /// The character.
        found: char,
        /// The one that was probably meant.
        suggested: char,
    },
    /// A character no one sees.
    Invisible {
        /// The character.
        found: char,
    },
    /// Blanks at an end, two in a row, or of an unusual kind (no-break, ideographic, tabulator).
    Spacing,
    /// Looks like TCVN3 or VNI text read as Latin-1. A guess: French and German names can look so too.
    LegacyFont,
}

/// What is wrong with a text, each problem once, in the order met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextProblems {
    /// The problems.
    pub problems: Vec<TextProblem>,
}

impl TextProblems {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems as findings about a place. Old fonts are a guess and spacing harms no one: these are warnings.
    pub fn findings(&self, place: &Place) -> Vec<Finding> {
        let finding = |problem: &TextProblem| match *problem {
            TextProblem::Empty => Finding::error(place.clone(), Message::TextEmpty),
            TextProblem::TooLong { bytes } => {
                Finding::error(place.clone(), Message::TextTooLong { found: bytes, limit: MAX_TEXT_BYTES })
            }
            TextProblem::NotNfc => Finding::error(place.clone(), Message::TextNotNfc),
            TextProblem::LookAlike { found, suggested } => {
                Finding::error(place.clone(), Message::TextLookAlike { found, suggested })
            }
            TextProblem::Invisible { found } => Finding::error(place.clone(), Message::TextInvisible { found }),
            TextProblem::Spacing => Finding::warning(place.clone(), Message::TextSpacing),
            TextProblem::LegacyFont => Finding::warning(place.clone(), Message::TextLegacyFont),
        };
        self.problems.iter().map(finding).collect()
    }

    fn add(&mut self, problem: TextProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Looks for everything in a text that a reader would not see.
///
/// Cyrillic and Greek letters count as look-alikes only in a word that has Latin letters too: a name written wholly in
/// another script is that pupil's name.
pub fn inspect_text(raw: &str) -> TextProblems {
    let mut problems = TextProblems::default();
    if raw.trim().is_empty() {
        problems.add(TextProblem::Empty);
        return problems;
    }
    if raw.len() > MAX_TEXT_BYTES {
        problems.add(TextProblem::TooLong { bytes: raw.len() });
    }
    if !is_nfc(raw) {
        problems.add(TextProblem::NotNfc);
    }
    for (c, suggested) in with_suggestions(raw) {
        if let Some(suggested) = suggested {
            problems.add(TextProblem::LookAlike { found: c, suggested });
        } else if is_unseen(c) {
            problems.add(TextProblem::Invisible { found: c });
        }
    }
    if tidy_blanks(raw) != raw {
        problems.add(TextProblem::Spacing);
    }
    if looks_like_legacy_font(raw) {
        problems.add(TextProblem::LegacyFont);
    }
    problems
}

/// The text with everything repaired that has one repair, or `None` where nothing is left of it or it stays too long.
///
/// Repairs: NFC; look-alikes to Latin letters (full-width forms too); unusual and needless blanks; invisible characters
/// removed. Old fonts are not converted: the same bytes mean different letters in different fonts. The answer is a fixed
/// point: repairing it again changes nothing.
pub fn repair_text(raw: &str) -> Option<String> {
    let composed: String = raw.nfc().collect();
    let latin: String =
        with_suggestions(&composed).map(|(c, suggested)| suggested.unwrap_or(c)).filter(|c| !is_unseen(*c)).collect();
    // A replaced letter may now compose with the mark behind it.
    let repaired = tidy_blanks(&latin.nfc().collect::<String>());
    (!repaired.is_empty() && repaired.len() <= MAX_TEXT_BYTES).then_some(repaired)
}

/// Characters with the ones that were probably meant. Words matter: see [`inspect_text`].
fn with_suggestions(text: &str) -> impl Iterator<Item = (char, Option<char>)> {
    text.split_inclusive(|c: char| !is_word(c)).flat_map(|word| {
        let latin = word.chars().any(is_latin);
        word.chars().map(move |c| (c, always(c).or_else(|| if latin { in_latin_word(c) } else { None })))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_unseen(c) || unicode_normalization::char::is_combining_mark(c)
}

/// Letters of the Latin blocks; full-width ones are replaced anyway and count as Latin.
fn is_latin(c: char) -> bool {
    c.is_alphabetic() && matches!(c, 'A'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}')
}

/// Look-alikes wherever they stand.
fn always(c: char) -> Option<char> {
    Some(match c {
        'Ð' | 'Ɖ' => 'Đ', // U+00D0, U+0189
        'ð' => 'đ',
        // U+FF01 to U+FF5E are U+0021 to U+007E in full width.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0)?,
        _ => return None,
    })
}

/// Cyrillic and Greek letters of the same shape as a Latin one.
#[rustfmt::skip]
fn in_latin_word(c: char) -> Option<char> {
    Some(match c {
        // Cyrillic
        'А' => 'A', 'В' => 'B', 'С' => 'C', 'Е' => 'E', 'Н' => 'H', 'І' => 'I', 'Ј' => 'J', 'К' => 'K', 'М' => 'M',
        'О' => 'O', 'Р' => 'P', 'Ѕ' => 'S', 'Т' => 'T', 'У' => 'Y', 'Х' => 'X', 'а' => 'a', 'с' => 'c', 'е' => 'e',
        'һ' => 'h', 'і' => 'i', 'ј' => 'j', 'о' => 'o', 'р' => 'p', 'ѕ' => 's', 'у' => 'y', 'х' => 'x',
        // Greek
        'Α' => 'A', 'Β' => 'B', 'Ε' => 'E', 'Η' => 'H', 'Ι' => 'I', 'Κ' => 'K', 'Μ' => 'M', 'Ν' => 'N', 'Ο' => 'O',
        'Ρ' => 'P', 'Τ' => 'T', 'Υ' => 'Y', 'Χ' => 'X', 'Ζ' => 'Z', 'ο' => 'o', 'ν' => 'v', 'α' => 'a', 'ι' => 'i',
        _ => return None,
    })
}

/// What no one sees, without the blanks that [`tidy_blanks`] deals with.
fn is_unseen(c: char) -> bool {
    is_invisible(c) && !c.is_whitespace()
}

/// Single blanks inside, none at the ends; line feeds stay, every other white space becomes a blank.
fn tidy_blanks(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for c in text.trim().replace("\r\n", "\n").chars() {
        if c == '\n' {
            tidy.truncate(tidy.trim_end_matches(' ').len());
            tidy.push('\n');
        } else if !c.is_whitespace() {
            tidy.push(c);
        } else if !tidy.ends_with([' ', '\n']) {
            tidy.push(' ');
        }
    }
    tidy
}

/// TCVN3 puts letters where Latin-1 has signs (`§øc` for Đức); VNI puts marks behind vowels (`Vaên`, `Ñöùc`).
fn looks_like_legacy_font(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    chars.windows(2).any(|pair| {
        let [a, b] = [pair[0], pair[1]];
        let sign =
            |c| matches!(c, '§' | '®' | '¸' | 'µ' | '¶' | '·' | '¹' | '¨' | '©' | '¬' | '¦' | '»' | '¾' | '¼' | '½');
        let vni_mark =
            |c| matches!(c, 'ø' | 'û' | 'ï' | 'å' | 'ä' | 'ü' | 'ë' | 'Ø' | 'Û' | 'Ï' | 'Å' | 'Ä' | 'Ü' | 'Ë');
        let vowel = |c| matches!(c, 'a' | 'e' | 'o' | 'u' | 'y' | 'ö' | 'ô' | 'A' | 'E' | 'O' | 'U' | 'Y' | 'Ö' | 'Ô');
        (sign(a) && b.is_alphabetic())
            || (a.is_alphabetic() && sign(b))
            || (vowel(a) && vni_mark(b))
            || (matches!(a, 'a' | 'A') && matches!(b, 'ê' | 'Ê' | 'â' | 'Â'))
            || (matches!(a, 'ö' | 'Ö') && b.is_alphabetic() && !b.is_ascii())
            || (matches!(a, 'ñ' | 'Ñ') && !b.is_ascii() && b.is_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Text;

    fn problems(raw: &str) -> Vec<TextProblem> {
        inspect_text(raw).problems
    }

    #[test]
    fn good_vietnamese_text_has_no_problem() {
        for good in [
            "Nguyễn Thị Ánh Đào",
            "H'Bĩă Ê-ban",
            "Thuở Hoà Khoẻ Quý",
            "Chăm ngoan.\nCần cố gắng môn Toán (5,0).",
            "Иван Петров",
            "Trường THCS Nguyễn Đình Chiểu",
            "Y Krông Buôn Đôn",
            "Núñez",
        ] {
            assert_eq!(problems(good), [], "{good}");
            assert_eq!(repair_text(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn the_icelandic_letter_is_found_and_mended() {
        assert_eq!(problems("Ðào"), [TextProblem::LookAlike { found: 'Ð', suggested: 'Đ' }]);
        assert_eq!(repair_text("Trần Ðức ðạt").as_deref(), Some("Trần Đức đạt"));
    }

    #[test]
    fn cyrillic_letters_are_look_alikes_in_latin_words_only() {
        assert_eq!(problems("Nguyễn \u{410}nh"), [TextProblem::LookAlike { found: '\u{410}', suggested: 'A' }]);
        assert_eq!(problems("Анна"), []);
        assert_eq!(repair_text("\u{39d}am").as_deref(), Some("Nam"));
    }

    #[test]
    fn a_mended_letter_takes_the_mark_behind_it() {
        // Cyrillic а with a Latin neighbour and a combining acute accent.
        assert_eq!(repair_text("H\u{430}\u{301}").as_deref(), Some("Há"));
    }

    #[test]
    fn decomposed_text_is_composed() {
        let raw = "Nguye\u{302}\u{303}n";
        assert_eq!(problems(raw), [TextProblem::NotNfc]);
        assert_eq!(repair_text(raw).as_deref(), Some("Nguyễn"));
    }

    #[test]
    fn blanks_and_unseen_characters_are_found_and_removed() {
        assert_eq!(problems(" Lê\u{a0}Văn  An"), [TextProblem::Spacing]);
        assert_eq!(repair_text(" Lê\u{a0}Văn \t An \u{3000}").as_deref(), Some("Lê Văn An"));
        assert_eq!(problems("L\u{200b}ê"), [TextProblem::Invisible { found: '\u{200b}' }]);
        assert_eq!(repair_text("\u{feff}L\u{200b}ê").as_deref(), Some("Lê"));
        assert_eq!(repair_text("một \r\n hai").as_deref(), Some("một\nhai"));
    }

    #[test]
    fn full_width_text_becomes_half_width() {
        assert_eq!(repair_text("ＡＮ　９").as_deref(), Some("AN 9"));
    }

    #[test]
    fn nothing_has_no_repair() {
        assert_eq!(problems(" \u{a0}"), [TextProblem::Empty]);
        assert_eq!(repair_text(" \u{200b} "), None);
        assert_eq!(repair_text(&"a".repeat(MAX_TEXT_BYTES + 1)), None);
    }

    #[test]
    fn old_fonts_are_suspected() {
        for legacy in ["NguyÔn V¨n §øc", "Traàn Vaên Ñöùc", "Hoaøng"] {
            assert!(problems(legacy).contains(&TextProblem::LegacyFont), "{legacy}");
        }
    }

    proptest! {
        #[test]
        fn what_is_repaired_is_a_text_and_has_no_problem_left(raw in "\\PC{0,12}|[ \u{a0}A-Za-zÐðАеΝｗ\u{301}\u{302}\u{200b}\r\n\t]{0,24}") {
            if let Some(repaired) = repair_text(&raw) {
                prop_assert!(repaired.parse::<Text>().is_ok(), "{repaired:?}");
                let left = problems(&repaired).into_iter().filter(|p| *p != TextProblem::LegacyFont).collect::<Vec<_>>();
                prop_assert_eq!(left, []);
                prop_assert_eq!(repair_text(&repaired), Some(repaired));
            }
        }
    }
}
