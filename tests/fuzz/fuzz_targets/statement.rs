#![no_main]
//! Signed statements: the bytes of a statement are determined by what it says, and only real signatures verify.

use hocba_fuzz::FIXTURE;
use hocba_record::canonical::Limits;
use hocba_signature::statement::{Role, Statement, StatementType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(statement) = Statement::from_bytes(data, Limits { bytes: 1 << 20, depth: 3 }) else { return };
    assert_eq!(statement.to_bytes(), data);
    let world = &FIXTURE.world;
    for typ in [StatementType::Record, StatementType::Appointment, StatementType::Status, StatementType::Profile] {
        let Ok(headers) = statement.headers(typ) else { continue };
        assert_eq!(headers.len(), statement.len());
        let roles = [Role::HomeroomTeacher, Role::Principal, Role::SchoolSeal];
        for (index, _) in headers.iter().enumerate() {
            let keys = roles.map(|role| world.school.person(role).certificate.key().clone());
            if keys.iter().any(|key| statement.verify(index, key).is_ok()) {
                let known = world.records.iter().map(|r| &r.statement);
                let known = known.chain(world.store.appointments.iter().map(|a| &a.statement));
                assert!(known.into_iter().any(|k| k.payload() == statement.payload()), "no one signed this payload");
            }
        }
    }
});
