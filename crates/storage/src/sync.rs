//! The primitives that the protocol of readers, writers and checkpoints rests on. The check of that protocol
//! (`tests/protocol`) puts others in their place, which try out schedules.

pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use parking_lot::{Mutex, RwLock};
