#![no_main]
//! A class as CSV.

use hocba_workbook::{Limits, read, read_csv};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for taken in [read(data, &Limits::default()), read_csv(data, &Limits::default())] {
        match taken {
            Ok(sheet) => drop(sheet.drafts()),
            Err(findings) => {
                assert!(!findings.is_empty(), "refused without a word");
                assert!(findings.iter().any(|f| f.is_error()), "refused for warnings only");
                findings.iter().for_each(|f| drop((f.to_string(), f.location())));
            }
        }
    }
});
