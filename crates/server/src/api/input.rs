//! What requests bring: parts of the address, of the query, bodies. What is wrong with them is said by name only: the
//! text of an error would repeat what was sent.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, Uri, request::Parts},
};
use hocba_record::encoding::{base64url, from_base64url};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};

use crate::problem::Problem;

/// The variable parts of the address. One that is not of its form names nothing that is here.
pub(crate) struct At<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::from_request_parts(parts, state).await.map(|Path(at)| Self(at)).map_err(|_| Problem::NotFound)
    }
}

/// A JSON body of this shape.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = body(request, crate::MAX_BODY).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| Problem::Malformed { member: "body" })
    }
}

/// The whole body, where the router takes one of up to `limit` bytes.
pub(crate) async fn body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge { limit },
        _ => Problem::Malformed { member: "body" },
    })
}

/// What the query says of a name, `%`-decoded. Said twice, it says nothing for sure.
pub(crate) fn asked(uri: &Uri, name: &'static str) -> Result<Option<String>, Problem> {
    let malformed = || Problem::Malformed { member: name };
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => decoded(value).map(Some).ok_or_else(malformed),
        _ => Err(malformed()),
    }
}

/// RFC 3986 §2.1. `+` is a plus: what is asked for here has no blanks.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (hex, after) = rest.split_at_checked(2)?;
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        bytes.push(digit(hex[0])? * 16 + digit(hex[1])?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// Bytes that stand as base64url in JSON.
pub(crate) struct Base64Url(pub(crate) Vec<u8>);

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}
impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_base64url(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

/// For `#[serde(deserialize_with)]`: one of the words of a kind.
pub(crate) fn word<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom("not one of the words allowed here"))
}

/// The same, or null. The member itself has to be there.
pub(crate) fn word_or_null<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| D::Error::custom("not one of the words allowed here"))
}

/// Most certificates of one chain: a signer, the CA, its CA, and room for a cross-certificate each.
const MAX_CERTIFICATES: usize = 8;

/// A chain of certificates, leaf first.
pub(crate) fn chain(certificates: Vec<Base64Url>) -> Result<Vec<Vec<u8>>, Problem> {
    if certificates.len() > MAX_CERTIFICATES {
        return Err(Problem::TooMany { member: "certificates", limit: MAX_CERTIFICATES });
    }
    Ok(certificates.into_iter().map(|der| der.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_of(query: &str) -> Result<Option<String>, Problem> {
        asked(&format!("/x?{query}").parse().expect("an address"), "scope")
    }

    #[test]
    fn a_query_is_decoded_and_says_each_thing_once() {
        assert_eq!(asked_of("lang=en&scope=7%3aother%2C9").expect("decodes").as_deref(), Some("7:other,9"));
        assert_eq!(asked_of("scopes=a").expect("another name"), None);
        assert_eq!(asked_of("scope=").expect("empty").as_deref(), Some(""));
        for bad in ["scope=a&scope=a", "scope=%", "scope=%4", "scope=%zz", "scope=%+1", "scope=%ff"] {
            assert!(matches!(asked_of(bad), Err(Problem::Malformed { member: "scope" })), "{bad}");
        }
    }
}
