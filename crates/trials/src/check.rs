//! Opens a store in a process of its own and tells what it found, so that a panic, a crash or a hang
//! is the store's and not the trial's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::engine::{self, Engine, Failure, Kind, Promise};
use crate::model::{Digest, digest, digest_of};
use crate::script::writer_of;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    directory: PathBuf,
    #[arg(long, value_enum, default_value = "filedex")]
    engine: Kind,
}

/// What was found in a store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Checked {
    /// The kind of error that open ended with, and what it said.
    pub(crate) refused: Option<(String, String)>,
    /// What verify found, and errors of other calls.
    pub(crate) problems: Vec<String>,
    pub(crate) records: u64,
    /// The records of each writer, summed up.
    digests: BTreeMap<u64, String>,
    /// Everything that may be asked, summed up.
    pub(crate) answers: String,
}

impl Checked {
    pub(crate) fn digest(&self, writer: usize) -> Digest {
        let digest = self.digests.get(&(writer as u64));
        digest.and_then(|text| Digest::from_str_radix(text, 16).ok()).unwrap_or_default()
    }
}

/// Memory for a store that is checked.
const CACHE: u64 = 8 << 20;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Checks the store at that path. An error is one that no store may cause: a panic, a crash, a hang.
pub(crate) fn check(engine: Kind, directory: &Path) -> Result<Checked, String> {
    let mut child = itself()?
        .args(["check", "--engine", &engine.to_string()])
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the check cannot be started: {error}"))?;
    let (out, words) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let ended = wait(&mut child, PATIENCE);
    let (out, words) = (out.join().unwrap_or_default(), words.join().unwrap_or_default());
    let words: String = words.chars().take(600).collect();
    match ended {
        None => Err(format!("the store hung for {} s: {words}", PATIENCE.as_secs())),
        Some(false) => Err(format!("the process of the store died: {words}")),
        Some(true) => serde_json::from_str(&out).map_err(|error| format!("{error}: {out}")),
    }
}

/// This program, to be run again.
pub(crate) fn itself() -> Result<Command, String> {
    std::env::current_exe().map(Command::new).map_err(|error| error.to_string())
}

/// Reads to the end on a thread of its own.
fn drain(pipe: Option<impl std::io::Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the process ended well; `None` if it had to be killed.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> Option<bool> {
    let started = Instant::now();
    while started.elapsed() < patience {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(_) => return Some(false),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// The process that checks.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let Arguments { directory, engine } = arguments;
    let checked = match engine::open(*engine, directory, Promise::Interval, CACHE) {
        Ok(store) => examine(store),
        Err(Failure { kind, message }) => {
            Checked { refused: Some((kind, message)), ..Checked::default() }
        }
    };
    match serde_json::to_string(&checked) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn examine(store: Box<dyn Engine>) -> Checked {
    let mut checked = Checked::default();
    match store.verify() {
        Ok(problems) => checked.problems.extend(problems.into_iter().take(10)),
        Err(failure) => checked.problems.push(failure.to_string()),
    }
    let mut digests: BTreeMap<u64, Digest> = BTreeMap::new();
    let shown = store.records(&mut |record| {
        checked.records += 1;
        let writer = record.get_str("_id").and_then(writer_of).unwrap_or(u64::MAX);
        let sum = digests.entry(writer).or_default();
        *sum = sum.wrapping_add(digest(record));
    });
    checked.digests =
        digests.into_iter().map(|(writer, digest)| (writer, format!("{digest:x}"))).collect();
    checked.problems.extend(shown.err().map(|failure| failure.to_string()));
    match store.answers() {
        Ok(answers) => checked.answers = format!("{:x}", digest_of(&answers)),
        Err(failure) => checked.problems.push(failure.to_string()),
    }
    checked.problems.extend(store.close().err().map(|failure| failure.to_string()));
    checked
}
