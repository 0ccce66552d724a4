//! What the server counts, as Prometheus reads it.
//!
//! This file knows names and units of figures; who counts what when is [`super::observer`]'s and
//! [`super::status`]'.

use filedex::{Activity, Stats};
use prometheus::core::{AtomicU64, GenericCounter, GenericCounterVec};
use prometheus::{
    HistogramOpts, HistogramVec, IntGauge, IntGaugeVec, Opts, Registry, Result, TextEncoder,
};

use super::process;

/// Something that only grows.
type Counter = GenericCounter<AtomicU64>;

/// Counters, told apart by a label.
type Counters = GenericCounterVec<AtomicU64>;

/// The figures of a server.
pub(super) struct Metrics {
    registry: Registry,
    pub(super) requests: Counters,
    pub(super) seconds: HistogramVec,
    pub(super) running: IntGauge,
    pub(super) reply_bytes: Counter,
    pub(super) connections: IntGauge,
    pub(super) accepted: Counter,
    pub(super) crowded_out: Counter,
    store: StoreMetrics,
}

/// Figures that the store is asked for when somebody wants them.
struct StoreMetrics {
    records: IntGauge,
    rooms: IntGauge,
    users: IntGauge,
    of_type_group: IntGaugeVec,
    disk_bytes: IntGauge,
    cache_bytes: IntGaugeVec,
    cache_limit_bytes: IntGaugeVec,
    cache_hits: Counters,
    cache_misses: Counters,
    memtable_bytes: IntGauge,
    checkpoints: Counter,
    checkpoints_failing: IntGauge,
    snapshots: IntGauge,
    resident_bytes: IntGauge,
    descriptors: IntGauge,
}

/// Upper ends in seconds, from a page that is kept to a query that runs into its limit.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

impl Metrics {
    pub(super) fn new() -> Result<Metrics> {
        let registry = Registry::new();
        let seconds = HistogramOpts::new(
            "filedex_http_request_duration_seconds",
            "Time from the head of a request to its reply",
        );
        let seconds = HistogramVec::new(seconds.buckets(SECONDS.to_vec()), &["endpoint"])?;
        registry.register(Box::new(seconds.clone()))?;
        let requests = Counters::new(
            Opts::new(
                "filedex_http_requests_total",
                "Requests by endpoint and status; 499: the client hung up",
            ),
            &["endpoint", "code"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        Ok(Metrics {
            requests,
            seconds,
            running: gauge(&registry, "http_requests_in_progress", "Requests without a reply yet")?,
            reply_bytes: counter(
                &registry,
                "http_reply_bytes_total",
                "Bytes of bodies of replies",
            )?,
            connections: gauge(&registry, "http_connections", "Open connections")?,
            accepted: counter(&registry, "http_connections_total", "Connections taken")?,
            crowded_out: counter(
                &registry,
                "http_connections_crowded_out_total",
                "Connections closed because there were too many",
            )?,
            store: StoreMetrics::new(&registry)?,
            registry,
        })
    }

    /// The text of all figures, with those of the store as they are.
    pub(super) fn text(&self, stats: &Stats, activity: &Activity) -> Result<String> {
        self.store.set(stats, activity);
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

impl StoreMetrics {
    fn new(registry: &Registry) -> Result<StoreMetrics> {
        let one = |name, help| gauge(registry, name, help);
        let by = |name, help, label| gauges(registry, name, help, label);
        let grows = |name, help| counters(registry, name, help, "cache");
        Ok(StoreMetrics {
            records: one("records", "Records in the store")?,
            rooms: one("rooms", "Rooms that records name")?,
            users: one("users", "Users that records name")?,
            of_type_group: by("type_group_records", "Records by typeGroup", "type_group")?,
            disk_bytes: one("disk_bytes", "Bytes of the store's files")?,
            cache_bytes: by("cache_bytes", "Bytes that a cache holds", "cache")?,
            cache_limit_bytes: by("cache_limit_bytes", "Bytes that a cache may hold", "cache")?,
            cache_hits: grows("cache_hits_total", "Things found in a cache")?,
            cache_misses: grows("cache_misses_total", "Things not found in a cache")?,
            memtable_bytes: one("memtable_bytes", "Bytes written and not yet in block files")?,
            checkpoints: counter(registry, "checkpoints_total", "Checkpoints made")?,
            checkpoints_failing: one("checkpoints_failing", "1 while checkpoints fail, else 0")?,
            snapshots: one("snapshots", "Snapshots that are kept")?,
            resident_bytes: one("resident_memory_bytes", "Memory of the process")?,
            descriptors: one("open_fds", "Files and connections that the process has open")?,
        })
    }

    fn set(&self, stats: &Stats, activity: &Activity) {
        self.records.set(stats.records.cast_signed());
        self.rooms.set(stats.rooms.cast_signed());
        self.users.set(stats.users.cast_signed());
        self.disk_bytes.set(stats.disk_bytes.cast_signed());
        self.of_type_group.reset();
        for (group, records) in &stats.type_groups {
            self.of_type_group.with_label_values(&[group]).set(records.cast_signed());
        }
        for cache in &activity.caches {
            let name = &[cache.name];
            self.cache_bytes.with_label_values(name).set(cache.bytes.cast_signed());
            self.cache_limit_bytes.with_label_values(name).set(cache.limit_bytes.cast_signed());
            grow_to(&self.cache_hits.with_label_values(name), cache.hits);
            grow_to(&self.cache_misses.with_label_values(name), cache.misses);
        }
        self.memtable_bytes.set(activity.memtable_bytes.cast_signed());
        grow_to(&self.checkpoints, activity.checkpoints);
        self.checkpoints_failing.set(i64::from(activity.checkpoint_failure.is_some()));
        self.snapshots.set(activity.snapshots.cast_signed());
        self.resident_bytes.set(process::resident_bytes().unwrap_or(0).cast_signed());
        self.descriptors.set(process::descriptors().unwrap_or(0).cast_signed());
    }
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge> {
    let gauge = IntGauge::new(format!("filedex_{name}"), help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

fn gauges(registry: &Registry, name: &str, help: &str, label: &str) -> Result<IntGaugeVec> {
    let gauges = IntGaugeVec::new(Opts::new(format!("filedex_{name}"), help), &[label])?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}

/// The store counts, and is asked.
fn grow_to(counter: &Counter, count: u64) {
    counter.inc_by(count.saturating_sub(counter.get()));
}

fn counters(registry: &Registry, name: &str, help: &str, label: &str) -> Result<Counters> {
    let counters = Counters::new(Opts::new(format!("filedex_{name}"), help), &[label])?;
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

fn counter(registry: &Registry, name: &str, help: &str) -> Result<Counter> {
    let counter = Counter::new(format!("filedex_{name}"), help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}
