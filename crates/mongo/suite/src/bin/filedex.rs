//! The program `filedex` as it is built with the feature `mongodb`, for its tests over a server.

use std::process::ExitCode;

fn main() -> ExitCode {
    filedex_cli::program(std::env::args_os())
}
