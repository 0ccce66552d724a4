//! The program `filedex`: a host of the index, on the command line and over HTTP.
//!
//! One file per command, in `command/`. A command works on a session: in this process, or in a server for whoever
//! asks at its admin socket (`admin/`). Answers go to standard output, everything else to standard error.
//! Exit status: 0 done, 1 done in part or not at all, 2 a bad query or bad arguments, 3 a missing
//! or damaged store.

mod admin;
mod answer;
mod browse;
mod chosen;
mod command;
mod failure;
mod page;
mod place;
mod progress;
mod question;
mod report;
mod sample;
mod serve;
mod session;
mod signals;
mod store;
mod stream;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// The allocator of the program: whoever runs [`program`] in a binary of his own measures with the same.
#[cfg(feature = "allocator")]
pub use mimalloc::MiMalloc as Allocator;
#[cfg(not(feature = "allocator"))]
pub use std::alloc::System as Allocator;

use clap::{CommandFactory, Parser};

use crate::command::Command;
use crate::failure::Failure;
use crate::session::Session;

/// An index of file metadata that speaks MongoDB's find language.
#[derive(Debug, Parser)]
#[command(name = "filedex", version, arg_required_else_help = true, after_help = OVERVIEW)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

const OVERVIEW: &str = "\
A store is a directory, named by --db. One process at a time has it open; while `filedex serve --admin SOCKET`
does, commands reach it by --admin SOCKET in place of --db.

Exit status: 0 done, 1 done in part or not at all, 2 a bad query or bad arguments, 3 a missing or damaged store.";

/// Runs the program with these arguments, the first of which is its name.
pub fn program(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = match Program::try_parse_from(&arguments) {
        Ok(program) => program,
        Err(error) => error.exit(),
    };
    if let Some(socket) = program.command.admin() {
        return admin::client::ask(socket, &program.command, &arguments);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let result = program.command.run(&mut Session::own(&mut out));
    // What a command printed before it failed is still part of its answer.
    let flushed = out.flush().map_err(Failure::from);
    match result.and(flushed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.report(&mut io::stderr())),
    }
}

/// Reads a command line, the first text of which is the program's name.
#[cfg(unix)]
fn parse(arguments: &[String]) -> Result<Command, String> {
    let program = Program::try_parse_from(arguments).map_err(|error| error.to_string())?;
    Ok(program.command)
}

/// The program's commands and options as clap has them, for completions and the manual.
fn definition() -> clap::Command {
    Program::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn arguments_contradict_each_other_nowhere() {
        super::definition().debug_assert();
    }
}
