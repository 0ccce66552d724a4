//! Filters that are ones by mistake: an operator without its `$` is the name of a field.

use crate::{Document, Error, Result, Value};

/// Operators on a field that hardly ever name a field of a document.
const OPERATORS: [&str; 10] =
    ["gt", "gte", "lt", "lte", "ne", "in", "nin", "exists", "elemMatch", "regex"];

/// Refuses the filter if a field's value is a document led by such a name, or `and` stands for `$and`.
pub(super) fn check(filter: &Document) -> Result<()> {
    for (name, value) in filter.iter() {
        let checked = match (name, value) {
            ("$and" | "$or" | "$nor", Value::Array(members)) => each(members),
            ("and" | "or" | "nor", Value::Array(members)) if members.iter().all(is_document) => {
                let message = format!("`{name}` is the name of a field; did you mean `${name}`?");
                Err(Error::bad_value(message))
            }
            (name, Value::Document(document)) if !name.starts_with('$') => condition(document),
            _ => Ok(()),
        };
        checked.map_err(|error| error.at(name))?;
    }
    Ok(())
}

fn each(members: &[Value]) -> Result<()> {
    for (index, member) in members.iter().enumerate() {
        if let Value::Document(filter) = member {
            check(filter).map_err(|error| error.at(index))?;
        }
    }
    Ok(())
}

fn condition(document: &Document) -> Result<()> {
    let first = document.iter().next().map_or("", |(name, _)| name);
    if OPERATORS.contains(&first) {
        let message = format!(
            "`{first}` is the name of a field here; did you mean `${first}`? A document with that field is \
             asked for by {{$eq: {{{first}: ..}}}}"
        );
        return Err(Error::bad_value(message));
    }
    for (name, value) in document.iter() {
        let checked = match (name, value) {
            ("$not", Value::Document(inner)) => condition(inner),
            ("$elemMatch", Value::Document(inner)) => check(inner),
            _ => Ok(()),
        };
        checked.map_err(|error| error.at(name))?;
    }
    Ok(())
}

fn is_document(value: &Value) -> bool {
    value.as_document().is_some()
}
