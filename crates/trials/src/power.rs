//! A power cut loses nothing that was acknowledged as durable, and leaves a beginning of the rest.
//!
//! A writing process is recorded by strace; its calls are replayed onto a disk that forgets; at
//! random moments the directory is laid out as it could stand, opened, and compared.

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
use crate::history::{Event, History, judge};
use crate::script::Script;
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
    #[command(flatten)]
    subject: Subject,
}

/// Cuts that one recording is used for.
const CUTS_PER_RECORDING: u64 = 25;

/// What `Interval` may lose: 250 ms of writes, and what a busy machine under strace adds.
const INTERVAL: f64 = 2.0;

/// The sessions of one recording: the same store, opened again.
const SESSIONS: u64 = 2;

/// What a writing process did, twice in a row, and maybe a compaction behind it.
struct Recording {
    root: PathBuf,
    seed: u64,
    writers: usize,
    logs: Vec<PathBuf>,
}

/// A recording, replayed up to some call.
struct Replay {
    disk: Disk,
    histories: Vec<History>,
    /// How many events of each writer are behind a close that returned.
    closed: Vec<usize>,
    now: f64,
    unknown: u64,
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
        match record(arguments.subject.engine, site.path(), &mut random)? {
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

/// Lets processes write under strace, and now and then one compact what they wrote. `None` if one of
/// them fails by itself.
fn record(engine: Kind, site: &Path, random: &mut Rng) -> Outcome<Option<Recording>> {
    let root = site.join("disk");
    std::fs::create_dir(&root)?;
    let promise = match random.u8(0..10) {
        _ if engine != Kind::Filedex => Promise::Durable,
        0..6 => Promise::Durable,
        6..8 => Promise::Interval,
        _ => Promise::Relaxed,
    };
    // What is bounded by time takes time to try.
    let (steps, pause) =
        if promise == Promise::Durable { (random.u64(10..80), 0) } else { (350, 8) };
    let (seed, writers) = (random.u64(..), random.usize(1..=3));
    let mut logs = Vec::new();
    for session in 0..SESSIONS {
        let directory = root.join("store");
        let (from, cache) = (vec![1 + session * steps; writers], memory(seed));
        let line =
            writer::Arguments { directory, engine, promise, seed, from, steps, pause, cache };
        let log = site.join(format!("log{session}"));
        let mut child = strace::recording(&line.to_line(), &log)?;
        if wait(&mut child, Duration::from_secs(120)) != Some(true) {
            return Ok(None);
        }
        logs.push(log);
    }
    if engine == Kind::Filedex && random.bool() {
        let log = site.join("log of a compaction");
        let line = work::line(Work::Compact, &root.join("store"), Path::new(""));
        if wait(&mut strace::recording(&line, &log)?, Duration::from_secs(120)) != Some(true) {
            return Ok(None);
        }
        logs.push(log);
    }
    Ok(Some(Recording { root, seed, writers, logs }))
}

/// Cuts the power at as many moments of the recording.
fn cut(
    arguments: &Arguments,
    recording: &Recording,
    rounds: Range<u64>,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<()> {
    let mut changes = 0;
    let end = recording.replay(&mut |_, change| {
        changes = change;
        Ok(())
    })?;
    verdict.add("calls", changes);
    verdict.add("calls that the model does not know", end.unknown);
    let mut moments: Vec<(u64, u64)> =
        rounds.map(|round| (random.u64(1..=changes.max(1)), round)).collect();
    moments.sort_unstable();
    recording.replay(&mut |replay, change| {
        let start = moments.partition_point(|(moment, _)| *moment < change);
        let here = moments.iter().skip(start).take_while(|(moment, _)| *moment == change);
        for (_, round) in here {
            let laid = tempfile::Builder::new().prefix("trials-cut-").tempdir()?;
            let laid = laid.path().join("disk");
            replay.disk.cut(&laid, random)?;
            let kept = arguments.subject.keep(&laid.join("store"), *round);
            match replay.judge(arguments.subject.engine, &laid.join("store"), verdict) {
                Ok(()) => forget(arguments.subject.keep.as_deref(), *round),
                Err(fault) => verdict.broke(format!("cut {round}: {fault}{kept}")),
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// The state before a check is kept only if the check fails.
fn forget(kept: Option<&Path>, round: u64) {
    if let Some(kept) = kept {
        let _ = std::fs::remove_dir_all(kept.join(round.to_string()));
    }
}

impl Recording {
    /// Replays the calls; shows every state with the number of the change that made it.
    fn replay(&self, show: &mut dyn FnMut(&Replay, u64) -> Outcome<()>) -> Outcome<Replay> {
        let script = |writer| History::new(Script::new(self.seed, writer as u64));
        let mut replay = Replay {
            disk: Disk::new(&self.root),
            histories: (0..self.writers).map(script).collect(),
            closed: vec![0; self.writers],
            now: 0.0,
            unknown: 0,
        };
        let mut change = 0;
        for log in &self.logs {
            let mut trace = Trace::default();
            let mut lines = BufReader::new(File::open(log)?);
            let mut line = String::new();
            while lines.read_line(&mut line)? > 0 {
                let call = trace.line(line.trim_end(), replay.disk.moment());
                if call.is_some_and(|call| replay.call(&call)) {
                    change += 1;
                    show(&replay, change)?;
                }
                line.clear();
            }
            replay.disk.ended();
        }
        Ok(replay)
    }
}

impl Replay {
    /// Takes a call in; says whether a cut could tell.
    fn call(&mut self, call: &Call) -> bool {
        self.now = call.time;
        self.unknown += u64::from(self.disk.misses(call));
        if call.name == "write" && call.file(0) == 1 {
            let text = String::from_utf8_lossy(&call.bytes(1)).into_owned();
            Line::parse(text.trim_end()).is_some_and(|line| self.told(line, call.time))
        } else {
            self.disk.apply(call)
        }
    }

    fn told(&mut self, line: Line, at: f64) -> bool {
        match line {
            Line::Open => {}
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
            Some(_) => event.at < self.now - INTERVAL,
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
