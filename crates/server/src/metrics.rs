//! Counters for the operator, in the OpenMetrics text format. Labels come from fixed lists: routes, methods, statuses,
//! verdicts, states.

use std::{sync::Arc, time::Duration};

use hocba_bundle::report::Verdict;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::service::Overview;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabels {
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

/// Upper bounds of the time buckets in seconds: a page takes about a millisecond, a verdict some tens, a class import
/// seconds; the last is the default limit of a request.
const SECONDS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// All counters of one server. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    times: Family<RouteLabels, Histogram, fn() -> Histogram>,
    verdicts: Family<VerdictLabels, Counter>,
    records: Family<StateLabels, Gauge>,
    batches: Family<StateLabels, Gauge>,
    oldest_waiting: Gauge,
    evidence: Family<StateLabels, Gauge>,
    evidence_late: Gauge,
    evidence_failing: Gauge,
    unstamped: Gauge,
    unstamped_oldest: Gauge,
    time_stamps_failing: Gauge,
    head: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("hocba");
        let metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            times: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            verdicts: Family::default(),
            records: Family::default(),
            batches: Family::default(),
            oldest_waiting: Gauge::default(),
            evidence: Family::default(),
            evidence_late: Gauge::default(),
            evidence_failing: Gauge::default(),
            unstamped: Gauge::default(),
            unstamped_oldest: Gauge::default(),
            time_stamps_failing: Gauge::default(),
            head: Gauge::default(),
        };
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        let times = metrics.times.clone();
        registry.register_with_unit("http_request_duration", "Time to the answer", Unit::Seconds, times);
        registry.register("verdicts", "Verdicts given by the check page and the API", metrics.verdicts.clone());
        registry.register("records", "Record versions by state", metrics.records.clone());
        registry.register("batches", "Batches by state", metrics.batches.clone());
        let oldest = metrics.oldest_waiting.clone();
        let help = "Age of the oldest statement not yet final on the chain";
        registry.register_with_unit("oldest_waiting", help, Unit::Seconds, oldest);
        let help = "Certificates that an authority has yet to speak of, by state";
        registry.register("evidence_certificates", help, metrics.evidence.clone());
        let help = "How long the longest awaited word of an authority should be there";
        registry.register_with_unit("evidence_late", help, Unit::Seconds, metrics.evidence_late.clone());
        let help = "Certificates whose authority was asked in vain";
        registry.register("evidence_failing", help, metrics.evidence_failing.clone());
        registry.register("unstamped_batches", "Batches of records without a time-stamp", metrics.unstamped.clone());
        let help = "Age of the oldest batch of records without a time-stamp";
        registry.register_with_unit("unstamped_oldest", help, Unit::Seconds, metrics.unstamped_oldest.clone());
        let help = "Time-stamp authorities that were asked in vain";
        registry.register("time_stamps_failing", help, metrics.time_stamps_failing.clone());
        registry.register("chain_head_block", "Last block seen", metrics.head.clone());
        Self { registry: Arc::new(registry), ..metrics }
    }
}

impl Metrics {
    pub(crate) fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        self.times.get_or_create(&RouteLabels { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    pub(crate) fn verdict(&self, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Valid => "valid",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Invalid => "invalid",
        };
        self.verdicts.get_or_create(&VerdictLabels { verdict }).inc();
    }

    pub(crate) fn overview(&self, overview: &Overview) {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for (state, count) in &overview.records {
            self.records.get_or_create(&StateLabels { state }).set(whole(*count));
        }
        for (state, count) in [("waiting", overview.batches_waiting), ("anchored", overview.batches_anchored)] {
            self.batches.get_or_create(&StateLabels { state }).set(whole(count));
        }
        self.oldest_waiting.set(whole(overview.oldest_waiting.map_or(0, |age| age.as_secs())));
        for (state, count) in overview.evidence {
            self.evidence.get_or_create(&StateLabels { state }).set(whole(count));
        }
        self.evidence_late.set(whole(overview.evidence_late.map_or(0, |late| late.as_secs())));
        self.evidence_failing.set(whole(overview.evidence_failing));
        self.unstamped.set(whole(overview.unstamped_batches));
        self.unstamped_oldest.set(whole(overview.unstamped_oldest.map_or(0, |age| age.as_secs())));
        self.time_stamps_failing.set(whole(overview.time_stamps_failing));
        if let Some((block, _)) = overview.chain_head {
            self.head.set(whole(block));
        }
    }

    /// The text a scraper reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail, and the labels are ours.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
