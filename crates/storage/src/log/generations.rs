//! Which logs count: one rule for opening and for repairing.
//!
//! Those from the generation on that the manifest names, without a gap between their numbers or between
//! those of their entries. What comes behind a gap was promised to nobody, or is damage. A torn write is no gap
//! where the next log goes on with its number: then an open has passed over it before.
//!
//! What was read need not be on the disk, where a process ended and the system went on. Whoever goes on with these
//! logs settles them first: what he promises counts for nothing behind what is lost.

use super::reader::Replay;
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, Result};

/// The logs of a store.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    /// Those that count, oldest first.
    pub(crate) current: Vec<Replay>,
    /// Those whose writes are in block files.
    pub(crate) obsolete: Vec<u64>,
    /// Those behind these in which nothing counts.
    pub(crate) unused: Vec<u64>,
    /// The generation of the next log; one that counts for nothing leaves its own to it.
    pub(crate) next: u64,
    /// The number of the last entry that counts.
    pub(crate) last: u64,
    /// What was found and does not count, one sentence each.
    pub(crate) recoveries: Vec<String>,
}

impl Logs {
    /// Takes in a log that counts. Others before it stay: without them there would be a gap.
    fn count(&mut self, generation: u64, replay: Replay) {
        self.unused.clear();
        self.tell_torn(generation, replay.torn);
        self.last += replay.entries();
        self.next = generation + 1;
        self.current.push(replay);
    }

    /// Takes in a log in which nothing counts, with so many bytes of a torn write, or `None` where it was only being begun.
    fn pass(&mut self, generation: u64, torn: Option<usize>) {
        self.unused.push(generation);
        match torn {
            Some(torn) => self.tell_torn(generation, torn),
            None => {
                let told = format!("passed over log.{generation}, in which nothing counts");
                self.recoveries.push(told);
            }
        }
    }

    fn tell_torn(&mut self, generation: u64, torn: usize) {
        if torn > 0 {
            let told = format!("passed over {torn} bytes of a torn write in log.{generation}");
            self.recoveries.push(told);
        }
    }

    /// Puts all entries that count on the disk, but for those that others tell are there.
    pub(crate) fn settle(&self, directory: &Directory) -> Result<()> {
        let synced = self.current.iter().map(|log| log.synced).max().unwrap_or(0);
        self.current.iter().try_for_each(|log| log.settle(directory, synced))
    }
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
    for (expected, generation) in (first..).zip(current) {
        if generation != expected {
            return Err(missing(directory, expected));
        }
        match Replay::read(directory, generation, logs.last)? {
            // It was on the disk before the manifest named it.
            None if generation == first => return Err(missing(directory, first)),
            Some(replay) if generation == first || replay.entries() > 0 => {
                logs.count(generation, replay)
            }
            nothing => logs.pass(generation, nothing.map(|replay| replay.torn)),
        }
    }
    Ok(logs)
}

fn missing(directory: &Directory, generation: u64) -> Error {
    let path = directory.at(&Numbered::Log.name(generation));
    Error::damaged(format_args!("{} is missing", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::super::Log;
    use super::*;

    /// The entries of a log, and whether they were synced.
    type Written<'w> = (&'w [&'w [u8]], bool);

    /// These logs, from generation 1 on.
    fn written(directory: &Directory, logs: &[Written<'_>]) -> Logs {
        let mut before = None;
        for (generation, (payloads, is_synced)) in (1..).zip(logs) {
            let log = Log::create(directory, generation).unwrap();
            before.take().into_iter().for_each(|before| log.follow(before));
            payloads.iter().for_each(|payload| assert!(log.append(payload, true).is_ok()));
            if *is_synced {
                log.sync_all().unwrap();
            }
            before = Some(std::sync::Arc::new(log));
        }
        generations(directory, 1, 0).unwrap()
    }

    /// Which of the logs settling writes to, none of whose bytes it changes.
    fn settled(directory: &Directory, logs: &Logs) -> Vec<u64> {
        let files = directory.numbers(Numbered::Log).unwrap();
        let path = |log: &u64| directory.at(&Numbered::Log.name(*log));
        let bytes = |log| fs::read(path(log)).unwrap();
        let before: Vec<Vec<u8>> = files.iter().map(bytes).collect();
        for log in &files {
            let file = File::options().append(true).open(path(log)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        logs.settle(directory).unwrap();
        assert_eq!(files.iter().map(bytes).collect::<Vec<_>>(), before);
        let was_written = |log: &u64| {
            fs::metadata(path(log)).unwrap().modified().unwrap() > SystemTime::UNIX_EPOCH
        };
        files.into_iter().filter(was_written).collect()
    }

    #[test]
    fn what_nothing_tells_is_on_the_disk_is_written_once_more() {
        let cases: [(&[Written<'_>], &[u64]); 5] = [
            (&[(&[], true)], &[]),
            (&[(&[b"a", b"b"], false)], &[1]),
            (&[(&[b"a", b"b"], true), (&[], false)], &[1]),
            (&[(&[b"a", b"b"], true), (&[b"c"], false)], &[2]),
            (&[(&[b"a"], false), (&[b"b"], false), (&[], false)], &[1, 2]),
        ];
        for (logs, expected) in cases {
            let site = tempfile::tempdir().unwrap();
            let directory = Directory::open(site.path()).unwrap();
            let logs = written(&directory, logs);
            assert_eq!(settled(&directory, &logs), expected);
        }
    }

    #[test]
    fn of_logs_that_hold_nothing_the_first_is_gone_on_with() {
        let site = tempfile::tempdir().unwrap();
        let directory = Directory::open(site.path()).unwrap();
        let logs = written(&directory, &[(&[], true), (&[], true), (&[], true)]);
        assert_eq!((logs.current.len(), logs.next, logs.unused), (1, 2, vec![2, 3]));
        // A log before one that counts stays, whatever became of it.
        let logs = written_behind(&directory, 3);
        fs::write(directory.at("log.2"), b"").unwrap();
        assert_eq!((logs.current.len(), logs.next, logs.unused), (2, 4, vec![]));
        let logs = generations(&directory, 1, 0).unwrap();
        assert_eq!((logs.current.len(), logs.next, logs.last, logs.unused), (2, 4, 1, vec![]));
    }

    /// The same logs, where that one holds an entry.
    fn written_behind(directory: &Directory, generation: u64) -> Logs {
        let replay = Replay::read(directory, generation, 0).unwrap().unwrap();
        let log = Log::resume(directory, &replay).unwrap();
        log.append(b"a", true).unwrap();
        generations(directory, 1, 0).unwrap()
    }
}
