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
                shared.freeze_now();
            }
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
