//! The process that does something to a store as a whole, and is killed meanwhile: opens it, repairs it,
//! compacts it, or restores a backup of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use clap::Args;
use filedex_storage::{Error, Options, Store};

use crate::Outcome;
use crate::check::itself;
use crate::engine::memory;

/// What is done to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Work {
    Open,
    Repair,
    Compact,
    Restore,
}

impl Work {
    pub(crate) const ALL: [Work; 4] = [Work::Open, Work::Repair, Work::Compact, Work::Restore];
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::Open => "open",
            Work::Repair => "repair",
            Work::Compact => "compact",
            Work::Restore => "restore",
        })
    }
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    #[arg(value_enum)]
    work: Work,
    /// The store.
    store: PathBuf,
    /// The backup that is restored.
    #[arg(long)]
    backup: Option<PathBuf>,
}

/// The command line of that process.
pub(crate) fn line(work: Work, store: &Path, backup: &Path) -> Vec<String> {
    let mut line = vec!["work".to_owned(), work.to_string(), store.display().to_string()];
    if work == Work::Restore {
        line.extend(["--backup".to_owned(), backup.display().to_string()]);
    }
    line
}

/// Starts the process.
pub(crate) fn start(line: &[String]) -> Outcome<Child> {
    Ok(quiet(line)?.stdout(Stdio::null()).spawn()?)
}

/// Runs the process to its end; what it printed, or why it failed.
pub(crate) fn complete(line: &[String]) -> Result<String, String> {
    let output = quiet(line)?.stderr(Stdio::piped()).output().map_err(|error| error.to_string())?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

fn quiet(line: &[String]) -> Result<Command, String> {
    let mut command = itself()?;
    command.args(line).stdin(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match work(arguments) {
        Ok(account) => {
            println!("{account}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{:?}: {error}", error.kind());
            ExitCode::FAILURE
        }
    }
}

/// How many things a repair lost; nothing of the others.
fn work(arguments: &Arguments) -> Result<u64, Error> {
    // With little memory there is more to be interrupted.
    let mut options = Options::default();
    options.cache_bytes = memory(0);
    options.write_buffer_bytes = options.cache_bytes / 4;
    let (store, silent) = (&arguments.store, &mut |_, _| ());
    match (arguments.work, &arguments.backup) {
        (Work::Repair, _) => Store::repair(store, &options, silent).map(|repair| repair.lost),
        (Work::Compact, _) => Store::compact(store, &options, silent).map(|_| 0),
        (Work::Restore, Some(backup)) => Store::restore(backup, store, &options, silent).map(|_| 0),
        _ => Store::open(store, &options)?.close().map(|()| 0),
    }
}
