//! Updates that are pipelines: stages of the aggregation language, one after another.
//!
//! This file knows which stages there are and how they are read. What a stage computes is
//! [`super::assignment`]'s, a projection's or an expression's.

use std::cell::Cell;

use super::assignment::{Assignment, Source};
use super::change::Updated;
use super::replacement;
use super::room::Room;
use super::walk::Start;
use crate::copy::{Footprint, copy_document};
use crate::{
    Code, Document, Environment, Error, Expression, Projection, Result, Value, ValueRef, field_path,
};

/// What a stage counts as: it makes a document anew, and may take all of `expression_steps`.
const NODES_A_STAGE: usize = 100;

/// The stages of an update.
#[derive(Clone, Debug)]
pub(super) struct Pipeline(Vec<Stage>);

#[derive(Clone, Debug)]
enum Stage {
    /// `$set`, `$addFields`.
    Set(Assignment),
    /// `$project`, `$unset`.
    Project(Projection),
    /// `$replaceWith`, `$replaceRoot`.
    Replace(Expression),
}

impl Pipeline {
    /// Reads the stages.
    ///
    /// # Errors
    /// 14 for a stage that is no object, 40323 for one that has not exactly one field, 72 for one that no
    /// update takes, 40324 for an unknown one; those of the stages; the limit `filter_nodes`.
    pub(super) fn parse(stages: &[Value], environment: &Environment) -> Result<Pipeline> {
        let most = environment.limits.filter_nodes;
        if stages.len().saturating_mul(NODES_A_STAGE) > most {
            return Err(Error::limit("filter_nodes", most));
        }
        let read =
            |(index, stage)| Stage::parse(stage, environment).map_err(|error| error.at(index));
        stages.iter().enumerate().map(read).collect::<Result<Vec<Stage>>>().map(Pipeline)
    }

    /// The document that the stages make of another.
    ///
    /// # Errors
    /// Those of expressions; 40228 for a replacement that is no object; 53, 66 and 15 as for a
    /// replacement; those of the account.
    pub(super) fn apply(&self, old: Document, start: Start<'_>) -> Result<Updated> {
        let spent = Cell::new(0);
        let (account, held) = (start.account, start.account.held());
        let mut new = copy_document(old.view(), account)?;
        for (index, stage) in self.0.iter().enumerate() {
            new = stage.apply(new, &spent, start).map_err(|error| error.at(index))?;
            // What the stage before made is gone.
            let made = Footprint::of(ValueRef::Document(new.view()), account)?.grown_memory();
            account.release_to(held.saturating_add(made));
        }
        replacement::settle(new, old, start)
    }
}

impl Stage {
    fn parse(stage: &Value, environment: &Environment) -> Result<Stage> {
        let Value::Document(stage) = stage else {
            return Err(Error::new(Code::TYPE_MISMATCH, "a stage is an object"));
        };
        let (1, Some((name, argument))) = (stage.len(), stage.iter().next()) else {
            return Err(Error::new(Code(40323), "a stage has exactly one field, its name"));
        };
        let stage = match name {
            "$set" | "$addFields" => set(argument, environment),
            "$unset" => unset(argument, environment),
            "$project" => project(argument, environment),
            "$replaceWith" => Expression::parse(argument, environment).map(Stage::Replace),
            "$replaceRoot" => replace_root(argument, environment),
            _ if is_of_queries(name) => {
                let message = format!("the stage `{name}` does not stand in an update");
                Err(Error::new(Code::INVALID_OPTIONS, message))
            }
            _ => Err(Error::new(Code(40324), format!("there is no stage `{name}`"))),
        };
        stage.map_err(|error| error.at(name))
    }

    fn apply(&self, document: Document, spent: &Cell<usize>, start: Start<'_>) -> Result<Document> {
        match self {
            Stage::Set(assignment) => {
                let mut new = copy_document(document.view(), start.account)?;
                let room = Room::new(start.limits, start.account);
                let mut source = Source { document: document.view(), spent, room };
                assignment.apply(&mut new, &mut source)?;
                Ok(new)
            }
            Stage::Project(projection) => {
                projection.apply_within(document.view(), None, start.account)
            }
            Stage::Replace(expression) => {
                match expression.evaluate_beside(document.view(), spent, start.account)? {
                    Some(Value::Document(new)) => Ok(new),
                    _ => {
                        Err(Error::new(Code(40228), "what takes the document's place is no object"))
                    }
                }
            }
        }
    }
}

fn set(argument: &Value, environment: &Environment) -> Result<Stage> {
    match argument {
        Value::Document(fields) => Assignment::parse(fields, environment).map(Stage::Set),
        _ => Err(Error::new(Code(40272), "takes an object of fields with their values")),
    }
}

fn unset(argument: &Value, environment: &Environment) -> Result<Stage> {
    let paths = match argument {
        Value::String(_) => std::slice::from_ref(argument),
        Value::Array(paths) if paths.is_empty() => {
            return Err(Error::new(Code(31119), "takes at least one path"));
        }
        Value::Array(paths) => paths,
        _ => return Err(Error::new(Code(31002), "takes a path or an array of paths")),
    };
    let mut hidden = Document::new();
    for path in paths {
        let Value::String(path) = path else {
            return Err(Error::new(Code(31120), "each path is a text"));
        };
        field_path::check(path, &environment.limits)?;
        hidden.push(path.as_str(), 0);
    }
    Projection::parse(&hidden, environment).map(Stage::Project)
}

fn project(argument: &Value, environment: &Environment) -> Result<Stage> {
    let Value::Document(fields) = argument else {
        return Err(Error::new(Code(15969), "takes an object of fields"));
    };
    if fields.is_empty() {
        return Err(Error::new(Code(51272), "takes at least one field"));
    }
    refuse_forms_of_find(fields, environment)?;
    Projection::parse(fields, environment).map(Stage::Project)
}

/// What a projection of find may say, and the stage may not.
fn refuse_forms_of_find(fields: &Document, environment: &Environment) -> Result<()> {
    for (name, value) in fields.iter() {
        if name.ends_with(".$") {
            let message = "the positional `$` does not stand in a stage";
            return Err(Error::new(Code(31324), message).at(name));
        }
        let Value::Document(inner) = value else { continue };
        let refused = match inner.iter().next() {
            Some(("$elemMatch", _)) => {
                Err(Error::new(Code(31325), "$elemMatch does not stand in a stage"))
            }
            Some(("$slice", _)) => Expression::parse(value, environment).map(drop),
            Some((first, _)) if first.starts_with('$') => Ok(()),
            _ => refuse_forms_of_find(inner, environment),
        };
        refused.map_err(|error| error.at(name))?;
    }
    Ok(())
}

fn replace_root(argument: &Value, environment: &Environment) -> Result<Stage> {
    let Value::Document(options) = argument else {
        return Err(Error::new(Code(40229), "takes {\"newRoot\": ..}"));
    };
    if let Some((name, _)) = options.iter().find(|(name, _)| *name != "newRoot") {
        return Err(Error::new(Code(40230), format!("takes no option `{name}`")));
    }
    match options.get("newRoot") {
        Some(root) => Expression::parse(root, environment).map(Stage::Replace),
        None => Err(Error::new(Code(40231), "needs the option `newRoot`")),
    }
}

/// Whether there is a stage of that name in MongoDB which no update takes.
fn is_of_queries(name: &str) -> bool {
    matches!(
        name,
        "$bucket"
            | "$bucketAuto"
            | "$changeStream"
            | "$changeStreamSplitLargeEvent"
            | "$collStats"
            | "$count"
            | "$currentOp"
            | "$densify"
            | "$documents"
            | "$facet"
            | "$fill"
            | "$geoNear"
            | "$graphLookup"
            | "$group"
            | "$indexStats"
            | "$limit"
            | "$listLocalSessions"
            | "$listSampledQueries"
            | "$listSearchIndexes"
            | "$listSessions"
            | "$lookup"
            | "$match"
            | "$merge"
            | "$out"
            | "$planCacheStats"
            | "$querySettings"
            | "$queryStats"
            | "$rankFusion"
            | "$redact"
            | "$sample"
            | "$scoreFusion"
            | "$search"
            | "$searchMeta"
            | "$setWindowFields"
            | "$shardedDataDistribution"
            | "$skip"
            | "$sort"
            | "$sortByCount"
            | "$unionWith"
            | "$unwind"
            | "$vectorSearch"
    )
}
