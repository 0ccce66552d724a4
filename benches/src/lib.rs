//! Data for benchmarks.
