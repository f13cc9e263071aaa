#![no_main]
//! Records of the national data contract, and what is written of those that were taken.

use hocba_exchange::contract::{Limits, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { records: 50, ..Limits::default() };
    let (mut taken, refused) = read(data, &limits);
    for refused in &refused {
        assert!(refused.findings.iter().any(|f| f.is_error()), "refused without an error");
        refused.findings.iter().for_each(|f| drop(f.to_string()));
    }
    // What was taken is taken again as it was, without what there was to say about its spelling.
    taken.iter_mut().for_each(|record| record.warnings.clear());
    let (again, refused) = read(&write(&taken), &limits);
    assert!(refused.is_empty(), "what we wrote was refused: {:?}", refused[0].findings);
    assert!(again == taken, "another record came back");
});
