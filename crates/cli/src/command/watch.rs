//! `filedex watch`: what is written to a store that a server has open, as it comes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use filedex::{Changed, News, What};
use serde_json::json;

use crate::failure::Failure;
use crate::question::Question;
use crate::session::Session;
use crate::store::Store;

/// Follows what is written to the store that a server has open, until it is interrupted or the server stops.
///
/// Prints a line of JSON at once, with the number of the last write, then one for each record that a write
/// changes: {"number":7,"id":"..","what":"added"}, or "replaced" or "removed". A record that comes to match is
/// added, one that no longer matches is removed. {"lagged":9} says that the lines up to that write are lost,
/// because they came faster than they were read.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex watch --admin filedex.sock
  filedex watch --admin filedex.sock --room GENERAL --type-group image")]
pub(crate) struct Arguments {
    /// The admin socket of the `filedex serve` that has the store open.
    #[arg(long, value_name = "SOCKET")]
    admin: PathBuf,
    #[command(flatten)]
    question: Question,
    /// Go on behind the write of that number, as an earlier line told it.
    #[arg(long, value_name = "NUMBER")]
    since: Option<u64>,
}

impl Arguments {
    pub(crate) fn admin(&self) -> &Path {
        &self.admin
    }
}

/// How often it is looked whether anybody still listens.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let environment = arguments.question.environment()?;
    let scope = arguments.question.whole_scope(&environment)?;
    let index = session.open(&Store::at(None, Some(arguments.admin.clone())))?;
    let mut changes = match arguments.since {
        Some(number) => index.watch_from(scope, number)?,
        None => index.watch(scope)?,
    };
    writeln!(session.out, "{}", json!({ "number": changes.number() }))?;
    loop {
        // Who waits for lines gets them now.
        session.out.flush()?;
        if session.is_over() || changes.has_ended() {
            return Ok(());
        }
        match changes.wait(LOOK)? {
            Some(News::Commit(commit)) => {
                for change in &commit.changes {
                    writeln!(session.out, "{}", line(commit.number, change))?;
                }
            }
            Some(News::Lagged(number)) => {
                writeln!(session.out, "{}", json!({ "lagged": number }))?;
            }
            _ => {}
        }
    }
}

fn line(number: u64, Changed { id, what, .. }: &Changed) -> String {
    let what = match what {
        What::Added => "added",
        What::Replaced => "replaced",
        What::Removed => "removed",
    };
    // By hand, because the number comes first.
    let id = serde_json::Value::from(id.as_str());
    format!("{{\"number\":{number},\"id\":{id},\"what\":\"{what}\"}}")
}
