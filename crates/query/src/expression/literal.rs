//! Values as they stand, and an expression in parentheses.

use super::conditional::nothing;
use super::node::Node;
use super::operator::Operator;
use super::parse::Parser;
use crate::{Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::own("$literal", literal, nothing),
    Operator::own("$const", literal, nothing),
    Operator::own("$expr", parentheses, nothing),
];

fn literal(_: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    Ok(Node::Constant(argument.clone()))
}

fn parentheses(parser: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    parser.operand(argument)
}
