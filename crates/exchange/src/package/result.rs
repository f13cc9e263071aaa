//! What the ministry's store says of each record, and what is believed of several answers.

use std::cmp::Ordering;

use hocba_record::{
    encoding::RecordId,
    types::{Text, UnixTime},
};

use crate::contract::RecordKey;

/// `00`, `01`, `02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultCode {
    /// `00`: chưa xử lý.
    Waiting,
    /// `01`: đã nhận.
    Accepted,
    /// `02`: có lỗi.
    Rejected,
}

impl ResultCode {
    /// All, in order.
    pub const ALL: [ResultCode; 3] = [ResultCode::Waiting, ResultCode::Accepted, ResultCode::Rejected];

    /// The two digits.
    pub const fn as_str(self) -> &'static str {
        match self {
            ResultCode::Waiting => "00",
            ResultCode::Accepted => "01",
            ResultCode::Rejected => "02",
        }
    }

    /// What it means, in Vietnamese and English.
    pub fn words(self) -> crate::Words {
        match self {
            ResultCode::Waiting => crate::Words::new("Chưa xử lý", "Not processed yet"),
            ResultCode::Accepted => crate::Words::new("Đã tiếp nhận", "Accepted"),
            ResultCode::Rejected => crate::Words::new("Có lỗi", "Has errors"),
        }
    }
}

/// One fault the store found in a record, in its words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResultError {
    /// The store's code.
    pub code: Text,
    /// Its text.
    pub text: Text,
}

/// What is known of a record at the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The code.
    pub code: ResultCode,
    /// With `02`, why; with the others none.
    pub errors: Vec<ResultError>,
    /// When the store said so.
    pub at: UnixTime,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `IdBanGhi`.
    pub id: RecordKey,
    /// What the store says.
    pub state: State,
}

/// A file of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The package.
    pub package: RecordId,
    /// When the file was written.
    pub at: UnixTime,
    /// The answers, each record at most once.
    pub answers: Vec<Answer>,
}

/// What is believed after one more answer about the same record.
///
/// A record goes from waiting to accepted or rejected and not back; of two answers the later one counts; of two of the
/// same second that differ, the one that rejects, so that somebody looks. Whichever order answers arrive in and however
/// often, the end is the same.
pub fn merge(known: Option<State>, said: State) -> State {
    match known {
        Some(known) if rank(&known, &said) != Ordering::Less => known,
        _ => said,
    }
}

fn rank(a: &State, b: &State) -> Ordering {
    let key = |s: &State| (s.code != ResultCode::Waiting, s.at, s.code);
    key(a).cmp(&key(b)).then_with(|| a.errors.cmp(&b.errors))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(code: ResultCode, at: i64, errors: &[&str]) -> State {
        let text = |text: &str| text.parse().expect("a text");
        let errors = errors.iter().map(|e| ResultError { code: text("E1"), text: text(e) }).collect();
        State { code, errors, at: UnixTime::from_seconds(at).expect("a time") }
    }

    #[test]
    fn an_answer_replaces_waiting_and_later_ones_replace_earlier_ones() {
        use ResultCode::{Accepted, Rejected, Waiting};
        let waiting = state(Waiting, 10, &[]);
        let rejected = state(Rejected, 20, &["thiếu ngày sinh"]);
        let accepted = state(Accepted, 30, &[]);
        assert_eq!(merge(None, waiting.clone()), waiting);
        assert_eq!(merge(Some(waiting.clone()), rejected.clone()), rejected);
        assert_eq!(merge(Some(rejected.clone()), accepted.clone()), accepted);
        assert_eq!(merge(Some(accepted.clone()), rejected), accepted, "an older answer is ignored");
        assert_eq!(merge(Some(accepted.clone()), state(Waiting, 40, &[])), accepted, "no way back to waiting");
        let other = state(Rejected, 30, &["sai mã trường"]);
        assert_eq!(merge(Some(accepted), other.clone()), other, "of one second, the one that asks for a look");
    }

    proptest! {
        #[test]
        fn the_end_does_not_depend_on_order_or_repetition(
            said in prop::collection::vec((0..3_usize, 0..4_i64, 0..3_usize), 1..12),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        ) {
            let errors = [&[][..], &["a"][..], &["b", "c"][..]];
            let states: Vec<State> = said.iter().map(|(code, at, e)| state(ResultCode::ALL[*code], *at, errors[*e])).collect();
            let end = |states: &mut dyn Iterator<Item = &State>| states.cloned().fold(None, |k, s| Some(merge(k, s)));
            let straight = end(&mut states.iter());
            let shuffled = end(&mut order.iter().map(|i| i.get(&states)).chain(states.iter().rev()));
            prop_assert_eq!(straight, shuffled);
        }
    }
}
