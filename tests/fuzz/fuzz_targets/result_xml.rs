#![no_main]
//! Answers of the ministry's store.

use hocba_exchange::package::{Layout as _, Unchecked1, XmlLimits, merge};
use hocba_record::encoding::RecordId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let package = RecordId::from_bytes([200; 16]);
    match Unchecked1.read_answers(data, &package, &|_| true, &XmlLimits::default()) {
        Ok((answers, findings)) => {
            findings.iter().for_each(|f| drop(f.to_string()));
            let bytes = Unchecked1.write_answers(&answers);
            let again = Unchecked1.read_answers(&bytes, &package, &|_| true, &XmlLimits::default());
            assert!(again == Ok((answers.clone(), Vec::new())), "other answers came back");
            let states = || answers.answers.iter().map(|a| a.state.clone());
            let (first, last) = (states().fold(None, |k, s| Some(merge(k, s))), states().rev().fold(None, |k, s| Some(merge(k, s))));
            assert!(first == last, "the order of answers matters");
        }
        Err(findings) => assert!(findings.iter().any(|f| f.is_error()), "refused without an error"),
    }
});
