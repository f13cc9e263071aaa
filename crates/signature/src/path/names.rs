//! Name constraints (RFC 5280 §4.2.1.10): which names the certificates below a CA may carry.

use super::same_kind;
use crate::x509::{Content, GeneralName};

/// emailAddress, 1.2.840.113549.1.9.1.
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

/// permitted_subtrees and excluded_subtrees of §6.1.2.
#[derive(Default)]
pub(super) struct NameRules<'a> {
    /// A name has to be within one of each list that says anything about its kind: the intersection.
    permitted: Vec<&'a [GeneralName]>,
    excluded: Vec<&'a [GeneralName]>,
}

pub(super) struct NotPermitted;

impl<'a> NameRules<'a> {
    /// §6.1.4 (g).
    pub(super) fn add(&mut self, permitted: &'a [GeneralName], excluded: &'a [GeneralName]) {
        if !permitted.is_empty() {
            self.permitted.push(permitted);
        }
        if !excluded.is_empty() {
            self.excluded.push(excluded);
        }
    }

    /// §6.1.3 (b), (c): every name of a certificate.
    pub(super) fn check(&self, content: &Content) -> Result<(), NotPermitted> {
        if self.permitted.is_empty() && self.excluded.is_empty() {
            return Ok(());
        }
        let names = &content.extensions.subject_alt_names;
        for name in names {
            self.check_name(name)?;
        }
        if !content.subject.is_empty() {
            self.check_name(&GeneralName::Directory(content.subject.clone()))?;
        }
        // Addresses in the subject bind where there is none in subjectAltName.
        if !names.iter().any(|name| matches!(name, GeneralName::Rfc822(_))) {
            for address in content.subject.texts(EMAIL_ADDRESS) {
                self.check_name(&GeneralName::Rfc822(address.to_owned()))?;
            }
        }
        Ok(())
    }

    fn check_name(&self, name: &GeneralName) -> Result<(), NotPermitted> {
        for list in &self.permitted {
            let mut rules = list.iter().filter(|base| same_kind(name, base)).peekable();
            if rules.peek().is_some() && !rules.any(|base| within(name, base) == Some(true)) {
                return Err(NotPermitted);
            }
        }
        // What cannot be compared may be excluded, so it is.
        let mut excluded = self.excluded.iter().copied().flatten().filter(|base| same_kind(name, base));
        if excluded.any(|base| within(name, base) != Some(false)) { Err(NotPermitted) } else { Ok(()) }
    }
}

/// Whether a name is within a subtree of the same kind; `None` where that is not defined for us.
fn within(name: &GeneralName, base: &GeneralName) -> Option<bool> {
    match (name, base) {
        (GeneralName::Directory(name), GeneralName::Directory(base)) => Some(name.is_within(base)),
        (GeneralName::Rfc822(name), GeneralName::Rfc822(base)) => {
            let (local, host) = name.rsplit_once('@')?;
            Some(match base.rsplit_once('@') {
                Some((base_local, base_host)) => local == base_local && host.eq_ignore_ascii_case(base_host),
                None => host_within(host, base),
            })
        }
        (GeneralName::Dns(name), GeneralName::Dns(base)) => {
            // With a dot in front, as some write it, the name itself is not meant.
            let below = is_below(name, base.strip_prefix('.').unwrap_or(base));
            Some(base.is_empty() || below || name.eq_ignore_ascii_case(base))
        }
        (GeneralName::Uri(name), GeneralName::Uri(base)) => Some(host_within(host_of(name)?, base)),
        (GeneralName::Ip(name), GeneralName::Ip(base)) if base.len() == 8 || base.len() == 32 => {
            let (address, mask) = base.split_at(base.len() / 2);
            let pairs = name.iter().zip(address).zip(mask);
            Some(name.len() == address.len() && pairs.into_iter().all(|((n, a), m)| n & m == a & m))
        }
        _ => None,
    }
}

/// `.example.vn` covers hosts below it, `example.vn` the host itself.
fn host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(domain) => is_below(host, domain),
        None => host.eq_ignore_ascii_case(base),
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.len()
        .checked_sub(domain.len() + 1)
        .and_then(|place| host.split_at_checked(place))
        .is_some_and(|(_, end)| end.starts_with('.') && end[1..].eq_ignore_ascii_case(domain))
}

/// The host of a URI with an authority (RFC 3986 §3.2.2), which must be a name: constraints do not apply to addresses,
/// and such a URI is refused (RFC 5280 §4.2.1.10).
fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let address = host.starts_with('[') || host.split('.').all(|part| part.parse::<u8>().is_ok());
    (!host.is_empty() && !address).then_some(host)
}
