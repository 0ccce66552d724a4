//! The program `filedex`, which is the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    filedex_cli::program(std::env::args_os())
}
