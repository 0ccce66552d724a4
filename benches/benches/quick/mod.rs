//! How long each benchmark is measured: so that all of them together take a few minutes.

use criterion::Criterion;
use std::time::Duration;

/// Seven tenths of a second for each benchmark, warmed up for three.
pub(crate) fn quick() -> Criterion {
    let criterion = Criterion::default().sample_size(30);
    criterion.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(700))
}
