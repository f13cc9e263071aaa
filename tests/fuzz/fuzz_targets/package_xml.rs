#![no_main]
//! A package for the ministry's store.

use hocba_exchange::package::{Layout as _, Unchecked1, XmlLimits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match Unchecked1.read(data, &XmlLimits::default()) {
        Ok(package) => {
            let bytes = Unchecked1.write(&package).expect("what was read can be written");
            assert!(Unchecked1.read(&bytes, &XmlLimits::default()).as_ref() == Ok(&package), "another package");
            for record in package.records.iter().filter_map(|r| r.event.record()) {
                match record.rebuild() {
                    Ok(rebuilt) => assert!(rebuilt.payload == record.payload, "proved another payload"),
                    Err(broken) => broken.iter().for_each(|b| drop(b.words())),
                }
            }
        }
        Err(findings) => assert!(findings.iter().any(|f| f.is_error()), "refused without an error"),
    }
});
