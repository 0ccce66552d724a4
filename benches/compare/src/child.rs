//! The process that a task has to itself: this program, started again.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum as _};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neighbour::Neighbour;
use crate::peer::Kind;
use crate::row::Row;
use crate::tasks::{self, Task};

/// What the child is to do.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[arg(long, required_unless_present = "neighbour")]
    task: Option<Task>,
    /// What to ask for twice, instead.
    #[arg(long, conflicts_with = "task")]
    neighbour: Option<Neighbour>,
    #[arg(long)]
    kind: Kind,
    #[arg(long)]
    directory: PathBuf,
    #[arg(long)]
    records: usize,
}

/// What a child found.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Finding {
    /// Figures by the names of their rows, in the rows' units.
    figures: BTreeMap<String, f64>,
    /// A hash of all answers, where those of several engines have to be the same.
    answers: Option<u64>,
}

impl Finding {
    /// A row's figure, and that of the row which has the same beside another SQLite.
    pub(crate) fn add(&mut self, row: Row, figure: f64) {
        let rows = [Some(row), row.uncounted()].into_iter().flatten();
        self.figures.extend(rows.map(|row| (row.name(), figure)));
    }

    /// Bytes, where the system tells them.
    pub(crate) fn add_some(&mut self, row: Row, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            self.add(row, bytes as f64);
        }
    }

    /// An answer, that of a question behind those before it.
    pub(crate) fn answered(&mut self, answer: Option<&[u8]>) {
        let mut all = DefaultHasher::new();
        (self.answers, answer).hash(&mut all);
        self.answers = Some(all.finish());
    }

    /// A hash of all answers, if there were any.
    pub(crate) fn answers(&self) -> Option<u64> {
        self.answers
    }

    pub(crate) fn figures(&self) -> impl Iterator<Item = (Row, f64)> + '_ {
        let row = |name: &String| Row::from_str(name, false).ok();
        self.figures.iter().filter_map(move |(name, figure)| Some((row(name)?, *figure)))
    }
}

/// Has a child do that work.
pub(crate) fn start(task: Task, kind: Kind, directory: &Path, records: usize) -> Result<Finding> {
    spawn(["--task", &task.name()], kind, directory, records)
}

/// Has a child ask for that twice.
pub(crate) fn start_visits(
    neighbour: Neighbour,
    kind: Kind,
    directory: &Path,
    records: usize,
) -> Result<Finding> {
    spawn(["--neighbour", &neighbour.name()], kind, directory, records)
}

fn spawn(work: [&str; 2], kind: Kind, directory: &Path, records: usize) -> Result<Finding> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("child").args(work).args(["--kind", &kind.name()]);
    command.args(["--records", &records.to_string()]).arg("--directory").arg(directory);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{}, {}: the child process failed", work.join(" "), kind.name()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Does it, as the child.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { task, neighbour, kind, directory, records } = arguments;
    let finding = match (task, neighbour) {
        (_, Some(neighbour)) => tasks::visits(*neighbour, *kind, directory, *records)?,
        (Some(task), None) => task.run(*kind, directory, *records)?,
        (None, None) => Finding::default(),
    };
    println!("{}", serde_json::to_string(&finding)?);
    Ok(())
}
