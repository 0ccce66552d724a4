//! The process that is killed, starved and cut off: it writes, and tells every step that returned.
//!
//! Lines on standard output: `open`; `ack WRITER STEP PROMISE`; `failed WRITER STEP KIND: MESSAGE`;
//! `closed`. Each is written at once, so that a line is there exactly if the step came so far.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, ExitCode};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::Outcome;
use crate::engine::{self, Engine, Kind, Promise};
use crate::history::Event;
use crate::script::Script;

/// What the process is to do.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// The store.
    pub(crate) directory: PathBuf,
    #[arg(long, value_enum, default_value = "filedex")]
    pub(crate) engine: Kind,
    #[arg(long, value_enum, default_value = "durable")]
    pub(crate) promise: Promise,
    #[arg(long)]
    pub(crate) seed: u64,
    /// The first step of each writer.
    #[arg(long, value_delimiter = ',')]
    pub(crate) from: Vec<u64>,
    /// How many steps each writer does; without end if 0.
    #[arg(long, default_value_t = 0)]
    pub(crate) steps: u64,
    /// Milliseconds of rest after a step.
    #[arg(long, default_value_t = 0)]
    pub(crate) pause: u64,
    /// Bytes of memory for the store.
    #[arg(long, default_value_t = 8 << 20)]
    pub(crate) cache: u64,
}

impl Arguments {
    /// As the command line of that process.
    pub(crate) fn to_line(&self) -> Vec<String> {
        let from: Vec<String> = self.from.iter().map(u64::to_string).collect();
        let mut line = vec!["write".to_owned(), self.directory.display().to_string()];
        for (name, value) in [
            ("--engine", self.engine.to_string()),
            ("--promise", self.promise.to_string()),
            ("--seed", self.seed.to_string()),
            ("--from", from.join(",")),
            ("--steps", self.steps.to_string()),
            ("--pause", self.pause.to_string()),
            ("--cache", self.cache.to_string()),
        ] {
            line.extend([name.to_owned(), value]);
        }
        line
    }
}

/// One line of the process.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Open,
    Step { writer: usize, event: Event, failure: Option<String> },
    Closed,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Option<Line> {
        let mut words = text.splitn(4, ' ');
        match words.next()? {
            "open" => Some(Line::Open),
            "closed" => Some(Line::Closed),
            word => {
                let writer = words.next()?.parse().ok()?;
                let step = words.next()?.parse().ok()?;
                let rest = words.next()?;
                let promised = if word == "ack" { Some(Promise::parse(rest)?) } else { None };
                let failure = (word == "failed").then(|| rest.to_owned());
                Some(Line::Step { writer, event: Event { step, promised, at: 0.0 }, failure })
            }
        }
    }
}

/// Lines of the process, until its end.
pub(crate) fn listen(child: &mut Child) -> Outcome<Receiver<Line>> {
    let out = child.stdout.take().ok_or("the process has no output")?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some(line) = Line::parse(&line)
                && sender.send(line).is_err()
            {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Steps a writer goes on for after a failure, to see whether the handle says what it can do.
const STEPS_AFTER_FAILURE: u64 = 3;

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let Arguments { engine, directory, promise, cache, .. } = arguments;
    let store = match engine::open(*engine, directory, *promise, *cache) {
        Ok(store) => store,
        Err(failure) => {
            tell(&format!("refused {failure}"));
            return ExitCode::FAILURE;
        }
    };
    tell("open");
    thread::scope(|scope| {
        for (writer, from) in arguments.from.iter().enumerate() {
            let (store, script) = (&*store, Script::new(arguments.seed, writer as u64));
            let to = if arguments.steps == 0 { u64::MAX } else { from + arguments.steps };
            let pause = Duration::from_millis(arguments.pause);
            scope.spawn(move || write(store, script, writer, *from..to, pause));
        }
    });
    match store.close() {
        Ok(()) => tell("closed"),
        Err(failure) => tell(&format!("unclosed {failure}")),
    }
    ExitCode::SUCCESS
}

fn write(store: &dyn Engine, script: Script, writer: usize, steps: Range<u64>, pause: Duration) {
    let mut left = STEPS_AFTER_FAILURE;
    for step in steps {
        match store.apply(script.step(step)) {
            Ok(promise) => tell(&format!("ack {writer} {step} {promise}")),
            Err(failure) => {
                tell(&format!("failed {writer} {step} {failure}"));
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
        thread::sleep(pause);
    }
}

/// Writes a line in one call. What cannot be told must not be done: the process ends.
fn tell(line: &str) {
    let line = format!("{}\n", line.replace('\n', " "));
    if io::stdout().lock().write_all(line.as_bytes()).is_err() {
        std::process::exit(3);
    }
}
