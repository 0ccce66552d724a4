//! The process that is killed, starved and cut off: it writes, and tells every step that returned.
//!
//! Lines on standard output: `open`; `ack WRITER STEP PROMISE`; `failed WRITER STEP KIND: MESSAGE`;
//! `closed`. Each is written at once, so that a line is there exactly if the step came so far. The injector
//! tells `fault NUMBER CALL` between them.

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
use crate::script::{FEW_KEYS, Script};

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
    /// How many ids each writer uses.
    #[arg(long, default_value_t = FEW_KEYS)]
    pub(crate) keys: u64,
    /// Milliseconds of rest after a step.
    #[arg(long, default_value_t = 0)]
    pub(crate) pause: u64,
    /// Bytes of memory for the store.
    #[arg(long, default_value_t = 8 << 20)]
    pub(crate) cache: u64,
    /// Failures of a writer after which it stops.
    #[arg(long, default_value_t = 3)]
    pub(crate) failures: u64,
    /// Milliseconds of rest after a failure.
    #[arg(long, default_value_t = 0)]
    pub(crate) rest: u64,
    /// How often a store is opened anew that asks for it, or that does not open.
    #[arg(long, default_value_t = 0)]
    pub(crate) reopens: u64,
    /// Ends without closing the store, as a kill does.
    #[arg(long)]
    pub(crate) vanish: bool,
}

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments {
            directory: PathBuf::new(),
            engine: Kind::Filedex,
            promise: Promise::Durable,
            seed: 0,
            from: vec![1],
            steps: 0,
            keys: FEW_KEYS,
            pause: 0,
            cache: 8 << 20,
            failures: 3,
            rest: 0,
            reopens: 0,
            vanish: false,
        }
    }
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
            ("--keys", self.keys.to_string()),
            ("--pause", self.pause.to_string()),
            ("--cache", self.cache.to_string()),
            ("--failures", self.failures.to_string()),
            ("--rest", self.rest.to_string()),
            ("--reopens", self.reopens.to_string()),
        ] {
            line.extend([name.to_owned(), value]);
        }
        line.extend(self.vanish.then(|| "--vanish".to_owned()));
        line
    }
}

/// One line of the process.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Open,
    Step {
        writer: usize,
        event: Event,
        failure: Option<String>,
    },
    /// A call met the fault of that number.
    Fault {
        number: usize,
        call: String,
    },
    Closed,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Option<Line> {
        let mut words = text.splitn(4, ' ');
        match words.next()? {
            "open" => Some(Line::Open),
            "closed" => Some(Line::Closed),
            "fault" => {
                let number = words.next()?.parse().ok()?;
                let call = words.collect::<Vec<&str>>().join(" ");
                Some(Line::Fault { number, call })
            }
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

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut from = arguments.from.clone();
    let end = |first: &u64| if arguments.steps == 0 { u64::MAX } else { first + arguments.steps };
    let ends: Vec<u64> = from.iter().map(end).collect();
    for attempt in 0..=arguments.reopens {
        let Arguments { engine, directory, promise, cache, .. } = arguments;
        let store = match engine::open(*engine, directory, *promise, *cache) {
            Ok(store) => store,
            Err(failure) => {
                tell(&format!("refused {failure}"));
                continue;
            }
        };
        tell("open");
        let asks_for_another = write_all(arguments, &*store, &mut from, &ends);
        if arguments.vanish {
            // What holds the store is left to the system.
            std::mem::forget(store);
            return ExitCode::SUCCESS;
        }
        match store.close() {
            Ok(()) => tell("closed"),
            Err(failure) => tell(&format!("unclosed {failure}")),
        }
        if !asks_for_another || attempt == arguments.reopens {
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::FAILURE
}

/// Lets every writer write, each from its step to its end; says whether the store asks to be opened anew.
fn write_all(arguments: &Arguments, store: &dyn Engine, from: &mut [u64], ends: &[u64]) -> bool {
    thread::scope(|scope| {
        let mut writers = Vec::new();
        for (number, (next, end)) in from.iter_mut().zip(ends).enumerate() {
            let script = Script::new(arguments.seed, number as u64).over(arguments.keys);
            let writer = Writer { number, script };
            let steps = *next..*end;
            writers.push((next, scope.spawn(move || writer.write(store, steps, arguments))));
        }
        let mut is_poisoned = false;
        for (next, writer) in writers {
            // A panic of a writer is the end of the process.
            let ended = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            *next = ended.0;
            is_poisoned |= ended.1;
        }
        is_poisoned
    })
}

/// One thread that writes.
struct Writer {
    number: usize,
    script: Script,
}

impl Writer {
    /// Does the steps; gives the next one, and whether the store can take no more writes.
    fn write(&self, store: &dyn Engine, steps: Range<u64>, arguments: &Arguments) -> (u64, bool) {
        let (mut left, number) = (arguments.failures, self.number);
        let end = steps.end;
        for step in steps {
            match store.apply(self.script.step(step)) {
                Ok(promise) => tell(&format!("ack {number} {step} {promise}")),
                Err(failure) => {
                    tell(&format!("failed {number} {step} {failure}"));
                    left -= 1;
                    if failure.kind == "Poisoned" && arguments.reopens > 0 {
                        return (step + 1, true);
                    }
                    if left == 0 {
                        return (step + 1, false);
                    }
                    thread::sleep(Duration::from_millis(arguments.rest));
                }
            }
            thread::sleep(Duration::from_millis(arguments.pause));
        }
        (end, false)
    }
}

/// Writes a line in one call, which is none that a store makes: those that are to fail are told apart by their names.
/// What cannot be told must not be done: the process ends.
fn tell(line: &str) {
    let line = format!("{}\n", line.replace('\n', " "));
    let told = io::stdout().lock().write_vectored(&[io::IoSlice::new(line.as_bytes())]);
    if told.ok() != Some(line.len()) {
        std::process::exit(3);
    }
}
