//! A disk that is full, or that fails, is told; nothing acknowledged is lost by it, and a store that
//! is opened again works.
//!
//! A full disk is a small tmpfs, which takes root to mount. Errors of the disk come from strace. Short
//! writes come from a limit on the size of files.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::check::{check, itself, wait};
use crate::engine::{Kind, Promise, memory};
use crate::history::{Event, History, judge};
use crate::script::Script;
use crate::strace;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::writer::{self, Line, listen};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How many faults of each kind.
    #[arg(long, default_value_t = 100)]
    rounds: u64,
    #[command(flatten)]
    subject: Subject,
}

/// A store that meets faults, and what its writer was told.
struct Site {
    store: PathBuf,
    engine: Kind,
    seed: u64,
    history: History,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("faults", arguments.subject.engine, arguments.subject.seed);
    let mut random = Rng::with_seed(arguments.subject.seed);
    failing_calls(arguments, &mut random, &mut verdict)?;
    limited_files(arguments, &mut random, &mut verdict)?;
    full_disks(arguments, &mut random, &mut verdict)?;
    Ok(verdict)
}

/// What strace makes calls end with: once or for good.
const FAILURES: &[&str] = &[
    "pwrite64,pwritev,write,writev:error=EIO",
    "fsync,fdatasync,sync_file_range:error=EIO",
    "pwrite64,pwritev,write,writev:error=ENOSPC",
    "ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat:error=EIO",
    "openat:error=EIO",
    "read:error=EIO",
    READS_OF_SLED,
];

/// sled takes a read that fails while it opens for the end of its log. Filedex reads the same bytes
/// right before, by `read`, so that a disk fails it and not sled; calls are made to fail here without
/// any disk, so those of sled are only once the store is open.
const READS_OF_SLED: &str = "pread64:error=EIO";

fn failing_calls(arguments: &Arguments, random: &mut Rng, verdict: &mut Verdict) -> Outcome<()> {
    if !strace::is_here() {
        verdict.skip("failing calls: there is no strace that may trace");
        return Ok(());
    }
    for round in 1..=arguments.rounds {
        let directory = tempfile::Builder::new().prefix("trials-faults-").tempdir()?;
        let mut site = Site::new(directory.path(), arguments.subject.engine, random);
        // The store has some past, so that there is something to lose.
        site.write(site.start(None, random)?, verdict)?;
        let failure = random.choice(FAILURES).copied().unwrap_or_default();
        // The first calls are those of the program before it comes to the store.
        let (first, lasting) = (random.u32(1..60), if random.bool() { "+" } else { "" });
        let what = format!("{failure}:when={first}{lasting}");
        if failure == READS_OF_SLED {
            site.write_tampered(&what, random, verdict)?;
        } else {
            site.write(site.start(Some(&what), random)?, verdict)?;
        }
        let fault = site.judge(verdict).and_then(|()| site.goes_on(random, verdict));
        if let Err(fault) = fault {
            let kept = arguments.subject.keep(&site.store, round);
            verdict.broke(format!("round {round}, {what}: {fault}{kept}"));
        }
        verdict.add("failing calls", 1);
        verdict.progress(round, arguments.rounds);
    }
    Ok(())
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
        site.write(site.start(None, random)?, verdict)?;
        let line = site.line(400, random).to_line();
        site.write(limited(&line, random.u64(40..4_000))?, verdict)?;
        let fault = site.judge(verdict).and_then(|()| site.goes_on(random, verdict));
        if let Err(fault) = fault {
            let kept = arguments.subject.keep(&site.store, 1_000_000 + round);
            verdict.broke(format!("round {round}, short writes: {fault}{kept}"));
        }
        verdict.add("limited files", 1);
    }
    Ok(())
}

fn full_disks(arguments: &Arguments, random: &mut Rng, verdict: &mut Verdict) -> Outcome<()> {
    for round in 1..=arguments.rounds / 4 {
        let directory = tempfile::Builder::new().prefix("trials-full-").tempdir()?;
        let Some(mount) = Mount::new(directory.path(), random.u64(6..15)) else {
            verdict.skip("full disks: a small file system cannot be mounted here");
            return Ok(());
        };
        let mut site = Site::new(&mount.path, arguments.subject.engine, random);
        site.write(site.start(None, random)?, verdict)?;
        // What is freed later.
        let ballast = mount.path.join("ballast");
        fill(&ballast, random)?;
        let line = site.line(3_000, random).to_line();
        site.write(site.spawn(&line)?, verdict)?;
        std::fs::remove_file(&ballast)?;
        let fault = site.judge(verdict).and_then(|()| site.goes_on(random, verdict));
        if let Err(fault) = fault {
            let kept = arguments.subject.keep(&site.store, 2_000_000 + round);
            verdict.broke(format!("round {round}, full disk: {fault}{kept}"));
        }
        verdict.add("full disks", 1);
        verdict.progress(round, arguments.rounds / 4);
    }
    Ok(())
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

impl Site {
    fn new(directory: &Path, engine: Kind, random: &mut Rng) -> Site {
        let (store, seed) = (directory.join("store"), random.u64(..));
        Site { store, engine, seed, history: History::new(Script::new(seed, 0)) }
    }

    fn line(&self, steps: u64, random: &mut Rng) -> writer::Arguments {
        let promise = if random.bool() { Promise::Durable } else { Promise::Interval };
        let (directory, engine, seed) = (self.store.clone(), self.engine, self.seed);
        let (from, cache) = (vec![self.history.next()], memory(self.history.next()));
        writer::Arguments { directory, engine, promise, seed, from, steps, pause: 0, cache }
    }

    /// A process that writes for a while, with calls tampered with if asked.
    fn start(&self, tampered: Option<&str>, random: &mut Rng) -> Outcome<Child> {
        let line = self.line(30, random).to_line();
        match tampered {
            Some(what) => strace::injecting(&line, what),
            None => self.spawn(&line),
        }
    }

    fn spawn(&self, line: &[String]) -> Outcome<Child> {
        let mut child = itself()?;
        child.args(line).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(child.spawn()?)
    }

    /// Lets a process write whose calls are tampered with once it has the store open.
    fn write_tampered(
        &mut self,
        what: &str,
        random: &mut Rng,
        verdict: &mut Verdict,
    ) -> Outcome<()> {
        let line = writer::Arguments { pause: 10, ..self.line(60, random) };
        let mut child = self.spawn(&line.to_line())?;
        let lines = listen(&mut child)?;
        let opened = matches!(lines.recv(), Ok(Line::Open));
        let mut tampering = strace::attached(child.id(), what)?;
        let ended = self.note(child, &lines, verdict);
        tampering.wait()?;
        if opened { ended } else { Err("a whole store does not open".into()) }
    }

    /// Lets the process run to its end and notes what it told.
    fn write(&mut self, mut child: Child, verdict: &mut Verdict) -> Outcome<()> {
        let lines = listen(&mut child)?;
        self.note(child, &lines, verdict)
    }

    fn note(
        &mut self,
        mut child: Child,
        lines: &Receiver<Line>,
        verdict: &mut Verdict,
    ) -> Outcome<()> {
        if wait(&mut child, Duration::from_secs(60)).is_none() {
            verdict.broke("the writer hung".to_owned());
        }
        for line in lines.iter() {
            if let Line::Step { event, failure, .. } = line {
                self.history.note(event);
                verdict.add("told as failed", u64::from(failure.is_some()));
                if let Some(failure) = failure.filter(|failure| !is_typed(failure)) {
                    verdict.broke(format!("a fault of the disk was told as {failure}"));
                }
            }
        }
        self.history.stopped();
        Ok(())
    }

    /// Opens the store without faults: everything acknowledged is there.
    fn judge(&mut self, verdict: &mut Verdict) -> Result<(), String> {
        let checked = check(self.engine, &self.store)?;
        verdict.add("acknowledged", self.history.acknowledged());
        let kept = |event: &Event| event.promised.is_some();
        let floor = self.history.floor(kept);
        judge(std::slice::from_mut(&mut self.history), &checked, &[floor])?;
        verdict.add("checked", 1);
        Ok(())
    }

    /// Writes some more: the store works again.
    fn goes_on(&mut self, random: &mut Rng, verdict: &mut Verdict) -> Result<(), String> {
        let before = self.history.acknowledged();
        let child = self.start(None, random).map_err(|error| error.to_string())?;
        self.write(child, verdict).map_err(|error| error.to_string())?;
        if self.history.acknowledged() < before + 30 {
            return Err("the store does not take writes again".to_owned());
        }
        self.judge(verdict)
    }
}

/// Whether a failure of the disk was told as one.
fn is_typed(failure: &str) -> bool {
    let kinds = ["Io:", "Poisoned:", "Damaged:", "Error:"];
    kinds.iter().any(|kind| failure.starts_with(kind))
}
