//! Comparisons: by BSON's full order across kinds, missing standing where undefined does.

use std::cmp::Ordering;

use super::answer::Answer;
use super::node::Node;
use super::operator::Operator;
use super::scope::Scope;
use crate::Result;

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$cmp", 2, cmp),
    Operator::fixed("$eq", 2, eq),
    Operator::fixed("$ne", 2, ne),
    Operator::fixed("$gt", 2, gt),
    Operator::fixed("$gte", 2, gte),
    Operator::fixed("$lt", 2, lt),
    Operator::fixed("$lte", 2, lte),
];

fn cmp<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok((compare(scope, arguments)? as i32).into())
}

fn eq<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(compare(scope, arguments)?.is_eq().into())
}

fn ne<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(compare(scope, arguments)?.is_ne().into())
}

fn gt<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(compare(scope, arguments)?.is_gt().into())
}

fn gte<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(compare(scope, arguments)?.is_ge().into())
}

fn lt<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(compare(scope, arguments)?.is_lt().into())
}

fn lte<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    Ok(compare(scope, arguments)?.is_le().into())
}

fn compare<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Ordering> {
    let (left, right) = scope.pair(arguments)?;
    scope.spend_value(left.comparable())?;
    Ok(left.compare(&right, scope.collation))
}
