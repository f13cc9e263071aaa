//! One record: what it says, who signed it, by what right, where it is anchored, whether it still stands.

use std::collections::BTreeMap;

use hocba_record::{
    disclosure::{self, Disclosure, DisclosureError, Extent},
    encoding::Sha256Digest,
    payload::{PayloadError, RecordKind, RecordPayload},
    section::{IdentifierKind, Section, SectionError},
    types::Text,
};
use hocba_signature::{
    certificate::Certificate,
    policy::SigningPolicy,
    statement::{Header, Role, StatementType},
    status::ReasonClass,
};

use crate::{
    facts::StatusFact,
    format::{Bundle, RecordPart},
    report::{
        AppointmentProblem, Check, CheckId, Completeness, Outcome, Problem, RecordSummary, ShownExtent, Signer,
        SkipReason, StatusNote,
    },
    verify::{
        ChainView, Checks, Context,
        authority::{Authority, Located, Need},
        time_stamp::TimeStamps,
    },
};

/// Makes all checks of one record. The digest is the payload's, for comparing with a later year's history.
pub(super) fn verify_record(
    part: &RecordPart,
    authority: &Authority<'_>,
    time_stamps: &TimeStamps<'_>,
    context: &Context<'_>,
    checks: &mut Checks<'_>,
) -> (Option<RecordSummary>, Option<Sha256Digest>) {
    let payload = match RecordPayload::from_bytes(part.statement.payload()) {
        Ok(payload) => payload,
        Err(error) => {
            checks.put(CheckId::Payload, vec![payload_problem(error)]);
            for id in CheckId::ALL.iter().filter(|id| is_per_record(**id) && **id != CheckId::Payload) {
                checks.skip(*id, SkipReason::NotReached);
            }
            return (None, None);
        }
    };
    checks.put(CheckId::Payload, Vec::new());
    let (extent, sections) = content(&payload, part, checks);

    let headers = match part.statement.loose_headers(StatementType::Record) {
        Ok(headers) => headers,
        Err(error) => {
            checks.put(CheckId::Statement, vec![Problem::Statement(error)]);
            Vec::new()
        }
    };
    let located = authority.locate(&part.statement.leaf_hash(), &part.anchor);
    let at = located.as_ref().ok().map(|l| l.time);
    if headers.is_empty() {
        if part.statement.is_empty() {
            checks.put(CheckId::Statement, Vec::new());
            let policy = SigningPolicy::policy_1().check(&[]);
            checks.put(CheckId::Policy, policy.err().map(Problem::Policy).into_iter().collect());
        } else {
            checks.skip(CheckId::Policy, SkipReason::NotReached);
        }
        for id in [CheckId::Verify, CheckId::Keys, CheckId::Certificates, CheckId::Revocation, CheckId::Appointments] {
            checks.skip(id, SkipReason::NotReached);
        }
    } else {
        let chain = part.statement.check_chain(&headers).err();
        checks.put(CheckId::Statement, chain.map(Problem::Statement).into_iter().collect());
        checks.put(CheckId::Policy, policy_problems(&payload, &headers, at, context));
        signers(part, &payload, &headers, at, authority, checks);
    }
    anchor(&payload, located.as_ref(), authority, checks);
    let time_stamp = time_stamps.check(&part.anchor, located.as_ref(), authority, checks);
    current(&payload, authority, context, checks);

    let summary = RecordSummary {
        id: payload.id,
        version: payload.version,
        kind: payload.kind,
        school: payload.school.clone(),
        year: payload.year,
        grade: payload.grade,
        class: payload.class.clone(),
        form: payload.form.clone(),
        anchored_at: at,
        time_stamp,
        signers: headers.iter().map(|header| signer(header, authority)).collect(),
        extent,
        completeness: Completeness::NotChecked,
        sections,
    };
    (Some(summary), Some(payload.digest()))
}

fn is_per_record(id: CheckId) -> bool {
    !matches!(
        id,
        CheckId::Format
            | CheckId::Canonical
            | CheckId::Profile
            | CheckId::Chain
            | CheckId::StatusLog
            | CheckId::Unreferenced
            | CheckId::Pupil
    )
}

fn payload_problem(error: PayloadError) -> Problem {
    match error {
        PayloadError::Canonical(error) => Problem::Payload(error),
        PayloadError::UnknownForm => Problem::UnknownForm,
        other => Problem::PayloadContent(other.to_string()),
    }
}

/// Integrity of what is shown.
fn content(
    payload: &RecordPayload,
    part: &RecordPart,
    checks: &mut Checks<'_>,
) -> (ShownExtent, BTreeMap<hocba_record::types::SectionName, hocba_record::canonical::Json>) {
    let disclosures = &part.disclosures;
    let problems = disclosure::check_disclosures(payload, disclosures).into_iter().map(|error| match error {
        DisclosureError::NotSigned(section) => {
            let subject = disclosures.iter().find(|d| *d.name() == section).and_then(printed_name);
            Problem::SectionChanged { section, subject }
        }
        DisclosureError::Order(section) => Problem::SectionOrder { section },
    });
    checks.put(CheckId::Disclosures, problems.collect());

    let read: Vec<Result<Section, SectionError>> =
        disclosures.iter().map(|d| Section::from_value(d.name(), d.value())).collect();
    let shape = disclosures
        .iter()
        .zip(&read)
        .filter(|(_, section)| section.is_err())
        .map(|(d, _)| Problem::SectionShape { section: d.name().clone() });
    let mut shape: Vec<Problem> = shape.collect();

    let sections: Vec<Section> = read.into_iter().flatten().collect();
    if !conversion_agrees(payload.kind, &sections) {
        shape.push(Problem::ConversionDisagrees);
    }
    checks.put(CheckId::Sections, shape);
    let extent = match disclosure::extent(&sections) {
        Ok(Extent::Whole) => {
            checks.put(CheckId::Manifest, Vec::new());
            ShownExtent::Whole
        }
        Ok(Extent::Partial { withheld }) => {
            checks.put(CheckId::Manifest, Vec::new());
            ShownExtent::Partial { withheld }
        }
        Ok(Extent::Unknown) => {
            checks.skip(CheckId::Manifest, SkipReason::Withheld);
            ShownExtent::Unknown
        }
        Err(error) => {
            checks.put(CheckId::Manifest, vec![Problem::ManifestDisagrees { section: error.0 }]);
            ShownExtent::Unknown
        }
    };
    match &part.seed {
        None => checks.skip(CheckId::Seed, SkipReason::NotCarried),
        Some(_) if extent != ShownExtent::Whole => checks.put(CheckId::Seed, vec![Problem::SeedBesidePart]),
        Some(seed) if disclosure::seed_explains(payload, disclosures, seed) => checks.put(CheckId::Seed, Vec::new()),
        Some(_) => checks.put(CheckId::Seed, vec![Problem::SeedDisagrees]),
    }
    let shown = disclosures.iter().map(|d| (d.name().clone(), d.value().clone())).collect();
    (extent, shown)
}

/// Whether the record says of itself that it was taken over from paper where it was, and only there: in the open by its
/// kind, and by a section in its list. Without the list it cannot be told.
fn conversion_agrees(kind: RecordKind, sections: &[Section]) -> bool {
    let listed = sections.iter().find_map(|section| match section {
        Section::Manifest(manifest) => Some(manifest.sections.iter().any(|name| name.as_str() == "conversion")),
        _ => None,
    });
    let shown = sections.iter().any(|section| matches!(section, Section::Conversion(_)));
    let converted = kind == RecordKind::Converted;
    listed.is_none_or(|listed| listed == converted) && (converted || !shown)
}

/// A subject's printed name, for the sentence "Toán was changed".
fn printed_name(disclosure: &Disclosure) -> Option<Text> {
    disclosure.name().as_str().strip_prefix("subject.")?;
    disclosure.value().get("name")?.as_str()?.parse().ok()
}

fn policy_problems(
    payload: &RecordPayload,
    headers: &[Header],
    at: Option<hocba_record::types::UnixTime>,
    context: &Context<'_>,
) -> Vec<Problem> {
    let accepted = &context.profile.profile().policies;
    let mut named = accepted.iter().filter(|a| a.policy.reference() == payload.policy).peekable();
    let Some(first) = named.peek() else { return vec![Problem::PolicyNotAccepted] };
    let mut problems: Vec<Problem> = first.policy.check(headers).err().map(Problem::Policy).into_iter().collect();
    problems.extend(first.policy.check_kind(payload.kind).err().map(Problem::Policy));
    if let Some(at) = at
        && !named.any(|a| a.from <= at && a.until.is_none_or(|until| at < until))
    {
        problems.push(Problem::PolicyOutsideInterval);
    }
    problems
}

fn signers(
    part: &RecordPart,
    payload: &RecordPayload,
    headers: &[Header],
    at: Option<hocba_record::types::UnixTime>,
    authority: &Authority<'_>,
    checks: &mut Checks<'_>,
) {
    let (mut verify, mut keys, mut paths, mut appointments) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut seen: Vec<&Certificate> = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        let role = header.role;
        match authority.certificate(&header.certificate, role) {
            Err(problem) => verify.push(problem),
            Ok(certificate) => {
                if part.statement.verify(index, certificate.key()).is_err() {
                    verify.push(Problem::SignatureInvalid { role });
                }
                if seen.iter().any(|other| other.key() == certificate.key()) {
                    keys.push(Problem::SharedKey { role });
                }
                seen.push(certificate);
                paths.extend(authority.path(certificate, role, at, header.iat));
            }
        }
        let class = (role == Role::HomeroomTeacher).then_some((&payload.class, payload.year));
        let need = Need { certificate: &header.certificate, role, school: &payload.school, class, at };
        if role == Role::Department || role == Role::ProfilePublisher {
            // No policy lets a department sign a record; should one ever, this line must change first.
            appointments.push(Problem::Appointment { role, problem: AppointmentProblem::WrongRole });
        } else if let Err(problems) = authority.authorise(&need) {
            appointments.extend(problems);
        }
    }
    checks.put(CheckId::Verify, verify);
    checks.put(CheckId::Keys, keys);
    let revoked = |p: &Problem| matches!(p, Problem::CertificateRevoked { .. } | Problem::RevocationUnknown { .. });
    let (revocation, paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(revoked);
    match at {
        None => checks.put(CheckId::Revocation, vec![Problem::NotReached]),
        Some(_) if authority.findings.asked.get() => checks.put(CheckId::Revocation, revocation),
        Some(_) => checks.skip(CheckId::Revocation, SkipReason::NotAsked),
    }
    checks.put(CheckId::Certificates, paths);
    checks.put(CheckId::Appointments, appointments);
}

fn signer(header: &Header, authority: &Authority<'_>) -> Signer {
    let described = authority.describe(&header.certificate, header.role);
    let subject =
        || authority.certificate(&header.certificate, header.role).map(|c| c.subject().to_owned()).unwrap_or_default();
    Signer {
        role: header.role,
        name: described.as_ref().map_or_else(subject, |d| d.name.clone()),
        title: described.as_ref().and_then(|d| d.title.clone()),
        claimed_at: header.iat,
        key_storage: described.and_then(|d| d.key_storage),
        certificate: header.certificate,
    }
}

fn anchor(
    payload: &RecordPayload,
    located: Result<&Located, &Problem>,
    authority: &Authority<'_>,
    checks: &mut Checks<'_>,
) {
    match located {
        Ok(located) => {
            checks.put(CheckId::Inclusion, Vec::new());
            let entitled = authority.issuer_entitled(located, &payload.school);
            checks.put(CheckId::Issuer, if entitled { Vec::new() } else { vec![Problem::IssuerNotEntitled] });
        }
        Err(problem) => {
            checks.put(CheckId::Inclusion, vec![problem.clone()]);
            checks.skip(CheckId::Issuer, SkipReason::NotReached);
        }
    }
}

fn current(payload: &RecordPayload, authority: &Authority<'_>, context: &Context<'_>, checks: &mut Checks<'_>) {
    let standing = context.chain.facts().and_then(|facts| facts.standing(&payload.id));
    let Some(standing) = standing else {
        let problem = match context.chain {
            ChainView::Unavailable(problem) => Problem::Chain(problem),
            _ => Problem::NoStatusLog,
        };
        checks.put(CheckId::Current, vec![problem]);
        return;
    };
    let note = |entry: &StatusFact| StatusNote {
        at: entry.time,
        live_version: entry.live_version,
        reason: ReasonClass::from_code(entry.reason),
        by: authority.attribute(entry, &payload.school),
    };
    let mut problems = Vec::new();
    if let Some(entry) = standing.revoked() {
        problems.push(Problem::Revoked(note(entry)));
    }
    if let Some(entry) = standing.superseded(payload.version) {
        problems.push(Problem::Superseded(note(entry)));
    }
    checks.put(CheckId::Current, problems);
}

/// Whether each record but the first is tied to one before it: an identifier in both identities with no other
/// contradicting it, or a history that names the earlier record. Without such a tie, years of two pupils would pass for
/// one pupil's book.
pub(super) fn pupils_tied(summaries: &[RecordSummary]) -> Vec<Problem> {
    let section = |summary: &RecordSummary, name: &str| {
        summary.sections.iter().find(|(n, _)| n.as_str() == name).and_then(|(n, v)| Section::from_value(n, v).ok())
    };
    let identifiers = |summary: &RecordSummary| match section(summary, "identity") {
        Some(Section::Identity(identity)) => identity.identifiers,
        _ => Vec::new(),
    };
    let same_pupil = |earlier: &RecordSummary, later: &RecordSummary| {
        let (before, now) = (identifiers(earlier), identifiers(later));
        let comparable = |kind: IdentifierKind| kind.is_national() || earlier.school == later.school;
        let pairs = || {
            before
                .iter()
                .flat_map(|b| now.iter().filter(|n| n.kind == b.kind && comparable(n.kind)).map(move |n| (b, n)))
        };
        pairs().any(|(b, n)| b.value == n.value) && !pairs().any(|(b, n)| b.kind.is_national() && b.value != n.value)
    };
    let tied = |earlier: &RecordSummary, later: &RecordSummary| match section(later, "history") {
        Some(Section::History(history)) if history.entries.iter().any(|entry| entry.id == earlier.id) => true,
        _ => same_pupil(earlier, later),
    };
    (1..summaries.len())
        .filter(|later| !summaries[..*later].iter().any(|earlier| tied(earlier, &summaries[*later])))
        .map(|record| Problem::PupilsNotTied { record })
        .collect()
}

/// What can only be told with all records at hand: whether shown histories agree with the other records.
pub(super) fn compare_records(
    bundle: &Bundle,
    summaries: &mut [RecordSummary],
    checks: &mut Vec<Check>,
    context: &Context<'_>,
) {
    let payloads: Vec<Option<RecordPayload>> =
        bundle.records.iter().map(|part| RecordPayload::from_bytes(part.statement.payload()).ok()).collect();
    for (index, part) in bundle.records.iter().enumerate() {
        let Some(payload) = &payloads[index] else { continue };
        let history = part.disclosures.iter().find(|d| d.name().as_str() == "history");
        let history = history.and_then(|d| match Section::from_value(d.name(), d.value()) {
            Ok(Section::History(history)) => Some(history),
            _ => None,
        });
        let mut own = Checks::new(Some(index), context);
        let Some(history) = history else {
            own.skip(CheckId::History, SkipReason::Withheld);
            checks.append(&mut own.done);
            continue;
        };
        let (mut missing, mut disagree) = (0, false);
        for entry in &history.entries {
            match payloads.iter().flatten().find(|p| p.id == entry.id) {
                None => missing += 1,
                // A later version of that year was made after this record: nothing to compare with here.
                Some(other) if other.version > entry.version => {}
                Some(other) => disagree |= other.version != entry.version || other.digest() != entry.payload,
            }
        }
        disagree |= history.entries.iter().any(|entry| entry.id == payload.id);
        own.put(CheckId::History, if disagree { vec![Problem::HistoryDisagrees] } else { Vec::new() });
        checks.append(&mut own.done);
        if let Some(summary) = summaries.iter_mut().find(|s| s.id == payload.id) {
            summary.completeness =
                if missing == 0 { Completeness::Complete } else { Completeness::Missing { records: missing } };
        }
    }
    checks.sort_by_key(|check| (check.record, CheckId::ALL.iter().position(|id| *id == check.id)));
    debug_assert!(checks.iter().all(|c| !matches!(&c.outcome, Outcome::Failed(p) if p.is_empty())));
}
