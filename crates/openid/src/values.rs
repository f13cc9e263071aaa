//! Claims as lists of text.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Most values of all claims that are asked for.
pub const MAX_VALUES: usize = 1000;
/// Longest value that is kept, in bytes; longer ones are no name, role or school.
pub const MAX_VALUE: usize = 512;

/// The claims of these names, each with its values; none where there are too many.
pub(crate) fn read<'w>(
    all: &Map<String, Value>,
    wanted: impl IntoIterator<Item = &'w str>,
) -> Option<BTreeMap<String, Vec<String>>> {
    let (mut found, mut count) = (BTreeMap::new(), 0);
    for name in wanted {
        let values = find(all, name).map(texts).unwrap_or_default();
        count += values.len();
        if count > MAX_VALUES {
            return None;
        }
        if !values.is_empty() {
            found.insert(name.to_owned(), values);
        }
    }
    Some(found)
}

/// A claim of this name, or of its part behind a dot within the claim before it: names of claims may have dots themselves.
fn find<'a>(all: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = all.get(name) {
        return Some(value);
    }
    name.match_indices('.').find_map(|(dot, _)| find(all.get(&name[..dot])?.as_object()?, &name[dot + 1..]))
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) if text.len() <= MAX_VALUE => Some(text.clone()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(values) => values.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, name: &str) -> Vec<String> {
        let Value::Object(all) = serde_json::from_str(json).expect("JSON") else { panic!("an object") };
        read(&all, [name]).expect("few").remove(name).unwrap_or_default()
    }

    #[test]
    fn a_claim_is_one_value_or_many_and_may_lie_within_another() {
        assert_eq!(of(r#"{"a":"x"}"#, "a"), ["x"]);
        assert_eq!(of(r#"{"a":["x",1,true,null,{"b":1},["y"]]}"#, "a"), ["x", "1", "true"]);
        assert_eq!(of(r#"{"realm_access":{"roles":["x"]}}"#, "realm_access.roles"), ["x"]);
        assert_eq!(of(r#"{"https://so.example.vn/roles":["x"]}"#, "https://so.example.vn/roles"), ["x"]);
        assert_eq!(of(r#"{"a.b":{"c":"x"}}"#, "a.b.c"), ["x"]);
        assert_eq!(of(r#"{"a":{"b":"x"}}"#, "a"), [""; 0]);
        assert_eq!(of("{}", "a.b"), [""; 0]);
    }

    #[test]
    fn what_is_not_asked_for_is_dropped_and_too_much_is_refused() {
        let all: Map<String, Value> = serde_json::from_str(r#"{"a":"x","email":"anh@example.vn"}"#).expect("JSON");
        assert_eq!(read(&all, ["a"]).expect("few").len(), 1);
        let many = Value::Array(vec![Value::from("x"); MAX_VALUES + 1]);
        assert_eq!(read(&Map::from_iter([("a".to_owned(), many)]), ["a"]), None);
        let long = Value::from("x".repeat(MAX_VALUE + 1));
        assert_eq!(read(&Map::from_iter([("a".to_owned(), long)]), ["a"]).expect("few").len(), 0);
    }
}
