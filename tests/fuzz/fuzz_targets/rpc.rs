#![no_main]
//! What a node answers: the envelope, then everything that could be asked for; and the ABI behind it.

use hocba_chain::{
    decode::{
        decode_batch, decode_batches, decode_block, decode_bool, decode_data, decode_head, decode_logs,
        decode_quantity, decode_receipt, decode_status,
    },
    decode_event, decode_revert,
    rpc::decode_response,
};
use libfuzzer_sys::fuzz_target;

fn abi(bytes: &[u8]) {
    let _ = decode_head(bytes);
    if let Ok(batches) = decode_batches(bytes) {
        assert_eq!(bytes.len(), 64 + 160 * batches.len());
    }
    let _ = decode_batch(bytes);
    let _ = decode_status(bytes);
    let _ = decode_bool(bytes);
    let _ = decode_revert(bytes);
}

fuzz_target!(|data: &[u8]| {
    abi(data);
    let Ok(value) = decode_response(7, data) else { return };
    let _ = decode_quantity("fuzz", &value);
    let _ = decode_block(&value);
    if let Ok(bytes) = decode_data("fuzz", &value, 1 << 20) {
        abi(&bytes);
    }
    let mut logs = decode_logs(&value).unwrap_or_default();
    if let Ok(Some(receipt)) = decode_receipt(&value) {
        logs.extend(receipt.logs);
    }
    for log in &logs {
        let _ = decode_event(log);
    }
});
