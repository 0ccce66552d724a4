//! `$pull`: elements that satisfy a condition go.
//!
//! The condition is read in one of three ways. The file knows which; what a filter means is the find
//! language's.

use super::condition::{self, Condition};
use super::room::go_through;
use crate::{Account, Document, Environment, Matcher, Result, Value, order};

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
    /// Those of [`Matcher::matches_within`].
    pub(super) fn apply(&self, array: &mut Vec<Value>, account: &Account) -> Result<bool> {
        take_out(array, |element| self.takes(element, account))
    }

    fn takes(&self, element: &mut Value, account: &Account) -> Result<bool> {
        match (self, element) {
            (Pull::Equal(value), element) => {
                go_through(element.view(), account)?;
                Ok(order::equal(value.view(), element.view()))
            }
            (Pull::Passing(condition), element) => condition.matches(element, account),
            (Pull::Objects(matcher), Value::Document(object)) => {
                account.work(1)?;
                matcher.matches_within(object.view(), account)
            }
            (Pull::Objects(_), _) => account.work(1).map(|()| false),
        }
    }
}

/// Takes elements out of an array; says whether there were any. After an error it is of no use.
///
/// # Errors
/// The first that is met.
pub(super) fn take_out(
    array: &mut Vec<Value>,
    mut takes: impl FnMut(&mut Value) -> Result<bool>,
) -> Result<bool> {
    let (before, mut fault) = (array.len(), None);
    array.retain_mut(|element| match fault {
        None => match takes(element) {
            Ok(goes) => !goes,
            Err(error) => {
                fault = Some(error);
                true
            }
        },
        Some(_) => true,
    });
    fault.map_or(Ok(array.len() < before), Err)
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
