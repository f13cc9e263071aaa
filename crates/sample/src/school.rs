//! A whole made-up school: its staff, classes, and pupils by class, the same for the same seed.

use std::collections::BTreeSet;

use hocba_record::{
    draft::{ClassHeader, Draft},
    section::{IdentifierKind, Identity},
    types::{ClassName, Grade},
};

use crate::{Options, class, dice::Dice, names, text};

/// What school to make up.
#[derive(Debug, Clone)]
pub struct SchoolOptions {
    /// School, year, and what its classes have in common. Grade, class and number of pupils are those of each class.
    pub of: Options,
    /// The grades, each with its number of classes: `(10, 15)` is 10A1 to 10A15.
    pub grades: Vec<(Grade, usize)>,
    /// All pupils, spread over the classes.
    pub pupils: usize,
    /// All staff: a principal, two deputies, two clerks, an administrator, a homeroom teacher for each class, other
    /// teachers.
    pub staff: usize,
    /// The principal, where it is somebody in particular; so that an example key is theirs.
    pub principal: Option<String>,
    /// The same of the first class's homeroom teacher.
    pub first_teacher: Option<String>,
}

impl SchoolOptions {
    /// THPT Nguyễn Du (DEMO) in 2026-2027: 45 classes, 1,900 pupils, 100 staff; its principal and the homeroom teacher of
    /// 12A1 are people with example keys.
    pub fn upper_secondary() -> Self {
        let grade = |n| Grade::new(n).expect("a grade");
        Self {
            of: Options::upper_secondary(),
            grades: vec![(grade(12), 15), (grade(11), 15), (grade(10), 15)],
            pupils: 1_900,
            staff: 100,
            principal: Some("Đỗ Quang Vinh".into()),
            first_teacher: Some("Hồ Thị Thanh".into()),
        }
    }

    /// THCS Trần Phú (DEMO) with grades 6 to 9: 45 classes and 1,900 pupils.
    pub fn lower_secondary() -> Self {
        let grade = |n| Grade::new(n).expect("a grade");
        Self {
            of: Options::lower_secondary(),
            grades: vec![(grade(9), 11), (grade(8), 11), (grade(7), 11), (grade(6), 12)],
            principal: Some("Trần Văn Minh".into()),
            first_teacher: Some("Nguyễn Thị Hoa".into()),
            ..Self::upper_secondary()
        }
    }
}

/// What somebody of the staff is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamplePosition {
    /// Hiệu trưởng.
    Principal,
    /// Phó hiệu trưởng.
    DeputyPrincipal,
    /// Giáo viên.
    Teacher,
    /// Văn thư.
    Clerk,
    /// Quản trị.
    Administrator,
}

impl SamplePosition {
    /// As a staff list has it.
    pub const fn words(self) -> &'static str {
        match self {
            SamplePosition::Principal => "Hiệu trưởng",
            SamplePosition::DeputyPrincipal => "Phó hiệu trưởng",
            SamplePosition::Teacher => "Giáo viên",
            SamplePosition::Clerk => "Văn thư",
            SamplePosition::Administrator => "Quản trị",
        }
    }
}

/// One of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleStaff {
    /// Full name; no two have the same.
    pub name: String,
    /// The school's number: `GV001`.
    pub code: String,
    /// As what.
    pub position: SamplePosition,
    /// The class they are the homeroom teacher of.
    pub homeroom: Option<ClassName>,
}

/// A class of the school.
#[derive(Debug, Clone)]
pub struct SampleClass {
    /// School, year, grade, name.
    pub options: Options,
    /// Who makes its pupils up again, with their marks.
    seed: u64,
    /// How many pupils the classes before it have.
    before: usize,
}

/// A school.
#[derive(Debug, Clone)]
pub struct SampleSchool {
    /// Who works there.
    pub staff: Vec<SampleStaff>,
    /// Its classes, in the order of the options.
    pub classes: Vec<SampleClass>,
}

impl SampleClass {
    /// Its pupils with a year of marks.
    pub fn drafts(&self) -> (ClassHeader, Vec<Draft>) {
        let (header, mut drafts) = class(self.seed, &self.options);
        for (place, draft) in drafts.iter_mut().enumerate() {
            apart(&mut draft.identity, self.before + place + 1);
        }
        (header, drafts)
    }

    /// Who its pupils are.
    pub fn pupils(&self) -> Vec<Identity> {
        self.drafts().1.into_iter().map(|draft| draft.identity).collect()
    }
}

/// Gives a pupil national numbers that nobody else of the school has.
fn apart(identity: &mut Identity, serial: usize) {
    for identifier in &mut identity.identifiers {
        let (kept, digits) = match identifier.kind {
            IdentifierKind::Personal => (6, 6),
            IdentifierKind::Ministry => (2, 8),
            _ => continue,
        };
        let kept: String = identifier.value.as_str().chars().take(kept).collect();
        identifier.value = text(&format!("{kept}{serial:0digits$}"));
    }
}

/// The school.
pub fn school(seed: u64, options: &SchoolOptions) -> SampleSchool {
    let mut dice = Dice::new(seed ^ 0x5c00);
    let count: usize = options.grades.iter().map(|(_, classes)| classes).sum();
    let mut classes = Vec::with_capacity(count);
    let mut before = 0;
    for (grade, classes_of_grade) in &options.grades {
        for n in 1..=*classes_of_grade {
            let place = classes.len();
            // The first classes take one more where it does not come out even.
            let pupils = options.pupils / count + usize::from(place < options.pupils % count);
            let name = format!("{}A{n}", grade.number()).parse().expect("a class");
            let of = options.of.clone().of_class(*grade, name).with_pupils(pupils);
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(place as u64);
            classes.push(SampleClass { options: Options { pending: 0, ..of }, seed, before });
            before += pupils;
        }
    }
    let mut taken: BTreeSet<String> = options.principal.iter().chain(&options.first_teacher).cloned().collect();
    let mut name = |dice: &mut Dice| loop {
        let female = dice.chance(65);
        let name = names::full_name(dice, female);
        if taken.insert(name.clone()) {
            break name;
        }
    };
    let mut staff: Vec<SampleStaff> = Vec::with_capacity(options.staff);
    let add = |staff: &mut Vec<SampleStaff>, name: String, position, homeroom| {
        let code = format!("GV{:03}", staff.len() + 1);
        staff.push(SampleStaff { name, code, position, homeroom });
    };
    use SamplePosition::{Administrator, Clerk, DeputyPrincipal, Principal, Teacher};
    for position in [Principal, DeputyPrincipal, DeputyPrincipal, Clerk, Clerk, Administrator] {
        let name = match (&options.principal, position) {
            (Some(principal), Principal) => principal.clone(),
            _ => name(&mut dice),
        };
        add(&mut staff, name, position, None);
    }
    for (place, class) in classes.iter().enumerate() {
        let name = match (&options.first_teacher, place) {
            (Some(first), 0) => first.clone(),
            _ => name(&mut dice),
        };
        add(&mut staff, name, Teacher, Some(class.options.class.clone()));
    }
    while staff.len() < options.staff {
        let name = name(&mut dice);
        add(&mut staff, name, Teacher, None);
    }
    SampleSchool { staff, classes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_has_its_classes_and_pupils_and_no_number_or_name_twice() {
        let options = SchoolOptions { pupils: 190, ..SchoolOptions::lower_secondary() };
        let school = school(3, &options);
        assert_eq!((school.classes.len(), school.staff.len()), (45, 100));
        let mut numbers = BTreeSet::new();
        let mut pupils = 0;
        for class in &school.classes {
            for identity in class.pupils() {
                pupils += 1;
                for identifier in identity.identifiers.iter().filter(|i| i.kind.is_national()) {
                    assert!(numbers.insert(identifier.value.to_string()), "{}", identifier.value);
                }
            }
        }
        assert_eq!(pupils, 190);
        let names: BTreeSet<&str> = school.staff.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names.len(), 100);
        let homerooms: BTreeSet<_> = school.staff.iter().filter_map(|s| s.homeroom.as_ref()).collect();
        assert_eq!(homerooms.len(), 45);
        assert_eq!(school.staff[6].name, "Nguyễn Thị Hoa");
    }
}
