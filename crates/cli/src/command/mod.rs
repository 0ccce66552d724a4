//! The commands, one a file.

mod backup;
mod compact;
mod compare;
mod completions;
mod copy;
mod count;
mod demo;
mod directory;
mod export;
mod find;
mod get;
mod import;
mod man;
mod remove;
mod repair;
mod restore;
mod scan;
mod stats;
mod token;
mod update;
mod verify;
mod watch;

use std::path::Path;

use clap::Subcommand;

use crate::browse;
use crate::failure::Failure;
use crate::serve;
use crate::session::Session;

/// What the program can be told to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Browse(browse::Arguments),
    Import(import::Arguments),
    Scan(scan::Arguments),
    Find(find::Arguments),
    Get(get::Arguments),
    Count(count::Arguments),
    Update(update::Arguments),
    Remove(remove::Arguments),
    Watch(watch::Arguments),
    Export(export::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Stats(stats::Arguments),
    Verify(verify::Arguments),
    Repair(repair::Arguments),
    Compact(compact::Arguments),
    Copy(copy::Arguments),
    Compare(compare::Arguments),
    Directory(directory::Arguments),
    Token(token::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Command::Demo(arguments) => demo::run(arguments, session),
            Command::Serve(arguments) => serve::run(arguments, session),
            Command::Browse(arguments) => browse::run(arguments, session),
            Command::Import(arguments) => import::run(arguments, session),
            Command::Scan(arguments) => scan::run(arguments, session),
            Command::Find(arguments) => find::run(arguments, session),
            Command::Get(arguments) => get::run(arguments, session),
            Command::Count(arguments) => count::run(arguments, session),
            Command::Update(arguments) => update::run(arguments, session),
            Command::Remove(arguments) => remove::run(arguments, session),
            Command::Watch(arguments) => watch::run(arguments, session),
            Command::Export(arguments) => export::run(arguments, session),
            Command::Backup(arguments) => backup::run(arguments, session),
            Command::Restore(arguments) => restore::run(arguments, session),
            Command::Stats(arguments) => stats::run(arguments, session),
            Command::Verify(arguments) => verify::run(arguments, session),
            Command::Repair(arguments) => repair::run(arguments, session),
            Command::Compact(arguments) => compact::run(arguments, session),
            Command::Copy(arguments) => copy::run(arguments, session),
            Command::Compare(arguments) => compare::run(arguments, session),
            Command::Directory(arguments) => directory::run(arguments, session),
            Command::Token(arguments) => token::run(arguments, session),
            Command::Completions(arguments) => completions::run(arguments, session),
            Command::Man(arguments) => man::run(arguments, session),
        }
    }

    /// The admin socket of the server that is to run it.
    pub(crate) fn admin(&self) -> Option<&Path> {
        match self {
            Command::Import(arguments) => arguments.store.admin(),
            Command::Find(arguments) => arguments.admin(),
            Command::Get(arguments) => arguments.store.admin(),
            Command::Count(arguments) => arguments.store.admin(),
            Command::Update(arguments) => arguments.chosen.store.admin(),
            Command::Remove(arguments) => arguments.chosen.store.admin(),
            Command::Watch(arguments) => Some(arguments.admin()),
            Command::Export(arguments) => arguments.store.admin(),
            Command::Backup(arguments) => arguments.admin(),
            Command::Stats(arguments) => arguments.store.admin(),
            Command::Verify(arguments) => arguments.store.admin(),
            _ => None,
        }
    }

    /// The file that it reads, if it is one of the caller's.
    pub(crate) fn reads(&self) -> Option<&str> {
        match self {
            Command::Import(arguments) => Some(&arguments.file),
            _ => None,
        }
    }
}
