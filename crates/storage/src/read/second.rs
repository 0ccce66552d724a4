//! A second thread for who goes through much: it reads blocks while those before them are judged, or makes columns of
//! what lies further on.
//!
//! There are as many of these threads in a process as there are processors beside one; who finds them taken
//! works by himself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Builder, Scope, ScopedJoinHandle, available_parallelism};

use filedex_query::{Clock, Code, Error as QueryError, Result as QueryResult};

use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::residual::Verdict;
use crate::blocks::Ahead;
use crate::error::Result;
use crate::format::lists::ALL_ROOMS;
use crate::format::{Block, CLASSES, Class};
use crate::snapshot::{Bounds, Run, Snapshot, Walk};

/// The right to have a second thread.
pub(super) struct Second(());

/// Ends the work of a second thread when it is dropped.
pub(super) struct Stop(Arc<AtomicBool>);

/// What tells a second thread that its work is to end.
pub(super) struct IsOver(Arc<AtomicBool>);

/// A run, with its block if that was read.
type Fetched = (Run, Option<Block>);

/// Runs in order, some at a time. Whoever has enough of them drops this, and the thread ends.
type Parts = Receiver<Result<Vec<Fetched>>>;

/// What a second thread reads of all rooms: blocks that hold some of these classes. Others are handed over unread.
struct Reading([bool; CLASSES]);

/// Records from which on a second thread is worth it.
pub(super) const MANY_RECORDS: u64 = 4_000;

/// A longer frame is left to who waits for it: he is charged for it before.
pub(super) const MOST_FRAME: u32 = 64 << 10;

/// Runs, and bytes of their blocks, that are handed over at once.
const RUNS: usize = 32;
const BYTES: usize = 256 << 10;

/// Parts that may wait to be judged.
const WAITING: usize = 2;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Second {
    /// `None` if there are no more.
    pub(super) fn take() -> Option<Second> {
        static PROCESSORS: OnceLock<usize> = OnceLock::new();
        let processors =
            *PROCESSORS.get_or_init(|| available_parallelism().map_or(1, |number| number.get()));
        let more = |taken: usize| (taken + 1 < processors).then_some(taken + 1);
        TAKEN.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Second(()))
    }

    /// Lets the thread work; `None` where none can be had.
    pub(super) fn spawn<'scope, T: Send + 'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> Option<ScopedJoinHandle<'scope, T>> {
        let thread = Builder::new().name("filedex-read".to_owned());
        let spawned = thread.spawn_scoped(scope, move || {
            let _taken = self;
            work()
        });
        spawned.ok()
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Stop {
    pub(super) fn new() -> (Stop, IsOver) {
        let is_over = Arc::new(AtomicBool::new(false));
        (Stop(is_over.clone()), IsOver(is_over))
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Clock for IsOver {
    fn look(&self) -> QueryResult<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(QueryError::new(Code::INTERRUPTED, "nobody waits for this any more")),
            false => Ok(()),
        }
    }
}

impl Execution<'_> {
    /// Goes through everything while a second thread reads what comes next; says whether there was one.
    pub(super) fn everything_with(
        &mut self,
        second: Second,
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let mut asked = [false; CLASSES];
        for (class, asked) in (0_u8..).zip(&mut asked) {
            let class = Class::from_byte(class);
            *asked = class.is_some_and(|class| self.open.verdict(class) == Verdict::Ask);
        }
        let snapshot = self.snapshot;
        thread::scope(|scope| {
            let (send, parts): (_, Parts) = sync_channel(WAITING);
            let reader = second.spawn(scope, move || {
                if let Err(error) = Reading(asked).send(snapshot, &send) {
                    let _nobody_listens = send.send(Err(error));
                }
            });
            if reader.is_none() {
                return Ok(false);
            }
            for part in parts {
                for (run, block) in part? {
                    if self.step_with(&run, block, None, collector)? == Flow::Done {
                        return Ok(true);
                    }
                }
            }
            Ok(true)
        })
    }
}

impl Reading {
    fn send(&self, snapshot: Snapshot<'_>, send: &SyncSender<Result<Vec<Fetched>>>) -> Result<()> {
        let (mut part, mut bytes, mut ahead) = (Vec::with_capacity(RUNS), 0, Ahead::default());
        for run in Walk::lists(snapshot, ALL_ROOMS, Bounds::of_prefix(ALL_ROOMS))? {
            let run = run?;
            let block = self.block(snapshot, &run, &mut ahead)?;
            bytes += block.as_ref().map_or(0, Block::memory);
            part.push((run, block));
            if part.len() >= RUNS || bytes >= BYTES {
                bytes = 0;
                let full = std::mem::replace(&mut part, Vec::with_capacity(RUNS));
                if send.send(Ok(full)).is_err() {
                    return Ok(());
                }
            }
        }
        let _nobody_listens = send.send(Ok(part));
        Ok(())
    }

    fn block(&self, snapshot: Snapshot<'_>, run: &Run, ahead: &mut Ahead) -> Result<Option<Block>> {
        let Some(item) = run.item().filter(|item| item.place.length <= MOST_FRAME) else {
            return Ok(None);
        };
        let mut classes = item.counts().map(|(class, _)| usize::from(class.byte()));
        match classes.any(|class| self.0.get(class).is_some_and(|asked| *asked)) {
            true => snapshot.block_by_the_way(item.place, run.list(), ahead).map(Some),
            false => Ok(None),
        }
    }
}
