//! What of a plan a server is asked, and what is left to be judged here.
//!
//! This file knows plans and knows no server.

use filedex::{Document, Filter, Plan, Result, Value};
use filedex_query::Conjunct;
use mongodb::bson::{Bson, Document as Command};

use crate::place::Place;
use crate::{print, record};

/// What is asked of a server, made of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// What the server is asked.
    pub(crate) filter: Command,
    /// The same, condition by condition, for people.
    pub(crate) bounds: Vec<String>,
    /// Of each of the plan's conditions, whether the server is asked it.
    pub(crate) proven: Vec<bool>,
    /// The order that the server is asked for; without one records are sorted here.
    pub(crate) sort: Option<Command>,
    /// What its records lie behind or before, if that was asked; all that match are counted.
    pub(crate) bound: Option<Command>,
    /// The counts that the total can be made of, where they are kept.
    pub(crate) counters: Option<Vec<String>>,
    /// What must find nothing for the server's order to be the plan's.
    pub(crate) doubt: Option<Command>,
    /// Whether no record can match.
    pub(crate) is_empty: bool,
}

impl Question {
    /// All that a server may be asked in our place.
    pub(crate) fn of(plan: &Plan) -> Result<Question> {
        let mut question = Question::asking(plan, Conjunct::is_portable)?;
        let sort = plan.sort();
        if sort.is_portable() {
            question.sort = Some(record::command(&order(plan))?);
            question.doubt = match sort.is_redacted() && !sort.is_none() {
                true => Some(doubt(plan, &question.filter)?),
                false => None,
            };
        }
        Ok(question)
    }

    /// As little as there is: what leads to a list. For a server that refused the rest.
    pub(crate) fn least(plan: &Plan) -> Result<Question> {
        let leads = |conjunct: &Conjunct| conjunct.is_portable() && conjunct.bound().is_some();
        let mut question = Question::asking(plan, leads)?;
        if plan.sort().is_none() {
            question.sort = Some(record::command(&order(plan))?);
        }
        Ok(question)
    }

    fn asking(plan: &Plan, asked: impl Fn(&Conjunct) -> bool) -> Result<Question> {
        let (mut members, mut bounds, mut proven) = (Vec::new(), Vec::new(), Vec::new());
        for conjunct in plan.conjuncts() {
            let printed = if asked(conjunct) { print::print(conjunct.filter()) } else { None };
            proven.push(printed.is_some());
            if let Some(printed) = printed {
                bounds.push(conjunct.filter().to_string());
                members.push(Value::Document(printed));
            }
        }
        let is_empty = plan.conjuncts().iter().any(|one| matches!(one.filter(), Filter::Never));
        let filter = record::command(&all_of(members))?;
        let (sort, bound, counters, doubt) = (None, None, None, None);
        Ok(Question { filter, bounds, proven, sort, bound, counters, doubt, is_empty })
    }

    /// The same, of what lies beside that place: towards it, where it is the end.
    pub(crate) fn beside(mut self, place: &Place) -> Result<Question> {
        self.bound = Some(record::command(&place.bound)?);
        if place.is_end() {
            let back = |(name, direction): (String, Bson)| match direction.as_i32() {
                Some(direction) => (name, Bson::Int32(-direction)),
                None => (name, direction),
            };
            self.sort = self.sort.map(|sort| sort.into_iter().map(back).collect());
        }
        Ok(self)
    }

    /// Whether nothing is left to be judged here.
    pub(crate) fn is_whole(&self) -> bool {
        self.proven.iter().all(|proven| *proven)
    }
}

fn all_of(mut members: Vec<Value>) -> Document {
    match (members.len(), members.pop()) {
        (1, Some(Value::Document(only))) => only,
        (_, last) => {
            members.extend(last);
            if members.is_empty() { Document::new() } else { Document::new().with("$and", members) }
        }
    }
}

/// The plan's order with `_id` at its end, in the direction of the last key; without one the newest first.
fn order(plan: &Plan) -> Document {
    let mut order = Document::new();
    for key in plan.sort().keys() {
        if !order.contains(key.path.text()) {
            order.push(key.path.text(), if key.descending { -1 } else { 1 });
        }
    }
    let descending = plan.sort().keys().last().is_none_or(|key| key.descending);
    if plan.sort().is_none() {
        order.push("uploadedAt", -1);
    }
    if !order.contains("_id") {
        order.push("_id", if descending { -1 } else { 1 });
    }
    order
}

/// Records whose place in the order could rest on something that the asker may not see: those with an
/// object at one of the sort's paths, or in an array there.
fn doubt(plan: &Plan, filter: &Command) -> Result<Command> {
    let object = || Document::new().with("$type", "object");
    let nested = || Document::new().with("$elemMatch", Document::new().with("$type", "array"));
    let members =
        plan.sort().keys().iter().filter(|key| key.path.text() != "_id").flat_map(|key| {
            let path = key.path.text();
            [Document::new().with(path, object()), Document::new().with(path, nested())]
        });
    let members: Vec<Value> = members.map(Value::Document).collect();
    let any = match members.is_empty() {
        true => Document::new().with("_id", object()),
        false => Document::new().with("$or", members),
    };
    Ok(mongodb::bson::doc! { "$and": [filter.clone(), record::command(&any)?] })
}
