//! Arrays as sets: order and repetition don't count, elements are compared whole.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::operator::{Operator, Shape};
use super::scope::Scope;
use crate::copy::copy;
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
pub(super) struct Member<'v> {
    pub(super) answer: Answer<'v>,
    pub(super) collation: &'v Collation,
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
    for (place, value) in array.iter().enumerate() {
        scope.pass(place)?;
        if !Answer::Borrowed(value).truth() {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

fn any_true<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    let array = array_of(scope, &answer, (17041, "$anyElementTrue"))?;
    for (place, value) in array.iter().enumerate() {
        scope.pass(place)?;
        if Answer::Borrowed(value).truth() {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn difference<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    if left.is_nullish() || right.is_nullish() {
        return Ok(Answer::NULL);
    }
    let array = array_of(scope, &left, (17048, "$setDifference"))?;
    let right = array_of(scope, &right, (17049, "$setDifference"))?;
    let mut seen = set_of(scope, right)?;
    let mut fresh: Vec<Value> = Vec::new();
    for value in array.iter() {
        enter(scope)?;
        if seen.insert(member(value, scope.collation)) {
            scope.hold_elements(1)?;
            fresh.push(copy(value, scope.account)?);
        }
    }
    Ok(fresh.into())
}

fn equals<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let first = scope.first(arguments)?;
    let first = array_of(scope, &first, (17044, "$setEquals"))?;
    let wanted = set_of(scope, first)?;
    for argument in arguments.iter().skip(1) {
        let answer = evaluate(argument, scope)?;
        let array = array_of(scope, &answer, (17044, "$setEquals"))?;
        if set_of(scope, array)? != wanted {
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
        let array = array_of(scope, &answer, (17047, "$setIntersection"))?;
        let set = set_of(scope, array)?;
        common = Some(match common {
            None => copies_of(scope, set)?,
            Some(common) => shared_with(scope, common, &set)?,
        });
    }
    Ok(common.unwrap_or_default().into())
}

fn is_subset<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (left, right) = scope.pair(arguments)?;
    let left = array_of(scope, &left, (17046, "$setIsSubset"))?;
    let right = array_of(scope, &right, (17042, "$setIsSubset"))?;
    let right = set_of(scope, right)?;
    for value in left.iter() {
        scope.account.work(2)?;
        if !right.contains(&member(value, scope.collation)) {
            return Ok(false.into());
        }
    }
    Ok(true.into())
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
        let collation = scope.collation;
        for answer in scope.elements(answer)?.unwrap_or_default() {
            enter(scope)?;
            joined.insert(Member { answer, collation });
        }
    }
    let mut values = Vec::new();
    for member in joined {
        scope.hold_elements(1)?;
        values.push(scope.own(member.answer)?);
    }
    Ok(values.into())
}

fn array_of<'v>(
    scope: &mut Scope<'_>,
    answer: &'v Answer<'_>,
    (code, operator): (u32, &str),
) -> Result<ArrayRef<'v>> {
    scope.spend_ordering(answer.comparable())?;
    // Sorting a set compares its elements many times.
    let length = answer.array().map_or(Ok(0), |array| scope.length(array))?;
    scope.spend(length / 2)?;
    answer.array().ok_or_else(|| kind::wrong(code, operator, "arrays", answer))
}

fn member<'v>(value: ValueRef<'v>, collation: &'v Collation) -> Member<'v> {
    Member { answer: Answer::Borrowed(value), collation }
}

/// Pays for an element about to be entered into a set.
fn enter(scope: &Scope<'_>) -> Result<()> {
    scope.account.work(2)?;
    scope.hold_elements(1)
}

fn set_of<'v, 'a: 'v>(scope: &Scope<'a>, array: ArrayRef<'v>) -> Result<Set<'v>> {
    let mut set = Set::new();
    for element in array.iter() {
        enter(scope)?;
        set.insert(member(element, scope.collation));
    }
    Ok(set)
}

fn copies_of(scope: &Scope<'_>, set: Set<'_>) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    for member in set {
        scope.hold_elements(1)?;
        values.push(copy(member.answer.comparable(), scope.account)?);
    }
    Ok(values)
}

fn shared_with(scope: &Scope<'_>, values: Vec<Value>, set: &Set<'_>) -> Result<Vec<Value>> {
    let mut shared = Vec::new();
    for value in values {
        enter(scope)?;
        if set.contains(&member(value.view(), scope.collation)) {
            shared.push(value);
        }
    }
    Ok(shared)
}
