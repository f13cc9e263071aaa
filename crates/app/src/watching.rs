//! What a department watches: how far its schools are, day by day, how the public record does, and what happened.
//!
//! Figures and states; no pupil's name and no mark. Whoever appoints a school's principal and seal may look
//! ([`Action::AppointSchool`](crate::policy::Action::AppointSchool)); the log is also for those who lead a school
//! ([`Action::ReadAudit`](crate::policy::Action::ReadAudit)).

mod chain;
mod daily;
mod progress;
mod trail;

pub use chain::{Alarm, BatchLine, CHAIN_PAGE, ChainHealth, ChainPage, LATE_BATCH, LOOK_OLD, ServiceState};
pub use daily::{Daily, MAX_LAGGING, WardDays};
pub use progress::{
    ProgressCursor, ProgressPage, ProgressQuery, SchoolProgress, SchoolStanding, Sum, WardChoice, WardSum,
};
pub use trail::{AUDIT_PAGE, AuditPage, AuditQuery, Person, TrailLine};
