//! JSON of other systems: like the protocol's own, but with decimals and `null`, and with what a finding needs.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

/// A value as another system wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The shortest decimal of the number.
    Number(String),
    Text(String),
    Array(Vec<Value>),
    /// Members in the order written, each name once.
    Object(Vec<(String, Value)>),
}

/// Why bytes are no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Syntax { line: usize, column: usize },
    Duplicate { line: usize, column: usize },
    Deep,
    Many,
}

/// Reads one value; `depth` as in the protocol, `elements` all values of it together.
pub(crate) fn parse(bytes: &[u8], depth: usize, elements: usize) -> Result<Value, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut left = elements;
    let value = Seed { depth, left: &mut left }.deserialize(&mut reader).map_err(|e| classify(&e))?;
    reader.end().map_err(|e| classify(&e))?;
    Ok(value)
}

const DUPLICATE: &str = "hocba:duplicate";
const DEEP: &str = "hocba:deep";
const MANY: &str = "hocba:many";

fn classify(e: &serde_json::Error) -> Fault {
    let (line, column, message) = (e.line(), e.column(), e.to_string());
    if message.starts_with(DUPLICATE) {
        Fault::Duplicate { line, column }
    } else if message.starts_with(DEEP) || message.starts_with("recursion limit exceeded") {
        Fault::Deep
    } else if message.starts_with(MANY) {
        Fault::Many
    } else {
        Fault::Syntax { line, column }
    }
}

struct Seed<'a> {
    depth: usize,
    left: &'a mut usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        self.depth.checked_sub(1).ok_or_else(|| E::custom(DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.left = self.left.checked_sub(1).ok_or_else(|| D::Error::custom(MANY))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Number(v.to_string()))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Number(v.to_string()))
    }
    // The shortest decimal that is this number: 8.5 and 8.50 are one mark, 8.55 is none.
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Number(v.to_string()))
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::Text(v))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed { depth, left: &mut *self.left })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Seed { depth, left: &mut *self.left })?;
            members.push((name, value));
        }
        // Sorting once and comparing neighbours keeps hostile objects at n log n.
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(A::Error::custom(DUPLICATE));
        }
        Ok(Value::Object(members))
    }
}
