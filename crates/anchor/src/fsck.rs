//! Everything re-derived from what is stored: signatures from statements, leaves from signatures, trees from leaves,
//! receipts from the chain; and the transitions that the tables promise.
//!
//! It reads in one transaction, so everything is of one moment while the service goes on; in pages, so memory stays
//! bounded (one batch's leaves, 13 MB, is the largest piece). It changes nothing.

mod batches;
mod evidence;
mod people;
mod progress;
mod records;
mod report;
mod statuses;

use std::collections::BTreeMap;

use hocba_app::App;
use hocba_bundle::facts::CheckedFacts;
use hocba_record::encoding::Sha256Digest;
use hocba_signature::certificate::Certificate;
use hocba_store::{
    Store, StoreError, Tx,
    model::{AuditEvent, Class, Id},
};

pub use report::{Counted, Fault, Place, Report, What};

/// Rows read at a time.
const PAGE: u32 = 500;

/// Looks at everything. With `app`, personal parts are opened as well; with `facts`, which are read before, of all contracts
/// that batches stand in, receipts are compared with the chain.
///
/// ```no_run
/// # async fn check(app: &hocba_app::App) -> Result<(), Box<dyn std::error::Error>> {
/// let report = hocba_anchor::fsck(app.store(), Some(app), None).await?;
/// for fault in &report.faults {
///     eprintln!("{fault}");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the database cannot be read at all; what can be read and is wrong is a [`Fault`].
pub async fn fsck(store: &Store, app: Option<&App>, facts: Option<&CheckedFacts>) -> Result<Report, StoreError> {
    fsck_telling(store, app, facts, |_| {}).await
}

/// The same, telling how far it is after every page.
///
/// # Errors
/// As for [`fsck`].
pub async fn fsck_telling(
    store: &Store,
    app: Option<&App>,
    facts: Option<&CheckedFacts>,
    mut tell: impl FnMut(&Counted) + Send,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for complaint in store.integrity().await? {
        report.add(Place::Database, What::File(complaint));
    }
    let tx = store.read().await?;
    let mut look = Look { tx, app, report, certificates: BTreeMap::new(), classes: BTreeMap::new() };
    look.read_certificates().await?;
    look.accounts().await?;
    look.tasks().await?;
    look.readers().await?;
    look.mail().await?;
    look.appointments(&mut tell).await?;
    look.records(&mut tell).await?;
    look.progress(&mut tell).await?;
    look.evidence(&mut tell).await?;
    look.leaves(&mut tell).await?;
    let batches = look.batches(&mut tell).await?;
    look.time_stamps(&batches, facts, &mut tell).await?;
    let statuses = look.statuses(facts, &mut tell).await?;
    look.status_attempts(&mut tell).await?;
    look.jobs(&batches, statuses.waiting).await?;
    if let Some(facts) = facts {
        look.chain(&batches, facts).await?;
        look.unknown_statuses(&statuses, facts).await?;
    }
    tell(&look.report.counted);
    Ok(look.report)
}

/// A look in progress.
struct Look<'a> {
    tx: Tx,
    app: Option<&'a App>,
    report: Report,
    certificates: BTreeMap<Sha256Digest, Certificate>,
    classes: BTreeMap<Id, Option<Class>>,
}

/// A row that cannot be read is a fault; a database that cannot be read is an error.
fn readable<T>(report: &mut Report, place: &Place, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Inconsistent { table, column, .. }) => {
            report.add(place.clone(), What::Unreadable { table, column });
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

impl Look<'_> {
    async fn read_certificates(&mut self) -> Result<(), StoreError> {
        let ders = self.tx.certificates().await;
        if let Some(ders) = readable(&mut self.report, &Place::Database, ders)? {
            // One that cannot be read is missing where it is needed.
            let read = ders.iter().filter_map(|der| Certificate::from_der(der).ok());
            self.certificates = read.map(|c| (*c.digest(), c)).collect();
        }
        Ok(())
    }

    async fn class(&mut self, place: &Place, id: &Id) -> Result<Option<Class>, StoreError> {
        if !self.classes.contains_key(id) {
            let read = self.tx.class(id).await;
            let class = readable(&mut self.report, place, read)?.flatten();
            self.classes.insert(*id, class);
        }
        Ok(self.classes.get(id).cloned().flatten())
    }

    fn event(&mut self, place: &Place, events: &[AuditEvent], version: Option<u32>, action: &'static str) {
        if !events.iter().any(|e| e.action == action && e.version == version) {
            self.report.add(place.clone(), What::NoEvent(action));
        }
    }
}
