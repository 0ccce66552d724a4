//! Work that has a process to itself, so that its memory and the CPU time of all its threads are one
//! engine's alone: loading, and opening. The program starts itself again for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use filedex_dataset::Dataset;
use serde::{Deserialize, Serialize};

use crate::anonymous;
use crate::clock;
use crate::data;
use crate::error::Result;
use crate::peer::{Kind, Setting};
use crate::question::Question;
use crate::row;

/// How often a store is opened for the time of that.
const OPENINGS: usize = 5;

/// What the child is to do.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    task: Task,
    #[arg(long, global = true, default_value = "filedex")]
    kind: Kind,
    #[arg(long, global = true, default_value = ".")]
    directory: PathBuf,
    #[arg(long, global = true, default_value_t = 0)]
    records: usize,
}

/// One piece of work.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Task {
    /// Load everything and close.
    Load {
        /// With the engine's default options.
        #[arg(long)]
        default: bool,
    },
    /// Open a closed store, ask for pages, close, and open again some times; default options.
    Open,
}

/// What a child found.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Finding {
    /// Nanoseconds: for a load CPU time of all threads, for opening wall time.
    pub(crate) nanoseconds: f64,
    /// Bytes of anonymous memory, above those before the work; null where the system doesn't tell.
    pub(crate) anonymous: Option<u64>,
}

/// Has a child do that work.
pub(crate) fn start(task: Task, kind: Kind, directory: &Path, records: usize) -> Result<Finding> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["child", "--kind", &kind.name(), "--records", &records.to_string()]);
    command.arg("--directory").arg(directory);
    match task {
        Task::Load { default: true } => command.args(["load", "--default"]),
        Task::Load { default: false } => command.arg("load"),
        Task::Open => command.arg("open"),
    };
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{}: the child process failed", kind.name()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Does it, as the child.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { kind, directory, records, .. } = arguments;
    let dataset = Dataset::new(*records);
    let finding = match arguments.task {
        Task::Load { default: true } => load(*kind, directory, Setting::DEFAULT, &dataset)?,
        Task::Load { default: false } => load(*kind, directory, Setting::ROOMY, &dataset)?,
        Task::Open => open(*kind, directory, &dataset)?,
    };
    println!("{}", serde_json::to_string(&finding)?);
    Ok(())
}

/// The time is that of all threads but for what making the records took, and includes the close:
/// nothing is put off until after it.
fn load(kind: Kind, directory: &Path, setting: Setting, dataset: &Dataset) -> Result<Finding> {
    let before = anonymous::bytes();
    let start = clock::process();
    let mut peer = kind.open(directory, setting)?;
    let mut making = Duration::ZERO;
    let mut chunks = data::chunks(dataset, 0..dataset.len());
    loop {
        let begun = clock::thread();
        let Some(mut records) = chunks.next() else { break };
        making += clock::thread() - begun;
        peer.load(&mut records)?;
    }
    peer.flush()?;
    let anonymous = above(before);
    peer.close()?;
    let nanoseconds = (clock::process() - start).saturating_sub(making).as_nanos() as f64;
    Ok(Finding { nanoseconds, anonymous })
}

/// The first opening after a load is not timed: some engines work up what the load left.
fn open(kind: Kind, directory: &Path, dataset: &Dataset) -> Result<Finding> {
    let before = anonymous::bytes();
    let mut peer = kind.open(directory, Setting::DEFAULT)?;
    for question in row::room_pages(dataset) {
        std::hint::black_box(peer.answer(&question)?);
    }
    let anonymous = above(before);
    peer.close()?;
    let one = Question::One { id: dataset.id(0) };
    let mut times = Vec::new();
    for _ in 0..OPENINGS {
        let start = Instant::now();
        let mut peer = kind.open(directory, Setting::DEFAULT)?;
        std::hint::black_box(peer.answer(&one)?);
        times.push(start.elapsed().as_nanos() as f64);
        peer.close()?;
    }
    Ok(Finding { nanoseconds: clock::median(times), anonymous })
}

fn above(before: Option<u64>) -> Option<u64> {
    Some(anonymous::bytes()?.saturating_sub(before?))
}
