//! The use cases of a school: import → check → sign → co-sign → seal → hand out; and for anyone: verify.
//!
//! **For**: what API, pages and command line share. Each use case asks [`policy`] whether the actor may, reads, decides,
//! and writes the new state, its audit event and the job that follows in one transaction of `hocba-store`. Personal data
//! is opened and sealed here and nowhere else.
//!
//! **Will not**: hold private keys of signers (it says what to sign and takes the signature), talk to a chain
//! (`hocba-anchor` does; verifying asks the [`PublicRecord`] it was given), or translate for HTTP.
//!
//! ```no_run
//! # async fn story(app: hocba_app::App, teacher: hocba_app::Actor, mut key: hocba_keystore::SigningKey,
//! # workbook: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! use hocba_app::{Import, Selection, Step};
//!
//! let class = app.import(&teacher, &workbook, &Import::default()).await?.class;
//! let signer = app.signer(&teacher, Step::Sign, false, key.certificate_chain()).await?;
//! let list = app.prepare(&teacher, &class, &signer, &Selection::All).await?;
//! for (input, tasks) in list.inputs() {
//!     let signature = key.sign(input)?;
//!     let signed: Vec<_> = tasks.iter().map(|task| task.signed(signature.clone())).collect();
//!     app.submit(&teacher, &class, &signer, &signed).await?; // each lasts by itself
//! }
//! # Ok(()) }
//! ```

pub mod access;
mod actor;
mod appointing;
mod appointments;
mod books;
mod bundles;
mod classes;
pub mod code;
mod department;
mod edges;
mod ends;
mod envelopes;
mod eras;
mod error;
mod evidence;
mod exports;
mod intake;
mod kept;
mod links;
mod mailing;
mod messages;
mod notes;
mod opening;
mod overview;
mod packages;
mod paper;
mod people;
mod personal;
pub mod policy;
mod readers;
mod renewals;
mod replacing;
mod resigning;
pub mod review;
mod reviewing;
mod schools;
mod sheets;
mod signing;
mod state;
mod tasks;
mod time_stamps;
mod verification;
mod waiting;
mod watching;

use std::sync::Arc;

use hocba_bundle::{facts::Address, profile::OpenProfile};
use hocba_keystore::DataKey;
use hocba_record::payload::RecordKind;
use hocba_signature::policy::{SigningMode, SigningPolicy};
use hocba_store::Store;

pub use access::{AccessError, AccessSettings, SignIn, SignInError, SignedIn};
pub use actor::Actor;
pub use appointing::{Appointing, AppointmentTask, Needed, SignedAppointment, title_of};
pub use appointments::{MAX_APPOINTMENTS, NewAppointment, not_appointed_words};
pub use books::{BookLine, BookView};
pub use bundles::{BATCHES_PAGE, Bundler, Scope, cut};
pub use classes::{ClassView, Conversion, Import, Imported, PupilLine};
pub use department::{
    DepartmentTasks, EXPIRING, MAX_LINES, MAX_OFFERED, OfficeState, SCHOOLS_PAGE, SchoolGlance, SchoolQuery,
    SchoolsPage, SchoolsToOpen,
};
pub use edges::Edges;
pub use ends::{
    ALL_STATUSES, AppointmentView, END_REASONS, Gone, NewEnd, Orphaned, Replaced, Standing, Stuck, reason_code,
    reason_words,
};
pub use eras::{Moved, PastEra};
pub use error::AppError;
pub use evidence::{
    AddedEvidence, COLLECTING_LEASE, EvidenceState, FRESH, Failing, Judged, LATE, Question, Refusal as EvidenceRefusal,
};
pub use exports::SealedContent;
/// What is stored, as the use cases speak of it.
pub use hocba_store::model;
pub use hocba_store::{
    AUDITED, AuditCursor, AuditLine, CertificateLine, ChainLook, ClassProgress, ClassStates, Figures, Funds, Queue,
    Subject, Unappointed, VIETNAM, day_of,
};
pub use intake::{ClassRead, ImportLook};
pub use kept::Kept;
pub use links::{CODE_ROUNDS, CODE_SALT, LinkLine, LinkSecret, LinkView, NewLink, OpenLinkError, link_key, link_token};
pub use mailing::{MAIL_PAGE, MAIL_WAITS, MailClaim, MailOutcome};
pub use messages::{MessageFault, Taken};
pub use notes::{MAX_NOTE, NotANote, Note};
pub use opening::{
    CertificateFacts, CertificateFile, CertificateRefusal, ClosedYear, Enrolled, Facts, Holder, Item, ItemState,
    ListMappings, Lists, ListsDone, ListsLook, MAX_CERTIFICATE_FILES, Mode, Move, MoveLine, NeededAppointment,
    OpenSchool, Outcome, PlannedClassFacts, Reach, RollOptions, RolledOver, StaffCertificate, StaffLine, Stage,
    YearView, checklist,
};
pub use overview::{ANCHORING_LEASE, Overview};
pub use packages::{AnswersTaken, AtStore};
pub use paper::{MadePaperLinks, PaperState, PrintedSheet};
pub use people::{NewAccount, NewToken};
pub use personal::Personal;
pub use readers::{
    Choice, ClassRequest, Invitation, MAX_LABEL, MAX_LINKS, MAX_REQUEST, ReadBook, ReadLink, ReadYear, ReaderError,
    ReaderLine, ReaderRequest, Reading,
};
pub use renewals::{Superseding, SupersedingTask};
pub use replacing::{EndTask, Replaceable, ReplacementTasks, Successor, WantedEnd};
pub use resigning::{Fallen, Fault, MAX_FALLEN, ResigningQueue};
pub use reviewing::{ClassReview, ReviewedPupil};
pub use schools::{MAX_SUCCESSORS, SchoolFate, SchoolView};
pub use sheets::{BookSheets, ClassSheets, RecordSheets, SheetContent, SheetSigner, YearOfBook};
pub use signing::{Selection, Signed, Signer, SigningList, SigningTask, Step, Submitted};
pub use state::{PublicState, public_state, state_words};
pub use tasks::{BEAT, NewTask, SILENT, TaskView};
pub use time_stamps::{Question as TimeStampQuestion, Refusal as TimeStampRefusal, TimeStampState};
pub use verification::{NoPublicRecord, PublicFacts, PublicRecord, PublicRecordFuture};
pub use waiting::{MarksSent, Waiting, own_schools};
pub use watching::{
    AUDIT_PAGE, Alarm, AuditPage, AuditQuery, BatchLine, CHAIN_PAGE, ChainHealth, ChainPage, Daily, LATE_BATCH,
    LOOK_OLD, MAX_LAGGING, Person, ProgressCursor, ProgressPage, ProgressQuery, SchoolProgress, SchoolStanding,
    ServiceState, Sum, TrailLine, WardChoice, WardDays, WardSum,
};

/// What a deployment is set to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// EIP-155 chain id that batches are anchored on.
    pub chain: u64,
    /// The contract.
    pub contract: Address,
    /// Contracts before it, closed, the earliest first.
    pub past: Vec<PastEra>,
    /// How long a sealed record may wait for others before its batch is closed, in seconds.
    pub batch_age: i64,
    /// Whether signers sign each record, or a list of them at once. What somebody signed keeps the mode it began in.
    pub signing: SigningMode,
}

/// The use cases over one database.
#[derive(Clone)]
pub struct App(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    store: Store,
    key: DataKey,
    profile: OpenProfile,
    public_record: Arc<dyn PublicRecord>,
    edges: Edges,
    settings: Settings,
    access: AccessSettings,
}

impl App {
    /// Puts the use cases together.
    pub fn new(
        store: Store,
        key: DataKey,
        profile: OpenProfile,
        public_record: Arc<dyn PublicRecord>,
        edges: Edges,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Inner { store, key, profile, public_record, edges, settings, access: AccessSettings::default() }))
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }
    /// Whom verdicts believe.
    pub fn profile(&self) -> &OpenProfile {
        &self.0.profile
    }
    /// Settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
    /// What records of this kind are signed by that nobody has signed yet.
    pub fn policy_of(&self, kind: RecordKind) -> SigningPolicy {
        SigningPolicy::of(kind, self.settings().signing)
    }
    /// What a year's records are signed by that nobody has signed yet.
    pub fn policy(&self) -> SigningPolicy {
        self.policy_of(RecordKind::Year)
    }
    /// Clock and randomness.
    pub fn edges(&self) -> &Edges {
        &self.0.edges
    }
    pub(crate) fn key(&self) -> &DataKey {
        &self.0.key
    }
}
