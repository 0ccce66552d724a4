//! Kills, power cuts, damage, faults, load, churn and strangers: what a store has promised, put on trial.
//!
//! Each trial prints its progress to standard error and one last line of JSON to standard output,
//! and ends with 1 if any promise broke.

mod check;
mod churn;
mod damage;
mod disk;
mod each_call;
mod engine;
mod faults;
mod files;
mod history;
mod hostile;
mod injector;
mod interrupt;
mod kill;
mod layout;
mod load;
mod model;
mod power;
mod script;
mod site;
mod skip;
mod strace;
mod subject;
mod trace;
mod verdict;
mod whole;
mod work;
mod writer;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::verdict::Verdict;

/// What a trial comes to, or why it could not be run.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Debug, Parser)]
#[command(name = "trials", version, about = "Puts a store on trial")]
struct Program {
    #[command(subcommand)]
    trial: Trial,
}

#[derive(Debug, Subcommand)]
enum Trial {
    /// Kills processes that write, open, repair, compact and restore, at random moments.
    Kill(kill::Arguments),
    /// Cuts the power at random moments of a recorded run.
    Power(power::Arguments),
    /// Damages the files of closed stores.
    Damage(damage::Arguments),
    /// Fills the disk and lets it fail.
    Faults(faults::Arguments),
    /// Lets every single call on files fail once.
    EachCall(each_call::Arguments),
    /// Lets many threads write and read at once.
    Load(load::Arguments),
    /// Overwrites and removes for long, and looks how much space that takes.
    Churn(churn::Arguments),
    /// Sends a server requests that are meant to stop or kill it, beside one simple client.
    Hostile(hostile::Arguments),
    /// The program `filedex`.
    #[command(hide = true, disable_help_flag = true)]
    Filedex {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    #[command(hide = true)]
    Write(writer::Arguments),
    #[command(hide = true)]
    Check(check::Arguments),
    #[command(hide = true)]
    Work(work::Arguments),
}

#[global_allocator]
static MEMORY: filedex_cli::Allocator = filedex_cli::Allocator;

fn main() -> ExitCode {
    let verdict = match Program::parse().trial {
        Trial::Kill(arguments) => kill::run(&arguments),
        Trial::Power(arguments) => power::run(&arguments),
        Trial::Damage(arguments) => damage::run(&arguments),
        Trial::Faults(arguments) => faults::run(&arguments),
        Trial::EachCall(arguments) => each_call::run(&arguments),
        Trial::Load(arguments) => load::run(&arguments),
        Trial::Churn(arguments) => churn::run(&arguments),
        Trial::Hostile(arguments) => hostile::run(&arguments),
        Trial::Filedex { arguments } => {
            return filedex_cli::program(std::iter::once("filedex".into()).chain(arguments));
        }
        Trial::Write(arguments) => return writer::run(&arguments),
        Trial::Check(arguments) => return check::run(&arguments),
        Trial::Work(arguments) => return work::run(&arguments),
    };
    finish(verdict)
}

fn finish(verdict: Outcome<Verdict>) -> ExitCode {
    match verdict {
        Ok(mut verdict) => {
            verdict.print();
            if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("the trial could not be run: {error}");
            ExitCode::from(2)
        }
    }
}
