//! Faults put in on purpose: what a crash looks like to the code above a transaction.
//!
//! Two kinds, after the crash tests of Sunlight: the commit failed and nothing is there, or it failed *as seen from
//! here* while everything is there (the answer got lost, the process died after the write). Code that survives both at
//! each of its transactions survives a crash between any two of its steps.

use std::sync::{Arc, Mutex};

/// Which of the two ways a commit can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was written.
    Failed,
    /// Everything was written, and the caller does not know.
    FailedButPersisted,
}

/// A fault waiting for a transaction of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Name of the transaction.
    pub transaction: &'static str,
    /// How it goes wrong.
    pub moment: Moment,
}

/// The faults of one store. Empty outside tests.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    next: Option<Fault>,
    nth: Option<(usize, Moment)>,
    seen: Vec<&'static str>,
    watching: bool,
}

impl Faults {
    /// The next commit of this name goes wrong, once.
    pub fn put(&self, fault: Fault) {
        self.lock().next = Some(fault);
    }

    /// The commit after so many others goes wrong, whatever its name, once: what a test learnt from [`Faults::seen`] it
    /// can break place by place.
    pub fn put_after(&self, commits: usize, moment: Moment) {
        self.lock().nth = Some((commits, moment));
    }

    /// Begins to note the names of committed transactions, so that a test can break each of them in turn.
    pub fn watch(&self) {
        self.lock().watching = true;
    }

    /// Names of the transactions committed since [`Faults::watch`], in order.
    pub fn seen(&self) -> Vec<&'static str> {
        self.lock().seen.clone()
    }

    /// Whether the fault that was put in has struck.
    pub fn struck(&self) -> bool {
        let inner = self.lock();
        inner.next.is_none() && inner.nth.is_none()
    }

    pub(crate) fn strike(&self, transaction: &'static str) -> Option<Moment> {
        let mut inner = self.lock();
        if inner.watching {
            inner.seen.push(transaction);
        }
        match &mut inner.nth {
            Some((0, moment)) => {
                let moment = *moment;
                inner.nth = None;
                return Some(moment);
            }
            Some((commits, _)) => *commits -= 1,
            None => {}
        }
        inner.next.take_if(|fault| fault.transaction == transaction).map(|fault| fault.moment)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
