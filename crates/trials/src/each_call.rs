//! Every call on files fails once: a fixed run over several checkpoints is repeated with its first call
//! failing, then its second, and so on to the end. The host goes on after the errors, closes the store
//! or is killed, and opens it again: nothing acknowledged is lost, no file is left behind by each try.

use std::fmt;
use std::path::Path;

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::engine::Promise;
use crate::files;
use crate::injector::{Fault, Injector, What};
use crate::site::Site;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::writer::{self, Line};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Steps of the run.
    #[arg(long, default_value_t = 40)]
    steps: u64,
    /// Of so many calls one is tried.
    #[arg(long, default_value_t = 1)]
    every: u64,
    /// What is tried, instead of everything.
    #[arg(long, value_enum, value_delimiter = ',')]
    failures: Vec<Failure>,
    #[command(flatten)]
    subject: Subject,
}

/// What becomes of the call, and of those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Failure {
    EioOnce,
    EioOn,
    EnospcOnce,
    EnospcOn,
    Half,
    Kill,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    /// Some calls after the one that failed.
    Killed,
}

/// Failures that the host goes on after: each doubles the states that the store may be in.
const FAILURES: u64 = 6;

/// Calls after the one that failed within which a process is killed.
const MOST_CALLS_LATER: u64 = 300;

/// How often the host opens a store anew that asks for it.
const REOPENS: u64 = 2;

/// Files that a store which is closed again may have beside those it has after a run without faults: two of blocks with
/// their columns, as checkpoints come at other moments where some fail. Fewer than would be left by each try.
const MORE_FILES: usize = 4;

/// A store with some past, the run that is repeated on it, and what that is held to.
struct Trial<'a> {
    past: Site,
    injector: &'a Injector,
    steps: u64,
    most_files: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let subject = &arguments.subject;
    let mut verdict = Verdict::new("each-call", subject.engine, subject.seed);
    let injector = match Injector::new() {
        Ok(injector) => injector,
        Err(reason) => {
            verdict.skip(format!("failing calls: {reason}"));
            return Ok(verdict);
        }
    };
    let all = [Failure::EioOnce, Failure::EioOn, Failure::EnospcOnce, Failure::EnospcOn];
    let all = [&all[..], &[Failure::Half, Failure::Kill]].concat();
    let failures = if arguments.failures.is_empty() { all } else { arguments.failures.clone() };
    let place = tempfile::Builder::new().prefix("trials-each-call-").tempdir()?;
    let trial = Trial::new(arguments, &injector, place.path(), &mut verdict)?;
    for failure in failures {
        for end in [End::Closed, End::Killed] {
            // A process that is killed closes nothing.
            if failure != Failure::Kill || end == End::Killed {
                let calls = trial.each(failure, end, arguments, place.path(), &mut verdict)?;
                verdict.set(&format!("calls for {failure}"), calls);
                eprintln!("each-call: {failure}, {end:?}, {calls} calls");
            }
        }
    }
    Ok(verdict)
}

impl Trial<'_> {
    fn new<'a>(
        arguments: &Arguments,
        injector: &'a Injector,
        place: &Path,
        verdict: &mut Verdict,
    ) -> Outcome<Trial<'a>> {
        let mut random = Rng::with_seed(arguments.subject.seed);
        let past = Site::with_past(place, arguments.subject.engine, &mut random, verdict)?;
        let mut whole = past.copy(&place.join("whole"))?;
        whole.write(&whole.line(Promise::Durable, arguments.steps), verdict)?;
        let most_files = files::all(&whole.store())?.len() + MORE_FILES;
        whole.judge(verdict)?;
        Ok(Trial { past, injector, steps: arguments.steps, most_files })
    }

    /// Runs until there is no call of that number any more; gives how many there are.
    fn each(
        &self,
        failure: Failure,
        end: End,
        arguments: &Arguments,
        place: &Path,
        verdict: &mut Verdict,
    ) -> Outcome<u64> {
        let (directory, mut number) = (place.join("run"), 1);
        loop {
            let (call, fault) = self.run(failure, end, number, &directory, verdict)?;
            if let Err(fault) = fault {
                let kept = arguments.subject.keep(&directory.join("store"), number);
                let call = call.as_deref().unwrap_or("no call");
                verdict.broke(format!("{failure} at {number} ({call}), {end:?}: {fault}{kept}"));
            }
            std::fs::remove_dir_all(&directory)?;
            if call.is_none() {
                return Ok(number - 1);
            }
            verdict.add("runs", 1);
            number += arguments.every.max(1);
        }
    }

    /// One run; gives the call that failed, if there was one of that number, and what broke.
    fn run(
        &self,
        failure: Failure,
        end: End,
        number: u64,
        directory: &Path,
        verdict: &mut Verdict,
    ) -> Outcome<(Option<String>, Result<(), String>)> {
        let mut site = self.past.copy(directory)?;
        let line = site.line(Promise::Durable, self.steps);
        let line = writer::Arguments { failures: FAILURES, reopens: REOPENS, ..line };
        let faults = faults(failure, end, number);
        let child = self.injector.start(&line.to_line(), directory, &faults)?;
        let mut call = None;
        let mut note = |line: &Line| {
            if let Line::Fault { number: 0, call: met } = line {
                call.get_or_insert_with(|| met.clone());
            }
        };
        site.follow(child, &mut note, verdict)?;
        let fault = site.judge(verdict).and_then(|()| site.goes_on(verdict));
        Ok((call, fault.and_then(|()| self.leaves_nothing(&site))))
    }

    /// Whatever failed, no file stays for good.
    fn leaves_nothing(&self, site: &Site) -> Result<(), String> {
        let files = files::all(&site.store()).map_err(|error| error.to_string())?;
        let (found, most) = (files.len(), self.most_files);
        if found > most {
            Err(format!("{found} files are left, where {most} are enough"))
        } else {
            Ok(())
        }
    }
}

fn faults(failure: Failure, end: End, number: u64) -> Vec<Fault> {
    let fault = match failure {
        Failure::EioOnce => Fault::once(number, What::Fails),
        Failure::EioOn => Fault::lasting(number, What::Fails),
        Failure::EnospcOnce => Fault::once(number, What::IsFull),
        Failure::EnospcOn => Fault::lasting(number, What::IsFull),
        Failure::Half => Fault::once(number, What::Half),
        Failure::Kill => return vec![Fault::once(number, What::Kills)],
    };
    // Sooner or later, differently for each call.
    let kill = Fault::once(2 + number * 7_919 % MOST_CALLS_LATER, What::KillsLater);
    match end {
        End::Closed => vec![fault],
        End::Killed => vec![fault, kill],
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::EioOnce => "EIO once",
            Failure::EioOn => "EIO from then on",
            Failure::EnospcOnce => "ENOSPC once",
            Failure::EnospcOn => "ENOSPC from then on",
            Failure::Half => "half a write",
            Failure::Kill => "a kill",
        })
    }
}
