//! `filedex demo`: the endpoints' examples and three lookups of one's own, out of a temporary index.

use std::io::Write;

use clap::Args;
use filedex::{Endpoints, Filedex, Lookup};
use filedex_query::ejson::Form;
use http::Request;

use crate::answer;
use crate::failure::Failure;
use crate::sample::{self, CALLER, OTHER_CALLER};

/// Puts the example records and a few thousand generated ones into a temporary index, prints the
/// examples' four pages, then three ad-hoc lookups with what they cost.
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let index = sample::index()?;
    let records = index.stats()?.records;
    eprintln!("{records} records in a temporary index\n");
    pages(&index, out)?;
    lookups(&index, out)?;
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

fn lookups(index: &Filedex, out: &mut dyn Write) -> Result<(), Failure> {
    let dataset = sample::dataset();
    let (room, user) = (dataset.room(0), dataset.user(0));
    let logos = index
        .room(&room)
        .query(r#"{"name": {"$regex": "logo", "$options": "i"}, "size": {"$gt": 10000}}"#)?
        .fields(r#"{"name": 1, "size": 1}"#)?
        .sort(r#"{"size": -1}"#)?;
    show("Logos above 10,000 bytes in the largest room, the largest first", &logos, out)?;
    let wide = index
        .all()
        .query(r#"{"identify.size.width": {"$gte": 3000}, "extension": {"$in": ["png", "gif"]}}"#)?
        .fields(r#"{"name": 1, "identify.size": 1, "_id": 0}"#)?
        .sort(r#"{"identify.size.width": -1, "name": 1}"#)?;
    show("The widest pictures anywhere", &wide, out)?;
    let recent = index
        .user(&user)
        .query(r#"{"$or": [{"typeGroup": "video"}, {"size": {"$lt": 5000}}]}"#)?
        .fields(r#"{"name": 1, "typeGroup": 1, "uploadedAt": 1}"#)?
        .sort(r#"{"uploadedAt": -1}"#)?;
    show("A user's videos and small files, newest first", &recent, out)
}

fn show(title: &str, lookup: &Lookup, out: &mut dyn Write) -> Result<(), Failure> {
    let lookup = lookup.clone().count(3);
    let page = lookup.page()?;
    writeln!(out, "{title}: {} of {}", page.files.len(), page.total)?;
    for file in &page.files {
        answer::line(file, Form::Plain, out)?;
    }
    writeln!(out, "{}\n", lookup.explain()?)?;
    Ok(())
}
