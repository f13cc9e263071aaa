//! Who calls: `Authorization: Bearer hocba_…` (RFC 6750 §2.1).
//!
//! A token says which account, nothing more; what the account may do, each use case asks. Tokens are looked up by their
//! hash and stand in no log: logs have routes, not headers.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use hocba_app::{Actor, App, AppError};

use crate::{Server, problem::Problem};

/// The account behind the request. Named first among a handler's arguments after the state, so that a stranger's body
/// is not even read.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Server<App>> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, server: &Server<App>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Problem::Unauthenticated)?;
        match server.service.authenticate(token).await {
            Ok(actor) => Ok(Self(actor)),
            Err(AppError::NotFound(_)) => Err(Problem::Unauthenticated),
            Err(error) => Err(error.into()),
        }
    }
}

/// The token of the only `Authorization`. Two of them are a trick, or a proxy at odds with its client.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bearer_token_is_taken_and_nothing_else() {
        let of = |values: &[&'static str]| {
            let pairs = values.iter().map(|v| (header::AUTHORIZATION, v.parse().expect("a value")));
            bearer(&HeaderMap::from_iter(pairs)).map(str::to_owned)
        };
        assert_eq!(of(&["bearer hocba_a"]).as_deref(), Some("hocba_a"));
        for bad in [[].as_slice(), &["hocba_a"], &["Basic hocba_a"], &["Bearer"]] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::AUTHORIZATION, "Bearer a".parse().expect("a value"));
        twice.append(header::AUTHORIZATION, "Bearer b".parse().expect("a value"));
        assert_eq!(bearer(&twice), None);
    }
}
