//! Certificate paths: finding one to a pinned root, and validating it as RFC 5280 §6.1 says, at a given moment.
//!
//! Building and validating are kept apart. `Search` climbs from the certificate towards the roots, by names, and asks
//! at each step what needs no more than two certificates: validity, cA, keyCertSign, the signature. What depends on the
//! path as a whole (path length, name constraints, certificate policies) is asked of each complete path. All work is
//! bounded, so hostile certificates cannot make it long.

mod names;
mod policies;
mod policy_id;

use crate::{
    certificate::{Certificate, Path, PathError, SignatureCache},
    x509::{GeneralName, Oid},
};
use hocba_record::types::UnixTime;
use names::NameRules;
use policies::{PolicyGraph, TooManyPolicies};
pub use policy_id::{MAX_POLICY_ID, NotAPolicyId, PolicyId};

/// Most intermediate certificates on a path; CA families have at most three levels.
pub const MAX_INTERMEDIATES: usize = 6;
/// Most signatures checked for one path, the valid as the invalid.
const MAX_SIGNATURES: usize = 100;
/// Most pairs of certificate and possible issuer looked at for one path.
const MAX_STEPS: usize = 10_000;

/// id-kp-documentSigning, 1.3.6.1.5.5.7.3.36 (RFC 9336).
pub const DOCUMENT_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 0x24];
/// id-kp-emailProtection, 1.3.6.1.5.5.7.3.4 (RFC 5280 §4.2.1.12).
pub const EMAIL_PROTECTION: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 4];

/// What is asked of a path beside RFC 5280's own rules.
#[derive(Debug, Clone, Copy)]
pub struct PathRules<'a> {
    /// What the certificate at the end of the path is to be for.
    pub end: End,
    /// Purposes one of which a certificate with extKeyUsage has to name, as contents of OBJECT IDENTIFIERs. A
    /// certificate without extKeyUsage may be used for all (RFC 5280 §4.2.1.12). anyExtendedKeyUsage counts only if it
    /// is listed here.
    pub purposes: &'a [&'a [u8]],
    /// user-initial-policy-set (RFC 5280 §6.1.1 (c)); empty for any-policy.
    pub policies: &'a [&'a [u8]],
    /// initial-explicit-policy (§6.1.1 (f)): the path has to be valid for one of `policies`.
    pub require_policy: bool,
    /// initial-policy-mapping-inhibit (§6.1.1 (e)).
    pub inhibit_mapping: bool,
    /// initial-any-policy-inhibit (§6.1.1 (g)).
    pub inhibit_any_policy: bool,
}

/// What the certificate at the end of a path is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Signing documents: no CA; digitalSignature or nonRepudiation; one of the purposes.
    Signer,
    /// Signing certificates or CRLs: keyCertSign or cRLSign, and where a publisher judges an issuer by itself.
    Authority,
}

impl Default for PathRules<'_> {
    /// Document signing, or e-mail protection, which is what CAs without the younger purpose put into certificates for
    /// signing documents; any policy.
    fn default() -> Self {
        Self {
            end: End::Signer,
            purposes: &[DOCUMENT_SIGNING, EMAIL_PROTECTION],
            policies: &[],
            require_policy: false,
            inhibit_mapping: false,
            inhibit_any_policy: false,
        }
    }
}

impl PathError {
    /// Of the reasons of two paths that fail, that of the one that came further.
    #[must_use]
    pub fn or_further(self, other: Self) -> Self {
        if rank(other) > rank(self) { other } else { self }
    }
}

/// How good a reason is: of several paths that fail, the reason of the one that came furthest is told.
fn rank(error: PathError) -> u8 {
    match error {
        PathError::UnknownIssuer => 0,
        PathError::TooComplex => 1,
        PathError::Signature => 2,
        PathError::OutsideValidity => 3,
        PathError::Usage => 4,
        PathError::Constraint => 5,
        PathError::Policy => 6,
    }
}

pub(crate) fn find(
    leaf: &Certificate,
    cache: &SignatureCache,
    others: &[Certificate],
    roots: &[Certificate],
    time: UnixTime,
    rules: &PathRules<'_>,
) -> Result<Path, PathError> {
    check_leaf(leaf, time, rules)?;
    let others: Vec<&Certificate> = others.iter().filter(|c| c.digest() != leaf.digest()).collect();
    let mut search =
        Search { cache, others, roots, time, rules, signatures: 0, steps: 0, best: PathError::UnknownIssuer };
    match search.climb(&mut vec![leaf]) {
        Ok(Some(path)) => Ok(path),
        Ok(None) => Err(search.best),
        Err(OutOfBudget) => Err(PathError::TooComplex),
    }
}

/// What can be said of the certificate without its path.
fn check_leaf(leaf: &Certificate, time: UnixTime, rules: &PathRules<'_>) -> Result<(), PathError> {
    let extensions = &leaf.content().extensions;
    if extensions.unknown_critical {
        return Err(PathError::Constraint);
    }
    let fits = match rules.end {
        End::Signer => !leaf.is_ca() && leaf.may_sign_documents() && has_purpose(leaf, rules),
        End::Authority => leaf.may_sign_crls() || (leaf.is_ca() && leaf.may_sign_certificates()),
    };
    if !fits {
        return Err(PathError::Usage);
    }
    check_validity(leaf, time)
}

fn check_validity(certificate: &Certificate, time: UnixTime) -> Result<(), PathError> {
    if certificate.not_before() <= time && time <= certificate.not_after() {
        Ok(())
    } else {
        Err(PathError::OutsideValidity)
    }
}

fn has_purpose(certificate: &Certificate, rules: &PathRules<'_>) -> bool {
    let named = |id: &Oid| rules.purposes.contains(&id.as_ref());
    certificate.content().extensions.extended_key_usage.as_ref().is_none_or(|ids| ids.iter().any(named))
}

struct OutOfBudget;

struct Search<'a> {
    cache: &'a SignatureCache,
    others: Vec<&'a Certificate>,
    roots: &'a [Certificate],
    time: UnixTime,
    rules: &'a PathRules<'a>,
    signatures: usize,
    steps: usize,
    best: PathError,
}

impl<'a> Search<'a> {
    /// Continues a path, leaf first, in every way until one holds. Depth is bounded by [`MAX_INTERMEDIATES`].
    fn climb(&mut self, path: &mut Vec<&'a Certificate>) -> Result<Option<Path>, OutOfBudget> {
        let head = *path.last().expect("a path begins with its leaf");
        for (place, root) in self.roots.iter().enumerate() {
            if !self.names(head, root)? {
                continue;
            }
            match self.check_issuer(root, true, head)?.and_then(|()| validate(root, path, self.rules)) {
                Ok(()) => {
                    let intermediates = path[1..].iter().map(|c| *c.digest()).collect();
                    return Ok(Some(Path { intermediates, root: place }));
                }
                Err(error) => self.note(error),
            }
        }
        for issuer in self.others.clone() {
            // RFC 4158 §5.2: no certificate with the same name and key twice.
            let again = |c: &&Certificate| c.content().subject == issuer.content().subject && c.key() == issuer.key();
            if !self.names(head, issuer)? || path.iter().any(again) {
                continue;
            }
            if path.len() > MAX_INTERMEDIATES {
                self.note(PathError::TooComplex);
                continue;
            }
            match self.check_issuer(issuer, false, head)? {
                Ok(()) => {
                    path.push(issuer);
                    let found = self.climb(path)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                    path.pop();
                }
                Err(error) => self.note(error),
            }
        }
        Ok(None)
    }

    fn note(&mut self, error: PathError) {
        self.best = self.best.or_further(error);
    }

    /// Whether `head` names `issuer` as its issuer.
    fn names(&mut self, head: &Certificate, issuer: &Certificate) -> Result<bool, OutOfBudget> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(OutOfBudget) } else { Ok(head.content().issuer == issuer.content().subject) }
    }

    /// Whether this certificate may issue at all and now, and whether it signed `head`.
    fn check_issuer(
        &mut self,
        issuer: &Certificate,
        is_root: bool,
        head: &Certificate,
    ) -> Result<Result<(), PathError>, OutOfBudget> {
        let extensions = &issuer.content().extensions;
        // §6.1.4 (k), (n). Asked of the root as well: pinning it says that it is trusted, not what for.
        if !issuer.is_ca() || !issuer.may_sign_certificates() {
            return Ok(Err(PathError::Constraint));
        }
        // A root's own extensions are the profile publisher's business, who looked at it (§6.1.1 (d)).
        if !is_root && extensions.unknown_critical {
            return Ok(Err(PathError::Constraint));
        }
        if !is_root && !has_purpose(issuer, self.rules) {
            return Ok(Err(PathError::Usage));
        }
        if let Err(error) = check_validity(issuer, self.time) {
            return Ok(Err(error));
        }
        self.signatures += 1;
        if self.signatures > MAX_SIGNATURES {
            return Err(OutOfBudget);
        }
        Ok(head.check_signature(issuer, self.cache).map_err(|_| PathError::Signature))
    }
}

/// RFC 5280 §6.1 for a complete path, leaf first, whose signatures, validities and key usages hold. The root's path
/// length and name constraints bind as if it were the first certificate of the path (RFC 5937).
fn validate(root: &Certificate, path: &[&Certificate], rules: &PathRules<'_>) -> Result<(), PathError> {
    let length = path.len();
    let unless = |inhibited: bool| if inhibited { 0 } else { length + 1 };
    let (mut explicit_policy, mut policy_mapping, mut inhibit_any) =
        (unless(rules.require_policy), unless(rules.inhibit_mapping), unless(rules.inhibit_any_policy));
    let root_extensions = &root.content().extensions;
    let mut path_length = root_extensions.basic_constraints.and_then(|(_, length)| length).unwrap_or(usize::MAX);
    let mut names = NameRules::default();
    names.add(&root_extensions.permitted_subtrees, &root_extensions.excluded_subtrees);
    let mut graph = PolicyGraph::new();

    for (i, certificate) in path.iter().rev().enumerate() {
        let (content, last) = (certificate.content(), i + 1 == length);
        let extensions = &content.extensions;
        let self_issued = content.is_self_issued();
        // §6.1.3 (b), (c)
        if !self_issued || last {
            names.check(content).map_err(|_| PathError::Constraint)?;
        }
        // (d), (e)
        let any_allowed = inhibit_any > 0 || (!last && self_issued);
        graph.descend(extensions.policies.as_deref(), any_allowed).map_err(|TooManyPolicies| PathError::TooComplex)?;
        // (f)
        if explicit_policy == 0 && graph.is_null() {
            return Err(PathError::Policy);
        }
        if last {
            // §6.1.5 (a), (b)
            explicit_policy = explicit_policy.saturating_sub(1);
            if extensions.require_explicit_policy == Some(0) {
                explicit_policy = 0;
            }
            break;
        }
        // §6.1.4 (a), (b)
        graph.map(&extensions.policy_mappings, policy_mapping > 0)?;
        // (g)
        names.add(&extensions.permitted_subtrees, &extensions.excluded_subtrees);
        // (h)
        if !self_issued {
            explicit_policy = explicit_policy.saturating_sub(1);
            policy_mapping = policy_mapping.saturating_sub(1);
            inhibit_any = inhibit_any.saturating_sub(1);
        }
        // (i), (j)
        let lower = |state: usize, limit: Option<usize>| limit.map_or(state, |limit| limit.min(state));
        explicit_policy = lower(explicit_policy, extensions.require_explicit_policy);
        policy_mapping = lower(policy_mapping, extensions.inhibit_policy_mapping);
        inhibit_any = lower(inhibit_any, extensions.inhibit_any_policy);
        // (l), (m)
        if !self_issued {
            path_length = path_length.checked_sub(1).ok_or(PathError::Constraint)?;
        }
        path_length = lower(path_length, extensions.basic_constraints.and_then(|(_, length)| length));
    }
    // §6.1.5 (g) and what follows it
    if explicit_policy == 0 && !graph.allows_any_of(rules.policies) {
        return Err(PathError::Policy);
    }
    Ok(())
}

/// Whether a list of names holds anything of this kind; the kinds are those of `GeneralName`.
fn same_kind(a: &GeneralName, b: &GeneralName) -> bool {
    match (a, b) {
        (GeneralName::Other(a, _), GeneralName::Other(b, _)) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
