//! Qualities and competences of primary school: the list a rule set has, and what a draft says of each.

use crate::{
    check::{AttainmentField, AttainmentGroup, Finding, Message, Place},
    section::{Attainment, AttainmentsSection},
};

/// One quality or competence a rule set lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Code in sections and drafts: `yeu_nuoc`.
    pub code: &'static str,
    /// Name as printed, NFC.
    pub name: &'static str,
    /// Name for English readers.
    pub english: &'static str,
}

/// The attainments of a group in the order of the list, whatever order they were imported in. What stands twice or is not
/// listed is a fault, and so is what is missing, unless the pupil is on a plan of their own.
pub(super) fn attained<'l>(
    group: AttainmentGroup,
    list: impl Iterator<Item = &'l Listed> + Clone,
    given: &[Attainment],
    on_plan: bool,
    faults: &mut Vec<Finding>,
) -> AttainmentsSection {
    for (index, item) in given.iter().enumerate() {
        let place = Place::Attainment { group, code: item.code.clone(), field: AttainmentField::Level };
        if given.iter().take(index).any(|earlier| earlier.code == item.code) {
            faults.push(Finding::error(place, Message::AttainmentDuplicate));
        } else if !list.clone().any(|listed| listed.code == item.code.as_str()) {
            faults.push(Finding::error(place, Message::AttainmentUnknown));
        }
    }
    let mut items = Vec::new();
    for listed in list {
        match given.iter().find(|item| item.code.as_str() == listed.code) {
            Some(item) => items.push(item.clone()),
            None if on_plan => {}
            None => {
                let code = listed.code.parse().expect("codes of the lists are of the alphabet of subject codes");
                let place = Place::Attainment { group, code, field: AttainmentField::Level };
                faults.push(Finding::error(place, Message::AttainmentMissing));
            }
        }
    }
    AttainmentsSection { items }
}

/// The listed quality or competence to name a code by where the rule set is not at hand; the name of one code is the
/// same in all of them.
pub(crate) fn by_code(group: AttainmentGroup, code: &str) -> Option<&'static Listed> {
    use super::{tt27, tt30};
    let lists: [&[Listed]; 3] = match group {
        AttainmentGroup::Qualities => [&tt27::QUALITIES, &tt30::QUALITIES, &[]],
        AttainmentGroup::Competences => [&tt27::GENERAL_COMPETENCES, &tt27::SPECIFIC_COMPETENCES, &tt30::COMPETENCES],
    };
    lists.into_iter().flatten().find(|listed| listed.code == code)
}
