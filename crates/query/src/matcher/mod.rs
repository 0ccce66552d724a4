//! What runs: a [`Filter`] compiled to plain enums, and its evaluation on a record.
//!
//! [`compile`](self) turns each [`Test`](crate::Test) into a [`predicate::Predicate`] once; a
//! [`Matcher`] is immutable, so that any number of threads can share it. The folder knows values,
//! their order and paths; it knows nothing of JSON or of stores.

mod compile;
mod element;
mod evaluate;
mod indexed;
mod node;
mod order_test;
mod predicate;
mod residual;
mod sample;

use std::sync::Arc;

pub use element::ElementMatcher;
pub use residual::Residual;

use crate::{DocumentRef, Environment, Filter, Result};
use node::Node;

/// A filter, ready to run. Cheap to clone.
///
/// ```
/// use filedex_query::{Document, Environment, Filter, Matcher};
/// let environment = Environment::default();
/// let filter = Filter::parse_text(r#"{"size": {"$gt": 10}}"#, &environment)?;
/// let matcher = Matcher::compile(&filter, &environment)?;
/// assert!(matcher.matches(Document::new().with("size", 11).view())?);
/// assert!(!matcher.matches(Document::new().with("size", "11").view())?);
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Matcher(Arc<Node>);

/// What a match leaves for the positional projection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The index of the element that matched, from the last condition that went through an array.
    pub array_index: Option<usize>,
}

impl Matcher {
    /// Prepares a filter to run.
    ///
    /// # Errors
    /// None today; a filter that was parsed has been checked.
    pub fn compile(filter: &Filter, environment: &Environment) -> Result<Matcher> {
        Ok(Matcher(Arc::new(compile::node(filter, environment))))
    }

    /// Whether the document satisfies the filter.
    ///
    /// # Errors
    /// Those of `$expr` on this document, and a regular expression past its limit of steps.
    pub fn matches(&self, document: DocumentRef<'_>) -> Result<bool> {
        self.0.holds(document, None)
    }

    /// As [`Matcher::matches`], and tells which array element made the match.
    ///
    /// # Errors
    /// As [`Matcher::matches`].
    pub fn find(&self, document: DocumentRef<'_>) -> Result<Option<Found>> {
        let mut found = Found::default();
        let holds = self.0.holds(document, Some(&mut found))?;
        Ok(holds.then_some(found))
    }
}
