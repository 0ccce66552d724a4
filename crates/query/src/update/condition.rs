//! Filters for elements of arrays, as `$pull` and array filters ask them.
//!
//! A filter speaks about documents, so an element is asked as the only field of one. This file does
//! not know what happens to the elements that match.

use std::mem;

use crate::{Account, Code, Document, Environment, Error, Filter, Matcher, Result, Test, Value};

/// A filter in which single elements stand under a name.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    name: String,
    matcher: Matcher,
}

impl Condition {
    /// The filter, for elements that it calls by that name.
    pub(super) fn new(name: &str, filter: &Filter, environment: &Environment) -> Result<Condition> {
        Ok(Condition { name: name.to_owned(), matcher: Matcher::compile(filter, environment)? })
    }

    /// Whether the element satisfies the filter. The element is as it was afterwards.
    ///
    /// # Errors
    /// Those of [`Matcher::matches_within`].
    pub(super) fn matches(&self, element: &mut Value, account: &Account) -> Result<bool> {
        account.work(1)?;
        let asked = Document::new().with(self.name.as_str(), mem::take(element));
        let answer = self.matcher.matches_within(asked.view(), account);
        *element = asked.into_iter().next().map(|(_, element)| element).unwrap_or_default();
        answer
    }
}

/// Reads a filter that stands within an update.
///
/// # Errors
/// 224 for `$expr` and `$jsonSchema`, which speak about whole records; else those of
/// [`Filter::parse`].
pub(super) fn filter(document: &Document, environment: &Environment) -> Result<Filter> {
    let filter = Filter::parse(document, environment).map_err(|error| match error.code() {
        Code::INDEX_NOT_FOUND | Code::NO_QUERY_EXECUTION_PLANS => error.with_code(Code::BAD_VALUE),
        _ => error,
    })?;
    if asks_whole_record(&filter) {
        let message = "$expr and $jsonSchema speak about whole records, not about elements";
        return Err(Error::new(Code::QUERY_FEATURE_NOT_ALLOWED, message));
    }
    Ok(filter)
}

/// Whether an `$expr` or a schema is anywhere in the filter.
fn asks_whole_record(filter: &Filter) -> bool {
    match filter {
        Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
            members.iter().any(asks_whole_record)
        }
        Filter::Expression(_) | Filter::Schema(_) => true,
        Filter::Field { test: Test::ElemMatchObject(inner), .. } => asks_whole_record(inner),
        Filter::Field { .. } | Filter::All | Filter::Never | Filter::Sample(_) => false,
    }
}
