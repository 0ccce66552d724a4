//! A second thread for who goes through everything: it reads blocks while those before them are judged.
//!
//! There are as many of these threads in a process as there are processors beside one; who finds them taken
//! reads by himself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Builder, Scope, available_parallelism};

use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::residual::Verdict;
use crate::blocks::Ahead;
use crate::error::Result;
use crate::format::lists::ALL_ROOMS;
use crate::format::{Block, CLASSES, Class};
use crate::snapshot::{Bounds, Run, Snapshot, Walk};

/// A run, with its block if that was read.
type Fetched = (Run, Option<Block>);

/// Runs in order, some at a time. Whoever has enough of them drops this, and the thread ends.
type Parts = Receiver<Result<Vec<Fetched>>>;

/// The classes whose records are to be asked themselves.
type Asked = [bool; CLASSES];

/// The right to have a second thread.
pub(super) struct Second(());

/// Records from which on a second thread is worth it.
pub(super) const MANY_RECORDS: u64 = 4_000;

/// Runs, and bytes of their blocks, that are handed over at once.
const RUNS: usize = 32;
const BYTES: usize = 256 << 10;

/// Parts that may wait to be judged.
const WAITING: usize = 2;

/// A longer frame is left to who judges it, who is charged for it before.
const MOST_FRAME: u32 = 16 << 10;

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

    /// Reads all rooms, and the blocks in which a record may have to be asked; `None` where no thread can
    /// be had.
    fn read<'scope, 'e: 'scope>(
        self,
        scope: &'scope Scope<'scope, 'e>,
        snapshot: Snapshot<'e>,
        asked: Asked,
    ) -> Option<Parts> {
        let (send, parts) = sync_channel(WAITING);
        let reader = Builder::new().name("filedex-read".to_owned());
        let reader = reader.spawn_scoped(scope, move || {
            let _taken = self;
            if let Err(error) = read(snapshot, &asked, &send) {
                let _nobody_listens = send.send(Err(error));
            }
        });
        reader.ok().map(|_: thread::ScopedJoinHandle<'_, ()>| parts)
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
        std::thread::scope(|scope| {
            let Some(parts) = second.read(scope, snapshot, asked) else { return Ok(false) };
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

impl Drop for Second {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::AcqRel);
    }
}

fn read(
    snapshot: Snapshot<'_>,
    asked: &Asked,
    send: &SyncSender<Result<Vec<Fetched>>>,
) -> Result<()> {
    let (mut part, mut bytes, mut ahead) = (Vec::with_capacity(RUNS), 0, Ahead::default());
    for run in Walk::lists(snapshot, ALL_ROOMS, Bounds::of_prefix(ALL_ROOMS))? {
        let run = run?;
        let block = block(snapshot, &run, asked, &mut ahead)?;
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

fn block(
    snapshot: Snapshot<'_>,
    run: &Run,
    asked: &Asked,
    ahead: &mut Ahead,
) -> Result<Option<Block>> {
    let Some(item) = run.item().filter(|item| item.place.length <= MOST_FRAME) else {
        return Ok(None);
    };
    let mut classes = item.counts().map(|(class, _)| usize::from(class.byte()));
    match classes.any(|class| asked.get(class).is_some_and(|asked| *asked)) {
        true => snapshot.block_by_the_way(item.place, run.list(), ahead).map(Some),
        false => Ok(None),
    }
}
