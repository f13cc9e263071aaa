//! Vietnamese names, by how often they are met; and the order of a class list.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::dice::Dice;

/// Family names with rough shares; Nguyễn alone is more than a third.
const FAMILY: &[(&str, u32)] = &[
    ("Nguyễn", 38),
    ("Trần", 11),
    ("Lê", 10),
    ("Phạm", 7),
    ("Huỳnh", 5),
    ("Phan", 5),
    ("Võ", 4),
    ("Vũ", 4),
    ("Đặng", 3),
    ("Hoàng", 3),
    ("Bùi", 2),
    ("Đỗ", 2),
    ("Hồ", 2),
    ("Ngô", 2),
    ("Dương", 1),
    ("Lý", 1),
];

#[rustfmt::skip]
const MIDDLE_MALE: &[&str] = &[
    "Minh", "Văn", "Quốc", "Gia", "Hoàng", "Đức", "Hữu", "Thanh", "Nhật", "Tuấn", "Bảo", "Anh", "Đăng", "Trung", "Xuân",
];
#[rustfmt::skip]
const MIDDLE_FEMALE: &[&str] = &[
    "Thị", "Ngọc", "Thanh", "Bảo", "Khánh", "Minh", "Phương", "Thuỳ", "Gia", "Hồng", "Mai", "Như", "Quỳnh", "Kim", "Diễm",
];
#[rustfmt::skip]
const GIVEN_MALE: &[&str] = &[
    "Anh", "Bảo", "Dũng", "Duy", "Đạt", "Hải", "Hiếu", "Huy", "Hùng", "Khang", "Khoa", "Kiên", "Long", "Minh", "Nam", "Nghĩa",
    "Nhân", "Phong", "Phúc", "Quân", "Sơn", "Thành", "Thiện", "Tín", "Trí", "Tuấn", "Vinh", "Việt",
];
#[rustfmt::skip]
const GIVEN_FEMALE: &[&str] = &[
    "An", "Anh", "Châu", "Chi", "Dung", "Giang", "Hà", "Hân", "Hạnh", "Hoa", "Hương", "Lan", "Linh", "Mai", "My", "Nga", "Ngân",
    "Nhi", "Phương", "Quyên", "Thảo", "Thư", "Trang", "Trâm", "Tú", "Uyên", "Vy", "Yến",
];

/// A full name of this sex, family name first.
pub(crate) fn full_name(dice: &mut Dice, female: bool) -> String {
    let (middles, givens) = if female { (MIDDLE_FEMALE, GIVEN_FEMALE) } else { (MIDDLE_MALE, GIVEN_MALE) };
    let (family, given) = (dice.weighted(FAMILY), dice.pick(givens));
    let mut middle = dice.pick(middles);
    if middle == given || middle == family {
        middle = if female { "Thị" } else { "Văn" };
    }
    format!("{family} {middle} {given}")
}

/// The Vietnamese alphabet; F, J, W, Z are in no name here.
const ALPHABET: &str = "aăâbcdđeêghiklmnoôơpqrstuưvxy";

/// The key by which a class list is sorted: given name, then the rest, each letter by the Vietnamese alphabet and the
/// tone after the letters.
pub(crate) fn order(name: &str) -> Vec<(Vec<usize>, Vec<char>)> {
    let mut words: Vec<&str> = name.split(' ').collect();
    words.rotate_right(1);
    words.into_iter().map(letters_and_tones).collect()
}

fn letters_and_tones(word: &str) -> (Vec<usize>, Vec<char>) {
    let is_tone = |c: char| matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let lower = word.to_lowercase();
    let tones = lower.nfd().filter(|c| is_tone(*c)).collect();
    let letters: String = lower.nfd().filter(|c| !is_tone(*c)).nfc().collect();
    debug_assert!(!letters.chars().any(is_combining_mark));
    (letters.chars().map(|c| ALPHABET.chars().position(|a| a == c).unwrap_or(usize::MAX)).collect(), tones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_list_is_in_vietnamese_order_of_given_names() {
        let mut names = [
            "Lê Thị Đào",
            "Lê Thị Dung",
            "Trần Văn An",
            "Lê Văn Ân",
            "Lê Văn Ẩn",
            "Bùi Gia An",
            "Lê Thị Hà",
            "Lê Thị Hạnh",
        ];
        names.sort_by_key(|n| order(n));
        let sorted = [
            "Bùi Gia An",
            "Trần Văn An",
            "Lê Văn Ân",
            "Lê Văn Ẩn",
            "Lê Thị Dung",
            "Lê Thị Đào",
            "Lê Thị Hà",
            "Lê Thị Hạnh",
        ];
        assert_eq!(names, sorted);
    }

    #[test]
    fn names_are_composed_unicode() {
        let all =
            FAMILY.iter().map(|(n, _)| n).chain(MIDDLE_MALE).chain(MIDDLE_FEMALE).chain(GIVEN_MALE).chain(GIVEN_FEMALE);
        for name in all {
            assert!(unicode_normalization::is_nfc(name), "{name}");
        }
    }
}
