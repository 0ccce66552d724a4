//! `filedex find`: one lookup, in a store or over a stream of documents.
//!
//! Both ways parse the same arguments into the same filter, projection and sort. This file knows no
//! operator and no storage.

use std::path::{Path, PathBuf};

use clap::Args;
use filedex::{Filedex, each_document};
use filedex_query::{Environment, Plan, Projection, Redaction, Sort, shell};

use crate::answer::{Answer, Format};
use crate::failure::Failure;
use crate::place::{self, Access};
use crate::question::Question;
use crate::session::{Opened, Session};
use crate::store::Store;
use crate::stream::Stream;

/// Finds records in a store, or documents in a file.
///
/// A bad query is reported as JSON on the first line of standard error and ends with exit status 2; a fault
/// in its syntax is drawn below.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex find --db uploads.filedex --room GENERAL --query '{name: /logo/i, size: {$gt: 10000}}'
  filedex find --db uploads.filedex --sort '{size: -1}' --fields '{name: 1, size: 1}' --count 5 --explain
  filedex find --db uploads.filedex --format csv > uploads.csv
  filedex find --input documents.jsonl --query '{\"tags\":{\"$all\":[\"a\",\"b\"]}}' --format jsonl")]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The collection in the database of --mongodb.
    #[arg(long, value_name = "NAME", requires = "mongodb")]
    collection: Option<String>,
    #[command(flatten)]
    question: Question,
    /// The fields to show or to leave out: {"name":1,"size":1}.
    #[arg(long, value_name = "JSON")]
    fields: Option<String>,
    /// The fields to sort by, 1 ascending, -1 descending: {"uploadedAt":-1}.
    #[arg(long, value_name = "JSON")]
    sort: Option<String>,
    /// How many matches to skip.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
    /// How many matches to print at most, 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    count: u64,
    /// Also print the plan and what it cost, on standard error.
    #[arg(long)]
    explain: bool,
    /// The form of the answer: a table at a terminal, else JSON.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

#[derive(Args, Debug)]
#[group(id = "source", required = true, multiple = false)]
struct Source {
    /// The directory of a store.
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// The admin socket of the `filedex serve` that has the store open, in place of --db.
    #[arg(long, value_name = "SOCKET")]
    admin: Option<PathBuf>,
    /// The address of a database of MongoDB's: mongodb://HOST/DATABASE.
    #[arg(long, value_name = "URI")]
    mongodb: Option<String>,
    /// A file of JSON lines or of one JSON array, any documents; - for standard input.
    #[arg(long, value_name = "FILE")]
    input: Option<String>,
}

impl Arguments {
    pub(crate) fn admin(&self) -> Option<&Path> {
        self.source.admin.as_deref()
    }
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let environment = arguments.question.environment()?;
    let answer = match &arguments.source.input {
        Some(input) => in_stream(input, arguments, &environment, session),
        None => in_store(arguments, &environment, session),
    }?;
    let format = Format::of(arguments.format, session);
    answer.documents.print(format, arguments.fields.is_some(), session)?;
    if answer.bad > 0 { Err(Failure::Incomplete) } else { Ok(()) }
}

/// What was found, and how much could not be read.
struct Found {
    documents: Answer,
    bad: u64,
}

fn in_store(
    arguments: &Arguments,
    environment: &Environment,
    session: &mut Session<'_>,
) -> Result<Found, Failure> {
    // A bad query is told even where the store is bad too.
    arguments.question.asked(environment)?;
    let Source { db, admin, mongodb, .. } = &arguments.source;
    let index = match mongodb {
        Some(address) => {
            let collection = arguments.collection.as_deref();
            Opened::own(place::servers(address, collection, Access::Read, &Filedex::options())?)
        }
        None => session.open(&Store::at(db.clone(), admin.clone()))?,
    };
    let mut lookup = arguments.question.lookup(&index, environment)?;
    lookup = lookup.cancel(session.cancel.clone());
    lookup = lookup.offset(arguments.offset).count(arguments.count);
    if let Some(sort) = &arguments.sort {
        lookup = lookup.sort(shell::read_document(sort, environment)?)?;
    }
    if let Some(fields) = &arguments.fields {
        lookup = lookup.fields(shell::read_document(fields, environment)?)?;
    }
    if arguments.explain {
        session.tell(lookup.explain()?);
    }
    let page = lookup.page()?;
    index.close()?;
    let documents = Answer { documents: page.files, offset: page.offset, total: page.total };
    Ok(Found { documents, bad: 0 })
}

fn in_stream(
    name: &str,
    arguments: &Arguments,
    environment: &Environment,
    session: &mut Session<'_>,
) -> Result<Found, Failure> {
    let plan = plan(arguments, environment)?;
    let count = (arguments.count > 0).then_some(arguments.count);
    let mut stream = Stream::new(&plan, arguments.offset, count, &environment.limits);
    let (mut bad, mut failure) = (0, None);
    each_document(session.read(name)?, &mut |_, found| {
        let examined = match found {
            Ok(document) => stream.examine(document),
            Err(fault) => {
                bad += 1;
                session.tell(fault);
                Ok(())
            }
        };
        failure = examined.err();
        failure.is_none()
    })?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if arguments.explain {
        let examined = stream.examined();
        session.tell(format_args!("{plan}\n{examined} documents examined, without an index"));
    }
    Ok(Found { documents: stream.finish()?, bad })
}

fn plan(arguments: &Arguments, environment: &Environment) -> Result<Plan, Failure> {
    let projection = match &arguments.fields {
        Some(text) => Projection::parse(&shell::read_document(text, environment)?, environment)?,
        None => Projection::everything(),
    };
    let sort = match &arguments.sort {
        Some(text) => Sort::parse(&shell::read_document(text, environment)?, environment)?,
        None => Sort::none(),
    };
    let question = &arguments.question;
    let (host, caller) = (question.forced(environment)?, question.asked(environment)?);
    let seen = Redaction::default();
    Ok(Plan::compile_redacted(host, caller, projection, sort, &seen, environment)?)
}
