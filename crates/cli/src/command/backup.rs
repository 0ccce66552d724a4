//! `filedex backup`: every record of a store to a file that tells whether it is whole.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;
use crate::session::Session;
use crate::store::Store;

/// Writes every record to a file, all from one moment, as canonical Extended JSON lines.
///
/// The last line holds the number of records and a checksum; `restore` goes by it. The file is made
/// whole or not at all, in place of one that stands there. With --admin the server writes the file, while
/// readers and writers go on.
#[derive(Args, Debug)]
#[command(
    allow_missing_positional = true,
    after_help = "\
Examples:
  filedex backup --db uploads.filedex uploads.backup
  filedex backup --admin filedex.sock uploads.backup"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The file to write.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Args, Debug)]
#[group(id = "source", required = true, multiple = false)]
struct Source {
    /// The directory of the store.
    #[arg(value_name = "STORE")]
    store: Option<PathBuf>,
    /// The directory of the store.
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// The admin socket of the `filedex serve` that has the store open, in place of --db.
    #[arg(long, value_name = "SOCKET")]
    admin: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn admin(&self) -> Option<&Path> {
        self.source.admin.as_deref()
    }
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let Source { store, db, admin } = &arguments.source;
    let index = session.open(&Store::at(store.clone().or(db.clone()), admin.clone()))?;
    let (path, watch) = (session.path(&arguments.file), session.watch());
    let backup = session.of_records(|progress| index.backup_within(path, &watch, progress))?;
    index.close()?;
    writeln!(session.out, "{} records, sha256 {}", backup.records, backup.sha256)?;
    Ok(())
}
