#![no_main]
//! A student's book as JSON.

use hocba_exchange::book_json::BookExport;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(book) = BookExport::from_bytes(data) else { return };
    let bytes = book.to_bytes();
    assert!(BookExport::from_bytes(&bytes).as_ref() == Ok(&book), "another book");
    for record in &book.records {
        match record.rebuild() {
            Ok(rebuilt) => assert_eq!(rebuilt.digest, record.payload.digest()),
            Err(broken) => broken.iter().for_each(|b| drop(b.words())),
        }
    }
});
