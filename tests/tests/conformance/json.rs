//! Random values of the subset, and random spellings of them.

use hocba_record::canonical::{Json, Limits, MAX_INTEGER, parse};
use proptest::{collection::vec, prelude::*};

/// What the random values stay within.
pub const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 8 };

/// Texts with what makes escaping and sorting hard: controls, quotes, DEL, C1, Vietnamese composed and decomposed,
/// characters on both sides of the surrogates in UTF-16 order, and beyond the BMP.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        prop::char::range('\0', '\u{7f}'),
        prop::sample::select(
            "\"\\/\u{8}\u{c}\u{7f}\u{80}\u{9f}\u{2028}\u{2029}\u{feff}ĐđÐ\u{1ebf}e\u{302}\u{301}\u{d7ff}\u{e000}\u{fb33}\u{ffff}\u{10000}\u{1f602}\u{10ffff}"
                .chars()
                .collect::<Vec<_>>()
        ),
        any::<char>(),
    ];
    vec(character, 0..12).prop_map(|characters| characters.into_iter().collect())
}

fn integer() -> impl Strategy<Value = i64> {
    prop_oneof![-1000_i64..1000, -MAX_INTEGER..=MAX_INTEGER, prop::sample::select(vec![MAX_INTEGER, -MAX_INTEGER, 0])]
}

/// A value as serde_json writes it, which sorts members in its own way.
fn raw() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        integer().prop_map(Value::from),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((text(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A random value.
pub fn value() -> impl Strategy<Value = Json> {
    raw().prop_map(|raw| parse(raw.to_string().as_bytes(), LIMITS).expect("within the subset"))
}

/// A value as another program might spell it: `choices` decides on white space, order of members and escapes.
pub fn spell(value: &Json, choices: &mut impl Iterator<Item = u8>) -> String {
    let mut out = String::new();
    write(value, choices, &mut out);
    space(choices, &mut out);
    out
}

fn space(choices: &mut impl Iterator<Item = u8>, out: &mut String) {
    out.push_str(["", "", "", " ", "\n", "\t", "\r\n", "  "][usize::from(choices.next().unwrap_or(0) % 8)]);
}

fn write(value: &Json, choices: &mut impl Iterator<Item = u8>, out: &mut String) {
    space(choices, out);
    match value {
        Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Json::Integer(n) => out.push_str(&n.to_string()),
        Json::String(s) => write_text(s, choices, out),
        Json::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, choices, out);
                space(choices, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut members: Vec<&(String, Json)> = members.iter().collect();
            if members.len() > 1 {
                let by = usize::from(choices.next().unwrap_or(0)) % members.len();
                members.rotate_left(by);
                if choices.next().unwrap_or(0) % 2 == 1 {
                    members.reverse();
                }
            }
            out.push('{');
            for (i, (name, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                space(choices, out);
                write_text(name, choices, out);
                space(choices, out);
                out.push(':');
                write(value, choices, out);
                space(choices, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, choices: &mut impl Iterator<Item = u8>, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        let must = c < ' ' || c == '"' || c == '\\';
        match choices.next().unwrap_or(0) % 8 {
            0 if c == '/' => out.push_str("\\/"),
            choice if must || choice == 1 => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&if choice % 2 == 0 { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
