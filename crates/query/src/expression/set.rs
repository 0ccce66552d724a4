//! Arrays as sets: order and repetition don't count, elements are compared whole.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::operator::{Operator, Shape};
use super::scope::Scope;
use crate::{ArrayRef, Collation, Result, Value, ValueRef};

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

type Set<'v> = BTreeSet<Member<'v>>;

/// An element of a set, which is in order among others as the collation has it.
struct Member<'v> {
    answer: Answer<'v>,
    collation: &'v Collation,
}

impl Ord for Member<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.answer.compare(&other.answer, self.collation)
    }
}

impl PartialOrd for Member<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Member<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Member<'_> {}

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
    let collation = scope.collation;
    let mut seen = set_of(array_of(scope, &right, (17049, "$setDifference"))?, collation);
    let fresh = array.iter().filter(|value| seen.insert(member(*value, collation)));
    Ok(fresh.map(ValueRef::to_value).collect::<Vec<Value>>().into())
}

fn equals<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let first = scope.first(arguments)?;
    let collation = scope.collation;
    let wanted = set_of(array_of(scope, &first, (17044, "$setEquals"))?, collation);
    for argument in arguments.iter().skip(1) {
        let answer = evaluate(argument, scope)?;
        if set_of(array_of(scope, &answer, (17044, "$setEquals"))?, collation) != wanted {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

fn intersection<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut common: Option<Vec<Value>> = None;
    let collation = scope.collation;
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        let set = set_of(array_of(scope, &answer, (17047, "$setIntersection"))?, collation);
        common = Some(match common {
            None => values_of(set),
            Some(mut common) => {
                common.retain(|value| set.contains(&member(value.view(), collation)));
                common
            }
        });
    }
    Ok(common.unwrap_or_default().into())
}

fn is_subset<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let left = array_of(scope, &left, (17046, "$setIsSubset"))?;
    let collation = scope.collation;
    let right = set_of(array_of(scope, &right, (17042, "$setIsSubset"))?, collation);
    Ok(left.iter().all(|value| right.contains(&member(value, collation))).into())
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
        let elements = scope.elements(answer)?.unwrap_or_default();
        let collation = scope.collation;
        joined.extend(elements.into_iter().map(|answer| Member { answer, collation }));
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

fn set_of<'v>(array: ArrayRef<'v>, collation: &'v Collation) -> Set<'v> {
    array.iter().map(|value| member(value, collation)).collect()
}

fn member<'v>(value: ValueRef<'v>, collation: &'v Collation) -> Member<'v> {
    Member { answer: Answer::Borrowed(value), collation }
}

fn values_of(set: Set<'_>) -> Vec<Value> {
    set.into_iter().filter_map(|member| member.answer.into_value()).collect()
}
