//! Places in a document, written out as names.

use std::cmp::Ordering;

use filedex_query::{Document, Value};

use super::Question;
use crate::naive;

/// A code of an error.
pub(crate) type Fault = u32;

/// A part of a path that is written out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// Whether `$[]` or `$[x]` stood here.
    pub(crate) is_selected: bool,
}

/// What a path means in a document.
#[derive(Default)]
pub(crate) struct Found {
    /// The places at its end.
    pub(crate) reached: Vec<Vec<Step>>,
    /// Those, and for each sign of elements one that stands for none of them.
    pub(crate) all: Vec<Vec<Step>>,
    pub(crate) faults: Vec<Fault>,
}

/// Writes the path out.
pub(crate) fn write_out(path: &str, document: &Document, question: &Question<'_>) -> Found {
    let mut found = Found::default();
    let parts: Vec<&str> = path.split('.').collect();
    let root = Value::Document(document.clone());
    follow(&parts, Some(&root), &mut Vec::new(), question, &mut found);
    found
}

fn follow(
    parts: &[&str],
    value: Option<&Value>,
    at: &mut Vec<Step>,
    question: &Question<'_>,
    found: &mut Found,
) {
    let Some((part, rest)) = parts.split_first() else {
        found.reached.push(at.clone());
        found.all.push(at.clone());
        return;
    };
    if super::is_selector(part) {
        return select(part, rest, value, at, question, found);
    }
    let name = match (*part, question.position) {
        ("$", None) => return found.faults.push(2),
        ("$", Some(position)) => position.to_string(),
        (name, _) => name.to_owned(),
    };
    let next = value.and_then(|value| child(value, &name));
    at.push(Step { name, is_selected: false });
    follow(rest, next, at, question, found);
    at.pop();
}

fn select(
    part: &str,
    rest: &[&str],
    value: Option<&Value>,
    at: &mut Vec<Step>,
    question: &Question<'_>,
    found: &mut Found,
) {
    let mut none = at.clone();
    none.push(Step { name: "*".to_owned(), is_selected: true });
    found.all.push(none);
    let Some(Value::Array(array)) = value else { return found.faults.push(2) };
    let wanted = &part[2..part.len() - 1];
    let filter = question.filters.iter().find(|filter| super::name_of(filter) == wanted);
    for (index, element) in array.iter().enumerate() {
        let asked = Document::new().with(wanted, element.clone());
        if filter.is_none_or(|filter| naive::matches(filter, &asked)) {
            at.push(Step { name: index.to_string(), is_selected: true });
            follow(rest, Some(element), at, question, found);
            at.pop();
        }
    }
}

fn child<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Document(document) => document.get(name),
        Value::Array(array) => array.get(index(name)?),
        _ => None,
    }
}

fn index(name: &str) -> Option<usize> {
    name.chars()
        .all(|letter| letter.is_ascii_digit())
        .then(|| name.parse::<u32>().ok())?
        .map(|n| n as usize)
}

/// Whether no two tasks may be at both places.
pub(crate) fn meet(left: &[Step], right: &[Step]) -> bool {
    for (a, b) in left.iter().zip(right) {
        if a.is_selected != b.is_selected {
            return true;
        }
        if a.name != b.name {
            return false;
        }
    }
    // Two that stand for no element at all are no tasks.
    left != right || left.last().is_none_or(|step| step.name != "*")
}

/// The order of work.
pub(crate) fn compare(left: &[Step], right: &[Step]) -> Ordering {
    for (a, b) in left.iter().zip(right) {
        let plain = |name: &str| name.parse::<u64>().ok().filter(|n| n.to_string() == name);
        let order = match (plain(&a.name), plain(&b.name)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.name.cmp(&b.name),
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

/// The value with another one at a place in it.
pub(crate) fn edit(
    slot: Option<Value>,
    path: &[&str],
    is_lenient: bool,
    run: &mut dyn FnMut(Option<Value>) -> Result<Option<Value>, Fault>,
) -> Result<Option<Value>, Fault> {
    let Some((name, rest)) = path.split_first() else { return run(slot) };
    match slot {
        None => {
            let inner = edit(None, rest, is_lenient, run)?;
            Ok(inner.map(|inner| Value::Document(Document::new().with(*name, inner))))
        }
        Some(Value::Document(mut document)) => {
            match edit(document.get(name).cloned(), rest, is_lenient, run)? {
                Some(inner) => document.set(name, inner),
                None => drop(document.remove(name)),
            }
            Ok(Some(Value::Document(document)))
        }
        Some(Value::Array(mut array)) if index(name).is_some() => {
            let index = index(name).unwrap();
            match edit(array.get(index).cloned(), rest, is_lenient, run)? {
                Some(inner) => {
                    while array.len() <= index {
                        array.push(Value::Null);
                    }
                    array[index] = inner;
                }
                None if index < array.len() => array[index] = Value::Null,
                None => {}
            }
            Ok(Some(Value::Array(array)))
        }
        blocked if is_lenient => Ok(blocked),
        _ => Err(28),
    }
}

/// The value at a path of names, through objects alone.
pub(crate) fn value_at<'d>(document: &'d Document, path: &str) -> Option<&'d Value> {
    let mut parts = path.split('.');
    let first = document.get(parts.next().unwrap())?;
    parts.try_fold(first, |value, name| value.as_document()?.get(name))
}

/// The document without the field at a path of names.
pub(crate) fn without(document: Document, path: &str) -> Document {
    let names: Vec<&str> = path.split('.').collect();
    match edit(Some(Value::Document(document)), &names, true, &mut |_| Ok(None)) {
        Ok(Some(Value::Document(document))) => document,
        other => panic!("{other:?}"),
    }
}

/// The value that moves; an error if something is in its way.
pub(crate) fn source(document: &Document, path: &str) -> Result<Option<Value>, Fault> {
    let root = Value::Document(document.clone());
    let mut value = &root;
    for name in path.split('.') {
        let next = match value {
            Value::Document(document) => document.get(name),
            Value::Array(array) => array.get(index(name).ok_or(28u32)?),
            _ => return Err(28),
        };
        match next {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(value.clone()))
}

/// Whether an array is on the way to the place.
pub(crate) fn is_in_array(document: &Document, path: &str) -> bool {
    let root = Value::Document(document.clone());
    let mut value = Some(&root);
    for name in path.split('.') {
        if matches!(value, Some(Value::Array(_))) {
            return true;
        }
        value = value.and_then(|value| child(value, name));
    }
    false
}
