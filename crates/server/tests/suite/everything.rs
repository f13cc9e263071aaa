//! Listens to everything that is logged.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, LazyLock, Mutex},
};

use tracing::{
    Dispatch, Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
    subscriber::DefaultGuard,
};

/// Keeps every field of every span and event as text.
#[derive(Clone, Default)]
pub struct Everything(Arc<Mutex<String>>);

struct Writer<'a>(&'a mut String);

impl Visit for Writer<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = writeln!(self.0, "{}={value:?}", field.name());
    }
}

impl Everything {
    /// Listens to this thread until the guard is dropped.
    ///
    /// While there is one subscriber only, tracing asks the thread that first meets an event whether anybody wants it,
    /// and under `cargo test` that may be another test's, where nobody does. Of two it asks both.
    pub fn listen() -> (Self, DefaultGuard) {
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Everything::default()));
        LazyLock::force(&ANOTHER);
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        self.0.lock().expect("no test panics while writing").clone()
    }

    fn write(&self, record: impl FnOnce(&mut Writer<'_>)) {
        record(&mut Writer(&mut self.0.lock().expect("no test panics while writing")));
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(|writer| span.record(writer));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        self.write(|writer| values.record(writer));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.write(|writer| event.record(writer));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
