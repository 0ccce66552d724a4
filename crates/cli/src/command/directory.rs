//! `filedex directory`: the file of users, tokens and rooms that `serve` reads.

use std::path::PathBuf;

use clap::Args;
use filedex::FileDirectory;

use crate::failure::Failure;
use crate::session::Session;

/// Shows how a directory file is written, or checks one.
///
/// It is a JSON file of users, the hashes of their tokens (`filedex token`), and rooms with their members;
/// `serve` reads it at its start and at SIGHUP. docs/directory.md tells every field.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex directory --example > directory.json
  filedex directory --check directory.json
  filedex directory --schema > directory.schema.json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    wanted: Wanted,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Wanted {
    /// Print a file with a user, a group, a channel and a direct room.
    #[arg(long)]
    example: bool,
    /// Print the JSON schema of such files.
    #[arg(long)]
    schema: bool,
    /// Read that file and say what is wrong with it.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// The example, which docs/directory.md shows.
const EXAMPLE: &str = include_str!("../../data/directory.json");

/// The schema, JSON Schema 2020-12.
const SCHEMA: &str = include_str!("../../data/directory.schema.json");

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let Wanted { example, check, .. } = &arguments.wanted;
    match check {
        Some(file) => {
            FileDirectory::open(file).map_err(|error| Failure::Other(error.to_string()))?;
            writeln!(session.out, "{} is a directory file", file.display())?;
        }
        None => {
            let text = if *example { EXAMPLE } else { SCHEMA };
            session.out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}
