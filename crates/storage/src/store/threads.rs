//! The threads of an open store: one makes checkpoints, one syncs the log now and then. Both end with it.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::checkpoint::Extent;
use super::shared::Shared;
use crate::error::{Error, ErrorKind, Result};

/// How long a write that was promised less waits for the disk.
const SYNC_EVERY: Duration = Duration::from_millis(250);

/// How often the checkpointer looks whether nothing is written.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long it waits after a failure.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The threads of a store.
#[derive(Debug)]
pub(super) struct Threads {
    shared: Arc<Shared>,
    syncer: Option<(SyncSender<()>, JoinHandle<()>)>,
    checkpointer: Option<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn start(shared: &Arc<Shared>) -> Result<Threads> {
        let mut threads = Threads { shared: shared.clone(), syncer: None, checkpointer: None };
        let (stop, stopped) = sync_channel(0);
        let of_syncer = shared.clone();
        let syncer = spawn("filedex-sync", move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(SYNC_EVERY) {
                let log = of_syncer.log.read().clone();
                // Who writes next is told of a failure.
                let _told_later = log.sync_all();
            }
        })?;
        threads.syncer = Some((stop, syncer));
        let of_checkpointer = shared.clone();
        threads.checkpointer =
            Some(spawn("filedex-checkpoint", move || make_checkpoints(&of_checkpointer))?);
        Ok(threads)
    }

    /// Ends the threads.
    pub(super) fn end(&mut self) {
        if let Some((stop, syncer)) = self.syncer.take() {
            drop(stop);
            let _ended = syncer.join();
        }
        self.shared.checkpoints.end();
        if let Some(checkpointer) = self.checkpointer.take() {
            let _ended = checkpointer.join();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end();
    }
}

fn make_checkpoints(shared: &Shared) {
    while let Some(is_wanted) = shared.checkpoints.wait(LOOK_EVERY) {
        if !is_wanted {
            if shared.pressure.is_idle() {
                let _tried_again = shared.freeze_now();
            }
            // Without them who puts new records looks for them.
            let _gathered_later = shared.gather_ids(|| shared.checkpoints.is_unoccupied());
            continue;
        }
        match shared.checkpoint(Extent::Usual) {
            Ok(()) => shared.prepare_next_log(),
            Err(_) => shared.checkpoints.wait_before_next_try(TRY_AGAIN_AFTER),
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(work).map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")).caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use filedex_query::Document;

    use super::*;
    use crate::options::{Durability, Options};
    use crate::store::Store;

    /// How long a write of that promise waited for the disk, with nobody asking for it.
    fn waited(store: &Store, durability: Durability) -> Duration {
        let log = store.shared().log.read().clone();
        let started = Instant::now();
        let record = Document::new().with("_id", "a").with("at", format!("{started:?}"));
        store.put_with(&record, durability).unwrap();
        while !log.is_synced() {
            assert!(started.elapsed() < Duration::from_secs(30), "nobody syncs the log");
            std::thread::sleep(Duration::from_millis(1));
        }
        started.elapsed()
    }

    #[test]
    fn what_is_written_is_on_the_disk_within_the_interval() {
        assert_eq!(SYNC_EVERY, Duration::from_millis(250));
        let store = Store::temporary(&Options::default()).unwrap();
        let record = Document::new().with("_id", "a");
        store.put_with(&record, Durability::Durable).unwrap();
        assert!(store.shared().log.read().is_synced(), "it was promised to be on the disk");
        for durability in [Durability::Interval, Durability::Relaxed] {
            // One of some: a machine that has other things to do is late now and then.
            let in_time = SYNC_EVERY + Duration::from_millis(100);
            assert!((0..20).any(|_| waited(&store, durability) < in_time), "{durability:?}");
        }
    }
}
