//! A second thread for who goes through much: it reads blocks while those before them are judged, or made columns
//! of.
//!
//! There are as many of these threads in a process as there are processors beside one; who finds them taken
//! reads by himself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Builder, Scope, available_parallelism};

use filedex_query::Path;

use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::residual::Verdict;
use crate::blocks::Ahead;
use crate::error::Result;
use crate::format::lists::ALL_ROOMS;
use crate::format::{Block, CLASSES, Class};
use crate::snapshot::{Bounds, Run, Snapshot, Walk};

/// A run, with its block if that was read.
pub(super) type Fetched = (Run, Option<Block>);

/// Runs in order, some at a time. Whoever has enough of them drops this, and the thread ends.
type Parts = Receiver<Result<Vec<Fetched>>>;

/// The classes whose records are to be asked themselves.
type Asked = [bool; CLASSES];

/// What a second thread reads: blocks of rooms from the key `from` on, up to the first one from `end` on.
pub(super) struct Reading {
    pub(super) from: Vec<u8>,
    pub(super) end: Vec<u8>,
    /// Blocks that hold none of these classes are handed over unread.
    asked: Asked,
    /// And so are those of which columns of these paths lie on the disk, if there are any.
    columns: Option<Vec<Path>>,
}

/// What it hands over, run by run.
pub(super) struct Feed {
    parts: Parts,
    part: std::vec::IntoIter<Fetched>,
    /// A run that was taken and put back.
    put_back: Option<Fetched>,
    /// Where the last run began that was put back.
    at: Vec<u8>,
}

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

    /// Reads; `None` where no thread can be had.
    pub(super) fn read<'scope, 'e: 'scope>(
        self,
        scope: &'scope Scope<'scope, 'e>,
        snapshot: Snapshot<'e>,
        reading: Reading,
    ) -> Option<Feed> {
        let (send, parts) = sync_channel(WAITING);
        let reader = Builder::new().name("filedex-read".to_owned());
        let reader = reader.spawn_scoped(scope, move || {
            let _taken = self;
            if let Err(error) = reading.send(snapshot, &send) {
                let _nobody_listens = send.send(Err(error));
            }
        });
        reader.ok().map(|_: thread::ScopedJoinHandle<'_, ()>| Feed {
            parts,
            part: Vec::new().into_iter(),
            put_back: None,
            at: Vec::new(),
        })
    }
}

impl Feed {
    /// The next run.
    pub(super) fn next(&mut self) -> Result<Option<Fetched>> {
        if let Some(fetched) = self.put_back.take() {
            return Ok(Some(fetched));
        }
        loop {
            if let Some(fetched) = self.part.next() {
                return Ok(Some(fetched));
            }
            match self.parts.recv() {
                Ok(part) => self.part = part?.into_iter(),
                Err(_) => return Ok(None),
            }
        }
    }

    /// Gives a run back that was taken too early.
    pub(super) fn put_back(&mut self, fetched: Fetched) {
        self.at = fetched.0.key();
        self.put_back = Some(fetched);
    }

    /// Whether the runs from that key on are still to come.
    pub(super) fn is_before(&self, key: &[u8]) -> bool {
        self.at.as_slice() < key || self.at.as_slice() == key && self.put_back.is_some()
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
        let Bounds { from, to: end } = Bounds::of_prefix(ALL_ROOMS);
        let snapshot = self.snapshot;
        thread::scope(|scope| {
            let reading = Reading { from, end, asked, columns: None };
            let Some(mut feed) = second.read(scope, snapshot, reading) else { return Ok(false) };
            while let Some((run, block)) = feed.next()? {
                if self.step_with(&run, block, None, collector)? == Flow::Done {
                    break;
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

impl Reading {
    /// Reads every block of which no columns of these paths lie on the disk.
    pub(super) fn for_columns(from: Vec<u8>, end: Vec<u8>, paths: Vec<Path>) -> Reading {
        Reading { from, end, asked: [true; CLASSES], columns: Some(paths) }
    }

    fn send(&self, snapshot: Snapshot<'_>, send: &SyncSender<Result<Vec<Fetched>>>) -> Result<()> {
        let (mut part, mut bytes, mut ahead) = (Vec::with_capacity(RUNS), 0, Ahead::default());
        let bounds = Bounds { from: self.from.clone(), ..Bounds::of_prefix(ALL_ROOMS) };
        for run in Walk::lists(snapshot, ALL_ROOMS, bounds)? {
            let run = run?;
            let is_last = run.item().is_some() && run.key() >= self.end;
            let block = match is_last {
                true => None,
                false => self.block(snapshot, &run, &mut ahead)?,
            };
            bytes += block.as_ref().map_or(0, Block::memory);
            part.push((run, block));
            if is_last {
                break;
            }
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
        if let Some(paths) = &self.columns
            && snapshot.columns(item.place, paths)?.is_some()
        {
            return Ok(None);
        }
        let mut classes = item.counts().map(|(class, _)| usize::from(class.byte()));
        match classes.any(|class| self.asked.get(class).is_some_and(|asked| *asked)) {
            true => snapshot.block_by_the_way(item.place, run.list(), ahead).map(Some),
            false => Ok(None),
        }
    }
}
