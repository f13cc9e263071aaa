//! Whether a certificate still counted at a block time, as its authority said later.
//!
//! An answer of an authority (a CRL, an OCSP answer) is believed as of the block time at which it was anchored: then the
//! authority's key was its own. It is final for a record when it was given long enough after the record was anchored for a
//! loss to be noticed (the profile's grace), and while the authority still had to list the certificate, which ends with the
//! certificate's validity (RFC 5280 §3.3). A revocation counts from its cut-off on, which may lie before the day it was
//! published: `hocba_signature::revocation::cut_off`.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    certificate::{Certificate, Path},
    revocation::{Answer, CertificateStatus, Evidence, Reason, cut_off},
    statement::Role,
};

use crate::{
    evidence::{EvidenceKind, RevocationEvidence},
    format::{AnchorHint, AnchoredStatement},
    profile::RevocationRule,
    report::Problem,
    verify::authority::Authority,
};

/// What an authority said, as it came with the bundle or as the verifier keeps it.
pub(crate) struct KnownEvidence<'a> {
    pub(crate) leaf: Sha256Digest,
    anchor: &'a AnchorHint,
    content: Option<Evidence>,
}

impl<'a> KnownEvidence<'a> {
    pub(crate) fn new(anchored: &'a AnchoredStatement) -> Self {
        let content = RevocationEvidence::of(&anchored.statement).ok().and_then(|evidence| read(&evidence));
        Self { leaf: anchored.statement.leaf_hash(), anchor: &anchored.anchor, content }
    }
}

/// The authority's words in an evidence statement; none if they are not of the form they claim.
pub(crate) fn read(evidence: &RevocationEvidence) -> Option<Evidence> {
    match evidence.kind {
        EvidenceKind::Crl => Evidence::crl(&evidence.answer.0).ok(),
        EvidenceKind::Ocsp => Evidence::ocsp(&evidence.answer.0).ok(),
    }
}

/// What was found out while looking, beside problems.
#[derive(Default)]
pub(crate) struct Findings {
    /// Whether any certificate's family has a rule on revocation.
    pub(crate) asked: Cell<bool>,
    /// The earliest moment at which a provisional answer stops being enough.
    pub(crate) provisional_until: Cell<Option<UnixTime>>,
    /// Answers by place of the evidence, certificate and issuer: checking one costs a signature.
    answers: RefCell<BTreeMap<(usize, Sha256Digest, Sha256Digest), Option<Answer>>>,
}

/// A revocation that counts.
#[derive(Clone, Copy)]
struct Gone {
    at: UnixTime,
    reason: Reason,
}

/// How a certificate stands at a block time.
enum Standing {
    /// Known for good: it counted then, and until the cut-off if there is one.
    Counts { gone: Option<Gone> },
    /// It did not count any more.
    Gone(Gone),
    /// Nothing is said against it so far.
    Open,
    /// The answers cannot be placed in time.
    Unavailable(Problem),
}

impl Authority<'_> {
    /// What authorities say against the certificates of a path at a block time, from the root's own cut-off down.
    pub(super) fn revocation(&self, certificate: &Certificate, role: Role, path: &Path, at: UnixTime) -> Vec<Problem> {
        let profile = self.context.profile;
        let (Some(root), Some(rule)) = (profile.roots().get(path.root), profile.root_rule(path.root)) else {
            return vec![Problem::RevocationUnknown { role }];
        };
        if let Some(cut_off) = rule.cut_off.filter(|cut_off| *cut_off <= at) {
            return vec![Problem::RootCutOff { role, at: cut_off }];
        }
        let Some(revocation) = rule.revocation else { return Vec::new() };
        self.findings.asked.set(true);
        let below = path.intermediates.iter().rev().filter_map(|digest| self.usable(digest)).chain([certificate]);
        let (mut issuer, mut issuer_gone) = (root, rule.cut_off);
        for subject in below {
            match self.standing(subject, issuer, issuer_gone, at, revocation) {
                Standing::Gone(Gone { at, reason }) => {
                    let authority = subject.digest() != certificate.digest();
                    return vec![Problem::CertificateRevoked { role, at, reason, authority }];
                }
                Standing::Unavailable(problem) => return vec![problem],
                Standing::Counts { gone } => issuer_gone = gone.map(|gone| gone.at),
                Standing::Open => {
                    let until = at.plus(i64::from(revocation.grace) + i64::from(revocation.provisional));
                    if self.context.now >= until {
                        return vec![Problem::RevocationUnknown { role }];
                    }
                    let earlier = self.findings.provisional_until.get().is_some_and(|known| known <= until);
                    if !earlier {
                        self.findings.provisional_until.set(Some(until));
                    }
                    issuer_gone = None;
                }
            }
            issuer = subject;
        }
        Vec::new()
    }

    fn standing(
        &self,
        subject: &Certificate,
        issuer: &Certificate,
        issuer_gone: Option<UnixTime>,
        at: UnixTime,
        rule: RevocationRule,
    ) -> Standing {
        let mut unavailable = None;
        let (mut gone, mut latest): (Option<Gone>, Option<UnixTime>) = (None, None);
        let mut held: Option<(Gone, UnixTime)> = None;
        for (place, known) in self.evidence.iter().enumerate() {
            let Some(answer) = self.answer(place, known, subject, issuer) else { continue };
            self.mark(&known.leaf);
            let said_at = match self.locate(&known.leaf, known.anchor) {
                Ok(located) => located.time,
                Err(problem @ Problem::Chain(_)) => {
                    unavailable.get_or_insert(problem);
                    continue;
                }
                Err(_) => continue,
            };
            // The authority's key was its own then, and its words are not from the future of their own anchor.
            let believed = issuer.not_before() <= said_at
                && said_at <= issuer.not_after()
                && issuer_gone.is_none_or(|gone| said_at < gone)
                && answer.this_update <= said_at;
            if !believed {
                continue;
            }
            match answer.status {
                CertificateStatus::Revoked(revoked) => {
                    let found = Gone { at: cut_off(&revoked, None), reason: revoked.reason };
                    if revoked.reason == Reason::CertificateHold {
                        held =
                            held.filter(|(_, said)| *said > answer.this_update).or(Some((found, answer.this_update)));
                    } else if gone.is_none_or(|gone| found.at < gone.at) {
                        gone = Some(found);
                    }
                }
                // An authority need not list a certificate that has expired.
                CertificateStatus::Good if answer.this_update <= subject.not_after() => {
                    latest = latest.max(Some(answer.this_update));
                }
                CertificateStatus::Good | CertificateStatus::Unknown => {}
            }
        }
        // A hold may be lifted, by not saying so any more; nothing else may.
        let held = held.filter(|(_, said)| latest.is_none_or(|latest| latest <= *said)).map(|(held, _)| held);
        let gone = [gone, held].into_iter().flatten().min_by_key(|gone| gone.at);
        if let Some(gone) = gone.filter(|gone| gone.at <= at) {
            return Standing::Gone(gone);
        }
        // Shortly before a certificate ends, there is no room for the whole grace.
        let wanted = Some(at.plus(i64::from(rule.grace))).filter(|t| *t <= subject.not_after()).unwrap_or(at);
        match (gone, unavailable) {
            (Some(_), _) => Standing::Counts { gone },
            (None, _) if latest.is_some_and(|latest| latest >= wanted) => Standing::Counts { gone: None },
            (None, Some(problem)) => Standing::Unavailable(problem),
            (None, None) => Standing::Open,
        }
    }

    fn answer(
        &self,
        place: usize,
        known: &KnownEvidence<'_>,
        subject: &Certificate,
        issuer: &Certificate,
    ) -> Option<Answer> {
        let content = known.content.as_ref()?;
        let question = (place, *subject.digest(), *issuer.digest());
        if let Some(answer) = self.findings.answers.borrow().get(&question) {
            return answer.clone();
        }
        let answer = content.answer(subject, issuer).ok();
        self.findings.answers.borrow_mut().insert(question, answer.clone());
        answer
    }
}
