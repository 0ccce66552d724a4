//! The threads of an open store: one makes checkpoints, one syncs the log now and then, one makes views that are wanted.
//! They end with it.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::checkpoint::Extent;
use super::shared::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Cancel, arrange};
use crate::snapshot::Snapshot;

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
    arranger: Option<(Cancel, JoinHandle<()>)>,
}

impl Threads {
    pub(super) fn start(shared: &Arc<Shared>) -> Result<Threads> {
        let (syncer, checkpointer, arranger) = (None, None, None);
        let mut threads = Threads { shared: shared.clone(), syncer, checkpointer, arranger };
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
        let (of_arranger, cancel) = (shared.clone(), Cancel::default());
        let cancelled = cancel.clone();
        let arranger = spawn("filedex-arrange", move || make_views(&of_arranger, &cancelled))?;
        threads.arranger = Some((cancel, arranger));
        Ok(threads)
    }

    /// Ends the threads.
    pub(super) fn end(&mut self) {
        self.shared.pool.wanted.end();
        if let Some((cancel, arranger)) = self.arranger.take() {
            cancel.cancel();
            let _ended = arranger.join();
        }
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

fn make_views(shared: &Shared, cancel: &Cancel) {
    let (pool, limits) = (&shared.pool, &shared.options.limits);
    while let Some(arrangement) = pool.wanted.next() {
        let state = shared.state();
        // Who asked goes on without it, and is told of what keeps a page from coming about.
        let is_there = arrange(Snapshot::new(pool, &state), arrangement, limits, cancel);
        let failed = !matches!(is_there, Ok(true));
        pool.wanted.done(failed.then(|| state.version.number()));
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

    use filedex_query::{Document, Environment, Filter, Plan, Projection, Sort, ejson};

    use super::*;
    use crate::cache::views::{AT_ONCE, ViewKey};
    use crate::format::lists::ALL_ROOMS;
    use crate::options::{Durability, Options};
    use crate::read::{Watch, Window};
    use crate::snapshot::Bounds;
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

    fn record(number: usize, size: i32) -> Document {
        let record = Document::new().with("_id", format!("f{number}")).with("size", size);
        record.with("rid", format!("r{}", number % 40))
    }

    fn by_size(filter: &str) -> Plan {
        let environment = Environment::default();
        let read = |text| ejson::read_document(text, &environment.limits).unwrap();
        let filter = Filter::parse(&read(filter), &environment).unwrap();
        let sort = Sort::parse(&read(r#"{"size":-1}"#), &environment).unwrap();
        Plan::compile(filter, Projection::everything(), sort, &environment).unwrap()
    }

    /// Waits until there is a view of that version.
    fn await_view(store: &Store, plan: &Plan, version: u64) {
        let Bounds { from, to } = Bounds::of_prefix(ALL_ROOMS);
        let sort = plan.sort().to_string().into();
        let (key, started) = (ViewKey { from: from.into(), to: to.into(), sort }, Instant::now());
        let views = &store.shared().pool.views;
        while views.get(&key).is_none_or(|view| view.version() < version) {
            assert!(started.elapsed() < Duration::from_secs(60), "nobody makes the view");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn long_views_are_made_while_nobody_waits_and_anew_after_a_checkpoint_if_somebody_asked() {
        let store = Store::temporary(&Options::default()).unwrap();
        let version = || store.shared().state().version.number();
        store.put_many((0..=AT_ONCE).map(|number| record(number, number as i32))).unwrap();
        store.checkpoint().unwrap();
        let plan = by_size(r#"{"size":{"$gte":3}}"#);
        let page =
            || store.page(&plan, Window { offset: 1, count: Some(2) }, &Watch::default()).unwrap();
        for _ in 0..4 {
            assert_ne!(page().explain.sort, "view", "it was not asked for so often");
        }
        await_view(&store, &plan, version());
        let page = page();
        assert_eq!((page.explain.sort, page.total), ("view", AT_ONCE as u64 - 2));
        assert_eq!(page.documents[0].get("size"), Some((AT_ONCE as i32 - 1).into()).as_ref());

        store.put(&record(7, 1 << 20)).unwrap();
        store.checkpoint().unwrap();
        await_view(&store, &plan, version());
        assert!(store.shared().pool.views.take_asked().is_empty(), "nobody asked since then");
    }
}
