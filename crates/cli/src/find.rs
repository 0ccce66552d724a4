//! `filedex find`: one lookup, in a store or over a stream of documents.
//!
//! Both ways parse the same arguments into the same filter, projection and sort. This file knows no
//! operator and no storage.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use filedex::{Filedex, Scope, each_document};
use filedex_query::{
    Collation, Date, Document, Environment, Filter, Plan, Projection, Redaction, Sort, Value, shell,
};

use crate::answer::{Answer, Format};
use crate::failure::Failure;
use crate::import;
use crate::stream::Stream;

/// Finds records in a store, or documents in a file.
///
/// A bad query is reported as JSON on the first line of standard error and ends with exit status 2; a fault
/// in its syntax is drawn below.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Only files of this room (`rid`).
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Only files of this user (`userId`).
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only files of this group: image, video, audio, text, application, ...
    #[arg(long, value_name = "GROUP")]
    type_group: Option<String>,
    /// A filter in MongoDB's find language, as JSON or as in its shell: {name: /^logo/i, size: {$gt: 10000}}.
    #[arg(long, value_name = "JSON")]
    query: Option<String>,
    /// The fields to show or to leave out: {"name":1,"size":1}.
    #[arg(long, value_name = "JSON")]
    fields: Option<String>,
    /// The fields to sort by, 1 ascending, -1 descending: {"uploadedAt":-1}.
    #[arg(long, value_name = "JSON")]
    sort: Option<String>,
    /// How texts compare: {"locale":"en","strength":2,"numericOrdering":true}.
    #[arg(long, value_name = "JSON")]
    collation: Option<String>,
    /// How many matches to skip.
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
    /// How many matches to print at most, 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    count: u64,
    /// Also print the plan and what it cost, on standard error.
    #[arg(long)]
    explain: bool,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Page)]
    format: Format,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Source {
    /// The directory of a store.
    #[arg(long, value_name = "DIR")]
    db: Option<PathBuf>,
    /// A file of JSON lines or of one JSON array, any documents; - for standard input.
    #[arg(long, value_name = "FILE")]
    input: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    match &arguments.source {
        Source { db: Some(db), .. } => in_store(db, arguments, out),
        Source { input, .. } => in_stream(input.as_deref().unwrap_or("-"), arguments, out),
    }
}

fn in_store(db: &Path, arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    // A bad query is told even where the store is bad too.
    let environment = environment(arguments)?;
    asked(arguments, &environment)?;
    let index = Filedex::options().create(false).open(db)?;
    let mut lookup = index.lookup(scope(arguments)).collated(&environment.collation);
    lookup = lookup.offset(arguments.offset).count(arguments.count);
    if let Some(query) = &arguments.query {
        lookup = lookup.query_relaxed(query)?;
    }
    if let Some(sort) = &arguments.sort {
        lookup = lookup.sort_document(&shell::read_document(sort, &environment)?)?;
    }
    if let Some(fields) = &arguments.fields {
        lookup = lookup.fields_document(&shell::read_document(fields, &environment)?)?;
    }
    if arguments.explain {
        eprintln!("{}", lookup.explain()?);
    }
    let page = lookup.page()?;
    let answer = Answer { documents: page.files, offset: page.offset, total: page.total };
    answer.print(arguments.format, out)?;
    index.close()?;
    Ok(())
}

fn scope(arguments: &Arguments) -> Scope {
    let Arguments { room, user, type_group, .. } = arguments;
    let mut scope = Scope::everything();
    if let Some(room) = room {
        scope = scope.room(room);
    }
    if let Some(user) = user {
        scope = scope.user(user);
    }
    match type_group {
        Some(group) => scope.type_group(group),
        None => scope,
    }
}

fn in_stream(name: &str, arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let environment = environment(arguments)?;
    let plan = plan(arguments, &environment)?;
    let count = (arguments.count > 0).then_some(arguments.count);
    let mut stream = Stream::new(&plan, arguments.offset, count, &environment.limits);
    let mut bad = 0;
    let mut failure = None;
    each_document(import::open(name)?, &mut |_, found| {
        let examined = match found {
            Ok(document) => stream.examine(document),
            Err(fault) => {
                bad += 1;
                eprintln!("{fault}");
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
        eprintln!("{plan}\n{} documents examined, without an index", stream.examined());
    }
    stream.finish()?.print(arguments.format, out)?;
    if bad > 0 { Err(Failure::Incomplete) } else { Ok(()) }
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
    let forced: Document = named(arguments).collect();
    let (host, caller) = (Filter::parse(&forced, environment)?, asked(arguments, environment)?);
    let seen = Redaction::default();
    Ok(Plan::compile_redacted(host, caller, projection, sort, &seen, environment)?)
}

/// The fields that have arguments of their own, and their values.
fn named(arguments: &Arguments) -> impl Iterator<Item = (String, Value)> {
    let Arguments { room, user, type_group, .. } = arguments;
    let named = [("rid", room), ("userId", user), ("typeGroup", type_group)];
    named.into_iter().filter_map(|(field, value)| {
        value.as_deref().map(|value| (field.to_owned(), Value::from(value)))
    })
}

fn asked(arguments: &Arguments, environment: &Environment) -> Result<Filter, Failure> {
    match &arguments.query {
        Some(text) => Ok(Filter::parse(&shell::read_filter(text, environment)?, environment)?),
        None => Ok(Filter::all()),
    }
}

/// The language is pure: the clock of `$$NOW` and the seed of `$sampleRate` come from here.
fn environment(arguments: &Arguments) -> Result<Environment, Failure> {
    let collation = match &arguments.collation {
        Some(text) => Collation::parse_text(text, &Environment::default())?,
        None => Collation::simple(),
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Environment {
        collation,
        now: Date(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        seed: u64::from(since.subsec_nanos()),
        ..Environment::default()
    })
}
