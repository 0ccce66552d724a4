//! What runs: a [`Filter`] compiled to plain enums, and its evaluation on a record.
//!
//! [`compile`](self) turns each [`Test`](crate::Test) into a [`predicate::Predicate`] once; a
//! [`Matcher`] is immutable, so that any number of threads can share it. The folder knows values,
//! their order and paths; it knows nothing of JSON or of stores.

mod compile;
mod decide;
mod element;
mod evaluate;
mod indexed;
mod needle;
mod node;
mod order_test;
mod predicate;
mod question;
mod residual;
mod sample;

use std::sync::Arc;

pub use element::ElementMatcher;
pub use needle::Needle;
pub use question::{Fields, Question};
pub use residual::{Condition, Residual};

use crate::{Account, DocumentRef, Environment, Filter, Known, Redaction, Result};
use node::Node;

/// A filter, ready to run. Cheap to clone.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::Matcher;
/// use filedex::{Document, Environment, Filter};
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
        Ok(Matcher(Arc::new(compile::node(&filter.under(environment)?, environment))))
    }

    /// Prepares each member of an "and" to run alone.
    pub(crate) fn compile_each(filters: &[Filter], environment: &Environment) -> Vec<Matcher> {
        compile::shared(filters, environment).into_iter().map(Matcher).collect()
    }

    /// The same question, asked of documents without what is redacted.
    pub(crate) fn redacted(self, redaction: &Redaction) -> Matcher {
        Matcher(Arc::new(Node::Redacted(Arc::clone(redaction.level()), self.0)))
    }

    /// What satisfies each of the matchers.
    pub(crate) fn all(matchers: &[Matcher]) -> Matcher {
        match matchers {
            [matcher] => matcher.clone(),
            _ => {
                let members = matchers.iter().map(|matcher| Arc::clone(&matcher.0));
                Matcher(Arc::new(Node::And(members.collect())))
            }
        }
    }

    /// Whether the document satisfies the filter.
    ///
    /// # Errors
    /// Those of `$expr` on this document, and a regular expression past its limit of steps.
    pub fn matches(&self, document: DocumentRef<'_>) -> Result<bool> {
        self.matches_within(document, &Account::default())
    }

    /// As [`Matcher::matches`], charged to a request.
    ///
    /// # Errors
    /// As [`Matcher::matches`], and what the account says.
    pub fn matches_within(&self, document: DocumentRef<'_>, account: &Account) -> Result<bool> {
        self.0.holds(document, None, account)
    }

    /// What the filter says of documents of which only so much is known; nothing where that is not
    /// enough.
    pub(crate) fn decide(&self, known: &Known) -> Option<bool> {
        self.0.decide(known)
    }

    /// As [`Matcher::matches`], and tells which array element made the match.
    ///
    /// # Errors
    /// As [`Matcher::matches`].
    pub fn find(&self, document: DocumentRef<'_>) -> Result<Option<Found>> {
        self.find_within(document, &Account::default())
    }

    /// As [`Matcher::find`], charged to a request.
    ///
    /// # Errors
    /// As [`Matcher::matches_within`].
    pub fn find_within(
        &self,
        document: DocumentRef<'_>,
        account: &Account,
    ) -> Result<Option<Found>> {
        let mut found = Found::default();
        let holds = self.0.holds(document, Some(&mut found), account)?;
        Ok(holds.then_some(found))
    }
}
