//! What a trial came to: counts, and every promise that broke.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

/// Broken promises that are told in full; of the others the number is kept.
const TOLD: usize = 50;

/// The account of one trial, printed as its last line.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    trial: &'static str,
    engine: String,
    seed: u64,
    /// Why the trial was not run, or was run in part only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<String>,
    counts: BTreeMap<String, u64>,
    broken: u64,
    findings: Vec<String>,
    seconds: f64,
    #[serde(skip)]
    started: Instant,
}

impl Verdict {
    pub(crate) fn new(trial: &'static str, engine: impl ToString, seed: u64) -> Verdict {
        Verdict {
            trial,
            engine: engine.to_string(),
            seed,
            skipped: Vec::new(),
            counts: BTreeMap::new(),
            broken: 0,
            findings: Vec::new(),
            seconds: 0.0,
            started: Instant::now(),
        }
    }

    /// Adds to a count.
    pub(crate) fn add(&mut self, name: &str, number: u64) {
        *self.counts.entry(name.to_owned()).or_default() += number;
    }

    /// Sets a figure that is no sum.
    pub(crate) fn set(&mut self, name: &str, number: u64) {
        self.counts.insert(name.to_owned(), number);
    }

    /// Sets a figure, unless one stands there that is no larger.
    pub(crate) fn first(&mut self, name: &str, number: u64) {
        let first = self.counts.entry(name.to_owned()).or_insert(number);
        *first = number.min(*first);
    }

    /// Sets a figure, unless one stands there that is no smaller.
    pub(crate) fn most(&mut self, name: &str, number: u64) {
        let most = self.counts.entry(name.to_owned()).or_insert(number);
        *most = number.max(*most);
    }

    /// Notes a promise that broke.
    pub(crate) fn broke(&mut self, finding: String) {
        eprintln!("BROKEN: {finding}");
        self.broken += 1;
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        }
    }

    /// Notes what could not be tried here.
    pub(crate) fn skip(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        eprintln!("skipped: {reason}");
        self.skipped.push(reason);
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.broken == 0
    }

    /// Tells how far the trial is, now and then.
    pub(crate) fn progress(&self, round: u64, rounds: u64) {
        let step = (rounds / 20).max(1);
        if round.is_multiple_of(step) || round == rounds {
            let (trial, broken) = (self.trial, self.broken);
            let seconds = self.started.elapsed().as_secs();
            eprintln!("{trial}: {round} of {rounds}, {broken} broken, {seconds} s");
        }
    }

    /// Prints the account.
    pub(crate) fn print(&mut self) {
        self.seconds = (self.started.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        match serde_json::to_string(self) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("the account cannot be printed: {error}"),
        }
    }
}
