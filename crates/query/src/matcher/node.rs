//! The compiled tree: conditions on a whole document, joined.

use std::sync::Arc;

use super::predicate::Predicate;
use super::sample::Sample;
use crate::redaction::Level;
use crate::{Arrays, Expression, Path, Schema};

/// A condition on a document.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Always(bool),
    /// The members are shared with the conditions of a plan.
    And(Vec<Arc<Node>>),
    Or(Vec<Node>),
    Nor(Vec<Node>),
    /// One of the values that the path finds passes.
    Field(Field),
    Expression(Box<Expression>),
    Schema(Box<Schema>),
    Sample(Sample),
    /// Asked of the document without what that level leaves out.
    Redacted(Arc<Level>, Arc<Node>),
}

/// A path and what one of its values must be.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) path: Path,
    pub(super) arrays: Arrays,
    pub(super) predicate: Predicate,
}
