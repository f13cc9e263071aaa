//! Checks of a pupil's identity: identifiers, and what they say of birth and sex.
//!
//! When an identifier was verified ([`crate::section::Verified`]) is not judged: a check has no clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Finding, IdentifierPart, IdentityField, Message, Place, look_at};
use crate::{
    book::BookNumber,
    draft::{ClassHeader, Draft},
    section::{Identifier, IdentifierKind, Identity, Sex},
    types::{PartialDate, ProvinceCode, Text},
};

/// Years a birth year may lie from the one usual for the grade before it is doubted. Pupils start late, repeat and skip
/// grades; three years covers these and still finds the commonest slip, a wrong digit for the decade.
const AGE_TOLERANCE: u16 = 3;

/// What is checked of an identity beyond what must hold for everyone. All of it makes warnings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityPolicy {
    /// Which province of today the first three digits of a 12-digit number mean, as the department lists them: `"079"` to
    /// `79`, and after the mergers of 07/2025 `"074"` to `79` too. The number's province is compared with that of birth
    /// where both are known. Default empty: nothing is compared. Birth may be registered elsewhere than it happened.
    pub number_provinces: BTreeMap<String, ProvinceCode>,
    /// Whether a pupil of nationality VN without any national number is reported. Default yes.
    pub expect_national_number: bool,
    /// Whether a pupil of another nationality without a foreign paper is reported. Default yes.
    pub expect_foreign_paper: bool,
}

impl Default for IdentityPolicy {
    fn default() -> Self {
        Self { number_provinces: BTreeMap::new(), expect_national_number: true, expect_foreign_paper: true }
    }
}

/// Everything there is to say about who the pupil is.
pub(super) fn check(header: &ClassHeader, draft: &Draft, policy: &IdentityPolicy, findings: &mut Vec<Finding>) {
    let identity = &draft.identity;
    let at = |field| Place::Identity { field };
    look_at(&at(IdentityField::Name), &identity.name, findings);
    check_birth_date(header, identity.birth_date, findings);
    for (field, text) in [
        (IdentityField::Ethnicity, &identity.ethnicity),
        (IdentityField::Nationality, &identity.nationality),
        (IdentityField::BirthPlace, &identity.birth_place),
        (IdentityField::Book, &identity.book),
    ] {
        if let Some(text) = text {
            look_at(&at(field), text, findings);
        }
    }
    // A number of another office's is not ours to judge.
    if let Some(book) = &identity.book
        && book.as_str().starts_with("HB-")
        && book.as_str().parse::<BookNumber>().is_err()
    {
        findings.push(Finding::error(at(IdentityField::Book), Message::BookNumber));
    }
    if identity.identifiers.is_empty() {
        findings.push(Finding::error(at(IdentityField::Identifiers), Message::IdentifierMissing));
    }
    for (index, identifier) in identity.identifiers.iter().enumerate() {
        let place = at(IdentityField::Identifier { kind: identifier.kind });
        if identity.identifiers.iter().take(index).any(|earlier| earlier.kind == identifier.kind) {
            findings.push(Finding::error(place.clone(), Message::IdentifierRepeated));
        }
        look_at(&place, &identifier.value, findings);
        check_identifier(identifier, identity, policy, &place, findings);
    }
    check_nationality(identity, policy, findings);
}

/// A Vietnamese pupil is known to the country by a number, a foreign one by a paper of another country. Nationality that
/// is not stated as a code of ISO 3166-1 alpha-2 says neither.
fn check_nationality(identity: &Identity, policy: &IdentityPolicy, findings: &mut Vec<Finding>) {
    let code = identity.nationality.as_ref().map(Text::as_str);
    let Some(code) = code.filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())) else {
        return;
    };
    let kinds = || identity.identifiers.iter().map(|identifier| identifier.kind);
    let message = if code == "VN" {
        (policy.expect_national_number && !kinds().any(IdentifierKind::is_national))
            .then_some(Message::NationalIdentifierMissing)
    } else {
        (policy.expect_foreign_paper && !kinds().any(|kind| kind == IdentifierKind::ForeignPaper))
            .then_some(Message::ForeignPaperMissing)
    };
    // Without any identifier that is said, and an error.
    if let Some(message) = message.filter(|_| !identity.identifiers.is_empty()) {
        let place = Place::Identity { field: IdentityField::Identifiers };
        findings.push(Finding::warning(place, message));
    }
}

/// The usual birth year of a grade is that of a pupil who was six in the year grade 1 began.
fn check_birth_date(header: &ClassHeader, birth_date: PartialDate, findings: &mut Vec<Finding>) {
    let place = Place::Identity { field: IdentityField::BirthDate };
    let (start, born) = (header.year.start(), birth_date.year());
    let usual = start.saturating_sub(u16::from(header.grade.number()) + 5);
    if born >= start {
        findings.push(Finding::error(place, Message::DateImpossible));
    } else if born.abs_diff(usual) > AGE_TOLERANCE {
        findings.push(Finding::warning(place, Message::DateImplausible { usual }));
    }
}

fn check_identifier(
    identifier: &Identifier,
    identity: &Identity,
    policy: &IdentityPolicy,
    place: &Place,
    findings: &mut Vec<Finding>,
) {
    let digits = match identifier.kind {
        IdentifierKind::Personal => 12,
        IdentifierKind::Ministry => 10,
        _ => return,
    };
    let value = identifier.value.as_str().as_bytes();
    if value.len() != digits || !value.iter().all(u8::is_ascii_digit) {
        findings.push(Finding::error(place.clone(), Message::IdentifierShape { digits }));
        return;
    }
    if identifier.kind != IdentifierKind::Personal {
        return;
    }
    // NĐ 137/2015 Art. 13: digit 4 is twice the centuries since the 20th, plus one for female; digits 5 and 6 the year.
    let digit = |place: usize| value.get(place).map_or(0, |byte| u16::from(byte - b'0'));
    let century_and_sex = digit(3);
    let year = 1900 + century_and_sex / 2 * 100 + digit(4) * 10 + digit(5);
    let female = century_and_sex % 2 == 1;
    let mut disagrees = |part| findings.push(Finding::warning(place.clone(), Message::IdentifierDisagrees { part }));
    if year != identity.birth_date.year() {
        disagrees(IdentifierPart::BirthYear);
    }
    if matches!((identity.sex, female), (Sex::Male, true) | (Sex::Female, false)) {
        disagrees(IdentifierPart::Sex);
    }
    // The first three digits are the province of registration, numbered as of 2015; which province of today that is, only a
    // list can tell.
    let province = policy.number_provinces.get(identifier.value.as_str().get(..3).unwrap_or_default());
    if let (Some(registered), Some(born)) = (province, &identity.birth_province)
        && registered != born
    {
        disagrees(IdentifierPart::Province);
    }
}
