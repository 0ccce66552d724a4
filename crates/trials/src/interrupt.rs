//! Whoever is killed while a store is opened, repaired, compacted or restored changes nothing that it
//! answers, and what was begun can be done again.
//!
//! Half of the kills come at a random moment, half at a single call by which the process changes files,
//! each call in turn.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use filedex_storage::{Options, Store};

use crate::Outcome;
use crate::check::check;
use crate::damage::Damage;
use crate::engine::Kind;
use crate::files;
use crate::layout::{self, LEFTOVERS};
use crate::strace;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::whole::Whole;
use crate::work::{self, Work};

/// A store that the work is done to.
struct Case {
    store: PathBuf,
    backup: PathBuf,
    /// What it answers once the work is done, and as long as it is not, if it answers anything then.
    answers: String,
    is_damaged: bool,
    /// How long the work takes.
    takes: Duration,
}

/// Stores of different content, of each kind.
const STORES: u64 = 3;

/// Kills processes while they do each kind of work.
pub(crate) fn run(subject: &Subject, rounds: u64, verdict: &mut Verdict) -> Outcome<()> {
    if subject.engine != Kind::Filedex {
        verdict.skip("kills while repairing and compacting: of Filedex only");
        return Ok(());
    }
    let can_trace = strace::is_here();
    if !can_trace {
        verdict.skip("kills at each call of repairs and compactions: there is no strace");
    }
    let mut random = Rng::with_seed(subject.seed);
    let site = tempfile::Builder::new().prefix("trials-interrupt-").tempdir()?;
    for work in Work::ALL {
        let cases = cases(work, site.path(), &mut random)?;
        let mut calls = Calls::default();
        for round in 1..=rounds {
            let Some(case) = random.choice(&cases) else { break };
            let directory = site.path().join("killed");
            let call = (can_trace && round.is_multiple_of(2)).then(|| calls.injection());
            let ended = interrupt(work, case, &directory, call.as_deref(), &mut random, verdict);
            match ended {
                Ok(was_killed) if call.is_some() => calls.advance(was_killed),
                Ok(_) => {}
                Err(fault) => {
                    let kept = subject.keep(&directory, 2_000_000 + round);
                    let how = call.unwrap_or_else(|| "a random moment".to_owned());
                    verdict.broke(format!("{work}, killed at {how}: {fault}{kept}"));
                }
            }
            std::fs::remove_dir_all(&directory)?;
            verdict.progress(round, rounds);
        }
    }
    Ok(())
}

/// The call at which the next process dies.
#[derive(Default)]
struct Calls {
    group: usize,
    number: u64,
}

impl Calls {
    fn injection(&self) -> String {
        let calls = strace::GROUPS.get(self.group).copied().unwrap_or_default();
        format!("{calls}:signal=KILL:when={}", self.number + 1)
    }

    /// On to the next call; to the first of the next group where the process met no such call.
    fn advance(&mut self, was_killed: bool) {
        match was_killed {
            true => self.number += 1,
            false => (self.group, self.number) = ((self.group + 1) % strace::GROUPS.len(), 0),
        }
    }
}

/// Stores for the work: closed ones and left ones; of those to be repaired, damaged ones too.
fn cases(work: Work, site: &Path, random: &mut Rng) -> Outcome<Vec<Case>> {
    let mut cases = Vec::new();
    for number in 0..STORES {
        let closed = Whole::closed(Kind::Filedex, number, random)?;
        let left = Whole::left(Kind::Filedex, number, random)?;
        for (name, whole) in [("closed", closed), ("left", left)] {
            let directory = site.join(format!("{work}-{name}-{number}"));
            cases.push(Case::of(work, &whole, &directory)?);
            if work == Work::Repair {
                let directory = site.join(format!("{work}-{name}-damaged-{number}"));
                cases.extend(Case::damaged(&whole, &directory, random)?);
            }
        }
    }
    Ok(cases)
}

impl Case {
    fn of(work: Work, whole: &Whole, directory: &Path) -> Outcome<Case> {
        let (store, backup) = (directory.join("store"), directory.join("backup"));
        files::copy(&whole.path(), &store)?;
        if work == Work::Restore {
            Store::open(&store, &Options::default())?.backup(&backup, &mut |_, _| ())?;
            std::fs::remove_dir_all(&store)?;
        }
        let answers = whole.checked.answers.clone();
        let mut case = Case { store, backup, answers, is_damaged: false, takes: Duration::ZERO };
        let (started, trial) = (Instant::now(), directory.join("trial"));
        case.to(&trial)?;
        work::complete(&work::line(work, &trial.join("store"), &case.backup))?;
        case.takes = started.elapsed();
        Ok(case)
    }

    /// A damaged store that can be repaired.
    fn damaged(whole: &Whole, directory: &Path, random: &mut Rng) -> Outcome<Option<Case>> {
        for attempt in 0..20 {
            let directory = directory.join(attempt.to_string());
            let (store, trial) = (directory.join("store"), directory.join("trial"));
            files::copy(&whole.path(), &store)?;
            Damage::strike(&store, random)?;
            files::copy(&store, &trial)?;
            let started = Instant::now();
            if work::complete(&work::line(Work::Repair, &trial, Path::new(""))).is_err() {
                continue;
            }
            let (takes, answers) = (started.elapsed(), check(Kind::Filedex, &trial)?.answers);
            let backup = directory.join("backup");
            return Ok(Some(Case { store, backup, answers, is_damaged: true, takes }));
        }
        Ok(None)
    }

    /// Copies the store, if there is one, into a new directory.
    fn to(&self, directory: &Path) -> Outcome<()> {
        std::fs::create_dir_all(directory)?;
        if self.store.exists() {
            files::copy(&self.store, &directory.join("store"))?;
        }
        Ok(())
    }

    /// Whether the store answers what it must.
    fn judge(&self, store: &Path) -> Result<(), String> {
        let checked = check(Kind::Filedex, store)?;
        if let Some((kind, message)) = checked.refused {
            return Err(format!("the store does not open: {kind}: {message}"));
        }
        if !checked.problems.is_empty() {
            return Err(format!("the store is not whole: {:?}", checked.problems));
        }
        if checked.answers != self.answers {
            return Err(format!("other answers, {} records", checked.records));
        }
        Ok(())
    }
}

/// Kills a process at its work, looks at what is left, then lets the work be done; says whether the
/// process was killed.
fn interrupt(
    work: Work,
    case: &Case,
    directory: &Path,
    call: Option<&str>,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Result<bool, String> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| error.to_string();
    case.to(directory).map_err(failed)?;
    let store = directory.join("store");
    let line = work::line(work, &store, &case.backup);
    let was_killed = kill(&line, call, case.takes, random).map_err(failed)?;
    if was_killed {
        let how = if call.is_some() { " at a call" } else { "" };
        verdict.add(&format!("killed{how} during {work}"), 1);
    }
    // What a repair has not ended is damaged still; what a restore has not, has no marker.
    let is_there = work != Work::Restore || layout::is_marked(&store);
    if !case.is_damaged && is_there && random.bool() {
        case.judge(&store)?;
    }
    // A restore that is done refuses a store that is there.
    if work != Work::Restore || !is_there {
        work::complete(&line)?;
    }
    case.judge(&store)?;
    verdict.add("checked after an interruption", 1);
    leftovers(directory)
        .map_or(Ok(was_killed), |left| Err(format!("{} is left behind", left.display())))
}

fn kill(line: &[String], call: Option<&str>, takes: Duration, random: &mut Rng) -> Outcome<bool> {
    let mut child = match call {
        Some(call) => strace::injecting(line, call)?,
        None => work::start(line)?,
    };
    if call.is_none() {
        thread::sleep(takes.mul_f64(random.f64()));
        child.kill()?;
    }
    Ok(!child.wait()?.success())
}

/// What no work leaves behind when it is done.
fn leftovers(directory: &Path) -> Option<PathBuf> {
    LEFTOVERS.iter().find_map(|name| Some(directory.join(name)).filter(|path| path.exists()))
}
