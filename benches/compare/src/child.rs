//! The process that a task has to itself: this program, started again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum as _};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::peer::Kind;
use crate::row::Row;
use crate::tasks::Task;

/// What the child is to do.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[arg(long)]
    task: Task,
    #[arg(long)]
    kind: Kind,
    #[arg(long)]
    directory: PathBuf,
    #[arg(long)]
    records: usize,
}

/// What a child found: figures by the names of their rows, in the rows' units.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Finding(BTreeMap<String, f64>);

impl Finding {
    /// A row's figure, and that of the row which has the same beside another SQLite.
    pub(crate) fn add(&mut self, row: Row, figure: f64) {
        let rows = [Some(row), row.uncounted()].into_iter().flatten();
        self.0.extend(rows.map(|row| (row.name(), figure)));
    }

    /// Bytes, where the system tells them.
    pub(crate) fn add_some(&mut self, row: Row, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            self.add(row, bytes as f64);
        }
    }

    pub(crate) fn figures(&self) -> impl Iterator<Item = (Row, f64)> + '_ {
        let row = |name: &String| Row::from_str(name, false).ok();
        self.0.iter().filter_map(move |(name, figure)| Some((row(name)?, *figure)))
    }
}

/// Has a child do that work.
pub(crate) fn start(task: Task, kind: Kind, directory: &Path, records: usize) -> Result<Finding> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["child", "--task", &task.name(), "--kind", &kind.name()]);
    command.args(["--records", &records.to_string()]).arg("--directory").arg(directory);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{}, {}: the child process failed", task.name(), kind.name()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Does it, as the child.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { task, kind, directory, records } = arguments;
    let finding = task.run(*kind, directory, *records)?;
    println!("{}", serde_json::to_string(&finding)?);
    Ok(())
}
