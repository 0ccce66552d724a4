//! The first, last, greatest or least few elements of an array.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::operator::{Names, Operator};
use super::scope::Scope;
use super::set::Member;
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
    let elements = in_order(scope, members(scope, elements).map(Reverse))?;
    collect(scope, elements.into_iter().map(|Reverse(member)| member.answer).take(count))
}

fn least<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (count, mut elements) = inputs(scope, arguments)?;
    scope.spend(elements.len())?;
    elements.retain(|element| !element.is_nullish());
    let elements = in_order(scope, members(scope, elements))?;
    collect(scope, elements.into_iter().map(|member| member.answer).take(count))
}

/// The elements as the collation orders them.
fn members<'a>(
    scope: &Scope<'a>,
    elements: Vec<Answer<'a>>,
) -> impl ExactSizeIterator<Item = Member<'a>> + use<'a> {
    let collation = scope.collation;
    elements.into_iter().map(move |answer| Member { answer, collation })
}

/// The elements from the least on, those that are equal as they came. A tree takes them one by one, so
/// that the clock is looked at in between.
fn in_order<T: Ord>(
    scope: &mut Scope<'_>,
    elements: impl ExactSizeIterator<Item = T>,
) -> Result<Vec<T>> {
    scope.hold_elements(2 * elements.len())?;
    let mut ordered = BTreeSet::new();
    for (place, element) in elements.enumerate() {
        scope.account.work(2)?;
        ordered.insert((element, place));
    }
    Ok(ordered.into_iter().map(|(element, _)| element).collect())
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
    scope.spend_ordering(input.comparable())?;
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
        scope.hold_elements(1)?;
        values.push(scope.own(answer)?);
    }
    Ok(values.into())
}
