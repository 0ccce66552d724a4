//! A process that is killed at any moment loses nothing that was acknowledged, and leaves no half of
//! a write.
//!
//! Rounds share a store, so that what one kill leaves is what the next open meets. Where strace is at
//! hand, a process is also killed at each single call by which it changes files while it opens.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::check::{check, itself};
use crate::engine::{Kind, Promise, memory};
use crate::history::{Event, History, judge};
use crate::interrupt;
use crate::script::Script;
use crate::strace;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::writer::{self, Line, listen};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How many processes are killed while they write, and a fifth as many while they open, repair,
    /// compact and restore, each.
    #[arg(long, default_value_t = 1000)]
    rounds: u64,
    #[command(flatten)]
    subject: Subject,
}

/// Rounds that a store lives for.
const ROUNDS_PER_STORE: u64 = 40;
const WRITERS: u64 = 3;

/// A store and what its writers were told.
struct Site {
    directory: tempfile::TempDir,
    seed: u64,
    histories: Vec<History>,
}

impl Site {
    fn new(seed: u64) -> Outcome<Site> {
        let histories = (0..WRITERS).map(|writer| History::new(Script::new(seed, writer)));
        let directory = tempfile::Builder::new().prefix("trials-kill-").tempdir()?;
        Ok(Site { directory, seed, histories: histories.collect() })
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    /// A writing process for this store.
    fn writer(&self, engine: Kind, promise: Promise, writers: usize) -> writer::Arguments {
        let from: Vec<u64> = self.histories.iter().take(writers).map(History::next).collect();
        let cache = memory(from.iter().sum());
        let (directory, seed) = (self.store(), self.seed);
        let line = writer::Arguments { directory, engine, promise, seed, ..Default::default() };
        writer::Arguments { from, cache, ..line }
    }

    /// Notes what the process told before it was killed.
    fn note(&mut self, lines: Vec<Line>, writers: usize) {
        for line in lines {
            if let Line::Step { writer, event, .. } = line
                && let Some(history) = self.histories.get_mut(writer)
            {
                history.note(event);
            }
        }
        self.histories.iter_mut().take(writers).for_each(History::stopped);
    }

    /// Opens the store and compares it with what was promised.
    fn judge(&mut self, engine: Kind, verdict: &mut Verdict) -> Result<(), String> {
        let checked = check(engine, &self.store())?;
        let acknowledged: u64 = self.histories.iter().map(History::acknowledged).sum();
        verdict.add("acknowledged", acknowledged);
        let kept =
            |event: &Event| event.promised.is_some_and(|promise| promise != Promise::Relaxed);
        let floors: Vec<usize> = self.histories.iter().map(|history| history.floor(kept)).collect();
        judge(&mut self.histories, &checked, &floors)?;
        verdict.add("checked", 1);
        Ok(())
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("kill", arguments.subject.engine, arguments.subject.seed);
    let mut random = Rng::with_seed(arguments.subject.seed);
    let mut site = Site::new(random.u64(..))?;
    for round in 1..=arguments.rounds {
        if round.is_multiple_of(ROUNDS_PER_STORE) && round < arguments.rounds {
            site = Site::new(random.u64(..))?;
        }
        let promise = kill_one(&mut site, arguments.subject.engine, &mut random, &mut verdict)?;
        // Now and then the next process meets what this one left; not where anything may be lost.
        let looked_at = promise == Promise::Relaxed || random.u8(0..4) > 0;
        if (looked_at || round == arguments.rounds)
            && let Err(fault) = site.judge(arguments.subject.engine, &mut verdict)
        {
            let kept = arguments.subject.keep(&site.store(), round);
            verdict.broke(format!("round {round}: {fault}{kept}"));
            site = Site::new(random.u64(..))?;
        }
        verdict.progress(round, arguments.rounds);
    }
    each_call_of_an_open(arguments, &mut verdict)?;
    interrupt::run(&arguments.subject, arguments.rounds / 5, &mut verdict)?;
    Ok(verdict)
}

fn kill_one(
    site: &mut Site,
    engine: Kind,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<Promise> {
    let promise = match random.u8(0..10) {
        0..4 => Promise::Durable,
        4..8 => Promise::Interval,
        _ => Promise::Relaxed,
    };
    let writers = random.usize(1..=3);
    let arguments = site.writer(engine, promise, writers);
    let mut child = itself()?
        .args(arguments.to_line())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let lines = listen(&mut child)?;
    let mut told = Vec::new();
    let while_opening = random.u8(0..10) < 3;
    if while_opening {
        thread::sleep(Duration::from_micros(random.u64(0..10_000)));
    } else {
        told.extend(lines.recv_timeout(Duration::from_secs(30)));
        thread::sleep(Duration::from_micros(random.u64(0..150_000)));
    }
    child.kill()?;
    let status = child.wait()?;
    told.extend(lines.iter());
    let opened = told.iter().any(|line| matches!(line, Line::Open));
    verdict.add(if opened { "killed while writing" } else { "killed while opening" }, 1);
    site.note(told, writers);
    if died_by_itself(status) {
        verdict.broke(format!("the writer ended by itself: {status}"));
    }
    Ok(promise)
}

fn died_by_itself(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal() != Some(9)
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}

/// Calls of one group, of one thread, at which processes are killed at most.
const MOST_CALLS: u64 = 60;

/// Kills a process at its first changing call, then at its second, and so on: in a new store and in
/// one with content.
fn each_call_of_an_open(arguments: &Arguments, verdict: &mut Verdict) -> Outcome<()> {
    if !strace::is_here() {
        verdict.skip("kills at each call: there is no strace");
        return Ok(());
    }
    let most = MOST_CALLS.min(arguments.rounds / 10);
    for (calls, filled) in strace::GROUPS.iter().flat_map(|calls| [(calls, false), (calls, true)]) {
        let mut site = Site::new(arguments.subject.seed)?;
        for number in 1..=most {
            if !filled {
                site = Site::new(arguments.subject.seed)?;
            }
            let killed = kill_at(
                &mut site,
                arguments.subject.engine,
                &format!("{calls}:signal=KILL:when={number}"),
            )?;
            if let Err(fault) = site.judge(arguments.subject.engine, verdict) {
                let kept = arguments.subject.keep(&site.store(), 1_000_000 + number);
                verdict.broke(format!("at {calls} {number}, filled {filled}: {fault}{kept}"));
                site = Site::new(arguments.subject.seed)?;
            }
            if !killed {
                break;
            }
            verdict.add("killed at a call", 1);
        }
    }
    Ok(())
}

/// Whether the process met the call at which it dies.
fn kill_at(site: &mut Site, engine: Kind, what: &str) -> Outcome<bool> {
    let mut line = site.writer(engine, Promise::Durable, 1);
    line.steps = 8;
    let mut child = strace::injecting(&line.to_line(), what)?;
    let lines = listen(&mut child)?;
    let ended = child.wait()?.success();
    site.note(lines.iter().collect(), 1);
    Ok(!ended)
}
