//! Truth and choice: `$and $or $not $cond $ifNull $switch`.

use super::answer::Answer;
use super::evaluate::evaluate;
use super::node::Node;
use super::operator::{Names, Operator, Shape};
use super::parse::{Parser, fields_of};
use super::scope::Scope;
use crate::{Code, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::variadic("$and", and),
    Operator::variadic("$or", or),
    Operator::fixed("$not", 1, not),
    Operator::own("$cond", parse_cond, cond),
    Operator {
        name: "$ifNull",
        shape: Shape::List { least: 2, most: usize::MAX, code: 1_257_300 },
        run: if_null,
        pure: true,
    },
    Operator::own("$switch", parse_switch, nothing),
];

const COND: Names = Names {
    not_object: 16020,
    unknown: 17083,
    names: &[("if", 17080), ("then", 17081), ("else", 17082)],
};

fn and<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    for argument in arguments {
        if !evaluate(argument, scope)?.truth() {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

fn or<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    for argument in arguments {
        if evaluate(argument, scope)?.truth() {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn not<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok((!scope.first(arguments)?.truth()).into())
}

fn parse_cond(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let arguments = match argument {
        Value::Document(_) => parser.named("$cond", &COND, argument)?,
        list => parser.list(list)?,
    };
    if arguments.len() != 3 {
        return Err(Error::new(Code(16020), "$cond takes exactly 3 arguments"));
    }
    Ok(Node::Call { operator, arguments })
}

fn cond<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let chosen = if scope.first(arguments)?.truth() { 1 } else { 2 };
    scope.argument(arguments, chosen)
}

fn if_null<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut last = Answer::Missing;
    for argument in arguments {
        last = evaluate(argument, scope)?;
        if !last.is_nullish() {
            break;
        }
    }
    Ok(last)
}

fn parse_switch(parser: &mut Parser<'_>, _: &'static Operator, argument: &Value) -> Result<Node> {
    let (mut branches, mut default) = (Vec::new(), None);
    for (name, value) in fields_of(argument, 40060, "$switch")?.iter() {
        match (name, value) {
            ("branches", Value::Array(listed)) => {
                for (index, branch) in listed.iter().enumerate() {
                    let branch = parse_branch(parser, branch);
                    branches.push(branch.map_err(|error| error.at(index).at("branches"))?);
                }
            }
            ("branches", _) => {
                return Err(Error::new(Code(40061), "`branches` of $switch must be an array"));
            }
            ("default", value) => {
                let node = parser.operand(value).map_err(|error| error.at("default"))?;
                default = Some(Box::new(node));
            }
            _ => return Err(Error::new(Code(40067), format!("$switch has no argument `{name}`"))),
        }
    }
    if branches.is_empty() {
        return Err(Error::new(Code(40068), "$switch needs a branch"));
    }
    Ok(Node::Switch { branches, default })
}

fn parse_branch(parser: &mut Parser<'_>, branch: &Value) -> Result<(Node, Node)> {
    let (mut case, mut then) = (None, None);
    for (name, value) in fields_of(branch, 40062, "a branch of $switch")?.iter() {
        let node = || format!("a branch of $switch has no `{name}`");
        let place = match name {
            "case" => &mut case,
            "then" => &mut then,
            _ => return Err(Error::new(Code(40063), node())),
        };
        *place = Some(parser.operand(value).map_err(|error| error.at(name))?);
    }
    let case = case.ok_or_else(|| Error::new(Code(40064), "a branch of $switch needs `case`"))?;
    let then = then.ok_or_else(|| Error::new(Code(40065), "a branch of $switch needs `then`"))?;
    Ok((case, then))
}

/// Operators that are parsed into nodes of their own are never called.
pub(super) fn nothing<'a>(_: &mut Scope<'a>, _: &'a [Node]) -> Result<Answer<'a>> {
    Ok(Answer::Missing)
}
