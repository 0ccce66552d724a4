//! Operators that define variables: `$let $map $filter $reduce`.
//!
//! What they evaluate to is in `evaluate`, since they decide what their parts see.

use super::conditional::nothing;
use super::node::Node;
use super::operator::Operator;
use super::parse::{Parser, check_writable, fields_of};
use crate::{Code, Document, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::own("$let", parse_let, nothing),
    Operator::own("$map", parse_map, nothing),
    Operator::own("$filter", parse_filter, nothing),
    Operator::own("$reduce", parse_reduce, nothing),
];

fn parse_let(parser: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    let fields = fields_of(argument, 16874, "$let")?;
    check_names(fields, &["vars", "in"], 16875, "$let")?;
    let variables = required(fields, "vars", 16876, "$let")?;
    let body = required(fields, "in", 16877, "$let")?;
    let variables = fields_of(variables, 10065, "`vars` of $let")?;
    let mut values = Vec::with_capacity(variables.len());
    for (name, value) in variables.iter() {
        check_writable(name).map_err(|error| error.at(name).at("vars"))?;
        values.push(parser.operand(value).map_err(|error| error.at(name).at("vars"))?);
    }
    let names: Vec<&str> = variables.iter().map(|(name, _)| name).collect();
    let (slots, body) = parser
        .with_variables(&names, |parser| parser.operand(body).map_err(|error| error.at("in")))?;
    Ok(Node::Let { slots, values, body: Box::new(body) })
}

fn parse_map(parser: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    let fields = fields_of(argument, 16878, "$map")?;
    check_names(fields, &["input", "as", "in"], 16879, "$map")?;
    let input = required(fields, "input", 16880, "$map")?;
    let body = required(fields, "in", 16882, "$map")?;
    let input = Box::new(parser.operand(input).map_err(|error| error.at("input"))?);
    let (slot, body) = with_element(parser, fields, |parser| {
        parser.operand(body).map_err(|error| error.at("in"))
    })?;
    Ok(Node::Map { input, slot, body: Box::new(body) })
}

fn parse_filter(parser: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    let fields = fields_of(argument, 28646, "$filter")?;
    check_names(fields, &["input", "as", "cond", "limit"], 28647, "$filter")?;
    let input = required(fields, "input", 28648, "$filter")?;
    let condition = required(fields, "cond", 28650, "$filter")?;
    let input = Box::new(parser.operand(input).map_err(|error| error.at("input"))?);
    let limit = match fields.get("limit") {
        Some(limit) => Some(Box::new(parser.operand(limit).map_err(|error| error.at("limit"))?)),
        None => None,
    };
    let (slot, condition) = with_element(parser, fields, |parser| {
        parser.operand(condition).map_err(|error| error.at("cond"))
    })?;
    Ok(Node::Filter { input, slot, condition: Box::new(condition), limit })
}

fn parse_reduce(parser: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    let fields = fields_of(argument, 40075, "$reduce")?;
    check_names(fields, &["input", "initialValue", "in"], 40076, "$reduce")?;
    let input = required(fields, "input", 40077, "$reduce")?;
    let initial = required(fields, "initialValue", 40078, "$reduce")?;
    let body = required(fields, "in", 40079, "$reduce")?;
    let input = Box::new(parser.operand(input).map_err(|error| error.at("input"))?);
    let initial = Box::new(parser.operand(initial).map_err(|error| error.at("initialValue"))?);
    let (slots, body) = parser.with_variables(&["this", "value"], |parser| {
        parser.operand(body).map_err(|error| error.at("in"))
    })?;
    let this = slots.first().copied().unwrap_or_default();
    Ok(Node::Reduce { input, initial, this, value: this + 1, body: Box::new(body) })
}

/// Reads a part that sees the element, under the name that `as` gives or `this`.
fn with_element<'e>(
    parser: &mut Parser<'e>,
    fields: &Document,
    read: impl FnOnce(&mut Parser<'e>) -> Result<Node>,
) -> Result<(usize, Node)> {
    let name = match fields.get("as") {
        None => "this",
        Some(name) => name.as_str().unwrap_or(""),
    };
    check_writable(name).map_err(|error| error.at("as"))?;
    let (slots, node) = parser.with_variables(&[name], read)?;
    Ok((slots.first().copied().unwrap_or_default(), node))
}

fn check_names(fields: &Document, known: &[&str], code: u32, operator: &str) -> Result<()> {
    match fields.iter().find(|(name, _)| !known.contains(name)) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Error::new(Code(code), format!("{operator} has no argument `{name}`")))
        }
    }
}

fn required<'v>(fields: &'v Document, name: &str, code: u32, operator: &str) -> Result<&'v Value> {
    let missing = || Error::new(Code(code), format!("{operator} needs the argument `{name}`"));
    fields.get(name).ok_or_else(missing)
}
