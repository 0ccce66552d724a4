//! Figures that the servers work out beside the records: how many come before one, what a field adds up to,
//! which values it has. What they would work out otherwise than an index on this machine is left to a
//! walk.

use std::time::Duration;

use filedex::{Collation, ErrorKind, Path, Plan, Result, Start, Value, Values, Watch};
use filedex_query::{Account, Sum};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document as Command, RawBsonRef, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;

use crate::connection::Servers;
use crate::counts;
use crate::error::Failure;
use crate::moment::Moment;
use crate::place::Place;
use crate::question::Question;
use crate::source::time_for;
use crate::{Mongo, record};

type Driven<T> = std::result::Result<T, DriverError>;
type Outcome<T> = std::result::Result<T, Failure>;

/// The place of a match, counted from the beginning; `None` where a walk has to count.
pub(crate) fn rank(
    mongo: &Mongo,
    plan: &Plan,
    id: &str,
    watch: &Watch,
) -> Result<Option<Option<u64>>> {
    let question = Question::of(plan)?;
    let is_served = question.is_whole() && question.sort.is_some() && question.doubt.is_none();
    if !is_served || !mongo.has_one_moment() {
        return Ok(None);
    }
    match rank_within(&mongo.at_one_moment()?, plan, question, id, watch) {
        // What was opened for this alone was ended early.
        Err(error) if error.kind() == ErrorKind::SnapshotEnded && !mongo.moment.is_kept() => {
            Ok(None)
        }
        told => told,
    }
}

fn rank_within(
    mongo: &Mongo,
    plan: &Plan,
    question: Question,
    id: &str,
    watch: &Watch,
) -> Result<Option<Option<u64>>> {
    let this = doc! { "$and": [question.filter.clone(), { "_id": id }] };
    let Some(raw) = mongo.connection.find(&mongo.moment, this)? else { return Ok(Some(None)) };
    let position = plan.sort().position(record::read(&raw)?.view())?;
    let Some(place) = Place::of(plan, &Start::Before(position))? else { return Ok(None) };
    let before = question.beside(&place)?;
    let pipeline = vec![
        doc! { "$match": before.filter },
        doc! { "$match": before.bound.unwrap_or_default() },
        doc! { "$group": { "_id": null, "n": { "$sum": 1_i64 } } },
    ];
    let found = served(grouped(mongo, plan, pipeline, watch))?;
    Ok(found.map(|found| Some(found.first().map_or(0, number))))
}

/// The sum of a field that holds whole numbers alone; `None` where a walk has to add up.
pub(crate) fn sum(mongo: &Mongo, plan: &Plan, path: &Path, watch: &Watch) -> Result<Option<Value>> {
    let (question, Some(field)) = (Question::of(plan)?, field(plan, path)) else {
        return Ok(None);
    };
    if !question.is_whole() {
        return Ok(None);
    }
    let kind = doc! { "$type": &field };
    let whole = doc! { "$cond": [{ "$in": [&kind, ["int", "long"]] }, &field, 0] };
    let other = doc! { "$cond": [{ "$in": [&kind, ["double", "decimal"]] }, 1, 0] };
    let pipeline = vec![
        doc! { "$match": question.filter },
        doc! { "$group": { "_id": null, "whole": { "$sum": whole }, "n": { "$sum": other } } },
    ];
    let Some(found) = served(grouped(mongo, plan, pipeline, watch))? else { return Ok(None) };
    let mut sum = Sum::new(path.clone());
    let Some(found) = found.first() else { return Ok(Some(sum.value())) };
    // Of doubles the order in which they come shows in the sum, and past 64 bits servers go on with them.
    let whole = match found.get("whole") {
        Ok(Some(RawBsonRef::Int32(whole))) => i128::from(whole),
        Ok(Some(RawBsonRef::Int64(whole))) => i128::from(whole),
        _ => return Ok(None),
    };
    sum.add_whole(whole);
    Ok((number(found) == 0).then(|| sum.value()))
}

/// How often each value of a field is there, where none is an array or an object; `None` where a walk has
/// to tell.
pub(crate) fn values(
    mongo: &Mongo,
    plan: &Plan,
    (path, collation): (&Path, &Collation),
    watch: &Watch,
) -> Result<Option<Values>> {
    let (question, Some(field)) = (Question::of(plan)?, field(plan, path)) else {
        return Ok(None);
    };
    if !question.is_whole() {
        return Ok(None);
    }
    let none = || Values::new(path.clone(), collation.clone());
    if let Some(values) = groups(mongo, plan, &field, none(), watch)? {
        return Ok(Some(values));
    }
    // Servers take 1 and 1.0 for one value, of which either may be told.
    let value = doc! { "kind": { "$type": &field }, "value": &field };
    let pipeline = vec![
        doc! { "$match": question.filter },
        doc! { "$group": { "_id": value, "n": { "$sum": 1_i64 } } },
    ];
    let Some(found) = served(grouped(mongo, plan, pipeline, watch))? else { return Ok(None) };
    let (account, mut values) = (watch.account(plan.limits()), none());
    for group in &found {
        let read = record::read(group)?;
        let told = read.get("_id").and_then(Value::as_document);
        let value = told.and_then(|told| told.get("value"));
        match told.and_then(|told| told.get_str("kind")) {
            Some("array" | "object") | None => return Ok(None),
            Some("missing") => values.add_many(None, number(group), &account)?,
            Some(_) => values.add_many(value.map(Value::view), number(group), &account)?,
        }
    }
    Ok(Some(values))
}

/// The type groups of a room by the counts that are kept, if these tell.
fn groups(
    mongo: &Mongo,
    plan: &Plan,
    field: &str,
    mut values: Values,
    watch: &Watch,
) -> Result<Option<Values>> {
    let is_kept = field == "$typeGroup" && mongo.is_counted();
    let Some(names) = counts::asked(plan).filter(|_| is_kept) else { return Ok(None) };
    let counters = mongo.connection.try_again(|servers| {
        let names = names.clone();
        async move { servers.counters(&names, &mut servers.moment().await?).await }
    })?;
    Ok(counts::groups(plan, &counters, &mut values, watch)?.map(|()| values))
}

/// The field as expressions name it, if a plain name says it that the asker may see.
fn field(plan: &Plan, path: &Path) -> Option<String> {
    let name = path.as_name()?;
    let is_plain = name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
    (is_plain && !name.is_empty() && !plan.hides(name)).then(|| format!("${name}"))
}

fn number(group: &RawDocumentBuf) -> u64 {
    let number = match group.get("n") {
        Ok(Some(RawBsonRef::Int32(number))) => i64::from(number),
        Ok(Some(RawBsonRef::Int64(number))) => number,
        Ok(Some(RawBsonRef::Double(number))) => number as i64,
        _ => 0,
    };
    u64::try_from(number).unwrap_or(0)
}

/// Nothing, where the servers refuse to work it out.
fn served<T>(outcome: Outcome<T>) -> Result<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Failure::Refused(_)) => Ok(None),
        Err(failure) => Err(failure.into_error()),
    }
}

/// What the pipeline gives, as of the moment.
fn grouped(
    mongo: &Mongo,
    plan: &Plan,
    pipeline: Vec<Command>,
    watch: &Watch,
) -> Outcome<Vec<RawDocumentBuf>> {
    mongo.moment.check()?;
    let account: Account = watch.account(plan.limits());
    let time = time_for(watch, plan.limits().time);
    account.look()?;
    let (servers, moment) = (mongo.connection.servers.clone(), mongo.moment.clone());
    let work = async move { aggregate(&servers, &moment, pipeline, time).await };
    let found = mongo.connection.spawn(work)?.finish(|| Ok(account.look()?))?;
    let found = found.map_err(|error| mongo.moment.judge(Failure::from(error)))?;
    let bytes: usize = found.iter().map(|group| group.as_bytes().len()).sum();
    account.hold(bytes)?;
    Ok(found)
}

async fn aggregate(
    servers: &Servers,
    moment: &Moment,
    pipeline: Vec<Command>,
    time: Duration,
) -> Driven<Vec<RawDocumentBuf>> {
    let asked = servers.records.aggregate(pipeline).max_time(time).with_type::<RawDocumentBuf>();
    match moment {
        Moment::Now => asked.await?.try_collect().await,
        Moment::At(time) => {
            let mut session = servers.at(Some(*time)).await?;
            let mut cursor = asked.session(&mut session).await?;
            cursor.stream(&mut session).try_collect().await
        }
        Moment::Within(kept) => {
            let mut session = kept.lock().await;
            let mut cursor = asked.session(&mut *session).await?;
            cursor.stream(&mut session).try_collect().await
        }
    }
}
