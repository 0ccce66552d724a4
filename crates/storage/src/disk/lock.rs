//! One process, one handle: the lock that whoever has a store open holds, and waiting for who is just
//! closing it.
//!
//! It knows files, not what is in them.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

/// How long what another handle is just closing is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Locks a file that is there, for as long as the answer lives.
///
/// # Errors
/// `AlreadyOpen` where another holds it; `Io`.
pub(crate) fn take(path: &Path) -> Result<File> {
    // Some file systems lock for writing only what is open for writing.
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|error| Error::io("open", path, error))?;
    patiently(|| match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(already_open()),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
    })?;
    Ok(file)
}

/// Tries again for a while what finds the store open elsewhere.
pub(crate) fn patiently<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(error)
                if error.kind() == ErrorKind::AlreadyOpen && started.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            ended => return ended,
        }
    }
}

/// What a taken lock means.
pub(crate) fn already_open() -> Error {
    let message = "the store is open elsewhere; close the other handle or process first";
    Error::new(ErrorKind::AlreadyOpen, message)
}
