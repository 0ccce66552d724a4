//! `$pull`: elements that satisfy a condition go.
//!
//! The condition is read in one of three ways. The file knows which; what a filter means is the find
//! language's.

use std::mem;

use super::condition::{self, Condition};
use crate::{Document, Environment, Matcher, Result, Value, order};

/// Which elements go.
#[derive(Clone, Debug)]
pub(super) enum Pull {
    /// Those equal to the value.
    Equal(Value),
    /// Those that pass as the value of a field would.
    Passing(Condition),
    /// Objects that satisfy the filter.
    Objects(Matcher),
}

/// What an element is called in the filter it is asked by.
const ELEMENT: &str = "element";

impl Pull {
    /// Reads the argument.
    ///
    /// # Errors
    /// Those of a filter within an update.
    pub(super) fn parse(argument: &Value, environment: &Environment) -> Result<Pull> {
        match argument {
            Value::Document(filter) if !leads_operator(filter) => {
                let filter = condition::filter(filter, environment)?;
                Ok(Pull::Objects(Matcher::compile(&filter, environment)?))
            }
            Value::Document(_) | Value::Regex(_) => {
                let asked = Document::new().with(ELEMENT, argument.clone());
                let filter = condition::filter(&asked, environment)?;
                Ok(Pull::Passing(Condition::new(ELEMENT, &filter, environment)?))
            }
            value => Ok(Pull::Equal(value.clone())),
        }
    }

    /// Takes them out of the array. Says whether there were any.
    ///
    /// # Errors
    /// Those of [`Matcher::matches`].
    pub(super) fn apply(&self, array: &mut Vec<Value>) -> Result<bool> {
        let before = array.len();
        for mut element in mem::take(array) {
            if !self.takes(&mut element)? {
                array.push(element);
            }
        }
        Ok(array.len() < before)
    }

    fn takes(&self, element: &mut Value) -> Result<bool> {
        match (self, element) {
            (Pull::Equal(value), element) => Ok(order::equal(value.view(), element.view())),
            (Pull::Passing(condition), element) => condition.matches(element),
            (Pull::Objects(matcher), Value::Document(object)) => matcher.matches(object.view()),
            (Pull::Objects(_), _) => Ok(false),
        }
    }
}

/// Whether the first name is that of an operator that stands on a field. `$not` is none here, as in
/// MongoDB, where it is read by other means.
fn leads_operator(document: &Document) -> bool {
    let Some((name, _)) = document.iter().next() else { return false };
    matches!(
        name,
        "$all"
            | "$bitsAllClear"
            | "$bitsAllSet"
            | "$bitsAnyClear"
            | "$bitsAnySet"
            | "$elemMatch"
            | "$eq"
            | "$exists"
            | "$geoIntersects"
            | "$geoNear"
            | "$geoWithin"
            | "$gt"
            | "$gte"
            | "$in"
            | "$lt"
            | "$lte"
            | "$maxDistance"
            | "$minDistance"
            | "$mod"
            | "$ne"
            | "$near"
            | "$nearSphere"
            | "$nin"
            | "$options"
            | "$regex"
            | "$size"
            | "$type"
            | "$within"
    )
}
