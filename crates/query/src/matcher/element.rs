//! `$elemMatch` as a projection uses it: a filter for single elements of an array.

use std::sync::Arc;

use super::compile;
use super::predicate::Predicate;
use crate::filter::{Parser, Place};
use crate::{Account, Document, Environment, Error, Result, Test, Value, ValueRef};

/// Decides which element of an array a projection keeps.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::ElementMatcher;
/// use filedex::{Environment, ejson};
/// let environment = Environment::default();
/// let over = ejson::read(r#"{"$gt": 3}"#, &environment.limits)?;
/// let matcher = ElementMatcher::parse(&over, &environment)?;
/// assert!(matcher.matches(filedex::Value::Int(4).view())?);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ElementMatcher {
    test: Test,
    predicate: Arc<Predicate>,
}

impl ElementMatcher {
    /// Reads the argument of `$elemMatch`: a filter, or operators on the element itself.
    ///
    /// # Errors
    /// 31274 if it is no object; those of [`crate::Filter::parse`].
    pub fn parse(argument: &Value, environment: &Environment) -> Result<ElementMatcher> {
        if argument.as_document().is_none() {
            return Err(Error::new(crate::Code(31_274), "takes an object"));
        }
        let test = Parser::new(environment).elem_match(argument, Place::ELEMENT)?;
        let predicates = compile::predicates(std::slice::from_ref(&test), environment);
        let predicate = predicates.into_iter().next().unwrap_or(Predicate::Not(Vec::new()));
        Ok(ElementMatcher { test, predicate: Arc::new(predicate) })
    }

    /// Whether the element is one to keep.
    ///
    /// # Errors
    /// As [`crate::Matcher::matches`].
    pub fn matches(&self, element: ValueRef<'_>) -> Result<bool> {
        self.matches_within(element, &Account::default())
    }

    /// As [`ElementMatcher::matches`], charged to a request.
    ///
    /// # Errors
    /// As [`crate::Matcher::matches_within`].
    pub fn matches_within(&self, element: ValueRef<'_>, account: &Account) -> Result<bool> {
        account.work(1)?;
        self.predicate.accepts(element, account)
    }

    /// The matcher as it stands in a projection: `{"$elemMatch": ...}`.
    pub fn to_document(&self) -> Document {
        self.test.to_document()
    }
}

impl PartialEq for ElementMatcher {
    fn eq(&self, other: &ElementMatcher) -> bool {
        self.test == other.test
    }
}
