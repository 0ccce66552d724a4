//! A disk that is full, or that fails, is told; nothing acknowledged is lost by it, and a store that
//! is opened again works.
//!
//! The host goes on after the errors, through many checkpoints, closes the store or is killed. Failing
//! calls come from the injector; a full disk is a small tmpfs, which takes root to mount; short writes
//! come from a limit on the size of files.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::engine::Promise;
use crate::injector::{Fault, Injector, What};
use crate::site::Site;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::writer::{self, Line};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How many stores meet failing calls; half as many meet short writes, a quarter full disks.
    #[arg(long, default_value_t = 100)]
    rounds: u64,
    /// What is tried, instead of everything.
    #[arg(long, value_enum, value_delimiter = ',')]
    kinds: Vec<Kind>,
    #[command(flatten)]
    subject: Subject,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Calls,
    ShortWrites,
    FullDisks,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("faults", arguments.subject.engine, arguments.subject.seed);
    let mut random = Rng::with_seed(arguments.subject.seed);
    let is_asked = |kind| arguments.kinds.is_empty() || arguments.kinds.contains(&kind);
    if is_asked(Kind::Calls) {
        failing_calls(arguments, &mut random, &mut verdict)?;
    }
    if is_asked(Kind::ShortWrites) {
        limited_files(arguments, &mut random, &mut verdict)?;
    }
    if is_asked(Kind::FullDisks) {
        full_disks(arguments, &mut random, &mut verdict)?;
    }
    Ok(verdict)
}

/// Failures that a host goes on after: each doubles the states that the store may be in.
const FAILURES: u64 = 6;

/// Stores that are copied, of different content.
const PASTS: usize = 3;

/// Steps of a long run.
const STEPS: u64 = 100;

/// Runs of one store, each of which meets what the one before left.
const SESSIONS: u64 = 3;

fn failing_calls(arguments: &Arguments, random: &mut Rng, verdict: &mut Verdict) -> Outcome<()> {
    let injector = match Injector::new() {
        Ok(injector) => injector,
        Err(reason) => {
            verdict.skip(format!("failing calls: {reason}"));
            return Ok(());
        }
    };
    let place = tempfile::Builder::new().prefix("trials-faults-").tempdir()?;
    // The stores have some past, so that there is something to lose.
    let past = |number| {
        let directory = place.path().join(format!("{number}"));
        Site::with_past(&directory, arguments.subject.engine, random, verdict)
    };
    let pasts = (0..PASTS).map(past).collect::<Outcome<Vec<Site>>>()?;
    for round in 1..=arguments.rounds {
        let directory = place.path().join("run");
        let Some(past) = random.choice(&pasts) else { break };
        let mut site = past.copy(&directory)?;
        let mut met = Vec::new();
        let fault = sessions(&mut site, &injector, &mut met, random, verdict)?;
        if let Err(fault) = fault.and_then(|()| site.goes_on(verdict)) {
            verdict.first("first broken round", round);
            let kept = arguments.subject.keep(&site.store(), round);
            verdict.broke(format!("round {round}, {}: {fault}{kept}", met.join(", ")));
        }
        std::fs::remove_dir_all(&directory)?;
        verdict.add("failing calls", 1);
        verdict.progress(round, arguments.rounds);
    }
    Ok(())
}

/// Long runs with faults; not every one is looked at before the next.
fn sessions(
    site: &mut Site,
    injector: &Injector,
    met: &mut Vec<String>,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<Result<(), String>> {
    for session in 1..=SESSIONS {
        let line = site.line(promise(random), STEPS);
        let line = writer::Arguments { failures: FAILURES, reopens: 3, ..line };
        let faults = draw(random);
        met.extend(faults.iter().map(|fault| format!("{fault:?}")));
        let child = injector.start(&line.to_line(), &site.directory, &faults)?;
        let mut note = |line: &Line| {
            if let Line::Fault { call, .. } = line {
                met.push(call.clone());
            }
        };
        site.follow(child, &mut note, verdict)?;
        verdict.add("sessions with faults", 1);
        // What may be there doubles with each failure that is not looked at.
        if (session == SESSIONS || site.is_unsure() || random.bool())
            && let Err(fault) = site.judge(verdict)
        {
            return Ok(Err(fault));
        }
    }
    Ok(Ok(()))
}

/// One fault or several, some of which last; and maybe a kill behind them.
fn draw(random: &mut Rng) -> Vec<Fault> {
    let fault = |random: &mut Rng| {
        let (what, calls) = match random.u8(0..8) {
            0..4 => (What::FailsToRead, 400),
            4..6 => (What::Fails, 3_000),
            6 => (What::IsFull, 2_000),
            _ => (What::Half, 2_000),
        };
        let first = random.u64(1..calls);
        let more = match random.u8(0..8) {
            0 => return Fault::lasting(first, what),
            1 => random.u64(1..200),
            2..4 => random.u64(1..5),
            _ => 0,
        };
        Fault { first, last: first + more, what }
    };
    let mut faults: Vec<Fault> = (0..random.usize(1..4)).map(|_| fault(random)).collect();
    if random.bool() {
        faults.push(Fault::once(random.u64(2..2_000), What::KillsLater));
    }
    faults
}

fn promise(random: &mut Rng) -> Promise {
    if random.bool() { Promise::Durable } else { Promise::Interval }
}

/// What limits the files of a process.
const SHELL: &str = "/bin/sh";

/// Writes beyond a size are cut short, then refused.
fn limited_files(arguments: &Arguments, random: &mut Rng, verdict: &mut Verdict) -> Outcome<()> {
    let limited = |line: &[String], blocks: u64| -> Outcome<Child> {
        // The signal that comes with the refusal is none of the store's business.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = Command::new(SHELL);
        shell.arg("-c").arg(script).arg(std::env::current_exe()?).args(line);
        Ok(shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?)
    };
    if !Path::new(SHELL).exists() {
        verdict.skip("short writes: there is no shell that limits files");
        return Ok(());
    }
    for round in 1..=arguments.rounds / 2 {
        let directory = tempfile::Builder::new().prefix("trials-faults-").tempdir()?;
        let mut site = Site::new(directory.path(), arguments.subject.engine, random);
        site.write(&site.line(promise(random), 30), verdict)?;
        let line = writer::Arguments { vanish: random.bool(), ..site.line(promise(random), 400) };
        let child = limited(&line.to_line(), random.u64(40..4_000))?;
        site.follow(child, &mut |_| (), verdict)?;
        let fault = site.judge(verdict).and_then(|()| site.goes_on(verdict));
        if let Err(fault) = fault {
            let kept = arguments.subject.keep(&site.store(), 1_000_000 + round);
            verdict.broke(format!("round {round}, short writes: {fault}{kept}"));
        }
        verdict.add("limited files", 1);
    }
    Ok(())
}

/// Failures on a full disk after which somebody frees some space.
const FAILURES_BEFORE_SPACE: u64 = 3;

/// Stores run into a full disk; somebody frees some space while they are open, and they go on.
fn full_disks(arguments: &Arguments, random: &mut Rng, verdict: &mut Verdict) -> Outcome<()> {
    for round in 1..=arguments.rounds / 4 {
        let directory = tempfile::Builder::new().prefix("trials-full-").tempdir()?;
        let Some(mount) = Mount::new(directory.path(), random.u64(6..15)) else {
            verdict.skip("full disks: a small file system cannot be mounted here");
            return Ok(());
        };
        let mut site = Site::new(&mount.path, arguments.subject.engine, random);
        site.write(&site.line(promise(random), 30), verdict)?;
        let fault = fill_up(&mut site, &mount.path.join("ballast"), random, verdict)?;
        let fault = fault.and_then(|()| site.judge(verdict)).and_then(|()| site.goes_on(verdict));
        if let Err(fault) = fault {
            let kept = arguments.subject.keep(&site.store(), 2_000_000 + round);
            verdict.broke(format!("round {round}, full disk: {fault}{kept}"));
        }
        verdict.add("full disks", 1);
        verdict.progress(round, arguments.rounds / 4);
    }
    Ok(())
}

/// Lets a writer meet a full disk; the ballast goes after some failures, and writes must be taken again
/// by the handle that is open.
fn fill_up(
    site: &mut Site,
    ballast: &Path,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<Result<(), String>> {
    fill(ballast, random)?;
    let (rest, vanish) = (100, random.bool());
    let line =
        writer::Arguments { failures: FAILURES, rest, vanish, ..site.line(promise(random), 3_000) };
    let mut writer = Command::new(std::env::current_exe()?);
    writer.args(line.to_line()).stdin(Stdio::null()).stdout(Stdio::piped());
    let (mut failures, mut taken, mut last) = (0, 0, String::new());
    let mut show = |line: &Line| match line {
        Line::Step { failure: Some(failure), .. } => {
            failures += 1;
            last.clone_from(failure);
            if failures == FAILURES_BEFORE_SPACE {
                let _ = std::fs::remove_file(ballast);
            }
        }
        Line::Step { .. } if failures >= FAILURES_BEFORE_SPACE => taken += 1,
        _ => {}
    };
    site.follow(writer.stderr(Stdio::null()).spawn()?, &mut show, verdict)?;
    let _ = std::fs::remove_file(ballast);
    if failures >= FAILURES_BEFORE_SPACE && taken == 0 {
        return Ok(Err(format!("no write is taken after space was freed: {last}")));
    }
    Ok(Ok(()))
}

/// Fills the disk with a file until little is left, or nothing; at least half of what was free.
fn fill(path: &Path, random: &mut Rng) -> Outcome<()> {
    let mut file = File::create(path)?;
    let mut length = 0;
    while let Ok(written) = file.write(&[7; 4096]) {
        length += written as u64;
    }
    let left = random.u64(0..=2_000_000).min(length / 2);
    file.set_len(length - left)?;
    Ok(())
}

/// A small file system in memory, gone when it is dropped.
struct Mount {
    path: PathBuf,
}

impl Mount {
    fn new(path: &Path, megabytes: u64) -> Option<Mount> {
        let options = format!("size={megabytes}m");
        let mount = ["-t", "tmpfs", "-o", &options, "trials"];
        let mounted = Command::new("mount").args(mount).arg(path).stderr(Stdio::null()).status();
        mounted.ok()?.success().then(|| Mount { path: path.to_owned() })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
