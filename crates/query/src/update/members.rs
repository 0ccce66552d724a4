//! `$addToSet` and `$pullAll`: arrays as sets, in which values are told apart by their keys.
//!
//! Keys are equal exactly where values are, so that no two lists are compared pair by pair.

use std::collections::{HashMap, HashSet};

use super::operation::array_at;
use super::room::Room;
use crate::{Code, Document, Error, Result, Value, key};

/// Different values, each with its key, in the order in which they were written.
#[derive(Clone, Debug)]
pub(super) struct Members {
    values: Vec<Value>,
    by_key: HashMap<Vec<u8>, usize>,
}

impl Members {
    fn of(values: &[Value]) -> Members {
        let mut members = Members { values: Vec::new(), by_key: HashMap::new() };
        for value in values {
            let next = members.values.len();
            if *members.by_key.entry(key_of(value)).or_insert(next) == next {
                members.values.push(value.clone());
            }
        }
        members
    }

    /// Reads the argument of `$addToSet`: one value, or `{"$each": [..]}`.
    ///
    /// # Errors
    /// 14 if `$each` is no array, 2 for a key beside it.
    pub(super) fn to_add(argument: &Value) -> Result<Members> {
        match argument {
            Value::Document(clauses) if leads_each(clauses) => Members::each(clauses),
            value => Ok(Members::of(std::slice::from_ref(value))),
        }
    }

    fn each(clauses: &Document) -> Result<Members> {
        let Some(Value::Array(values)) = clauses.get("$each") else {
            return Err(Error::new(Code::TYPE_MISMATCH, "takes an array").at("$each"));
        };
        if clauses.len() > 1 {
            return Err(Error::bad_value("beside $each there is no other clause of $addToSet"));
        }
        Ok(Members::of(values))
    }

    /// Reads the argument of `$pullAll`.
    ///
    /// # Errors
    /// 2 if it is no array.
    pub(super) fn to_pull(argument: &Value) -> Result<Members> {
        match argument {
            Value::Array(values) => Ok(Members::of(values)),
            _ => Err(Error::bad_value("takes an array")),
        }
    }

    /// Adds what the array lacks; the array is made where it is missing. Says whether anything is
    /// changed.
    ///
    /// # Errors
    /// 2 for a field that is no array; the limit `expression_bytes`.
    pub(super) fn add(&self, slot: &mut Option<Value>, room: &mut Room) -> Result<bool> {
        let is_made = slot.is_none();
        let array = array_at(slot, Code::BAD_VALUE)?;
        let present: HashSet<usize> =
            array.iter().filter_map(|value| self.by_key.get(&key_of(value)).copied()).collect();
        let before = array.len();
        for (at, value) in self.values.iter().enumerate() {
            if !present.contains(&at) {
                room.take_value(value.view())?;
                array.push(value.clone());
            }
        }
        Ok(is_made || array.len() > before)
    }

    /// Takes all of them out of the array. Says whether there were any.
    pub(super) fn pull(&self, array: &mut Vec<Value>) -> bool {
        let before = array.len();
        array.retain(|value| !self.by_key.contains_key(&key_of(value)));
        array.len() < before
    }
}

fn leads_each(clauses: &Document) -> bool {
    clauses.iter().next().is_some_and(|(name, _)| name == "$each")
}

fn key_of(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    key::append(&mut bytes, value.view());
    bytes
}
