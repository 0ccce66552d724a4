//! The program `filedex`: a host of the index, on the command line and over HTTP.
//!
//! One file per command. Answers go to standard output, everything else to standard error.
//! Exit status: 0 done, 1 done in part or not at all, 2 a bad query or bad arguments, 3 a missing
//! or damaged store.

mod answer;
mod backup;
mod compact;
mod demo;
mod export;
mod failure;
mod find;
mod import;
mod progress;
mod repair;
mod report;
mod restore;
mod sample;
mod scan;
mod serve;
mod stats;
mod stream;
mod verify;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// An index of file metadata that speaks MongoDB's find language.
#[derive(Debug, Parser)]
#[command(name = "filedex", version, arg_required_else_help = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Import(import::Arguments),
    Scan(scan::Arguments),
    Find(find::Arguments),
    Export(export::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Stats(stats::Arguments),
    Verify(verify::Arguments),
    Repair(repair::Arguments),
    Compact(compact::Arguments),
}

/// Runs the program with these arguments, the first of which is its name.
pub fn program(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let program = match Program::try_parse_from(arguments) {
        Ok(program) => program,
        Err(error) => error.exit(),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let result = run(&program.command, &mut out);
    // What a command printed before it failed is still part of its answer.
    let flushed = out.flush().map_err(Failure::from);
    match result.and(flushed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: &Command, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments, out),
        Command::Serve(arguments) => serve::run(arguments, out),
        Command::Import(arguments) => import::run(arguments, out),
        Command::Scan(arguments) => scan::run(arguments, out),
        Command::Find(arguments) => find::run(arguments, out),
        Command::Export(arguments) => export::run(arguments, out),
        Command::Backup(arguments) => backup::run(arguments, out),
        Command::Restore(arguments) => restore::run(arguments, out),
        Command::Stats(arguments) => stats::run(arguments, out),
        Command::Verify(arguments) => verify::run(arguments, out),
        Command::Repair(arguments) => repair::run(arguments, out),
        Command::Compact(arguments) => compact::run(arguments, out),
    }
}
