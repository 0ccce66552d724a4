//! A power cut loses nothing that was acknowledged as durable, and leaves a beginning of the rest.
//!
//! A writing process is recorded by strace; its calls are replayed onto a disk that forgets; at
//! random moments the directory is laid out as it could stand, opened, and compared. Half of the cuts fall
//! into checkpoints and the beginnings of processes, and some on the opening of what an earlier cut left.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::check::{check, wait};
use crate::disk::Disk;
use crate::engine::{Kind, Promise, memory};
use crate::files;
use crate::history::{Event, History, judge};
use crate::layout::{self, Part, part};
use crate::script::{FEW_KEYS, MANY_KEYS, Script};
use crate::skip::{Skip, Skipping};
use crate::strace;
use crate::subject::Subject;
use crate::trace::{Call, Trace};
use crate::verdict::Verdict;
use crate::work::{self, Work};
use crate::writer::{self, Line};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How many cuts are tried.
    #[arg(long, default_value_t = 500)]
    rounds: u64,
    /// Lets some calls of the writers fail; they go on.
    #[arg(long)]
    faults: bool,
    /// Leaves these syncs out, to see that it is noticed.
    #[arg(long, value_enum)]
    skip_sync: Option<Skip>,
    #[command(flatten)]
    subject: Subject,
}

/// Cuts that one recording is used for.
const CUTS_PER_RECORDING: u64 = 25;

/// Seconds of writes that `Interval` may lose: 0.25, and what a busy machine under strace adds.
const INTERVAL: f64 = 2.0;

/// Syncs of the disk whose time comes to that.
const SYNCS: f64 = 2.0;

/// The sessions of one recording: the same store, opened again.
const SESSIONS: u64 = 2;

/// How long a recorded process may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Calls that are made to fail while a recording is made.
const FAILURES: &[&str] = &[
    "pwrite64,write:error=EIO",
    "pwrite64,write:error=ENOSPC",
    "fsync,fdatasync:error=EIO",
    "ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat:error=EIO",
    "openat:error=EIO",
    "pread64,read:error=EIO",
];

/// What a writing process did, twice in a row, and maybe a compaction behind it.
struct Recording {
    root: PathBuf,
    engine: Kind,
    seed: u64,
    writers: usize,
    keys: u64,
    /// Steps of each writer in a session.
    steps: u64,
    logs: Vec<PathBuf>,
    /// What calls were made to fail.
    faults: Vec<String>,
}

/// A recording, replayed up to some call.
struct Replay {
    disk: Disk,
    histories: Vec<History>,
    /// How many events of each writer are behind a close that returned.
    closed: Vec<usize>,
    /// The last call before each process but the first.
    beginnings: Vec<u64>,
    now: f64,
    /// Seconds of writes that may be lost where less was promised than that they are durable.
    may_lose: f64,
    unknown: u64,
}

/// What a look through a recording finds; calls are told by their numbers.
struct Found {
    /// What a cut could tell.
    changes: Vec<u64>,
    /// Those of them that a checkpoint makes.
    checkpoints: Vec<u64>,
    /// The last call before each process that goes on with what another left.
    beginnings: Vec<u64>,
    left_out: HashSet<u64>,
    /// Seconds of the sync that took longest.
    longest_sync: f64,
}

/// Changes behind a sync that is left out, or the beginning of a process, among which it is looked for what that does.
const SOON: usize = 24;

impl Found {
    /// A call after which the power is cut; half of them lie in checkpoints and beginnings, or soon after what is left
    /// out.
    fn moment(&self, random: &mut Rng) -> u64 {
        let mut left_out: Vec<u64> = self.left_out.iter().copied().collect();
        left_out.sort_unstable();
        let favoured = match random.choice(&left_out) {
            Some(sync) => random.choice(self.soon_after(*sync)),
            None if random.u8(0..3) == 0 => {
                let begins_after = random.choice(&self.beginnings);
                begins_after.and_then(|call| random.choice(self.soon_after(*call)))
            }
            None => random.choice(&self.checkpoints),
        };
        let favoured = favoured.filter(|_| random.bool());
        favoured.or_else(|| random.choice(&self.changes)).copied().unwrap_or(0)
    }

    fn soon_after(&self, call: u64) -> &[u64] {
        let behind = self.changes.partition_point(|change| *change <= call);
        let soon = self.changes.get(behind..).unwrap_or_default();
        soon.get(..SOON).unwrap_or(soon)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("power", arguments.subject.engine, arguments.subject.seed);
    if !strace::is_here() {
        verdict.skip("there is no strace that may trace");
        return Ok(verdict);
    }
    let mut random = Rng::with_seed(arguments.subject.seed);
    let mut round = 0;
    while round < arguments.rounds {
        let cuts = CUTS_PER_RECORDING.min(arguments.rounds - round);
        let site = tempfile::Builder::new().prefix("trials-power-").tempdir()?;
        match record(arguments, site.path(), &mut random)? {
            Some(recording) => {
                cut(arguments, &recording, round..round + cuts, &mut random, &mut verdict)?;
            }
            None => verdict.broke(format!("cuts from {round}: the writer did not end well")),
        }
        round += cuts;
        verdict.progress(round, arguments.rounds);
    }
    Ok(verdict)
}

/// Lets processes write under strace, and now and then one compact or repair what they wrote. `None` if one of
/// them fails by itself.
fn record(arguments: &Arguments, site: &Path, random: &mut Rng) -> Outcome<Option<Recording>> {
    let (root, engine) = (site.join("disk"), arguments.subject.engine);
    std::fs::create_dir(&root)?;
    let promise = promise(arguments, random);
    // What is bounded by time takes time to try.
    let (steps, pause) =
        if promise == Promise::Durable { (random.u64(10..80), 0) } else { (350, 8) };
    let (seed, writers) = (random.u64(..), random.usize(1..=3));
    // What a process has not synced when it ends is read back by the next one, and may still be lost.
    let vanish = match promise {
        _ if engine != Kind::Filedex || promise == Promise::Relaxed => false,
        Promise::Interval => arguments.skip_sync == Some(Skip::Settling) || random.u8(0..4) > 0,
        _ => random.bool(),
    };
    // A store that is larger than its memory reads while it makes a checkpoint.
    let keys = if arguments.faults { MANY_KEYS } else { FEW_KEYS };
    let mut recording = Recording::new(&root, engine, seed, writers);
    (recording.keys, recording.steps) = (keys, steps);
    for session in 0..SESSIONS {
        let from = vec![1 + session * steps; writers];
        let line = writer::Arguments { engine, promise, seed, from, steps, ..Default::default() };
        let line = writer::Arguments { directory: recording.store(), cache: memory(seed), ..line };
        let line = writer::Arguments { keys, pause, failures: 2, reopens: 1, vanish, ..line };
        let faults = if arguments.faults { faults(random) } else { Vec::new() };
        if !recording.add(&line.to_line(), site.join(format!("log{session}")), &faults)? {
            return Ok(None);
        }
    }
    if engine == Kind::Filedex
        && !arguments.faults
        && let Some(work) = upkeep(arguments, random)
    {
        let line = work::line(work, &recording.store(), Path::new(""));
        if !recording.add(&line, site.join("log of the upkeep"), &[])? {
            return Ok(None);
        }
    }
    Ok(Some(recording))
}

/// What becomes of the store in the end: it is compacted where it lies, or a repair puts another in its place.
fn upkeep(arguments: &Arguments, random: &mut Rng) -> Option<Work> {
    match random.u8(0..4) {
        _ if arguments.skip_sync == Some(Skip::Replacement) => Some(Work::Repair),
        0 => Some(Work::Compact),
        1 => Some(Work::Repair),
        _ => None,
    }
}

fn promise(arguments: &Arguments, random: &mut Rng) -> Promise {
    match random.u8(0..10) {
        _ if arguments.subject.engine != Kind::Filedex => Promise::Durable,
        // Where each write is synced, nothing is left to be synced before the next log.
        _ if arguments.skip_sync == Some(Skip::OldLog) => Promise::Relaxed,
        _ if arguments.skip_sync == Some(Skip::Settling) => Promise::Interval,
        0..5 => Promise::Durable,
        5..8 => Promise::Interval,
        // What is in memory goes with a handle whose log cannot be written, and the next one counts on.
        _ if arguments.faults => Promise::Interval,
        _ => Promise::Relaxed,
    }
}

/// One failing call or two, some of them lasting.
fn faults(random: &mut Rng) -> Vec<String> {
    let fault = |_| {
        let failure = random.choice(FAILURES).copied().unwrap_or_default();
        let (first, lasting) = (random.u32(1..150), if random.u8(0..4) == 0 { "+" } else { "" });
        format!("{failure}:when={first}{lasting}")
    };
    let faults: Vec<String> = (0..2).map(fault).collect();
    faults.into_iter().take(if random.bool() { 1 } else { 2 }).collect()
}

/// Cuts the power at as many moments of the recording.
fn cut(
    arguments: &Arguments,
    recording: &Recording,
    rounds: Range<u64>,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<()> {
    let found = recording.look(recording.begin(), arguments.skip_sync, verdict)?;
    verdict.add("syncs left out", found.left_out.len() as u64);
    let mut moments: Vec<(u64, u64)> = rounds.map(|round| (found.moment(random), round)).collect();
    moments.sort_unstable();
    let may_lose = INTERVAL + SYNCS * found.longest_sync;
    let begin = Replay { may_lose, ..recording.begin() };
    recording.replay(begin, &found.left_out, &mut |replay, _, number, _| {
        let start = moments.partition_point(|(moment, _)| *moment < number);
        let here = moments.iter().skip(start).take_while(|(moment, _)| *moment == number);
        for (_, round) in here {
            cut_here(arguments, recording, replay, *round, random, verdict)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Of so many cuts one is followed by another while the store is opened again.
const CUTS_PER_SECOND_CUT: u8 = 4;

fn cut_here(
    arguments: &Arguments,
    recording: &Recording,
    replay: &Replay,
    round: u64,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<()> {
    let site = tempfile::Builder::new().prefix("trials-cut-").tempdir()?;
    let mut laid = site.path().join("disk");
    replay.disk.cut(&laid, random)?;
    layout::run_anew(&laid.join("store"))?;
    let is_cut_again = random.u8(0..CUTS_PER_SECOND_CUT) == 0 && recording.engine == Kind::Filedex;
    if is_cut_again && laid.join("store").exists() {
        let again = site.path().join("again");
        if cut_again(arguments, &laid, &again, random, verdict)? {
            laid = again;
        }
    }
    let kept = arguments.subject.keep(&laid.join("store"), round);
    match replay.judge(arguments.subject.engine, &laid.join("store"), verdict) {
        Ok(()) => forget(arguments.subject.keep.as_deref(), round),
        Err(fault) => {
            let faults = recording.faults.join(" ");
            verdict.first("first broken cut", round + 1);
            verdict.broke(format!("cut {round} {faults}: {fault}{kept}"));
        }
    }
    Ok(())
}

/// Opens what a cut left and cuts the power meanwhile, at any call that a cut could tell; lays out what
/// that leaves. False if there is no such call.
fn cut_again(
    arguments: &Arguments,
    laid: &Path,
    again: &Path,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<bool> {
    let (first, second) = (Disk::load(laid)?, Disk::load(laid)?);
    let mut recording = Recording::new(laid, arguments.subject.engine, 0, 0);
    let line = work::line(Work::Open, &recording.store(), Path::new(""));
    recording.add(&line, laid.with_extension("log"), &[])?;
    let begin = |disk| Replay { disk, ..recording.begin() };
    let found = recording.look(begin(first), arguments.skip_sync, verdict)?;
    let Some(moment) = random.choice(&found.changes) else { return Ok(false) };
    recording.replay(begin(second), &found.left_out, &mut |replay, _, number, _| {
        if number == *moment {
            replay.disk.cut(again, random)?;
            layout::run_anew(&again.join("store"))?;
        }
        Ok(())
    })?;
    verdict.add("cuts during recovery", 1);
    Ok(true)
}

/// The state before a check is kept only if the check fails.
fn forget(kept: Option<&Path>, round: u64) {
    if let Some(kept) = kept {
        let _ = std::fs::remove_dir_all(kept.join(round.to_string()));
    }
}

/// Is shown each state with the call that made it, its number, and whether a cut could tell.
type Show<'a> = dyn FnMut(&Replay, &Call, u64, bool) -> Outcome<()> + 'a;

impl Recording {
    fn new(root: &Path, engine: Kind, seed: u64, writers: usize) -> Recording {
        let (root, keys, steps, logs) = (root.to_owned(), FEW_KEYS, 0, Vec::new());
        Recording { root, engine, seed, writers, keys, steps, logs, faults: Vec::new() }
    }

    fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Records a process; false if it fails by itself, or hangs.
    fn add(&mut self, line: &[String], log: PathBuf, faults: &[String]) -> Outcome<bool> {
        if let Some(before) = self.logs.last() {
            files::copy(&self.root, &left_behind(before))?;
        }
        let ended = wait(&mut strace::recording(line, &log, faults)?, PATIENCE);
        self.logs.push(log);
        self.faults.extend_from_slice(faults);
        Ok(ended.is_some_and(|well| well || !faults.is_empty()))
    }

    /// An empty disk, and nothing told.
    fn begin(&self) -> Replay {
        let script = |writer| History::new(Script::new(self.seed, writer as u64).over(self.keys));
        let disk = Disk::new(&self.root);
        // The others count on what Linux's file systems do beyond POSIX.
        let is_ours = self.engine == Kind::Filedex;
        Replay {
            disk: if is_ours { disk } else { disk.syncing_names() },
            histories: (0..self.writers).map(script).collect(),
            closed: vec![0; self.writers],
            beginnings: Vec::new(),
            now: 0.0,
            may_lose: INTERVAL,
            unknown: 0,
        }
    }

    fn look(&self, begin: Replay, skip: Option<Skip>, verdict: &mut Verdict) -> Outcome<Found> {
        let (mut changes, mut checkpoints, mut skipping) = (vec![], vec![], Skipping::new(skip));
        let mut longest_sync = 0.0_f64;
        let store = self.store();
        let end = self.replay(begin, &HashSet::new(), &mut |replay, call, number, is_change| {
            skipping.look(call, number, &store, &replay.disk);
            longest_sync = longest_sync.max(if call.is_sync() { call.took } else { 0.0 });
            if is_change {
                changes.push(number);
                checkpoints.extend(is_of_checkpoint(call, &store).then_some(number));
            }
            Ok(())
        })?;
        verdict.add("calls", changes.len() as u64);
        verdict.add("calls that the model does not know", end.unknown);
        verdict.most("longest sync, ms", (longest_sync * 1000.0) as u64);
        let (beginnings, left_out) = (end.beginnings, skipping.calls);
        Ok(Found { changes, checkpoints, beginnings, left_out, longest_sync })
    }

    /// Replays the calls but for those left out.
    fn replay(
        &self,
        begin: Replay,
        left_out: &HashSet<u64>,
        show: &mut Show<'_>,
    ) -> Outcome<Replay> {
        let (mut replay, mut number) = (begin, 0);
        for (session, log) in self.logs.iter().enumerate() {
            let mut trace = Trace::default();
            let mut lines = BufReader::new(File::open(log)?);
            let mut line = String::new();
            while lines.read_line(&mut line)? > 0 {
                if let Some(call) = trace.line(line.trim_end(), replay.disk.moment()) {
                    number += 1;
                    let is_change = !left_out.contains(&number) && replay.call(&call);
                    show(&replay, &call, number, is_change)?;
                }
                line.clear();
            }
            let left = left_behind(log);
            if left.exists() {
                replay.disk.catch_up(trace.cut_short(), &left)?;
                replay.beginnings.push(number);
            }
            replay.disk.ended();
            if !self.faults.is_empty() {
                // A writer that was stopped by a fault goes on with the steps of the next session.
                let first = 1 + (session as u64 + 1) * self.steps;
                replay.histories.iter_mut().for_each(|history| history.resumed(first));
            }
        }
        Ok(replay)
    }
}

/// Where the disk is kept as the process of that log left it, if another follows.
fn left_behind(log: &Path) -> PathBuf {
    log.with_extension("left")
}

/// Whether a change is one that a checkpoint makes: to blocks, to the index, to names.
fn is_of_checkpoint(call: &Call, store: &Path) -> bool {
    let path = call.open_path(0);
    let Ok(below) = Path::new(&path).strip_prefix(store) else { return call.file(0) != 1 };
    matches!(part(below), Part::Blocks | Part::Index) || below.as_os_str().is_empty()
}

impl Replay {
    /// Takes a call in; says whether a cut could tell.
    fn call(&mut self, call: &Call) -> bool {
        self.now = call.time;
        self.unknown += u64::from(self.disk.misses(call));
        if call.name == "writev" && call.file(0) == 1 {
            let text = String::from_utf8_lossy(&call.bytes(1)).into_owned();
            Line::parse(text.trim_end()).is_some_and(|line| self.told(line, call.time))
        } else {
            self.disk.apply(call)
        }
    }

    fn told(&mut self, line: Line, at: f64) -> bool {
        match line {
            Line::Open | Line::Fault { .. } => {}
            Line::Closed => self.closed = self.histories.iter().map(History::len).collect(),
            Line::Step { writer, event, .. } => {
                if let Some(history) = self.histories.get_mut(writer) {
                    history.note(Event { at, ..event });
                }
            }
        }
        true
    }

    /// Opens what a cut left and compares it with what was promised.
    fn judge(&self, engine: Kind, store: &Path, verdict: &mut Verdict) -> Result<(), String> {
        let checked = check(engine, store)?;
        let kept = |event: &Event| match event.promised {
            Some(Promise::Durable) => true,
            Some(_) => event.at < self.now - self.may_lose,
            None => false,
        };
        let histories = self.histories.iter().zip(&self.closed);
        let floors = histories.map(|(history, closed)| history.floor(kept).max(*closed));
        let floors: Vec<usize> = floors.collect();
        let mut histories = self.histories.clone();
        histories.iter_mut().for_each(History::stopped);
        let durable: usize = floors.iter().sum();
        verdict.add("durable writes looked for", durable as u64);
        judge(&mut histories, &checked, &floors)?;
        verdict.add("checked", 1);
        Ok(())
    }
}
