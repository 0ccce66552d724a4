//! `$push`: new elements, then an order, then a cut.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::operation::array_at;
use super::room::{Room, look_for_field};
use crate::filter::integer;
use crate::{Account, Code, Collation, Document, Environment, Error, Limits, Result, Value, key};

/// What is pushed, and where.
#[derive(Clone, Debug)]
pub(super) struct Push {
    items: Vec<Value>,
    position: Option<i64>,
    sort: Option<Order>,
    slice: Option<i64>,
}

/// The order of elements.
#[derive(Clone, Debug)]
enum Order {
    /// As whole values.
    Whole { descending: bool },
    /// By what stands at paths in them.
    Paths(Vec<(Vec<Arc<str>>, bool)>),
}

impl Push {
    /// Reads the argument: clauses if there is an `$each`, else one element.
    ///
    /// # Errors
    /// 2 for an unknown clause or a wrong argument; the limits `sort_keys` and `path_parts`.
    pub(super) fn parse(argument: &Value, environment: &Environment) -> Result<Push> {
        match argument {
            Value::Document(clauses) if clauses.contains("$each") => {
                Push::clauses(clauses, &environment.limits)
            }
            element => {
                let items = vec![element.clone()];
                Ok(Push { items, position: None, sort: None, slice: None })
            }
        }
    }

    fn clauses(clauses: &Document, limits: &Limits) -> Result<Push> {
        let mut push = Push { items: Vec::new(), position: None, sort: None, slice: None };
        for (name, value) in clauses.iter() {
            push.clause(name, value, limits).map_err(|error| error.at(name))?;
        }
        Ok(push)
    }

    fn clause(&mut self, name: &str, value: &Value, limits: &Limits) -> Result<()> {
        match name {
            "$each" => {
                let Value::Array(items) = value else {
                    return Err(Error::bad_value("takes an array"));
                };
                self.items.clone_from(items);
            }
            "$position" => self.position = Some(whole(value)?),
            "$slice" => self.slice = Some(whole(value)?),
            "$sort" => self.sort = Some(Order::parse(value, limits)?),
            _ => return Err(Error::bad_value(format!("`{name}` is no clause of $push"))),
        }
        Ok(())
    }

    /// Pushes onto the array, which is made where it is missing. Says whether anything is changed.
    ///
    /// # Errors
    /// 2 for a field that is no array; the limit `expression_bytes`; those of the account.
    pub(super) fn apply(&self, slot: &mut Option<Value>, room: &mut Room<'_>) -> Result<bool> {
        let is_made = slot.is_none();
        let array = array_at(slot, Code::BAD_VALUE)?;
        self.items.iter().try_for_each(|item| room.take_copy(item.view()))?;
        room.move_elements(array.len() + self.items.len())?;
        let at = self.position.map_or(array.len(), |position| place(position, array.len()));
        array.splice(at..at, self.items.iter().cloned());
        if let Some(order) = &self.sort {
            order.sort(array, room)?;
        }
        let is_cut = self.slice.is_some_and(|slice| cut(array, slice));
        Ok(is_made || is_cut || self.sort.is_some() || !self.items.is_empty())
    }
}

fn whole(value: &Value) -> Result<i64> {
    integer::whole(value.view()).ok_or_else(|| Error::bad_value("takes a whole number"))
}

/// Where a position lies in an array of that length: from the end if it is negative.
fn place(position: i64, length: usize) -> usize {
    let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
    if position < 0 { length.saturating_sub(distance) } else { distance.min(length) }
}

/// Leaves so many elements, the last ones if the number is negative. Says whether any went.
fn cut(array: &mut Vec<Value>, slice: i64) -> bool {
    let most = usize::try_from(slice.unsigned_abs()).unwrap_or(usize::MAX);
    let Some(surplus) = array.len().checked_sub(most).filter(|surplus| *surplus > 0) else {
        return false;
    };
    if slice < 0 {
        array.drain(..surplus);
    } else {
        array.truncate(most);
    }
    true
}

impl Order {
    fn parse(value: &Value, limits: &Limits) -> Result<Order> {
        let Value::Document(paths) = value else {
            return Ok(Order::Whole { descending: is_descending(value)? });
        };
        if paths.is_empty() {
            return Err(Error::bad_value("takes 1, -1 or an object of paths that is not empty"));
        }
        if paths.len() > limits.sort_keys {
            return Err(Error::limit("sort_keys", limits.sort_keys));
        }
        let path = |(path, direction): (&str, &Value)| {
            let read = split(path, limits).and_then(|parts| Ok((parts, is_descending(direction)?)));
            read.map_err(|error| error.at(path))
        };
        paths.iter().map(path).collect::<Result<Vec<_>>>().map(Order::Paths)
    }

    /// Equal elements stay in their order. A tree takes them one by one, so that the clock is looked at in
    /// between.
    fn sort(&self, array: &mut Vec<Value>, room: &mut Room<'_>) -> Result<()> {
        let account = room.account();
        let mut keyed: BTreeMap<(Vec<u8>, usize), Value> = BTreeMap::new();
        for (place, element) in mem::take(array).into_iter().enumerate() {
            let key = self.key(&element, account)?;
            room.take(key.len())?;
            account.hold(BYTES_AN_ENTRY)?;
            account.work(2 + key.len() as u64 / 64)?;
            keyed.insert((key, place), element);
        }
        array.extend(keyed.into_values());
        Ok(())
    }

    fn key(&self, element: &Value, account: &Account) -> Result<Vec<u8>> {
        let (mut bytes, simple) = (Vec::new(), Collation::simple());
        let mut append = |value: &Value, descending: bool| {
            key::append_within(&mut bytes, value.view(), (descending, &simple), account)
        };
        match self {
            Order::Whole { descending } => append(element, *descending)?,
            Order::Paths(paths) => {
                for (path, descending) in paths {
                    append(at(element, path, account)?.unwrap_or(&Value::Null), *descending)?;
                }
            }
        }
        Ok(bytes)
    }
}

/// What an element takes in the tree, beside its key, and in the array behind it.
const BYTES_AN_ENTRY: usize = 2 * size_of::<((Vec<u8>, usize), Value)>() + 2 * size_of::<Value>();

fn is_descending(direction: &Value) -> Result<bool> {
    match integer::whole(direction.view()) {
        Some(1) => Ok(false),
        Some(-1) => Ok(true),
        _ => Err(Error::bad_value("a direction is 1 or -1")),
    }
}

fn split(path: &str, limits: &Limits) -> Result<Vec<Arc<str>>> {
    if path.split('.').nth(limits.path_parts).is_some() {
        return Err(Error::limit("path_parts", limits.path_parts).with_code(Code(15)));
    }
    if path.split('.').any(str::is_empty) {
        return Err(Error::bad_value("a path to sort by has an empty part"));
    }
    Ok(path.split('.').map(Arc::from).collect())
}

/// What stands at a path in an element that is an object; on the way arrays are followed by index.
fn at<'v>(element: &'v Value, path: &[Arc<str>], account: &Account) -> Result<Option<&'v Value>> {
    let mut value = element;
    for (depth, name) in path.iter().enumerate() {
        let next = match value {
            Value::Document(object) => {
                look_for_field(object, account)?;
                object.get(name)
            }
            Value::Array(array) if depth > 0 => {
                let index = name.parse().ok().filter(|index: &usize| *index.to_string() == **name);
                index.and_then(|index| array.get(index))
            }
            _ => None,
        };
        let Some(next) = next else { return Ok(None) };
        value = next;
    }
    Ok(Some(value))
}
