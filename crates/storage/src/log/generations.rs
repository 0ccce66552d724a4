//! Which logs count: one rule for opening and for repairing.
//!
//! Those from the generation on that the manifest names, without a gap between their numbers or between
//! those of their entries. What comes behind a gap was promised to nobody, or is damage. A torn write is no gap
//! where the next log goes on with its number: then an open has passed over it before.

use super::reader::Replay;
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};

/// The logs of a store.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    /// Those that count, oldest first.
    pub(crate) current: Vec<Replay>,
    /// Those that are to be removed: their writes are in block files, or count for nothing.
    pub(crate) obsolete: Vec<u64>,
    /// The generation of the next log; one that counts for nothing leaves its own to it.
    pub(crate) next: u64,
    /// The number of the last entry that counts.
    pub(crate) last: u64,
    /// What was found and does not count, one sentence each.
    pub(crate) recoveries: Vec<String>,
}

/// Reads the logs from that generation on, whose entries follow that number.
///
/// # Errors
/// `Damaged` where one is missing or not what was written; `Io`.
pub(crate) fn generations(directory: &Directory, first: u64, after: u64) -> Result<Logs> {
    let numbers = directory.numbers(Numbered::Log)?;
    let (obsolete, current): (Vec<u64>, Vec<u64>) =
        numbers.into_iter().partition(|generation| *generation < first);
    if current.first().is_none_or(|oldest| *oldest != first) {
        return Err(missing(directory, first));
    }
    let mut logs = Logs { obsolete, next: first, last: after, ..Logs::default() };
    let mut is_torn = false;
    for (expected, generation) in (first..).zip(current) {
        if generation != expected {
            return Err(missing(directory, expected));
        }
        let replay = Replay::read(directory, generation, logs.last)?;
        match replay {
            // It was on the disk before the manifest named it.
            None if generation == first => return Err(missing(directory, first)),
            Some(replay) if !is_torn || replay.entries > 0 => {
                is_torn = replay.torn > 0;
                if is_torn {
                    let torn = replay.torn;
                    let told =
                        format!("passed over {torn} bytes of a torn write in log.{generation}");
                    logs.recoveries.push(told);
                }
                logs.last += replay.entries;
                logs.next = generation + 1;
                logs.current.push(replay);
            }
            _ => {
                let told = format!("removed log.{generation}, in which nothing counts");
                logs.recoveries.push(told);
                logs.obsolete.push(generation);
            }
        }
    }
    Ok(logs)
}

fn missing(directory: &Directory, generation: u64) -> Error {
    let path = directory.at(&Numbered::Log.name(generation));
    Error::damaged(format_args!("{} is missing", path.display()))
}
