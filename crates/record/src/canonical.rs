//! Canonical JSON: RFC 8785 (JCS) over the subset this protocol uses, and a strict reader for it.
//!
//! The subset: objects, arrays, strings, booleans and integers with |n| < 2^53. No floats and no `null` (an absent
//! member says the same, once). With no floats, JCS comes down to: no white space, members sorted by UTF-16 code units,
//! and the shortest escapes. `docs/spec/canonical.md` restates it for a reader without Rust.
//!
//! Three doors in, from lax to strict:
//! * [`parse`]: any spelling of an allowed value (white space, any member order); used to tell a re-saved file from a
//!   forged one.
//! * [`parse_canonical`]: exactly the canonical bytes.
//! * [`from_slice`]: exactly the canonical bytes of a Rust type, with no member left over and none lost.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};

/// Integers must be exactly representable as IEEE 754 doubles, as RFC 8785 §3.2.2.3 requires of portable numbers.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// What a reader accepts before it looks at the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest input in bytes.
    pub bytes: usize,
    /// Deepest nesting of arrays and objects; a bare value has depth 0.
    pub depth: usize,
}

/// A value of the subset. Object members are kept sorted by UTF-16 code units, so writing needs no second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `true` or `false`.
    Bool(bool),
    /// An integer with |n| < 2^53.
    Integer(i64),
    /// A string of valid Unicode.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, members sorted by UTF-16 code units, each name once.
    Object(Vec<(String, Json)>),
}

/// Why bytes are not what they should be. Carries places and counts, never the text that was found there: a pupil's
/// name must not reach a log through an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// More bytes than the limit allows.
    #[error("{found} bytes, at most {limit} are accepted")]
    TooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Nested deeper than the limit allows.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// Not JSON: truncated, a stray character, invalid UTF-8, a lone surrogate.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// 1-based line.
        line: usize,
        /// 1-based column, in bytes.
        column: usize,
    },
    /// The same member name twice in one object.
    #[error("the same member name stands twice in one object at line {line}, column {column}")]
    DuplicateMember {
        /// 1-based line.
        line: usize,
        /// 1-based column, in bytes.
        column: usize,
    },
    /// A number with a fraction or exponent, negative zero, or one of 2^53 or more.
    #[error("a number that is not an integer below 2^53 at line {line}, column {column}")]
    NotAnInteger {
        /// 1-based line.
        line: usize,
        /// 1-based column, in bytes.
        column: usize,
    },
    /// `null`, which this protocol does not use.
    #[error("null at line {line}, column {column}; leave the member out instead")]
    Null {
        /// 1-based line.
        line: usize,
        /// 1-based column, in bytes.
        column: usize,
    },
    /// Right value, wrong bytes: an editor or a mail program wrote the file anew.
    #[error("not in canonical form from byte {offset} on: the file was saved again by another program")]
    NotCanonical {
        /// Offset of the first byte that differs from the canonical form.
        offset: usize,
    },
    /// Canonical JSON of another shape than the one expected here.
    #[error("{problem} at {place}")]
    Shape {
        /// Where: member names and positions from the root, as `records[0].statement`.
        place: String,
        /// What is wrong there.
        problem: ShapeProblem,
    },
}

/// What is wrong with the shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeProblem {
    /// A member that the structure does not have.
    #[error("unknown member")]
    UnknownMember,
    /// A member that the structure must have.
    #[error("missing member")]
    MissingMember,
    /// A value of the wrong type, range or form.
    #[error("unexpected value")]
    Value,
}

/// Reads any spelling of an allowed value. A UTF-8 byte order mark in front is skipped: it is the commonest trace of
/// a re-saved file, and [`parse_canonical`] still refuses it.
///
/// # Errors
/// Every [`CanonicalError`] but `NotCanonical` and `Shape`.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Json, CanonicalError> {
    if bytes.len() > limits.bytes {
        return Err(CanonicalError::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = ValueSeed { depth_left: limits.depth }.deserialize(&mut reader).map_err(|e| classify(&e, limits))?;
    reader.end().map_err(|e| classify(&e, limits))?;
    Ok(value)
}

/// Reads exactly the canonical bytes of a value.
///
/// # Errors
/// As [`parse`], and `NotCanonical` for any other spelling of the same value.
pub fn parse_canonical(bytes: &[u8], limits: Limits) -> Result<Json, CanonicalError> {
    let value = parse(bytes, limits)?;
    same_bytes(bytes, &value.to_bytes())?;
    Ok(value)
}

/// Reads exactly the canonical bytes of a `T`: nothing left over, nothing lost, nothing spelled twice.
///
/// # Errors
/// As [`parse_canonical`], and `Shape` with the place for a value that is no `T`.
pub fn from_slice<T: DeserializeOwned + Serialize>(bytes: &[u8], limits: Limits) -> Result<T, CanonicalError> {
    parse_canonical(bytes, limits)?;
    typed_and_back(bytes)
}

/// A value as a `T`, through its canonical bytes.
///
/// # Errors
/// `Shape` with the place for a value that is no `T`.
pub fn from_json<T: DeserializeOwned + Serialize>(value: &Json) -> Result<T, CanonicalError> {
    typed_and_back(&value.to_bytes())
}

/// The canonical bytes of a value.
///
/// # Errors
/// `NotAnInteger`, `Null` and `Shape` for values outside the subset.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    Ok(to_json(value)?.to_bytes())
}

/// The value as [`Json`].
///
/// # Errors
/// As [`to_vec`].
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Json, CanonicalError> {
    let limits = Limits { bytes: usize::MAX, depth: 127 };
    let bytes = serde_json::to_vec(value).map_err(|e| classify(&e, limits))?;
    parse(&bytes, limits)
}

impl Json {
    /// The canonical bytes (RFC 8785 §3.2).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// The member of an object, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(s) => Some(s),
            _ => None,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Integer(n) => out.extend_from_slice(n.to_string().as_bytes()),
            Json::String(s) => write_string(s, out),
            Json::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// RFC 8785 §3.2.2.2: the two-character escapes where JSON has them, `\u00xx` for other controls, all else as it is.
pub(crate) fn write_string(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    // Only ASCII is ever escaped, and no byte of a longer UTF-8 sequence is ASCII, so runs of bytes can be copied.
    let mut rest = s.as_bytes();
    while let Some(place) = rest.iter().position(|b| *b < b' ' || *b == b'"' || *b == b'\\') {
        out.extend_from_slice(&rest[..place]);
        match rest[place] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = &rest[place + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn same_bytes(found: &[u8], canonical: &[u8]) -> Result<(), CanonicalError> {
    if found == canonical {
        return Ok(());
    }
    let common = found.iter().zip(canonical).take_while(|(a, b)| a == b).count();
    Err(CanonicalError::NotCanonical { offset: common })
}

/// A `T` from bytes that [`Json::to_bytes`] wrote; other bytes belong to [`from_slice`].
///
/// # Errors
/// `Shape`, and whatever else keeps the bytes from being a `T`.
pub fn from_canonical<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, CanonicalError> {
    typed_and_back(bytes)
}

/// serde is lenient in corners (unit variants ignore members, for one); writing the value again closes them all.
fn typed_and_back<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let value: T = typed(bytes)?;
    same_bytes(bytes, &to_vec(&value)?)
        .map_err(|_| CanonicalError::Shape { place: "$".into(), problem: ShapeProblem::UnknownMember })?;
    Ok(value)
}

fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let place = match e.path().to_string() {
            root if root == "." => "$".to_owned(),
            path => path,
        };
        let message = e.inner().to_string();
        let problem = if message.starts_with("unknown field") {
            ShapeProblem::UnknownMember
        } else if message.starts_with("missing field") {
            ShapeProblem::MissingMember
        } else {
            ShapeProblem::Value
        };
        CanonicalError::Shape { place, problem }
    })
}

const DUPLICATE: &str = "hocba:duplicate-member";
const NOT_INTEGER: &str = "hocba:not-an-integer";
const NULL: &str = "hocba:null";
const DEEP: &str = "hocba:too-deep";

/// serde carries a message, not a kind; our visitor's messages are constants, so the way back is exact.
fn classify(e: &serde_json::Error, limits: Limits) -> CanonicalError {
    let (line, column) = (e.line(), e.column());
    let message = e.to_string();
    if message.starts_with(DUPLICATE) {
        CanonicalError::DuplicateMember { line, column }
    } else if message.starts_with(NOT_INTEGER) {
        CanonicalError::NotAnInteger { line, column }
    } else if message.starts_with(NULL) {
        CanonicalError::Null { line, column }
    } else if message.starts_with(DEEP) || message.starts_with("recursion limit exceeded") {
        CanonicalError::TooDeep { limit: limits.depth }
    } else if message.starts_with("number out of range") {
        CanonicalError::NotAnInteger { line, column }
    } else {
        CanonicalError::Syntax { line, column }
    }
}

#[derive(Clone, Copy)]
struct ValueSeed {
    depth_left: usize,
}

impl ValueSeed {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        self.depth_left.checked_sub(1).map(|depth_left| ValueSeed { depth_left }).ok_or_else(|| E::custom(DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value without floats and null")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Json, E> {
        Ok(Json::Bool(v))
    }
    fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<Json, E> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&v) { Ok(Json::Integer(v)) } else { Err(E::custom(NOT_INTEGER)) }
    }
    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Json, E> {
        i64::try_from(v).map_err(|_| E::custom(NOT_INTEGER)).and_then(|v| self.visit_i64(v))
    }
    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Json, E> {
        Err(E::custom(NOT_INTEGER))
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<Json, E> {
        Err(E::custom(NULL))
    }
    fn visit_str<E>(self, v: &str) -> Result<Json, E> {
        Ok(Json::String(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Json, E> {
        Ok(Json::String(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(seed)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let seed = self.deeper()?;
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(seed)?;
            members.push((name, value));
        }
        // Sorting once and comparing neighbours keeps hostile objects at n log n.
        members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(serde::de::Error::custom(DUPLICATE));
        }
        Ok(Json::Object(members))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ValueSeed { depth_left: 128 }.deserialize(deserializer)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Bool(v) => serializer.serialize_bool(*v),
            Json::Integer(v) => serializer.serialize_i64(*v),
            Json::String(v) => serializer.serialize_str(v),
            Json::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Json::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 4096, depth: 8 };

    fn canon(text: &str) -> String {
        String::from_utf8(parse(text.as_bytes(), LIMITS).expect("test input").to_bytes()).expect("UTF-8")
    }

    #[test]
    fn members_are_sorted_by_utf16_code_units() {
        // RFC 8785 §3.2.3, with the values cut to what the subset has.
        let sorted = canon(r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#);
        assert_eq!(
            sorted,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn strings_use_the_shortest_escapes() {
        assert_eq!(canon(r#""\u000F\u000aA'\u0042\u0022\u005c\\\"\/""#), r#""\u000f\nA'B\"\\\\\"/""#);
    }

    #[test]
    fn what_the_subset_lacks_is_refused_by_name() {
        let refuse = |text: &str| parse(text.as_bytes(), LIMITS).expect_err(text);
        for number in ["1.0", "1e2", "-0", "9007199254740992", "-9007199254740992", "18446744073709551616", "1e400"] {
            assert!(matches!(refuse(number), CanonicalError::NotAnInteger { .. }), "{number}");
        }
        assert!(matches!(refuse(r#"{"a":null}"#), CanonicalError::Null { .. }));
        assert!(matches!(refuse(r#"{"a":1,"\u0061":2}"#), CanonicalError::DuplicateMember { .. }));
        assert!(matches!(refuse("[[[[[[[[[1]]]]]]]]]"), CanonicalError::TooDeep { limit: 8 }));
        assert!(matches!(refuse(&"[".repeat(4000)), CanonicalError::TooDeep { .. }));
        for broken in ["", "{", "[1,]", "01", "\"\\ud800\"", "\"\\udc00\\ud800\"", "{\"a\":1}x", "'a'", "NaN", "\"\n\""]
        {
            assert!(matches!(refuse(broken), CanonicalError::Syntax { .. }), "{broken:?}");
        }
        assert!(matches!(parse(b"\"\xff\"", LIMITS), Err(CanonicalError::Syntax { .. })));
        assert!(matches!(parse(&[b' '; 4097], LIMITS), Err(CanonicalError::TooLarge { found: 4097, limit: 4096 })));
    }

    #[test]
    fn a_resaved_file_is_told_from_a_broken_one() {
        assert_eq!(parse_canonical(b"{\"a\": 1}", LIMITS), Err(CanonicalError::NotCanonical { offset: 5 }));
        assert_eq!(parse_canonical(b"\xEF\xBB\xBF{\"a\":1}", LIMITS), Err(CanonicalError::NotCanonical { offset: 0 }));
        assert_eq!(parse_canonical(b"{\"a\":1}\n", LIMITS), Err(CanonicalError::NotCanonical { offset: 7 }));
        assert_eq!(parse_canonical(b"{\"b\":1,\"a\":2}", LIMITS), Err(CanonicalError::NotCanonical { offset: 2 }));
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", deny_unknown_fields)]
    enum Shape {
        #[serde(rename = "none")]
        None,
        #[serde(rename = "some")]
        Some { n: u8 },
    }

    #[test]
    fn a_type_takes_its_own_bytes_and_no_others() {
        let read = |text: &str| from_slice::<Vec<Shape>>(text.as_bytes(), LIMITS);
        assert_eq!(read(r#"[{"kind":"some","n":3},{"kind":"none"}]"#), Ok(vec![Shape::Some { n: 3 }, Shape::None]));
        let shape = |e: Result<Vec<Shape>, CanonicalError>| match e {
            Err(CanonicalError::Shape { problem, .. }) => problem,
            other => panic!("{other:?}"),
        };
        assert_eq!(shape(read(r#"[{"extra":1,"kind":"some","n":3}]"#)), ShapeProblem::UnknownMember);
        assert_eq!(shape(read(r#"[{"extra":1,"kind":"none"}]"#)), ShapeProblem::UnknownMember);
        assert_eq!(shape(read(r#"[{"kind":"some"}]"#)), ShapeProblem::MissingMember);
        assert_eq!(shape(read(r#"[{"kind":"some","n":300}]"#)), ShapeProblem::Value);
    }
}
