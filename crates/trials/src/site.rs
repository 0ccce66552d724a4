//! A store that meets faults, and what its one writer was told.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Outcome;
use crate::check::{check, itself, wait};
use crate::engine::{Kind, Promise, memory};
use crate::files;
use crate::history::{Event, History, judge};
use crate::script::{FEW_KEYS, MANY_KEYS, Script};
use crate::verdict::Verdict;
use crate::writer::{self, Line, listen};

/// The directory with the store in it is what faults are confined to.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) directory: PathBuf,
    engine: Kind,
    seed: u64,
    keys: u64,
    history: History,
    /// Whether a writer had to be stopped.
    hung: bool,
}

/// How long a writer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Steps without an answer, each of which may have been done or not, after which a store is looked at.
const MOST_UNSURE: u64 = 5;

/// Steps that a past takes.
const PAST: u64 = 300;

/// Steps by which a store shows that it works again.
const STEPS_AFTER: u64 = 30;

impl Site {
    /// A place for a store, in a directory that is there.
    pub(crate) fn new(directory: &Path, engine: Kind, random: &mut Rng) -> Site {
        let seed = random.u64(..);
        let history = History::new(Script::new(seed, 0));
        Site { directory: directory.to_owned(), engine, seed, keys: FEW_KEYS, history, hung: false }
    }

    /// A store that is larger than its memory, so that every checkpoint reads and writes, with some past;
    /// its last writer was killed.
    pub(crate) fn with_past(
        directory: &Path,
        engine: Kind,
        random: &mut Rng,
        verdict: &mut Verdict,
    ) -> Outcome<Site> {
        std::fs::create_dir_all(directory.join("past"))?;
        // An even seed stands for little memory.
        let seed = random.u64(..) & !1;
        let mut site = Site::new(&directory.join("past"), engine, random);
        site.history = History::new(Script::new(seed, 0).over(MANY_KEYS));
        (site.seed, site.keys) = (seed, MANY_KEYS);
        let line = site.line(Promise::Interval, PAST);
        site.write(&writer::Arguments { vanish: true, ..line }, verdict)?;
        // Which state that is, is found in a copy, since opening changes a store.
        let mut looked_at = site.copy(&directory.join("looked at"))?;
        looked_at.judge(verdict)?;
        Ok(Site { history: looked_at.history, ..site })
    }

    /// The same store once more, in a directory that is not there yet.
    pub(crate) fn copy(&self, directory: &Path) -> Outcome<Site> {
        files::copy(&self.directory, directory)?;
        Ok(Site { directory: directory.to_owned(), ..self.clone() })
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.directory.join("store")
    }

    /// What a writer is to do next.
    pub(crate) fn line(&self, promise: Promise, steps: u64) -> writer::Arguments {
        writer::Arguments {
            directory: self.store(),
            engine: self.engine,
            promise,
            seed: self.seed,
            keys: self.keys,
            from: vec![self.history.next()],
            steps,
            cache: memory(self.seed),
            ..writer::Arguments::default()
        }
    }

    /// Lets a process write without faults.
    pub(crate) fn write(&mut self, line: &writer::Arguments, verdict: &mut Verdict) -> Outcome<()> {
        let mut child = itself()?;
        child.args(line.to_line()).stdin(Stdio::null()).stdout(Stdio::piped());
        self.follow(child.stderr(Stdio::null()).spawn()?, &mut |_| (), verdict)
    }

    /// Notes what a writing process tells until its end, and shows it meanwhile.
    pub(crate) fn follow(
        &mut self,
        mut child: Child,
        show: &mut dyn FnMut(&Line),
        verdict: &mut Verdict,
    ) -> Outcome<()> {
        let (lines, started) = (listen(&mut child)?, Instant::now());
        while let Ok(line) = lines.recv_timeout(PATIENCE.saturating_sub(started.elapsed())) {
            show(&line);
            if let Line::Step { event, failure, .. } = line {
                self.history.note(event);
                verdict.add("told as failed", u64::from(failure.is_some()));
                if let Some(failure) = failure.filter(|failure| !is_typed(failure)) {
                    verdict.broke(format!("a fault of the disk was told as {failure}"));
                }
            }
        }
        self.hung = wait(&mut child, PATIENCE.saturating_sub(started.elapsed())).is_none();
        self.history.stopped();
        Ok(())
    }

    /// Whether the store may be in many states.
    pub(crate) fn is_unsure(&self) -> bool {
        self.history.failed() > MOST_UNSURE
    }

    /// Opens the store without faults: everything acknowledged is there.
    pub(crate) fn judge(&mut self, verdict: &mut Verdict) -> Result<(), String> {
        if self.hung {
            return Err(format!("a writer hung for {} s", PATIENCE.as_secs()));
        }
        let checked = check(self.engine, &self.store())?;
        verdict.add("acknowledged", self.history.acknowledged());
        let kept = |event: &Event| event.promised.is_some();
        let floor = self.history.floor(kept);
        judge(std::slice::from_mut(&mut self.history), &checked, &[floor])?;
        verdict.add("checked", 1);
        Ok(())
    }

    /// Writes some more: the store works again.
    pub(crate) fn goes_on(&mut self, verdict: &mut Verdict) -> Result<(), String> {
        let before = self.history.acknowledged();
        let line = self.line(Promise::Interval, STEPS_AFTER);
        self.write(&line, verdict).map_err(|error| error.to_string())?;
        if self.history.acknowledged() < before + STEPS_AFTER {
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
