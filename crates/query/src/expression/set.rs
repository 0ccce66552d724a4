//! Arrays as sets: order and repetition don't count, elements are compared whole.

use std::collections::BTreeSet;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::operator::{Operator, Shape};
use super::scope::Scope;
use crate::{ArrayRef, Result, Value, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$allElementsTrue", 1, all_true),
    Operator::fixed("$anyElementTrue", 1, any_true),
    Operator::fixed("$setDifference", 2, difference),
    Operator {
        name: "$setEquals",
        shape: Shape::List { least: 2, most: usize::MAX, code: 17045 },
        run: equals,
        pure: true,
    },
    Operator::variadic("$setIntersection", intersection),
    Operator::fixed("$setIsSubset", 2, is_subset),
    Operator::variadic("$setUnion", union),
];

type Set<'v> = BTreeSet<Answer<'v>>;

fn all_true<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let array = array_of(scope, &answer, (17040, "$allElementsTrue"))?;
    Ok(array.iter().all(|value| Answer::Borrowed(value).truth()).into())
}

fn any_true<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let array = array_of(scope, &answer, (17041, "$anyElementTrue"))?;
    Ok(array.iter().any(|value| Answer::Borrowed(value).truth()).into())
}

fn difference<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    if left.is_nullish() || right.is_nullish() {
        return Ok(Answer::NULL);
    }
    let array = array_of(scope, &left, (17048, "$setDifference"))?;
    let mut seen = set_of(array_of(scope, &right, (17049, "$setDifference"))?);
    let fresh = array.iter().filter(|value| seen.insert(Answer::Borrowed(*value)));
    Ok(fresh.map(ValueRef::to_value).collect::<Vec<Value>>().into())
}

fn equals<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let first = scope.first(arguments)?;
    let wanted = set_of(array_of(scope, &first, (17044, "$setEquals"))?);
    for argument in arguments.iter().skip(1) {
        let answer = evaluate(argument, scope)?;
        if set_of(array_of(scope, &answer, (17044, "$setEquals"))?) != wanted {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

fn intersection<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut common: Option<Vec<Value>> = None;
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        let set = set_of(array_of(scope, &answer, (17047, "$setIntersection"))?);
        common = Some(match common {
            None => values_of(set),
            Some(mut common) => {
                common.retain(|value| set.contains(&Answer::Borrowed(value.view())));
                common
            }
        });
    }
    Ok(common.unwrap_or_default().into())
}

fn is_subset<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let left = array_of(scope, &left, (17046, "$setIsSubset"))?;
    let right = set_of(array_of(scope, &right, (17042, "$setIsSubset"))?);
    Ok(left.iter().all(|value| right.contains(&Answer::Borrowed(value))).into())
}

fn union<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut joined = Set::new();
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        array_of(scope, &answer, (17043, "$setUnion"))?;
        scope.spend_array(joined.len())?;
        joined.extend(scope.elements(answer)?.unwrap_or_default());
    }
    Ok(values_of(joined).into())
}

fn array_of<'v>(
    scope: &mut Scope<'_>,
    answer: &'v Answer<'_>,
    (code, operator): (u32, &str),
) -> Result<ArrayRef<'v>> {
    scope.spend_value(answer.comparable())?;
    // Sorting a set compares its elements many times.
    scope.spend(answer.array().map_or(0, ArrayRef::len) / 2)?;
    answer.array().ok_or_else(|| kind::wrong(code, operator, "arrays", answer))
}

fn set_of(array: ArrayRef<'_>) -> Set<'_> {
    array.iter().map(Answer::Borrowed).collect()
}

fn values_of(set: Set<'_>) -> Vec<Value> {
    set.into_iter().filter_map(Answer::into_value).collect()
}
