//! One process, one handle: the lock that whoever has a store open holds, waiting for who is just
//! closing it, and naming who is not.
//!
//! It knows files, not what is in them.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::process::Process;
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
    let taken = patiently(|| match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(already_open()),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path, error)),
    });
    match taken {
        Ok(()) => Ok(file),
        Err(error) if error.kind() == ErrorKind::AlreadyOpen => Err(open_in(path)),
        Err(error) => Err(error),
    }
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

/// What a lock that stays taken means, with the process that holds it where that can be known.
fn open_in(path: &Path) -> Error {
    let Some(process) = Process::of(path) else { return already_open() };
    let message = format!("the store is open in {process}; close it there first");
    Error::new(ErrorKind::AlreadyOpen, message)
}

/// What a taken lock means.
pub(crate) fn already_open() -> Error {
    let message = "the store is open elsewhere; close the other handle or process first";
    Error::new(ErrorKind::AlreadyOpen, message)
}
