//! The tree that an expression is parsed into.
//!
//! Plain data: names are resolved, arguments are in their operator's order, constants are values.

use super::operator::Operator;
use super::reads::Reads;
use crate::{Pattern, Value};

/// One part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    /// A named argument that was not given.
    Absent,
    /// What `$$REMOVE` gives: no value.
    Missing,
    /// A value known at parse time.
    Constant(Value),
    /// A regular expression known at parse time.
    Pattern(Pattern),
    /// A path into a variable; an empty path is the variable itself.
    Field { variable: Variable, path: Vec<String> },
    /// An array literal.
    Array(Vec<Node>),
    /// An object literal.
    Object(Vec<(String, Node)>),
    /// An operator with its arguments.
    Call { operator: &'static Operator, arguments: Vec<Node> },
    /// `$let`: values for slots, then an expression that sees them.
    Let { slots: Vec<usize>, values: Vec<Node>, body: Box<Node> },
    /// `$map`: an expression for each element.
    Map { input: Box<Node>, slot: usize, body: Box<Node> },
    /// `$filter`: the elements that a condition holds for.
    Filter { input: Box<Node>, slot: usize, condition: Box<Node>, limit: Option<Box<Node>> },
    /// `$reduce`: one value carried through the elements.
    Reduce { input: Box<Node>, initial: Box<Node>, this: usize, value: usize, body: Box<Node> },
    /// `$switch`: cases with their expressions, and the default.
    Switch { branches: Vec<(Node, Node)>, default: Option<Box<Node>> },
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// The document.
    Root,
    /// A variable that the expression defines.
    Slot(usize),
}

impl Node {
    /// Whether the value is known at parse time.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Node::Constant(_) | Node::Missing | Node::Absent | Node::Pattern(_))
    }

    /// Adds the paths of the document that are read; false if it is read whole.
    pub(super) fn collect_reads(&self, reads: &mut Reads) -> bool {
        match self {
            Node::Field { variable: Variable::Root, path } => reads.add(path),
            // A random number starts from the record's id.
            Node::Call { operator, arguments } if arguments.is_empty() => {
                reads.add(&["_id".to_owned()]) && operator.is_pure()
            }
            _ => self.children().into_iter().all(|child| child.collect_reads(reads)),
        }
    }

    fn children(&self) -> Vec<&Node> {
        match self {
            Node::Absent
            | Node::Missing
            | Node::Constant(_)
            | Node::Pattern(_)
            | Node::Field { .. } => Vec::new(),
            Node::Array(nodes) => nodes.iter().collect(),
            Node::Object(fields) => fields.iter().map(|(_, node)| node).collect(),
            Node::Call { arguments, .. } => arguments.iter().collect(),
            Node::Let { values, body, .. } => values.iter().chain([&**body]).collect(),
            Node::Map { input, body, .. } => vec![input, body],
            Node::Filter { input, condition, limit, .. } => {
                [&**input, &**condition].into_iter().chain(limit.as_deref()).collect()
            }
            Node::Reduce { input, initial, body, .. } => vec![input, initial, body],
            Node::Switch { branches, default } => {
                let branches = branches.iter().flat_map(|(case, then)| [case, then]);
                branches.chain(default.as_deref()).collect()
            }
        }
    }
}
