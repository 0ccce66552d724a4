//! What the crate's `sync` gives out, with a place at which another thread may go on before each step.

use std::sync::PoisonError;

use shuttle::sync as steps;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(steps::Mutex<T>);

#[derive(Debug, Default)]
pub(crate) struct RwLock<T>(steps::RwLock<T>);

/// Set once; asking and setting are one step each.
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    kept: std::sync::OnceLock<T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(kept: T) -> Mutex<T> {
        Mutex(steps::Mutex::new(kept))
    }

    pub(crate) fn lock(&self) -> steps::MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> RwLock<T> {
    pub(crate) fn new(kept: T) -> RwLock<T> {
        RwLock(steps::RwLock::new(kept))
    }

    pub(crate) fn read(&self) -> steps::RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> steps::RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> OnceLock<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        let _step = self.is_set.load(Ordering::Acquire);
        self.kept.get()
    }

    pub(crate) fn set(&self, kept: T) -> Result<(), T> {
        self.is_set.store(true, Ordering::Release);
        self.kept.set(kept)
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        self.kept.take()
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> OnceLock<T> {
        OnceLock { is_set: AtomicBool::new(false), kept: std::sync::OnceLock::new() }
    }
}
