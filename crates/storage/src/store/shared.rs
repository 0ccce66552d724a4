//! What all handles and threads of an open store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::checkpoint::{Checkpoints, Extent};
use super::expiry::Expiry;
use super::history::History;
use super::make::Home;
use super::pressure::Pressure;
use super::snapshots::Pinned;
use crate::error::{Error, ErrorKind, Result};
use crate::index::Version;
use crate::log::{Log, Operations};
use crate::options::{Durability, Options};
use crate::snapshot::{Mark, Pool, Snapshot, State};
use crate::write::{Batch, Known};

/// An open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    /// The newest state; held for as long as it takes to copy it, or to let one write show.
    state: RwLock<State>,
    /// Held while a write is worked out.
    turn: Mutex<Turn>,
    /// Which ids the store may hold.
    pub(super) known: Known,
    /// The thread that works a write out in a host's own words, and so may call the store again.
    host: Mutex<Option<ThreadId>>,
    /// What was written lately, for those who watch.
    pub(super) history: Arc<History>,
    /// When records are to go, as far as anybody asked.
    pub(super) expiry: Expiry,
    /// The log in use: with a new memtable comes a new one.
    pub(super) log: RwLock<Arc<Log>>,
    pub(super) checkpoints: Checkpoints,
    pub(super) pressure: Pressure,
    pub(super) pinned: Mutex<Vec<std::sync::Weak<Pinned>>>,
    pub(super) options: Options,
    /// What had to be put right to open it.
    pub(super) recoveries: Vec<String>,
    pub(crate) home: Home,
}

/// What whoever writes has to himself.
#[derive(Debug, Default)]
struct Turn {
    operations: Operations,
    /// The stamp of the last cell.
    stamp: u64,
}

/// What opening a store found.
pub(super) struct Opened {
    pub(super) pool: Pool,
    pub(super) state: State,
    /// The stamp of the last cell of its memtable.
    pub(super) stamp: u64,
    pub(super) known: Known,
    pub(super) log: Log,
    pub(super) checkpoints: Checkpoints,
    pub(super) recoveries: Vec<String>,
    pub(super) home: Home,
}

impl Shared {
    /// The store that was opened.
    pub(super) fn new(opened: Opened, options: &Options) -> Shared {
        let pressure = Pressure::new(options.write_buffer_bytes);
        pressure.note(opened.state.active.bytes() as u64);
        let turn = Turn { operations: Operations::default(), stamp: opened.stamp };
        Shared {
            pool: opened.pool,
            state: RwLock::new(opened.state),
            turn: Mutex::new(turn),
            known: opened.known,
            host: Mutex::new(None),
            history: Arc::default(),
            expiry: Expiry::default(),
            log: RwLock::new(Arc::new(opened.log)),
            checkpoints: opened.checkpoints,
            pressure,
            pinned: Mutex::default(),
            options: options.clone(),
            recoveries: opened.recoveries,
            home: opened.home,
        }
    }

    /// The newest state.
    pub(crate) fn state(&self) -> State {
        self.state.read().clone()
    }

    /// Works a write out, logs it, lets it show as a whole and makes it durable as asked. After an error
    /// nothing of it shows. `changes_many` is true for a write of more than one change.
    pub(crate) fn write<T, E: From<Error>>(
        &self,
        durability: Durability,
        changes_many: bool,
        work: impl FnOnce(&mut Batch<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        if self.pressure.is_full() && self.checkpoints.failure().is_some() {
            // Whoever made room meanwhile need not wait until it is tried again.
            self.checkpoint(Extent::Usual)?;
        }
        let mut turn = self.turn()?;
        let log = self.log.read().clone();
        log.check()?;
        let state = self.state();
        let snapshot = Snapshot::new(&self.pool, &state);
        let Turn { operations, stamp } = &mut *turn;
        let batch = Batch::new(snapshot, &self.known, operations, *stamp, changes_many);
        let mut batch = batch.noting(self.history.is_watched());
        let answer = work(&mut batch);
        // Also a write that comes to nothing may have shown its cells to who worked it out.
        *stamp = batch.stamp();
        let (answer, (changes, happened)) = (answer?, batch.finish());
        if changes.is_empty() {
            drop(turn);
            // What it found may have been promised less.
            self.make_durable(durability)?;
            return Ok(answer);
        }
        // Shared no longer, the memtable can be changed where it is.
        drop(state);
        let number = log.append(operations.payload(), durability != Durability::Relaxed)?;
        for (stamp, place, at) in changes.places() {
            self.pool.caches.keep_place(*stamp, *place, *at);
        }
        let bytes = {
            let mut state = self.state.write();
            changes.apply(&mut state.active);
            state.active.bytes()
        };
        happened.into_iter().for_each(|happened| self.history.add(number, happened.into_fates()));
        let added = self.pressure.note(bytes as u64);
        if self.pressure.is_freezing_due() {
            self.freeze();
        }
        drop(turn);
        if durability == Durability::Durable {
            log.sync(number)?;
        }
        self.pressure.slow_down(added);
        Ok(answer)
    }

    /// As [`Shared::write`], where the work is a host's, who may do anything meanwhile: what would wait for
    /// his own turn ends with an error.
    pub(super) fn write_for_host<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Batch<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.write(self.options.durability, true, |batch| {
            *self.host.lock() = Some(thread::current().id());
            let _leaves = Leaves(&self.host);
            work(batch)
        })
    }

    /// The newest state, and the stamp of its last cell: whoever finds that stamp in his turn knows that
    /// nothing was written since.
    pub(super) fn stamped_state(&self) -> Result<(State, u64)> {
        let turn = self.turn()?;
        Ok((self.state(), turn.stamp))
    }

    /// The newest state, at a moment when no write is under way; `None` if there is none for so long.
    pub(super) fn settled_state(&self, patience: Duration) -> Option<State> {
        let _turn = self.turn.try_lock_for(patience)?;
        Some(self.state())
    }

    /// Begins to keep what is written; gives the number of the last write so far.
    pub(super) fn begin_history(&self) -> Result<u64> {
        let _turn = self.turn()?;
        let last = self.log.read().last();
        self.history.begin(last);
        Ok(last)
    }

    /// Waits for the turn to write.
    fn turn(&self) -> Result<MutexGuard<'_, Turn>> {
        if let Some(turn) = self.turn.try_lock() {
            return Ok(turn);
        }
        if *self.host.lock() == Some(thread::current().id()) {
            let message = "this thread is in the middle of a write of several changes; make this one by the \
                           batch that it was given";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(self.turn.lock())
    }

    pub(super) fn make_durable(&self, durability: Durability) -> Result<()> {
        let log = self.log.read().clone();
        match durability {
            Durability::Durable => log.sync_all(),
            Durability::Interval => log.flush(),
            Durability::Relaxed => Ok(()),
        }
    }

    /// Freezes the memtable if it holds anything and none is frozen; whoever has the turn does it, or takes
    /// it first.
    pub(super) fn freeze_now(&self) -> Result<()> {
        let _turn = self.turn()?;
        self.freeze();
        Ok(())
    }

    /// Lets the checkpointer have the memtable, and begins another with a log of its own. The log before it is
    /// handed over first: what is written into the next one counts for nothing behind a gap. Where one cannot be
    /// handed over, or the other not be made, everything stays as it is, and the next write tries again.
    fn freeze(&self) {
        if !self.pressure.may_freeze() {
            return;
        }
        let log = self.log.read().clone();
        let next = log
            .flush()
            .and_then(|()| self.checkpoints.next_log(&self.home.directory, log.generation() + 1));
        let next = match next {
            Ok(next) => next,
            Err(error) => return self.checkpoints.failed(&error),
        };
        let mark = Mark { log: next.generation(), entry: log.last() };
        next.follow(log);
        *self.log.write() = Arc::new(next);
        {
            let mut state = self.state.write();
            state.frozen = std::mem::take(&mut state.active);
            state.mark = Some(mark);
            // Said before anybody can see it, so that a checkpoint says later that it has gone.
            self.pressure.froze();
        }
        self.checkpoints.begin();
    }

    /// Lets what a checkpoint wrote be what is read: in place of what was frozen, if it wrote that.
    pub(super) fn publish(&self, version: Arc<Version>, has_written_frozen: bool) {
        self.pool.patches.begin(version.number());
        let mut state = self.state.write();
        state.version = version;
        if has_written_frozen {
            let written = std::mem::take(&mut state.frozen);
            self.pressure.thawed();
            // It goes while nobody waits.
            drop(state);
            drop(written);
        }
    }
}

/// Notes at its end, whichever that is, that a host's work is done.
struct Leaves<'h>(&'h Mutex<Option<ThreadId>>);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

/// When something last happened, in milliseconds since the process began to ask.
#[derive(Debug)]
pub(super) struct Moment {
    start: Instant,
    at: AtomicU64,
}

impl Moment {
    pub(super) fn new() -> Moment {
        Moment { start: Instant::now(), at: AtomicU64::new(0) }
    }

    pub(super) fn note(&self) {
        self.at.store(self.milliseconds(), Ordering::Relaxed);
    }

    /// Milliseconds since it was noted.
    pub(super) fn ago(&self) -> u64 {
        self.milliseconds().saturating_sub(self.at.load(Ordering::Relaxed))
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
