//! Form versions: which rule set and programme a record of a form follows, and how many digests its `_sd` is padded to.

use std::fmt;

use crate::types::{EducationLevel, Grade, SchoolYear};

/// The circular by which a year was assessed. A record names it with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleSet {
    /// TT 30/2014 as amended by TT 22/2016: primary school before TT 27/2020.
    Tt30,
    /// TT 27/2020: primary school.
    Tt27,
    /// TT 58/2011: lower and upper secondary up to 2019-2020.
    Tt58,
    /// TT 58/2011 as amended by TT 26/2020: lower and upper secondary from 2020-2021 on, until TT 22/2021.
    Tt58Tt26,
    /// TT 22/2021: lower and upper secondary.
    Tt22,
}

impl RuleSet {
    /// All rule sets, oldest first.
    pub const ALL: [RuleSet; 5] = [RuleSet::Tt58, RuleSet::Tt30, RuleSet::Tt58Tt26, RuleSet::Tt27, RuleSet::Tt22];

    /// Identifier and version in the payload's `rules`.
    pub const fn id(self) -> &'static str {
        match self {
            RuleSet::Tt30 => "tt30-2014-1",
            RuleSet::Tt27 => "tt27-2020-1",
            RuleSet::Tt58 => "tt58-2011-1",
            RuleSet::Tt58Tt26 => "tt58-2011-tt26-2020-1",
            RuleSet::Tt22 => "tt22-2021-1",
        }
    }

    /// The rule set of this identifier.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.id() == id)
    }

    /// The circular as cited in Vietnamese: `Thông tư 22/2021/TT-BGDĐT`.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            RuleSet::Tt30 => "Thông tư 30/2014/TT-BGDĐT (sửa đổi bởi Thông tư 22/2016/TT-BGDĐT)",
            RuleSet::Tt27 => "Thông tư 27/2020/TT-BGDĐT",
            RuleSet::Tt58 => "Thông tư 58/2011/TT-BGDĐT",
            RuleSet::Tt58Tt26 => "Thông tư 58/2011/TT-BGDĐT (sửa đổi bởi Thông tư 26/2020/TT-BGDĐT)",
            RuleSet::Tt22 => "Thông tư 22/2021/TT-BGDĐT",
        }
    }

    /// The circular in English.
    pub const fn english(self) -> &'static str {
        match self {
            RuleSet::Tt30 => "Circular 30/2014 (as amended by 22/2016)",
            RuleSet::Tt27 => "Circular 27/2020",
            RuleSet::Tt58 => "Circular 58/2011",
            RuleSet::Tt58Tt26 => "Circular 58/2011 (as amended by 26/2020)",
            RuleSet::Tt22 => "Circular 22/2021",
        }
    }

    /// The programme taught under it: the circulars and the programme of 2018 came in with the same grades and years.
    pub const fn programme(self) -> Programme {
        match self {
            RuleSet::Tt30 | RuleSet::Tt58 | RuleSet::Tt58Tt26 => Programme::Gdpt2006,
            RuleSet::Tt27 | RuleSet::Tt22 => Programme::Gdpt2018,
        }
    }

    /// The rule set of a grade in a school year.
    ///
    /// TT 27/2020 Art. 20 and TT 22/2021 Art. 21 bring their circular in grade by grade: 1 in 2020-2021, 2 and 6 in
    /// 2021-2022, 3, 7 and 10 in 2022-2023, 4, 8 and 11 in 2023-2024, 5, 9 and 12 in 2024-2025. TT 26/2020 took effect
    /// on 11 October 2020, so for all of 2020-2021. (The grades of TT 22 and the articles are from memory: `domain.md`
    /// §1.1 marks them unverified.)
    pub const fn of(grade: Grade, year: SchoolYear) -> Self {
        let first = match grade.number() {
            1 => 2020,
            2 | 6 => 2021,
            3 | 7 | 10 => 2022,
            4 | 8 | 11 => 2023,
            _ => 2024,
        };
        match (grade.level(), year.start()) {
            (Primary, start) if start >= first => RuleSet::Tt27,
            (Primary, _) => RuleSet::Tt30,
            (_, start) if start >= first => RuleSet::Tt22,
            (_, 2020..) => RuleSet::Tt58Tt26,
            _ => RuleSet::Tt58,
        }
    }
}

impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A national programme (chương trình giáo dục phổ thông): which subjects there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Programme {
    /// QĐ 16/2006/QĐ-BGDĐT.
    Gdpt2006,
    /// TT 32/2018/TT-BGDĐT.
    Gdpt2018,
}

/// The programme of a level: what the catalogue of subjects goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Curriculum {
    /// Programme.
    pub programme: Programme,
    /// Level.
    pub level: EducationLevel,
}

/// One version of the printed form. A form never changes; a new circular makes a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Identifier in the payload's `form`.
    pub id: &'static str,
    /// Rule set; its identifier is the payload's `rules`.
    pub rules: RuleSet,
    /// The level it is for.
    pub level: EducationLevel,
    /// Number of digests in `_sd`, decoys included: above the most sections a pupil can have (THPT with both optional
    /// languages: 15 subjects and 15 others), so that their number tells nothing.
    pub slots: usize,
}

use EducationLevel::{LowerSecondary, Primary, UpperSecondary};

/// TT 30/2014, primary.
pub const TT30_PRIMARY: Form = Form { id: "tt30-th-1", rules: RuleSet::Tt30, level: Primary, slots: 32 };
/// TT 27/2020, primary.
pub const TT27_PRIMARY: Form = Form { id: "tt27-th-1", rules: RuleSet::Tt27, level: Primary, slots: 32 };
/// TT 58/2011, lower secondary.
pub const TT58_THCS: Form = Form { id: "tt58-thcs-1", rules: RuleSet::Tt58, level: LowerSecondary, slots: 32 };
/// TT 58/2011, upper secondary.
pub const TT58_THPT: Form = Form { id: "tt58-thpt-1", rules: RuleSet::Tt58, level: UpperSecondary, slots: 32 };
/// TT 58/2011 with TT 26/2020, lower secondary.
pub const TT58_TT26_THCS: Form =
    Form { id: "tt58-tt26-thcs-1", rules: RuleSet::Tt58Tt26, level: LowerSecondary, slots: 32 };
/// TT 58/2011 with TT 26/2020, upper secondary.
pub const TT58_TT26_THPT: Form =
    Form { id: "tt58-tt26-thpt-1", rules: RuleSet::Tt58Tt26, level: UpperSecondary, slots: 32 };
/// TT 22/2021, lower secondary.
pub const TT22_THCS: Form = Form { id: "tt22-thcs-1", rules: RuleSet::Tt22, level: LowerSecondary, slots: 32 };
/// TT 22/2021, upper secondary.
pub const TT22_THPT: Form = Form { id: "tt22-thpt-1", rules: RuleSet::Tt22, level: UpperSecondary, slots: 32 };

/// All forms this build knows.
pub const FORMS: [Form; 8] =
    [TT30_PRIMARY, TT27_PRIMARY, TT58_THCS, TT58_THPT, TT58_TT26_THCS, TT58_TT26_THPT, TT22_THCS, TT22_THPT];

impl Form {
    /// The form of a grade in a school year: which rule set applied then.
    pub fn of(grade: Grade, year: SchoolYear) -> Self {
        let rules = RuleSet::of(grade, year);
        let form = FORMS.into_iter().find(|form| form.rules == rules && form.level == grade.level());
        form.expect("each rule set has a form for each level it is for")
    }

    /// Which subjects it has.
    pub const fn curriculum(self) -> Curriculum {
        Curriculum { programme: self.rules.programme(), level: self.level }
    }
}

/// The form of this identifier.
pub fn by_id(id: &str) -> Option<Form> {
    FORMS.into_iter().find(|f| f.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grade_of_every_year_has_a_form_of_its_level() {
        for start in 1990..=2100 {
            for grade in (1..=12).map(|g| Grade::new(g).expect("a grade")) {
                let form = Form::of(grade, SchoolYear::starting(start).expect("a year"));
                assert_eq!(form.level, grade.level());
            }
        }
    }

    #[test]
    fn the_circulars_come_in_grade_by_grade() {
        let rules = |grade, start| {
            RuleSet::of(Grade::new(grade).expect("a grade"), SchoolYear::starting(start).expect("a year"))
        };
        for (grade, first) in [(1, 2020), (2, 2021), (3, 2022), (4, 2023), (5, 2024)] {
            assert_eq!((rules(grade, first - 1), rules(grade, first)), (RuleSet::Tt30, RuleSet::Tt27), "{grade}");
        }
        for (grade, first) in [(6, 2021), (7, 2022), (8, 2023), (9, 2024), (10, 2022), (11, 2023), (12, 2024)] {
            assert_eq!((rules(grade, first - 1), rules(grade, first)), (RuleSet::Tt58Tt26, RuleSet::Tt22), "{grade}");
            assert_eq!(rules(grade, 2019), RuleSet::Tt58, "{grade}");
        }
    }

    #[test]
    fn identifiers_lead_back() {
        for form in FORMS {
            assert_eq!(by_id(form.id), Some(form));
            assert_eq!(RuleSet::by_id(form.rules.id()), Some(form.rules));
        }
        assert_eq!((by_id("tt23-1"), RuleSet::by_id("")), (None, None));
    }
}
