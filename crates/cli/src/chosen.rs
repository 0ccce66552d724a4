//! Which records a command changes: those of ids, of a question, or of both; never all of them for want of either.
//!
//! This file does not know what becomes of them.

use clap::Args;
use filedex::{Filedex, Lookup};
use filedex_query::{Document, Environment, Value};

use crate::failure::Failure;
use crate::question::Question;
use crate::session::Session;
use crate::store::Store;

/// A store, and records in it.
#[derive(Args, Debug)]
pub(crate) struct Chosen {
    #[command(flatten)]
    pub(crate) store: Store,
    #[command(flatten)]
    question: Question,
    /// Tell how many there are, and change none.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The ids of the records.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

impl Chosen {
    /// What texts of the command line are read under. A line that chooses nothing, or a question that cannot be
    /// read, is refused here, before anything is opened.
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        let environment = self.question.environment()?;
        self.question.asked(&environment)?;
        if self.ids.is_empty() && !self.question.is_asked() {
            let words =
                "say which records: ids, --room, --user, --type-group or --query ({} for all)";
            return Err(Failure::Arguments(words.to_owned()));
        }
        Ok(environment)
    }

    /// The lookup of the records, which ends once nobody waits for it.
    pub(crate) fn lookup(
        &self,
        index: &Filedex,
        environment: &Environment,
        session: &Session<'_>,
    ) -> Result<Lookup, Failure> {
        let lookup = self.question.lookup(index, environment)?.cancel(session.cancel.clone());
        if self.ids.is_empty() {
            return Ok(lookup);
        }
        let ids: Vec<Value> = self.ids.iter().map(|id| Value::from(id.as_str())).collect();
        let among = Document::new().with("$in", Value::Array(ids));
        Ok(lookup.query(Document::new().with("_id", among))?)
    }
}
