//! `filedex completions`: what a shell needs to complete command lines of this program.

use clap::Args;
use clap_complete::Shell;

use crate::failure::Failure;
use crate::session::Session;

/// Prints a script that lets a shell complete commands and options.
///
/// bash reads it from ~/.local/share/bash-completion/completions/filedex, zsh from a file `_filedex` in a
/// directory of $fpath, fish from ~/.config/fish/completions/filedex.fish.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex completions bash > filedex.bash
  filedex completions zsh > _filedex
  filedex completions fish > filedex.fish")]
pub(crate) struct Arguments {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::definition(), "filedex", &mut script);
    session.out.write_all(&script)?;
    Ok(())
}
