//! `$sortArray`: an array in the order of its elements, or of fields of them.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::kind;
use super::node::Node;
use super::operator::{Names, Operator};
use super::parse::{Parser, fields_of};
use super::scope::Scope;
use crate::{Code, Document, DocumentRef, Error, Result, Value, ValueRef, field_path, key};

pub(super) const OPERATORS: &[Operator] = &[Operator::own("$sortArray", parse, sort)];

const NAMES: Names =
    Names { not_object: 2_942_500, unknown: 2_942_501, names: &[("input", 2_942_502)] };

/// `sortBy` is no expression: it is checked, and kept as a constant beside the input.
fn parse(parser: &mut Parser<'_>, operator: &'static Operator, argument: &Value) -> Result<Node> {
    let mut fields = fields_of(argument, NAMES.not_object, "$sortArray")?.clone();
    let order = fields.remove("sortBy");
    let mut arguments = parser.named("$sortArray", &NAMES, &fields.into())?;
    let missing = || Error::new(Code(2_942_503), "$sortArray needs the argument `sortBy`");
    let order = order.ok_or_else(missing)?;
    match &order {
        Value::Document(pattern) => check_pattern(parser, pattern)?,
        direction => {
            check_direction(direction).map_err(|error| error.with_code(Code(2_942_506)))?;
        }
    }
    arguments.push(Node::Constant(order));
    Ok(Node::Call { operator, arguments })
}

fn check_pattern(parser: &Parser<'_>, pattern: &Document) -> Result<()> {
    if pattern.is_empty() {
        return Err(Error::bad_value("`sortBy` can't be empty").at("sortBy"));
    }
    for (name, direction) in pattern.iter() {
        let limits = &parser.environment().limits;
        field_path::parse(name, limits).map_err(|error| error.with_code(Code::BAD_VALUE))?;
        check_direction(direction)?;
    }
    Ok(())
}

fn check_direction(direction: &Value) -> Result<()> {
    let number = super::number::Number::of(direction.view());
    match number.and_then(|number| number.whole64()) {
        Some(1 | -1) => Ok(()),
        _ => Err(Error::bad_value("a direction of `sortBy` must be 1 or -1").at("sortBy")),
    }
}

fn sort<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (input, order) = scope.pair(arguments)?;
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    if input.array().is_none() {
        return Err(kind::wrong(2_942_504, "$sortArray", "an array", &input));
    }
    scope.spend_ordering(input.comparable())?;
    let Value::Array(elements) = scope.own(input)? else { return Ok(Answer::NULL) };
    // Sorting looks at every element a few times.
    scope.spend(elements.len())?;
    // A tree takes them one by one, so that the clock is looked at in between.
    let mut keyed: BTreeMap<(Vec<u8>, usize), Value> = BTreeMap::new();
    for (place, element) in elements.into_iter().enumerate() {
        let key = key_of(element.view(), order.comparable(), scope)?;
        scope.hold(BYTES_AN_ENTRY)?;
        scope.account.work(2 + key.len() as u64 / 64)?;
        keyed.insert((key, place), element);
    }
    Ok(keyed.into_values().collect::<Vec<Value>>().into())
}

/// What an element takes in the tree, beside its key.
const BYTES_AN_ENTRY: usize = 2 * size_of::<((Vec<u8>, usize), Value)>() + 2 * size_of::<Value>();

fn key_of(element: ValueRef<'_>, order: ValueRef<'_>, scope: &Scope<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match (order, element) {
        (ValueRef::Document(pattern), element) => {
            for (path, direction) in pattern.iter() {
                let value = match element {
                    ValueRef::Document(document) => follow(document, path),
                    _ => None,
                };
                append(&mut bytes, value.unwrap_or(ValueRef::Null), direction, scope)?;
            }
        }
        (direction, element) => append(&mut bytes, element, direction, scope)?,
    }
    Ok(bytes)
}

fn append(
    bytes: &mut Vec<u8>,
    value: ValueRef<'_>,
    direction: ValueRef<'_>,
    scope: &Scope<'_>,
) -> Result<()> {
    let number = super::number::Number::of(direction);
    let descending = number.is_some_and(|number| number.to_f64() < 0.0);
    key::append_within(bytes, value, (descending, scope.collation), scope.account)
}

/// The value at the path, or the first array on it: arrays are compared whole.
fn follow<'a>(document: DocumentRef<'a>, path: &str) -> Option<ValueRef<'a>> {
    match path.split_once('.') {
        None => document.get(path),
        Some((name, rest)) => match document.get(name)? {
            ValueRef::Document(inner) => follow(inner, rest),
            array @ ValueRef::Array(_) => Some(array),
            _ => None,
        },
    }
}
