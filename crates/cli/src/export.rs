//! `filedex export`: every record of a store as JSON lines.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filedex::Filedex;
use filedex_query::ejson::Form;

use crate::answer;
use crate::failure::Failure;

/// Prints every record as one line of Extended JSON, as `import` and mongoimport read it.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory of the store.
    #[arg(long, value_name = "DIR")]
    db: PathBuf,
    /// Tell every kind of number apart (canonical Extended JSON).
    #[arg(long)]
    canonical: bool,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let form = if arguments.canonical { Form::Canonical } else { Form::Relaxed };
    let index = Filedex::options().create(false).open(&arguments.db)?;
    for document in index.all().iter()? {
        answer::line(&document?, form, out)?;
    }
    index.close()?;
    Ok(())
}
