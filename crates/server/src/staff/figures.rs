//! Figures of how far records are: as numbers, and as a bar that says the same at a glance.
//!
//! A bar is drawn here, as SVG without script or style of its own. It stands beside its numbers and is hidden from screen
//! readers, to which it would say them twice; shades go from dark to light of one hue, so that they are told apart without
//! colour and on paper, too.

use std::fmt::Write as _;

use hocba_app::{Figures, Sum};

use super::text::Text;

/// Takes one figure of all.
pub(super) type Pick = fn(&Figures) -> u64;

/// Parts of a bar from the left, with the class of each in the style sheet: the furthest first.
const PARTS: [(&str, Pick); 6] = [
    ("in-force", |f| f.in_force),
    ("sealed", |f| f.sealed),
    ("signed-off", |f| f.signed_off),
    ("signed", |f| f.signed),
    ("drafted", |f| f.drafted),
    ("waiting", |f| f.waiting),
];
/// Width of a bar, in units of its own.
const WIDTH: u64 = 1000;

/// A number as people read it: `1.234.567` or `1,234,567`.
pub(super) fn grouped(t: Text, n: u64) -> String {
    let (digits, mark) = (n.to_string(), crate::language::pick(t.0, '.', ','));
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// Of a thousand as a percentage with one digit, `98,7%`; all is `100%`, and nothing else is.
pub(super) fn percent(t: Text, figures: &Figures) -> String {
    let permille = figures.permille();
    match (permille / 10, permille % 10) {
        (whole @ (0 | 100), 0) => format!("{whole}%"),
        (whole, tenth) => format!("{whole}{}{tenth}%", crate::language::pick(t.0, ',', '.')),
    }
}

/// The bar of what is expected; empty where nothing is.
pub(super) fn bar(figures: &Figures) -> String {
    let all = figures.expected();
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">"
    );
    let (mut before, mut from) = (0_u64, 0_u64);
    for (class, of) in PARTS {
        let count = of(figures);
        before = before.saturating_add(count);
        let to = before.saturating_mul(WIDTH).checked_div(all).unwrap_or_default();
        if count > 0 && to > from {
            let _ = write!(svg, "<rect class=\"{class}\" x=\"{from}\" y=\"0\" width=\"{}\" height=\"12\"/>", to - from);
        }
        from = to;
    }
    svg.push_str("</svg>");
    svg
}

/// A square of the colour of a part, for the legend.
fn square(class: &str) -> String {
    format!(
        "<svg class=\"square\" viewBox=\"0 0 12 12\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"{class}\" x=\"0\" y=\"0\" width=\"12\" height=\"12\"/></svg>"
    )
}

/// What a figure is called.
fn word(t: Text, class: &str) -> String {
    match class {
        "in-force" => t.say("figure-in-force"),
        "sealed" => t.say("figure-sealed"),
        "signed-off" => t.say("figure-signed-off"),
        "signed" => t.say("figure-signed"),
        "drafted" => t.say("figure-drafted"),
        "waiting" => t.say("figure-waiting"),
        "left-out" => t.say("figure-left-out"),
        _ => t.say("figure-returned"),
    }
    .into_owned()
}

/// A line of the legend: what it is, how many, and what became of it since.
pub(super) struct LegendLine {
    pub(super) square: String,
    pub(super) name: String,
    pub(super) count: String,
}

/// The legend of a bar with its numbers, and what no bar shows.
pub(super) fn legend(t: Text, figures: &Figures) -> Vec<LegendLine> {
    let of_bar = PARTS.map(|(class, of)| (square(class), class, of(figures)));
    let besides = [(String::new(), "left-out", figures.left_out), (String::new(), "returned", figures.returned)];
    let line = |(square, class, count)| LegendLine { square, name: word(t, class), count: grouped(t, count) };
    of_bar.into_iter().chain(besides).map(line).collect()
}

/// The columns of a table of figures, in the order of [`Row::cells`].
pub(super) fn columns(t: Text) -> Vec<String> {
    let classes = ["in-force", "sealed", "signed-off", "signed", "drafted", "waiting", "left-out", "returned"];
    classes.map(|class| word(t, class)).into()
}

/// A line of a table of figures.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) href: Option<String>,
    /// What stands below the name, small.
    pub(super) note: Option<String>,
    pub(super) bar: String,
    /// How much is in force.
    pub(super) share: String,
    /// Classes that are done, of how many.
    pub(super) classes: Option<String>,
    pub(super) cells: Vec<String>,
}

impl Row {
    pub(super) fn new(t: Text, name: String, href: Option<String>, sum: &Sum) -> Self {
        let f = &sum.figures;
        let cells = PARTS.map(|(_, of)| of(f)).into_iter().chain([f.left_out, f.returned]);
        Self {
            name,
            href,
            note: None,
            bar: bar(f),
            share: percent(t, f),
            classes: Some(format!("{}/{}", grouped(t, sum.classes_done), grouped(t, sum.classes))),
            cells: cells.map(|count| grouped(t, count)).collect(),
        }
    }

    pub(super) fn noted(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }

    /// A cell with its column's name.
    pub(super) fn cells<'a>(&'a self, columns: &'a [String]) -> impl Iterator<Item = (&'a String, &'a String)> {
        columns.iter().zip(&self.cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn the_parts_of_a_bar_fill_it_and_none_is_drawn_of_nothing() {
        let figures = Figures { waiting: 1, drafted: 1, in_force: 1, returned: 1, left_out: 9, ..Figures::default() };
        let drawn = bar(&figures);
        assert_eq!(drawn.matches("<rect").count(), 3);
        assert!(drawn.contains("class=\"in-force\" x=\"0\" y=\"0\" width=\"333\""), "{drawn}");
        assert!(drawn.contains("class=\"waiting\" x=\"666\" y=\"0\" width=\"334\""), "{drawn}");
        assert!(!bar(&Figures::default()).contains("<rect"));
        let most = Figures { in_force: u64::MAX / 2, ..Figures::default() };
        assert!(bar(&most).contains("</svg>"), "no number is too large");
    }

    #[test]
    fn numbers_are_grouped_as_in_the_readers_language() {
        let (vi, en) = (Text(Language::Vietnamese), Text(Language::English));
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1.000"), (2_000_000, "2.000.000")] {
            assert_eq!(grouped(vi, n), text);
        }
        assert_eq!(grouped(en, 12_345), "12,345");
        let nearly = Figures { in_force: 1999, drafted: 1, ..Figures::default() };
        assert_eq!((percent(vi, &nearly), percent(en, &nearly)), ("99,9%".into(), "99.9%".into()));
        let all = Figures { in_force: 1, ..Figures::default() };
        assert_eq!((percent(vi, &all), percent(vi, &Figures::default())), ("100%".into(), "0%".into()));
    }
}
