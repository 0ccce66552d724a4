//! What a single operator does to the value at the end of its path.
//!
//! Each operator is one arm of [`Operator::operation`], which checks its argument, and of
//! [`Operation::apply`], which changes a value. This file knows no paths.

use std::cmp::Ordering;

use super::members::Members;
use super::moment;
use super::number::{self, Arithmetic, BitStep};
use super::pull::Pull;
use super::push::Push;
use super::room::{Room, go_through};
use super::storable;
use crate::filter::integer;
use crate::{Array, Code, Environment, Error, Result, Value, order};

/// An operator of the update language, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    AddToSet,
    Bit,
    CurrentDate,
    Inc,
    Max,
    Min,
    Mul,
    Pop,
    Pull,
    PullAll,
    Push,
    Rename,
    Set,
    SetOnInsert,
    Unset,
}

/// An operator with its argument.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Set(Value),
    SetOnInsert(Value),
    Unset,
    Number {
        arithmetic: Arithmetic,
        argument: Value,
    },
    /// `$min` and `$max`: the value if it compares so to the stored one.
    Extreme {
        wins: Ordering,
        value: Value,
    },
    /// `$currentDate`: the moment.
    Moment(Value),
    Bits(Vec<BitStep>),
    Push(Push),
    AddToSet(Members),
    Pop(End),
    Pull(Pull),
    PullAll(Members),
    /// The target of a rename, by its place among those of the update.
    MoveTo {
        at: usize,
        is_from_id: bool,
    },
    /// Where the value of a rename was: nothing else may touch it.
    MoveFrom,
}

/// An end of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// What an operation may look at beside the value.
pub(super) struct Context<'a> {
    /// Whether the document is being made.
    pub(super) is_insert: bool,
    /// How much may still be added.
    pub(super) room: Room<'a>,
    /// The values that renames have taken from their sources.
    pub(super) moves: Vec<Result<Option<Value>>>,
}

impl Operator {
    /// The operator of that name.
    ///
    /// # Errors
    /// 9 if there is none.
    pub(super) fn find(name: &str) -> Result<Operator> {
        Ok(match name {
            "$addToSet" => Operator::AddToSet,
            "$bit" => Operator::Bit,
            "$currentDate" => Operator::CurrentDate,
            "$inc" => Operator::Inc,
            "$max" => Operator::Max,
            "$min" => Operator::Min,
            "$mul" => Operator::Mul,
            "$pop" => Operator::Pop,
            "$pull" => Operator::Pull,
            "$pullAll" => Operator::PullAll,
            "$push" => Operator::Push,
            "$rename" => Operator::Rename,
            "$set" => Operator::Set,
            "$setOnInsert" => Operator::SetOnInsert,
            "$unset" => Operator::Unset,
            _ => return Err(Error::new(Code::FAILED_TO_PARSE, unknown(name))),
        })
    }

    /// Checks the argument. What a rename says is checked by [`super::rename`].
    ///
    /// # Errors
    /// The operator's own, with MongoDB's codes.
    pub(super) fn operation(
        self,
        argument: &Value,
        environment: &Environment,
    ) -> Result<Operation> {
        Ok(match self {
            Operator::Set => Operation::Set(argument.clone()),
            Operator::SetOnInsert => Operation::SetOnInsert(argument.clone()),
            Operator::Unset => Operation::Unset,
            Operator::Inc => {
                let argument = Arithmetic::argument(argument)?;
                Operation::Number { arithmetic: Arithmetic::Add, argument }
            }
            Operator::Mul => {
                let argument = Arithmetic::argument(argument)?;
                Operation::Number { arithmetic: Arithmetic::Multiply, argument }
            }
            Operator::Min => Operation::Extreme { wins: Ordering::Less, value: argument.clone() },
            Operator::Max => {
                Operation::Extreme { wins: Ordering::Greater, value: argument.clone() }
            }
            Operator::CurrentDate => Operation::Moment(moment::current(argument, environment.now)?),
            Operator::Bit => Operation::Bits(number::bit_steps(argument)?),
            Operator::Push => Operation::Push(Push::parse(argument, environment)?),
            Operator::AddToSet => {
                Operation::AddToSet(Members::to_add(argument, &environment.account)?)
            }
            Operator::Pop => Operation::Pop(End::parse(argument)?),
            Operator::Pull => Operation::Pull(Pull::parse(argument, environment)?),
            Operator::PullAll => {
                Operation::PullAll(Members::to_pull(argument, &environment.account)?)
            }
            Operator::Rename => Operation::MoveFrom,
        })
    }
}

fn unknown(name: &str) -> String {
    let hint = match name {
        "$addFields" | "$replaceWith" | "$replaceRoot" | "$project" => {
            "; it is a stage of a pipeline, which stands in an array"
        }
        "$pushAll" => "; write $push with $each",
        name if !name.starts_with('$') => {
            "; the keys of an update whose first one is led by `$` are all operators"
        }
        _ => "",
    };
    format!("there is no update operator `{name}`{hint}")
}

impl End {
    /// # Errors
    /// 9 for anything but 1 and -1.
    fn parse(argument: &Value) -> Result<End> {
        match integer::whole(argument.view()) {
            Some(1) => Ok(End::Last),
            Some(-1) => Ok(End::First),
            _ => Err(Error::new(Code::FAILED_TO_PARSE, "takes 1 for the last or -1 for the first")),
        }
    }
}

impl Operation {
    /// Changes the value, or makes or removes it. Says whether that is a change.
    ///
    /// # Errors
    /// The operator's own about the stored value; the limit `expression_bytes`; those of the account.
    pub(super) fn apply(
        &self,
        slot: &mut Option<Value>,
        context: &mut Context<'_>,
    ) -> Result<bool> {
        match self {
            Operation::Set(value) => set(slot, value, context),
            Operation::SetOnInsert(value) if context.is_insert => set(slot, value, context),
            Operation::SetOnInsert(_) | Operation::MoveFrom => Ok(false),
            Operation::Unset => Ok(slot.take().is_some()),
            Operation::Number { arithmetic, argument } => {
                context.room.account().work(STEPS_A_NUMBER)?;
                let value = arithmetic.apply(slot.as_ref(), argument)?;
                Ok(put_number(slot, value))
            }
            Operation::Bits(steps) => {
                let value = number::bits(slot.as_ref(), steps)?;
                Ok(put_number(slot, value))
            }
            Operation::Extreme { wins, value } => match slot {
                Some(stored) if !wins_over(value, stored, *wins, context)? => Ok(false),
                slot => put(slot, value, context),
            },
            Operation::Moment(moment) => put(slot, moment, context),
            Operation::Push(push) => push.apply(slot, &mut context.room),
            Operation::AddToSet(members) => members.add(slot, &mut context.room),
            Operation::Pop(end) => pop(slot, *end, context),
            Operation::Pull(pull) => match slot {
                None => Ok(false),
                slot => pull.apply(array_at(slot, Code::BAD_VALUE)?, context.room.account()),
            },
            Operation::PullAll(members) => match slot {
                None => Ok(false),
                slot => members.pull(array_at(slot, Code::BAD_VALUE)?, context.room.account()),
            },
            Operation::MoveTo { at, is_from_id } => match context.take_move(*at)? {
                None => Ok(false),
                Some(_) if *is_from_id => Err(storable::other_id()),
                Some(value) => {
                    *slot = Some(value);
                    Ok(true)
                }
            },
        }
    }

    /// What happens where a value is in the way to the end of the path.
    ///
    /// # Errors
    /// 28 where that is not the same as nothing to do.
    pub(super) fn apply_blocked(&self, context: &mut Context<'_>) -> Result<()> {
        let has_nothing_to_do = match self {
            Operation::Unset | Operation::MoveFrom => true,
            Operation::SetOnInsert(_) => !context.is_insert,
            Operation::MoveTo { at, .. } => context.take_move(*at)?.is_none(),
            _ => false,
        };
        if has_nothing_to_do {
            return Ok(());
        }
        let message =
            "the path leads through a value that is no object, or into an array by a name";
        Err(Error::new(Code::PATH_NOT_VIABLE, message))
    }
}

impl Context<'_> {
    fn take_move(&mut self, at: usize) -> Result<Option<Value>> {
        match self.moves.get_mut(at) {
            Some(moved) => std::mem::replace(moved, Ok(None)),
            None => Ok(None),
        }
    }
}

/// What arithmetic costs at most: that of decimals.
const STEPS_A_NUMBER: u64 = 50;

fn set(slot: &mut Option<Value>, value: &Value, context: &mut Context<'_>) -> Result<bool> {
    // A comparison goes no farther than what is there.
    slot.iter().try_for_each(|stored| go_through(stored.view(), context.room.account()))?;
    if slot.as_ref() == Some(value) { Ok(false) } else { put(slot, value, context) }
}

fn wins_over(value: &Value, stored: &Value, wins: Ordering, context: &Context<'_>) -> Result<bool> {
    go_through(stored.view(), context.room.account())?;
    Ok(order::compare(value.view(), stored.view()) == wins)
}

fn put(slot: &mut Option<Value>, value: &Value, context: &mut Context<'_>) -> Result<bool> {
    context.room.take_copy(value.view())?;
    *slot = Some(value.clone());
    Ok(true)
}

fn put_number(slot: &mut Option<Value>, value: Value) -> bool {
    if slot.as_ref().is_some_and(|stored| number::is_same(stored, &value)) {
        return false;
    }
    *slot = Some(value);
    true
}

fn pop(slot: &mut Option<Value>, end: End, context: &Context<'_>) -> Result<bool> {
    if slot.is_none() {
        return Ok(false);
    }
    let array = array_at(slot, Code::TYPE_MISMATCH)?;
    if array.is_empty() {
        return Ok(false);
    }
    context.room.account().work((array.len() / ELEMENTS_MOVED_A_STEP) as u64)?;
    match end {
        End::First => drop(array.remove(0)),
        End::Last => drop(array.pop()),
    }
    Ok(true)
}

/// Elements that are moved up for the price of one step.
const ELEMENTS_MOVED_A_STEP: usize = 64;

/// The array that the operation changes, made where it is missing.
///
/// # Errors
/// That code for a value that is no array.
pub(super) fn array_at(slot: &mut Option<Value>, code: Code) -> Result<&mut Array> {
    match slot.get_or_insert_with(|| Value::Array(Array::new())) {
        Value::Array(array) => Ok(array),
        _ => Err(Error::new(code, "the field is there and no array")),
    }
}
