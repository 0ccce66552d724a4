//! The constructors of "and", "or" and "nor": the one place where a filter gets simpler.
//!
//! Each keeps the meaning for every document, and the array index that the positional projection
//! reads. Simplifying what is simple already changes nothing, so that printing and parsing again
//! gives the same tree.

use super::{Filter, Test};
use crate::{Path, Pattern, Value};

impl Filter {
    /// All of them. Nested lists become one, members that say nothing go.
    pub fn and(mut members: Vec<Filter>) -> Filter {
        if let [member] = members.as_slice()
            && !matches!(member, Filter::And(_))
        {
            return members.pop().unwrap_or(Filter::All);
        }
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Filter::All => {}
                Filter::Never => return Filter::Never,
                Filter::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Filter::All,
            1 => flat.pop().unwrap_or(Filter::All),
            _ => Filter::And(flat),
        }
    }

    /// Any of them. No member at all is [`Filter::Never`]; equalities on one path become one test.
    pub fn or(members: Vec<Filter>) -> Filter {
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Filter::Never => {}
                Filter::All => return Filter::All,
                Filter::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Filter::Never,
            1 => flat.pop().unwrap_or(Filter::Never),
            _ => one_path(flat).unwrap_or_else(Filter::Or),
        }
    }

    /// None of them.
    pub fn nor(members: Vec<Filter>) -> Filter {
        let mut kept = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Filter::Never => {}
                Filter::All => return Filter::Never,
                other => kept.push(other),
            }
        }
        if kept.is_empty() { Filter::All } else { Filter::Nor(kept) }
    }
}

/// One membership test in place of alternatives that are all equalities on the same path, else the
/// alternatives as they were.
fn one_path(members: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    let Some(path) = shared_path(&members).cloned() else { return Err(members) };
    let mut values: Vec<Value> = Vec::new();
    let mut patterns: Vec<Pattern> = Vec::new();
    for member in members {
        match member {
            Filter::Field { test: Test::Eq(value), .. } => values.push(value),
            Filter::Field { test: Test::Regex(pattern), .. } => patterns.push(pattern),
            _ => {}
        }
    }
    Ok(Filter::Field { path, test: Test::one_of(values, patterns) })
}

/// The path, if each member is an equality or a pattern on it. Equality with a regular expression
/// as a value does not count: as a member of a list it would become a pattern.
fn shared_path(members: &[Filter]) -> Option<&Path> {
    let mut shared = None;
    for member in members {
        let Filter::Field { path, test } = member else { return None };
        let simple = match test {
            Test::Eq(value) => !matches!(value, Value::Regex(_)),
            Test::Regex(_) => true,
            _ => false,
        };
        if !simple || shared.is_some_and(|shared: &Path| shared.text() != path.text()) {
            return None;
        }
        shared = Some(path);
    }
    // A field led by `$` can only be written as a plain equality, so its alternatives stay apart.
    shared.filter(|path| !path.text().starts_with('$'))
}
