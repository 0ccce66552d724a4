//! `filedex demo`: the endpoints' examples and three lookups of one's own, out of a temporary index.

use std::io::Write;

use clap::Args;
use filedex::{Endpoints, Filedex, Limits, Lookup};
use filedex_query::ejson::Form;
use http::Request;

use crate::answer;
use crate::failure::Failure;
use crate::sample::{self, CALLER, OTHER_CALLER};
use crate::session::Session;

/// Puts the example records and a few thousand generated ones into a temporary index, prints the
/// examples' four pages, then three ad-hoc lookups with what they cost.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex demo")]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let index = sample::index(Limits::default())?;
    let records = index.stats()?.records;
    session.tell(format_args!("{records} records in a temporary index\n"));
    pages(&index, session.out)?;
    lookups(&index, session.out)?;
    index.close()?;
    Ok(())
}

fn pages(index: &Filedex, out: &mut dyn Write) -> Result<(), Failure> {
    let endpoints = Endpoints::new(index.clone(), sample::directory());
    for (target, caller) in [
        ("/api/v1/im.files?roomId=ByehQjC44FwMeiLbX", CALLER),
        ("/api/v1/groups.files?roomName=general", OTHER_CALLER),
        ("/api/v1/rooms.images?roomId=6630e42b72f069422b1022c1", OTHER_CALLER),
        ("/api/user/files?page=1", CALLER),
    ] {
        let request = Request::get(target)
            .header("X-User-Id", caller.id)
            .header("X-Auth-Token", caller.token)
            .body(Vec::new())
            .map_err(|error| Failure::at(target, error))?;
        let response = endpoints.handle(request);
        writeln!(out, "GET {target}")?;
        answer::indented(response.body(), out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// A lookup as somebody would write it.
struct Ask {
    title: &'static str,
    query: &'static str,
    sort: &'static str,
    fields: &'static str,
}

const LOGOS: Ask = Ask {
    title: "logos above 10,000 bytes in the largest room, the largest first",
    query: r#"{"name":{"$regex":"logo","$options":"i"},"size":{"$gt":10000}}"#,
    sort: r#"{"size":-1}"#,
    fields: r#"{"name":1,"size":1}"#,
};

const WIDEST: Ask = Ask {
    title: "the widest pictures anywhere",
    query: r#"{"identify.size.width":{"$gte":3000},"extension":{"$in":["png","gif"]}}"#,
    sort: r#"{"identify.size.width":-1,"name":1}"#,
    fields: r#"{"name":1,"identify.size":1,"_id":0}"#,
};

const RECENT: Ask = Ask {
    title: "a user's videos and small files, newest first",
    query: r#"{"$or":[{"typeGroup":"video"},{"size":{"$lt":5000}}]}"#,
    sort: r#"{"uploadedAt":-1}"#,
    fields: r#"{"name":1,"typeGroup":1,"uploadedAt":1}"#,
};

fn lookups(index: &Filedex, out: &mut dyn Write) -> Result<(), Failure> {
    let dataset = sample::dataset();
    LOGOS.show(index.room(&dataset.room(0)), out)?;
    WIDEST.show(index.all(), out)?;
    RECENT.show(index.user(&dataset.user(0)), out)
}

impl Ask {
    fn show(&self, scope: Lookup, out: &mut dyn Write) -> Result<(), Failure> {
        let Ask { title, query, sort, fields } = self;
        let lookup = scope.query(query)?.sort(sort)?.fields(fields)?.count(3);
        let page = lookup.page()?;
        writeln!(out, "{} of {}: {title}", page.files.len(), page.total)?;
        writeln!(out, "query {query}\nsort {sort}\nfields {fields}")?;
        for file in &page.files {
            answer::line(file, Form::Plain, out)?;
        }
        writeln!(out, "{}\n", lookup.explain()?)?;
        Ok(())
    }
}
