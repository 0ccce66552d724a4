//! Conditions as questions to what is kept of a record under some of its paths: a store that keeps values by
//! path asks them without the record.
//!
//! A question holds for a record exactly if its condition does. How values are kept this file does not know.

use super::node::Node;
use super::residual::Condition;
use crate::packed::{PackedDocument, join};
use crate::redaction::Level;
use crate::{Account, Path, Result};

/// What is asked of a record.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Question<'p> {
    /// What one path leads to decides it.
    One(Condition<'p>),
    /// All of them must hold, to be asked in this order up to the first that does not.
    All(Vec<Question<'p>>),
    /// One of them must, to be asked in this order up to the first that does.
    Any(Vec<Question<'p>>),
    /// None may, to be asked in this order up to the first that does.
    None(Vec<Question<'p>>),
    /// What some paths of the record lead to decides it together.
    Fields(Fields<'p>),
}

/// A condition that what some paths lead to decides, of which no two begin with the same field.
#[derive(Clone, Debug)]
pub struct Fields<'p> {
    paths: Vec<Path>,
    node: &'p Node,
    redaction: Option<&'p Level>,
    may_fail: bool,
}

impl<'p> Question<'p> {
    /// The question that the node is; none for one that may look at all of a record.
    pub(super) fn of(
        node: &'p Node,
        redaction: Option<&'p Level>,
        may_fail: bool,
    ) -> Option<Question<'p>> {
        if let Some(condition) = Condition::of(node, redaction, may_fail) {
            return Some(Question::One(condition));
        }
        let each = |members: &'p [Node]| -> Option<Vec<Question<'p>>> {
            members.iter().map(|member| Question::of(member, redaction, may_fail)).collect()
        };
        match node {
            Node::Always(true) => Some(Question::All(Vec::new())),
            Node::Always(false) => Some(Question::Any(Vec::new())),
            Node::And(members) => {
                let members =
                    members.iter().map(|member| Question::of(member, redaction, may_fail));
                Some(Question::All(members.collect::<Option<_>>()?))
            }
            Node::Or(members) => Some(Question::Any(each(members)?)),
            Node::Nor(members) => Some(Question::None(each(members)?)),
            Node::Redacted(level, node) => Question::of(node, Some(level), may_fail),
            Node::Expression(expression) => {
                let paths = expression.paths()?;
                Some(Question::Fields(Fields { paths, node, redaction, may_fail }))
            }
            Node::Field(_) | Node::Schema(_) | Node::Sample(_) => None,
        }
    }

    /// The paths of the values that it is asked of, some perhaps more than once.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Question::One(condition) => vec![condition.path()],
            Question::All(members) | Question::Any(members) | Question::None(members) => {
                members.iter().flat_map(Question::paths).collect()
            }
            Question::Fields(fields) => fields.paths.iter().collect(),
        }
    }

    /// Whether it can end in an error, for some records: such questions are asked last.
    pub fn may_fail(&self) -> bool {
        match self {
            Question::One(condition) => condition.may_fail(),
            Question::All(members) | Question::Any(members) | Question::None(members) => {
                members.iter().any(Question::may_fail)
            }
            Question::Fields(fields) => fields.may_fail,
        }
    }
}

impl Fields<'_> {
    /// The paths.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Whether a record satisfies it of which [`Path::narrow`] gave these bytes for its paths, in their
    /// order. `record` is room to put them together.
    ///
    /// # Errors
    /// Those of [`Matcher::matches`](crate::Matcher::matches).
    pub fn holds_for_narrowed<'v>(
        &self,
        values: impl Iterator<Item = &'v [u8]>,
        record: &mut Vec<u8>,
        account: &Account,
    ) -> Result<bool> {
        record.clear();
        join(self.paths.iter().map(Path::first_name).zip(values), record);
        let record = PackedDocument::new(record).into();
        match self.redaction {
            None => self.node.holds(record, None, account),
            Some(level) => self.node.holds(record.redacted(level), None, account),
        }
    }
}
