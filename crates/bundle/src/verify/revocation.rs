//! Whether a certificate still counted at a block time, as its authority said later (`docs/spec/long-term.md`).
//!
//! An answer of an authority (a CRL, an OCSP answer) is believed as of the block time at which it was anchored: then the
//! authority's key was its own. What believed answers mean for a signature of a known time, `hocba_signature::revocation`
//! says; here is which of them are believed, and how long the profile waits for one.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use hocba_record::{encoding::Sha256Digest, types::UnixTime};
use hocba_signature::{
    certificate::{Certificate, Path},
    revocation::{Answer, Evidence, Reason, Standing, Status, standing},
    statement::Role,
};

use crate::{
    evidence::RevocationEvidence,
    format::{AnchorHint, AnchoredStatement},
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
        let content = RevocationEvidence::of(&anchored.statement).ok().and_then(|evidence| evidence.read());
        Self { leaf: anchored.statement.leaf_hash(), anchor: &anchored.anchor, content }
    }
}

/// What was found out while looking, beside problems.
#[derive(Default)]
pub(crate) struct Findings {
    /// Whether any certificate's family has a rule on revocation.
    pub(crate) asked: Cell<bool>,
    /// The earliest moment at which a provisional answer stops being enough.
    pub(crate) provisional_until: Cell<Option<UnixTime>>,
    /// Answers by place of the evidence, certificate and issuer: reading one's entries takes time.
    answers: RefCell<BTreeMap<(usize, Sha256Digest, Sha256Digest), Option<Answer>>>,
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
        let intermediates = path.intermediates.iter().filter_map(|digest| self.usable(digest));
        let chain: Vec<&Certificate> = [certificate].into_iter().chain(intermediates).chain([root]).collect();
        let mut issuer_gone = rule.cut_off;
        for place in (0..chain.len() - 1).rev() {
            let answers = match self.believed(&chain[place..], issuer_gone) {
                Ok(answers) => answers,
                Err(problem) => return vec![problem],
            };
            issuer_gone = answers.iter().filter_map(|answer| answer.cut_off(None)).min();
            match standing(&answers, at, revocation.grace, None) {
                Standing::Proven => {}
                Standing::Fallen { cut_off } => {
                    let reason = reason_of(&answers, cut_off);
                    return vec![Problem::CertificateRevoked { role, at: cut_off, reason, authority: place > 0 }];
                }
                Standing::Open { from } => {
                    let until = from.plus(i64::from(revocation.provisional));
                    if self.context.now >= until {
                        return vec![Problem::RevocationUnknown { role }];
                    }
                    let known = self.findings.provisional_until.get();
                    self.findings.provisional_until.set(known.map_or(Some(until), |known| Some(known.min(until))));
                }
            }
        }
        Vec::new()
    }

    /// The answers about the first certificate of a path that are believed. `issuer_gone`: from when on the issuer's own
    /// certificate does not count, and with it nothing that it said then or later.
    fn believed(&self, path: &[&Certificate], issuer_gone: Option<UnixTime>) -> Result<Vec<Answer>, Problem> {
        let [_, issuer, ..] = path else { return Ok(Vec::new()) };
        let mut believed = Vec::new();
        for (place, known) in self.evidence.iter().enumerate() {
            let Some(answer) = self.answer(place, known, path) else { continue };
            self.mark(&known.leaf);
            let said_at = match self.locate(&known.leaf, known.anchor) {
                Ok(located) => located.time,
                Err(problem @ Problem::Chain(_)) => return Err(problem),
                Err(_) => continue,
            };
            let own_key = issuer.not_before() <= said_at
                && said_at <= issuer.not_after()
                && issuer_gone.is_none_or(|gone| said_at < gone);
            // Nothing is said before it is anchored.
            if own_key && answer.this_update <= said_at {
                believed.push(answer);
            }
        }
        Ok(believed)
    }

    fn answer(&self, place: usize, known: &KnownEvidence<'_>, path: &[&Certificate]) -> Option<Answer> {
        let (content, [subject, issuer, ..]) = (known.content.as_ref()?, path) else { return None };
        let question = (place, *subject.digest(), *issuer.digest());
        if let Some(answer) = self.findings.answers.borrow().get(&question) {
            return *answer;
        }
        let answer = content.answer(path, &self.signatures).ok();
        self.findings.answers.borrow_mut().insert(question, answer);
        answer
    }
}

/// The reason that goes with a cut-off.
fn reason_of(answers: &[Answer], cut_off: UnixTime) -> Reason {
    let reason = answers.iter().find_map(|answer| match answer.status {
        Status::Revoked(revocation) if answer.cut_off(None) == Some(cut_off) => Some(revocation.reason),
        _ => None,
    });
    reason.unwrap_or(Reason::Unspecified)
}
