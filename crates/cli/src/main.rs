//! The program `filedex`, which is the library of this crate.

use std::process::ExitCode;

#[global_allocator]
static MEMORY: filedex_cli::Allocator = filedex_cli::Allocator;

fn main() -> ExitCode {
    filedex_cli::program(std::env::args_os())
}
