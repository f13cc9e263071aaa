#![no_main]
//! An appointment's payload.

use hocba_signature::appointment::Appointment;
use hocba_tests::{NOW, at};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(appointment) = Appointment::from_bytes(data) {
        assert_eq!(appointment.to_bytes(), data);
        let _ = appointment.covers(at(NOW));
    }
});
