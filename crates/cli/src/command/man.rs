//! `filedex man`: the manual, for `man`.

use std::path::PathBuf;

use clap::Args;
use clap_mangen::Man;

use crate::failure::Failure;
use crate::session::Session;

/// Prints the manual's first page, or writes a page for each command into a directory.
///
/// `man` finds them under ~/.local/share/man/man1.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex man > filedex.1
  filedex man --directory .")]
pub(crate) struct Arguments {
    /// Where to write filedex.1, filedex-find.1 and so on.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    // `help` says nothing that the pages do not.
    let program = crate::definition().disable_help_subcommand(true);
    match &arguments.directory {
        Some(directory) => clap_mangen::generate_to(program, directory)
            .map_err(|error| Failure::at(directory.display(), error)),
        None => {
            let mut text = Vec::new();
            Man::new(program).render(&mut text)?;
            session.out.write_all(&text)?;
            Ok(())
        }
    }
}
