//! Values of the tests that are named by their text.

use hocba_record::types::{ClassName, SchoolCode, SchoolYear};

pub fn code(text: &str) -> SchoolCode {
    text.parse().expect("code")
}

pub fn year(start: u16) -> SchoolYear {
    SchoolYear::starting(start).expect("year")
}

pub fn class(name: &str) -> ClassName {
    name.parse().expect("class")
}
