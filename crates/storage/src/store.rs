//! The open index: one handle, shared by all threads of a host.
//!
//! It holds the tree with its caches, the log, the changes that wait for a checkpoint behind the lock
//! that makes every answer come from one state, and the lock that makes writers take turns. What is done
//! under them is in [`crate::writer`], [`crate::reader`] and [`crate::execute`].

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use filedex_query as query;
use parking_lot::{Mutex, RwLock};

use crate::arrivals::Arrivals;
use crate::callback;
use crate::checkpoint;
use crate::edit;
use crate::error::{Error, ErrorKind, Result};
use crate::home::{self, Home};
use crate::log::{Log, Replay};
use crate::operation::Operations;
use crate::options::{Durability, Options};
use crate::pending::Pending;
use crate::pool::{Pool, SHARES};
use crate::reader::Reader;
use crate::stage::{Stage, Staged};
use crate::writer;

/// A handle of an open store. Clones share it; the last one to be dropped closes it.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    pool: Pool,
    /// Held for reading during a whole answer, and for writing while a write is let to show.
    pending: RwLock<Pending>,
    /// Held while a write is worked out: what that tells the log, in memory that serves all writes.
    turn: Mutex<Operations>,
    log: Arc<CurrentLog>,
    options: Options,
    /// What had to be put right to open it.
    recoveries: Vec<String>,
    /// Let go after the tree is closed.
    home: Home,
    /// Removes the directory of a temporary store, after that.
    temporary: Option<tempfile::TempDir>,
    /// Syncs the log now and then, until it is dropped.
    _syncer: Syncer,
}

/// The log in use: a checkpoint puts the next one in its place.
type CurrentLog = RwLock<Arc<Log>>;

/// A longer log is not let to grow: it is read back after a kill, at some 50 MB a second.
const MOST_LOG: u64 = 96 << 20;

/// Entries of the id list that are sorted into their blocks while readers wait.
const ENTRIES_AT_ONCE: usize = 1000;

/// How long a write that was promised less waits for the disk.
const SYNC_EVERY: Duration = Duration::from_millis(250);

impl Store {
    /// Opens the store at that path; makes it where there is none, if the options allow it.
    ///
    /// # Errors
    /// `Missing`, `NotAStore`, `AlreadyOpen`, `Damaged`, `NewerFormat` or `Io`; each says what to do.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Store> {
        Store::new(path.as_ref(), options, None)
    }

    /// A store of its own in the system's directory for temporary files, removed with the last
    /// handle.
    ///
    /// ```
    /// use filedex_storage::{Options, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// assert_eq!(store.stats()?.records, 0);
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` where no such directory can be made.
    pub fn temporary(options: &Options) -> Result<Store> {
        let directory = tempfile::Builder::new().prefix("filedex-").tempdir();
        let directory = directory.map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot make a temporary directory: {error}"))
                .caused_by(error)
        })?;
        let mut options = options.clone();
        options.create = true;
        Store::new(&directory.path().join("store"), &options, Some(directory))
    }

    fn new(path: &Path, options: &Options, temporary: Option<tempfile::TempDir>) -> Result<Store> {
        let declared = options.columns.iter().map(|path| query::Path::parse(path, &options.limits));
        let declared = declared.collect::<query::Result<Vec<query::Path>>>()?;
        let share = options.cache_bytes / SHARES;
        let home = Home::open(path, options.create)?;
        let tree = home.tree(share)?;
        let mut recoveries: Vec<String> = home.recovery().map(str::to_owned).into_iter().collect();
        recoveries.extend_from_slice(tree.recoveries());
        recoveries.extend(checkpoint::recover(path, &tree)?);
        let logs = checkpoint::logs_since(path, &tree)?;
        let (log, payloads) = read_logs(path, &logs, &mut recoveries)?;
        let log = Arc::new(RwLock::new(Arc::new(log)));
        let store = Store(Arc::new(Shared {
            pool: Pool::new(tree, share, declared),
            pending: RwLock::default(),
            turn: Mutex::default(),
            _syncer: Syncer::start(log.clone())?,
            log,
            options: options.clone(),
            recoveries,
            home,
            temporary,
        }));
        for payload in payloads {
            store.replay(&payload)?;
        }
        Ok(store)
    }

    /// How the store was opened.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What an earlier end had left behind and opening put right, one sentence each: an unfinished file
    /// removed, a damaged cache set aside, a torn write dropped. Nothing that was promised is lost by it.
    /// Empty after a clean close.
    pub fn recoveries(&self) -> &[String] {
        &self.0.recoveries
    }

    /// Hands everything written so far to the disk.
    ///
    /// # Errors
    /// `Io` or `Poisoned`.
    pub fn flush(&self) -> Result<()> {
        self.make_durable(Durability::Durable)
    }

    /// Hands everything to the disk and gives this handle up. The store closes with its last handle.
    ///
    /// # Errors
    /// `Io` or `Poisoned`.
    pub fn close(self) -> Result<()> {
        callback::refuse_inside(self.address())?;
        self.flush()?;
        let _turn = self.0.turn.lock();
        self.0.checkpoint()
    }

    /// One state of the index, which no write changes while it is held.
    pub(crate) fn read(&self) -> Reader<'_> {
        let pending = &self.0.pending;
        // A writer that waits lets nobody in before itself; who is in already must not wait for it.
        let is_in = callback::is_inside(self.address());
        let state = if is_in { pending.read_recursive() } else { pending.read() };
        Reader::new(&self.0.pool, state)
    }

    /// Runs code of the host while this thread holds a reader.
    pub(crate) fn call<T>(&self, code: impl FnOnce() -> T) -> T {
        callback::call(self.address(), code)
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Works a write out, logs it, lets it show as a whole and makes it durable as asked. After an
    /// error nothing of it shows.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Stage<'_>) -> Result<T>,
    ) -> Result<T> {
        callback::refuse_inside(self.address())?;
        let mut turn = self.0.turn.lock();
        if self.0.is_checkpoint_due() {
            self.0.checkpoint()?;
        }
        let (answer, staged) = self.work_out(&mut turn, work)?;
        let Some(staged) = staged else {
            return Ok(answer);
        };
        let log = self.0.log.read().clone();
        let at_once = durability != Durability::Relaxed;
        let number = log.append(turn.payload(), at_once)?;
        self.0.show(staged)?;
        // Those who wait for the disk let others write, and one sync serves them all.
        drop(turn);
        if durability == Durability::Durable {
            log.sync(number)?;
        }
        Ok(answer)
    }

    pub(crate) fn make_durable(&self, durability: Durability) -> Result<()> {
        let log = self.0.log.read().clone();
        match durability {
            Durability::Durable => log.sync_all(),
            Durability::Interval => log.flush(),
            Durability::Relaxed => Ok(()),
        }
    }

    pub(crate) fn disk_bytes(&self) -> Result<u64> {
        home::disk_bytes(self.0.home.path())
    }

    fn replay(&self, payload: &[u8]) -> Result<()> {
        match self.work_out(&mut self.0.turn.lock(), |stage| writer::replay(stage, payload))? {
            (_, Some(staged)) => self.0.show(staged),
            (_, None) => Ok(()),
        }
    }

    fn work_out<T>(
        &self,
        operations: &mut Operations,
        work: impl FnOnce(&mut Stage<'_>) -> Result<T>,
    ) -> Result<(T, Option<Staged>)> {
        let reader = self.read();
        let mut stage = Stage::new(&reader, operations);
        let answer = work(&mut stage)?;
        Ok((answer, stage.finish()?))
    }
}

impl Shared {
    /// Lets a write show, as a whole. A tree that fails on the way is not asked again: the log has the
    /// write, and the next open reads it back.
    fn show(&self, staged: Staged) -> Result<()> {
        let shown = edit::apply(&self.pool, &mut self.pending.write(), staged);
        shown.inspect_err(|_| self.pool.tree.poison())
    }

    /// Whether what is pending takes its memory, or reading the log back would take long.
    fn is_checkpoint_due(&self) -> bool {
        let most = self.options.write_buffer_bytes;
        self.pending.read().bytes() as u64 > most || self.log.read().bytes() > most.min(MOST_LOG)
    }

    /// Sorts the entries of the id list that wait into their blocks, some at a time: readers wait for that
    /// long.
    fn settle(&self) -> Result<()> {
        let sorted = self.pending.read().arrivals.sorted();
        let settle = |some| edit::settle(&self.pool, &mut self.pending.write(), some);
        sorted.chunks(ENTRIES_AT_ONCE).try_for_each(settle)?;
        self.pending.write().arrivals = Arrivals::default();
        Ok(())
    }

    /// Moves what is pending into the tree and begins a new log. Called by who has the turn; readers go
    /// on meanwhile. After an error before the tree was touched, everything stays as it was.
    fn checkpoint(&self) -> Result<()> {
        self.settle()?;
        let pending = self.pending.read();
        if pending.is_empty() {
            return Ok(());
        }
        let log = self.log.read().clone();
        log.sync_all()?;
        let next = Log::create(self.home.path(), log.generation() + 1)?;
        let generation = next.generation();
        *self.log.write() = Arc::new(next);
        checkpoint::write(self.home.path(), &self.pool.tree, generation, || pending.sealed())?;
        drop(pending);
        *self.pending.write() = Pending::default();
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.temporary.is_none() {
            // What cannot be moved now is in the log, and is read back at the next open.
            let _kept_in_the_log = self.checkpoint();
        }
    }
}

/// Reads the logs back; the log to go on with, and what the others hold.
fn read_logs(
    home: &Path,
    generations: &[u64],
    recoveries: &mut Vec<String>,
) -> Result<(Log, Vec<Vec<u8>>)> {
    let (mut payloads, mut next) = (Vec::new(), 0);
    for (place, generation) in generations.iter().copied().enumerate() {
        let is_last = place + 1 == generations.len();
        let replay = match Replay::read(home, generation) {
            // A log is begun before anything is promised to be in it.
            Err(_) if is_last && place > 0 && Replay::remove_unbegun(home, generation) => {
                recoveries.push(format!("removed log.{generation}, which was only being begun"));
                break;
            }
            replay => replay?,
        };
        if replay.torn > 0 {
            let torn = replay.torn;
            recoveries
                .push(format!("passed over {torn} bytes of a torn write in log.{generation}"));
        }
        if is_last && replay.payloads.is_empty() && replay.torn == 0 {
            return Ok((Log::resume(home, generation)?, payloads));
        }
        payloads.extend(replay.payloads);
        next = generation + 1;
    }
    Ok((Log::create(home, next)?, payloads))
}

/// The thread that syncs the log now and then. It ends with this: nothing of a store outlives it.
struct Syncer {
    /// Never sent through; that it is gone is what the thread waits for.
    alive: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    fn start(log: Arc<CurrentLog>) -> Result<Syncer> {
        let (alive, gone) = sync_channel::<()>(0);
        let work = move || {
            while let Err(RecvTimeoutError::Timeout) = gone.recv_timeout(SYNC_EVERY) {
                let log = log.read().clone();
                // A log that failed says so to the next writer.
                let _told_to_the_next_writer = log.sync_all();
            }
        };
        let thread = std::thread::Builder::new().name("filedex-sync".to_owned()).spawn(work);
        let thread = thread.map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")).caused_by(error)
        })?;
        Ok(Syncer { alive: Some(alive), thread: Some(thread) })
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("options", &self.0.options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    use filedex_query::Document;

    /// How long a write of that promise waited for the disk, with nobody asking for it.
    fn waited(store: &Store, durability: Durability) -> Duration {
        let log = store.0.log.read().clone();
        let started = Instant::now();
        store
            .put_with(
                &Document::new().with("_id", "a").with("at", format!("{started:?}")),
                durability,
            )
            .unwrap();
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
        store.put_with(&Document::new().with("_id", "a"), Durability::Durable).unwrap();
        assert!(store.0.log.read().is_synced(), "it was promised to be on the disk");
        for durability in [Durability::Interval, Durability::Relaxed] {
            // The fastest of some: a machine that has other things to do is late now and then.
            let fastest = (0..4).map(|_| waited(&store, durability)).min();
            assert!(fastest.unwrap() < SYNC_EVERY + Duration::from_millis(100), "{fastest:?}");
        }
    }
}
