//! The first, last, greatest or least few elements of an array.

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::Scope;
use crate::{Code, Error, Result, Value};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::named("$firstN", names(5_787_801), first),
    Operator::named("$lastN", names(5_787_801), last),
    Operator::named("$maxN", names(5_787_900), greatest),
    Operator::named("$minN", names(5_787_900), least),
];

const fn names(not_object: u32) -> Names {
    let names: &[(&str, u32)] = &[("n", 5_787_906), ("input", 5_787_907)];
    Names { not_object, unknown: 5_787_901, names }
}

fn first<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (count, elements) = inputs(scope, arguments)?;
    collect(scope, elements.into_iter().take(count))
}

fn last<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (count, elements) = inputs(scope, arguments)?;
    let skipped = elements.len().saturating_sub(count);
    collect(scope, elements.into_iter().skip(skipped))
}

fn greatest<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (count, mut elements) = inputs(scope, arguments)?;
    scope.spend(elements.len())?;
    elements.retain(|element| !element.is_nullish());
    elements.sort_by(|left, right| right.compare(left, scope.collation));
    collect(scope, elements.into_iter().take(count))
}

fn least<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (count, mut elements) = inputs(scope, arguments)?;
    scope.spend(elements.len())?;
    elements.retain(|element| !element.is_nullish());
    elements.sort_by(|left, right| left.compare(right, scope.collation));
    collect(scope, elements.into_iter().take(count))
}

/// How many are wanted, and the elements to choose from.
fn inputs<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<(usize, Vec<Answer<'a>>)> {
    let count = scope.first(arguments)?;
    let number = count.number();
    let number =
        number.ok_or_else(|| kind::wrong(5_787_902, "the operator", "a number `n`", &count))?;
    let fraction = || Error::new(Code(5_787_903), "`n` must be a whole number");
    let count = number.whole64().ok_or_else(fraction)?;
    if count <= 0 {
        return Err(Error::new(Code(5_787_908), "`n` must be greater than 0"));
    }
    let input = match arguments.get(1) {
        Some(node) => evaluate(node, scope)?,
        None => Answer::Missing,
    };
    scope.spend_value(input.comparable())?;
    let wrong = kind::wrong(5_788_200, "the operator", "`input` to be an array", &input);
    let elements = scope.elements(input)?.ok_or(wrong)?;
    Ok((usize::try_from(count).unwrap_or(usize::MAX), elements))
}

fn collect<'a>(
    scope: &mut Scope<'a>,
    chosen: impl Iterator<Item = Answer<'a>>,
) -> Result<Answer<'a>> {
    let mut values: Vec<Value> = Vec::new();
    for answer in chosen {
        values.push(scope.own(answer)?);
    }
    Ok(values.into())
}
