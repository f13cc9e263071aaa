//! Averages (TT 22/2021 Art. 9.1b; TT 58/2011 Art. 11, whose marks weigh the same), in whole tenths. No floating point:
//! 8,25 has no exact double, and the libraries that round it anyway disagree. Articles without a source are TT 22's.

use serde::{Deserialize, Serialize};

use crate::{check::MarkPart, draft::TermMarks, types::Mark};

/// How an average that lies between two tenths becomes one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Halves up, 8,25 to 8,3: what schools do by hand, and two of three public engines.
    #[default]
    HalfUp,
    /// Halves to the even tenth, 8,25 to 8,2: one public engine, and the habit of several libraries.
    HalfEven,
}

impl Rounding {
    /// `sum / weight` rounded to a whole number. Both in tenths and weights that keep within 64 bits.
    fn divide(self, sum: u64, weight: u64) -> u64 {
        let (whole, rest) = (sum / weight, sum % weight);
        // weight - rest > 0, so this compares rest with half of weight and cannot overflow.
        let up = match rest.cmp(&(weight - rest)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => self == Rounding::HalfUp || whole % 2 == 1,
        };
        whole + u64::from(up)
    }

    /// The weighted average of marks; weights are above zero.
    pub(super) fn average(self, weighted: impl Iterator<Item = (Mark, u64)>) -> Mark {
        let (sum, weight) =
            weighted.fold((0, 0), |(sum, weight), (mark, w)| (sum + u64::from(mark.tenths()) * w, weight + w));
        u32::try_from(self.divide(sum, weight))
            .ok()
            .and_then(|tenths| Mark::from_tenths(tenths).ok())
            .expect("an average of marks is not above the highest of them")
    }
}

/// A term's average, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermAverage {
    /// From the single marks.
    Computed(Mark),
    /// From the source, since not all single marks are given.
    Imported {
        /// The source's average.
        mark: Mark,
        /// The single marks that are not given.
        missing: Vec<MarkPart>,
    },
    /// Neither: these single marks are missing.
    Missing(Vec<MarkPart>),
}

impl TermAverage {
    /// The average, where there is one.
    pub fn mark(&self) -> Option<Mark> {
        match self {
            TermAverage::Computed(mark) | TermAverage::Imported { mark, .. } => Some(*mark),
            TermAverage::Missing(_) => None,
        }
    }
}

/// ĐTBmhk = (TĐĐGtx + 2·ĐĐGgk + 3·ĐĐGck) / (number of ĐĐGtx + 5) (Art. 9.1b).
///
/// TT 58/2011 Art. 11 has the same weights: once for what is asked daily, twice for a written test of a period, three
/// times for the term's examination. A gradebook of its time may have several such tests, where a draft has one place;
/// then the term's average is what is imported.
///
/// Needs at least one regular mark, the mid-term and the final; where one is missing, the source's average is taken as it
/// is, if there is one. A partial mean is never formed.
pub fn term_average(marks: &TermMarks, rounding: Rounding) -> TermAverage {
    if let (false, Some(midterm), Some(final_exam)) = (marks.regular.is_empty(), marks.midterm, marks.final_exam) {
        let regular = marks.regular.iter().map(|mark| (*mark, 1));
        return TermAverage::Computed(rounding.average(regular.chain([(midterm, 2), (final_exam, 3)])));
    }
    let given = |part: &MarkPart| match part {
        MarkPart::Regular => !marks.regular.is_empty(),
        MarkPart::Midterm => marks.midterm.is_some(),
        MarkPart::FinalExam => marks.final_exam.is_some(),
    };
    let missing: Vec<MarkPart> = MarkPart::ALL.into_iter().filter(|part| !given(part)).collect();
    match marks.average {
        Some(mark) => TermAverage::Imported { mark, missing },
        None => TermAverage::Missing(missing),
    }
}

/// ĐTBmcn = (ĐTBmhkI + 2·ĐTBmhkII) / 3 (Art. 9.1b), from the averages of the terms as they were rounded: those are the
/// ones the form shows.
pub fn year_average(term1: Mark, term2: Mark, rounding: Rounding) -> Mark {
    rounding.average([(term1, 1), (term2, 2)].into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(tenths: u32) -> Mark {
        Mark::from_tenths(tenths).expect("a mark")
    }

    fn term(regular: &[u32], midterm: u32, final_exam: u32, rounding: Rounding) -> u32 {
        let marks = TermMarks {
            regular: regular.iter().map(|m| mark(*m)).collect(),
            midterm: Some(mark(midterm)),
            final_exam: Some(mark(final_exam)),
            average: None,
        };
        term_average(&marks, rounding).mark().expect("complete").tenths()
    }

    #[test]
    fn art_9_1b_halves_go_up_by_default_and_to_even_on_request() {
        // (regular, midterm, final): exact value in hundredths of the note, half up, half even
        for (regular, midterm, final_exam, up, even) in [
            (&[80, 80, 85][..], 80, 85, 83, 82),     // 660/8  = 82,5  the 8,25 of the libraries
            (&[60, 62, 64][..], 60, 70, 65, 64),     // 516/8  = 64,5  6,45: Tốt's floor or not
            (&[79, 79, 79][..], 80, 80, 80, 80),     // 637/8  = 79,625
            (&[80, 80, 80][..], 80, 79, 80, 80),     // 637/8  = 79,625
            (&[35, 35, 30][..], 35, 34, 34, 34),     // 272/8  = 34    exact
            (&[34, 35, 35][..], 35, 34, 35, 34),     // 276/8  = 34,5  3,45: Đạt's floor or not
            (&[75, 75, 75][..], 75, 77, 76, 76),     // 606/8  = 75,75
            (&[100, 100][..], 100, 100, 100, 100),   // 700/7
            (&[0, 0][..], 0, 0, 0, 0),               // 0/7
            (&[0, 1][..], 0, 1, 1, 1),               // 4/7    = 0,57
            (&[1, 0, 0][..], 0, 1, 1, 0),            // 4/8    = 0,5
            (&[50, 50, 50, 50][..], 49, 49, 49, 49), // 445/9 = 49,44
        ] {
            assert_eq!(term(regular, midterm, final_exam, Rounding::HalfUp), up, "{regular:?} {midterm} {final_exam}");
            assert_eq!(
                term(regular, midterm, final_exam, Rounding::HalfEven),
                even,
                "{regular:?} {midterm} {final_exam}"
            );
        }
    }

    #[test]
    fn half_up_is_the_formula_of_the_specification() {
        for weight in 1..=40 {
            for sum in 0..=100 * weight {
                assert_eq!(Rounding::HalfUp.divide(sum, weight), (2 * sum + weight) / (2 * weight));
            }
        }
    }

    #[test]
    fn art_9_1b_the_year_comes_from_the_rounded_terms() {
        // 8,25 and 8,25 round to 8,3; the year is 8,3. From the exact terms half-even would say 8,2.
        for (term1, term2, year) in [(83, 83, 83), (64, 65, 65), (65, 64, 64), (49, 50, 50), (34, 36, 35), (0, 100, 67)]
        {
            assert_eq!(year_average(mark(term1), mark(term2), Rounding::HalfUp).tenths(), year, "{term1} {term2}");
        }
    }

    #[test]
    fn a_partial_mean_is_never_formed() {
        let mut marks = TermMarks { regular: vec![mark(80)], midterm: Some(mark(80)), ..TermMarks::default() };
        assert_eq!(term_average(&marks, Rounding::HalfUp), TermAverage::Missing(vec![MarkPart::FinalExam]));
        marks.average = Some(mark(77));
        let imported = TermAverage::Imported { mark: mark(77), missing: vec![MarkPart::FinalExam] };
        assert_eq!(term_average(&marks, Rounding::HalfUp), imported);
        let nothing = TermAverage::Missing(MarkPart::ALL.to_vec());
        assert_eq!(term_average(&TermMarks::default(), Rounding::HalfUp), nothing);
    }

    #[test]
    fn single_marks_come_before_an_imported_average() {
        let marks = TermMarks {
            regular: vec![mark(80), mark(80)],
            midterm: Some(mark(80)),
            final_exam: Some(mark(80)),
            average: Some(mark(90)),
        };
        assert_eq!(term_average(&marks, Rounding::HalfUp), TermAverage::Computed(mark(80)));
    }
}
