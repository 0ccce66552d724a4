//! Operators that are known by name and refused, with the reason and what to do instead.

use super::nearest;
use crate::{Code, Error};

const TOP_LEVEL: [&str; 9] = [
    "$and",
    "$or",
    "$nor",
    "$expr",
    "$jsonSchema",
    "$comment",
    "$sampleRate",
    "$alwaysTrue",
    "$alwaysFalse",
];
const ON_FIELD: [&str; 21] = [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$not",
    "$exists",
    "$type",
    "$regex",
    "$options",
    "$mod",
    "$all",
    "$elemMatch",
    "$size",
    "$bitsAllSet",
    "$bitsAllClear",
    "$bitsAnySet",
    "$bitsAnyClear",
];

/// The operator that may be meant.
fn meant(name: &str, known: &[&'static str]) -> String {
    let nearest = nearest(name, known.iter().copied());
    nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"))
}

/// The error for a name led by `$` that is no filter-level operator.
pub(super) fn top_level(name: &str) -> Error {
    if let Some(error) = known(name) {
        return error;
    }
    let hint = match name {
        "$not" => "; $not stands on a field, at the top use $nor".to_owned(),
        "$in" | "$nin" | "$eq" | "$ne" | "$gt" | "$gte" | "$lt" | "$lte" | "$exists" | "$type"
        | "$regex" | "$all" | "$size" | "$mod" | "$elemMatch" => {
            format!("; write it on a field: {{\"field\": {{\"{name}\": ...}}}}")
        }
        _ => meant(name, &TOP_LEVEL),
    };
    Error::bad_value(format!("`{name}` is no operator that stands beside field names{hint}"))
}

/// The error for a name that is no operator on a field.
pub(super) fn on_field(name: &str) -> Error {
    if let Some(error) = known(name) {
        return error;
    }
    let guess = meant(name, &ON_FIELD);
    let hint = match name {
        "$and" | "$or" | "$nor" => "; it joins whole filters, beside field names",
        "$comment" => "; a comment stands beside field names",
        name if !name.starts_with('$') => "; the keys of an object led by `$` are all operators",
        _ => &guess,
    };
    Error::bad_value(format!("`{name}` is no operator on a field{hint}"))
}

/// The error for an operator that asks about the whole record, inside `$elemMatch`.
pub(super) fn in_element(name: &str) -> Error {
    Error::bad_value(format!("{name} speaks about the whole record, so not inside $elemMatch"))
}

fn known(name: &str) -> Option<Error> {
    let (code, reason) = match name {
        "$where" | "$function" => {
            (Code::BAD_VALUE, "runs JavaScript, which Filedex does not; say it with $expr")
        }
        "$text" => {
            (Code::INDEX_NOT_FOUND, "needs a text index, which Filedex does not keep; use $regex")
        }
        "$near" | "$nearSphere" | "$geoNear" => (
            Code::NO_QUERY_EXECUTION_PLANS,
            "needs a geospatial index, which Filedex does not keep; compare the coordinates",
        ),
        "$geoWithin" | "$within" | "$geoIntersects" | "$geometry" | "$maxDistance"
        | "$minDistance" | "$box" | "$center" | "$centerSphere" | "$polygon" => (
            Code::BAD_VALUE,
            "is geospatial, which Filedex is not; compare the coordinates with $gte and $lte",
        ),
        _ => return None,
    };
    Some(Error::new(code, format!("{name} {reason}")))
}
