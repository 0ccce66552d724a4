//! `$addToSet` and `$pullAll`: arrays as sets, in which values are told apart by their keys.
//!
//! Keys are equal exactly where values are, so that no two lists are compared pair by pair.

use std::collections::{HashMap, HashSet};

use super::operation::array_at;
use super::pull::take_out;
use super::room::Room;
use crate::copy::ELEMENT;
use crate::{Account, Code, Collation, Document, Error, Result, Value, key};

/// Different values, each with its key, in the order in which they were written.
#[derive(Clone, Debug)]
pub(super) struct Members {
    values: Vec<Value>,
    by_key: HashMap<Vec<u8>, usize>,
}

impl Members {
    fn of(values: &[Value], account: &Account) -> Result<Members> {
        let mut members = Members { values: Vec::new(), by_key: HashMap::new() };
        for value in values {
            let next = members.values.len();
            account.hold(BYTES_A_MEMBER)?;
            if *members.by_key.entry(key_of(value, account)?).or_insert(next) == next {
                members.values.push(value.clone());
            }
        }
        Ok(members)
    }

    /// Reads the argument of `$addToSet`: one value, or `{"$each": [..]}`.
    ///
    /// # Errors
    /// 14 if `$each` is no array, 2 for a key beside it; those of the account.
    pub(super) fn to_add(argument: &Value, account: &Account) -> Result<Members> {
        match argument {
            Value::Document(clauses) if leads_each(clauses) => Members::each(clauses, account),
            value => Members::of(std::slice::from_ref(value), account),
        }
    }

    fn each(clauses: &Document, account: &Account) -> Result<Members> {
        let Some(Value::Array(values)) = clauses.get("$each") else {
            return Err(Error::new(Code::TYPE_MISMATCH, "takes an array").at("$each"));
        };
        if clauses.len() > 1 {
            return Err(Error::bad_value("beside $each there is no other clause of $addToSet"));
        }
        Members::of(values, account)
    }

    /// Reads the argument of `$pullAll`.
    ///
    /// # Errors
    /// 2 if it is no array; those of the account.
    pub(super) fn to_pull(argument: &Value, account: &Account) -> Result<Members> {
        match argument {
            Value::Array(values) => Members::of(values, account),
            _ => Err(Error::bad_value("takes an array")),
        }
    }

    /// Adds what the array lacks; the array is made where it is missing. Says whether anything is
    /// changed.
    ///
    /// # Errors
    /// 2 for a field that is no array; the limit `expression_bytes`; those of the
    /// account.
    pub(super) fn add(&self, slot: &mut Option<Value>, room: &mut Room<'_>) -> Result<bool> {
        let is_made = slot.is_none();
        let array = array_at(slot, Code::BAD_VALUE)?;
        room.account().hold(self.values.len().saturating_mul(BYTES_A_MEMBER))?;
        let mut present = HashSet::new();
        for value in array.iter() {
            present.extend(self.place(value, room.account())?);
        }
        let before = array.len();
        for (at, value) in self.values.iter().enumerate() {
            if !present.contains(&at) {
                room.take_copy(value.view())?;
                if array.len() == array.capacity() {
                    room.move_elements(array.len())?;
                }
                array.push(value.clone());
            }
        }
        Ok(is_made || array.len() > before)
    }

    /// Takes all of them out of the array. Says whether there were any.
    ///
    /// # Errors
    /// Those of the account.
    pub(super) fn pull(&self, array: &mut Vec<Value>, account: &Account) -> Result<bool> {
        take_out(array, |value| Ok(self.place(value, account)?.is_some()))
    }

    /// Which of them the value is, if it is one.
    fn place(&self, value: &Value, account: &Account) -> Result<Option<usize>> {
        let held = account.held();
        account.work(1)?;
        let place = self.by_key.get(&key_of(value, account)?).copied();
        account.release_to(held);
        Ok(place)
    }
}

/// What a member takes beside itself and its key.
const BYTES_A_MEMBER: usize = 2 * size_of::<(Vec<u8>, usize)>() + ELEMENT;

fn leads_each(clauses: &Document) -> bool {
    clauses.iter().next().is_some_and(|(name, _)| name == "$each")
}

fn key_of(value: &Value, account: &Account) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    key::append_within(&mut bytes, value.view(), (false, &Collation::simple()), account)?;
    Ok(bytes)
}
