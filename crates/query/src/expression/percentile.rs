//! `$median` and `$percentile`: the number below which a share of the numbers lies.
//!
//! The server approximates over large inputs; on the few numbers of one document its answer is the
//! number of that rank, which is what this file computes.

use super::answer::Answer;
use super::evaluate::evaluate;
use super::node::Node;
use super::operator::{Names, Operator};
use super::parse::Parser;
use super::scope::Scope;
use crate::{Code, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::own("$median", parse_median, median),
    Operator::own("$percentile", parse_percentile, percentile),
];

const MEDIAN: Names = Names {
    not_object: 7_436_100,
    unknown: 40_415,
    names: &[("input", 40_414), ("method", 40_414)],
};
const PERCENTILE: Names = Names {
    not_object: 7_429_703,
    unknown: 40_415,
    names: &[("input", 40_414), ("method", 40_414), ("p", 40_414)],
};

fn parse_median(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let arguments = parser.named("$median", &MEDIAN, argument)?;
    check_method(&arguments)?;
    Ok(Node::Call { operator, arguments })
}

fn parse_percentile(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let arguments = parser.named("$percentile", &PERCENTILE, argument)?;
    check_method(&arguments)?;
    let Some(Node::Constant(Value::Array(shares))) = arguments.get(2) else {
        return Err(Error::new(Code(7_750_301), "`p` of $percentile must be a constant array"));
    };
    if shares.is_empty() {
        return Err(Error::new(Code(7_750_301), "`p` of $percentile can't be empty"));
    }
    for share in shares {
        let number = Answer::Borrowed(share.view()).number();
        let message = "the shares of $percentile must be numbers";
        let number = number.ok_or_else(|| Error::new(Code(7_750_302), message))?;
        if !(0.0..=1.0).contains(&number.to_f64()) {
            let message = "the shares of $percentile must be from 0 to 1";
            return Err(Error::new(Code(7_750_303), message));
        }
    }
    Ok(Node::Call { operator, arguments })
}

fn check_method(arguments: &[Node]) -> Result<()> {
    match arguments.get(1) {
        Some(Node::Constant(Value::String(method))) if method == "approximate" => Ok(()),
        _ => Err(Error::bad_value("`method` must be \"approximate\"").at("method")),
    }
}

fn median<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let numbers = numbers(scope, arguments)?;
    Ok(at_share(&numbers, 0.5).into())
}

fn percentile<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let numbers = numbers(scope, arguments)?;
    let shares = scope.argument(arguments, 2)?;
    let shares = scope.elements(shares)?.unwrap_or_default();
    let share = |answer: &Answer<'_>| answer.number().map_or(0.0, |number| number.to_f64());
    Ok(shares.iter().map(|answer| at_share(&numbers, share(answer))).collect::<Vec<_>>().into())
}

/// The numbers of the input, in order.
fn numbers<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Vec<f64>> {
    let input = match arguments.first() {
        Some(node) => evaluate(node, scope)?,
        None => Answer::Missing,
    };
    if let Some(number) = input.number() {
        return Ok(vec![number.to_f64()]);
    }
    let length = input.array().map_or(Ok(0), |array| scope.length(array))?;
    scope.spend(length)?;
    scope.hold(length * size_of::<f64>() * 2)?;
    let elements = scope.elements(input)?.unwrap_or_default();
    let mut numbers: Vec<f64> =
        elements.iter().filter_map(Answer::number).map(|number| number.to_f64()).collect();
    numbers.sort_by(f64::total_cmp);
    Ok(numbers)
}

fn at_share(numbers: &[f64], share: f64) -> Value {
    let rank = (share * numbers.len() as f64).ceil() as usize;
    numbers.get(rank.saturating_sub(1)).map_or(Value::Null, |number| Value::Double(*number))
}
