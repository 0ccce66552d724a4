//! Operators on arrays as a whole. Those on sets, sorted arrays and the first few have their own
//! files.
//!
//! Source: MongoDB manual, "Array Expression Operators".

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind::{self, size_answer};
use super::node::Node;
use super::number::Number;
use super::operator::{Operator, Shape};
use super::parse::{Parser, fields_of};
use super::scope::Scope;
use crate::{Code, Error, Result, Value, order};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$arrayElemAt", 2, element_at),
    Operator::fixed("$first", 1, first),
    Operator::fixed("$last", 1, last),
    Operator::variadic("$concatArrays", concat),
    Operator::fixed("$in", 2, contains),
    Operator::ranged("$indexOfArray", 2, 4, index_of),
    Operator::ranged("$range", 2, 3, range),
    Operator::fixed("$reverseArray", 1, reverse),
    Operator::fixed("$size", 1, size),
    Operator::ranged("$slice", 2, 3, slice),
    Operator { name: "$zip", shape: Shape::Own(parse_zip), run: zip, pure: true },
];

fn element_at<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (array, index) = scope.pair(arguments)?;
    if array.is_nullish() || index.is_nullish() {
        return Ok(Answer::NULL);
    }
    if array.array().is_none() {
        return Err(kind::wrong(28689, "$arrayElemAt", "an array", &array));
    }
    let number = index.number();
    let number = number.ok_or_else(|| kind::wrong(28690, "$arrayElemAt", "a number", &index))?;
    let whole =
        || Error::new(Code(28691), "the index of $arrayElemAt must be a 32-bit whole number");
    take_at(scope, array, i64::from(number.whole32().ok_or_else(whole)?))
}

fn first<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    end(scope, arguments, "$first", 0)
}

fn last<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    end(scope, arguments, "$last", -1)
}

fn end<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    index: i64,
) -> Result<Answer<'a>> {
    let array = scope.first(arguments)?;
    if array.is_nullish() {
        return Ok(Answer::NULL);
    }
    if array.array().is_none() {
        return Err(kind::wrong(28689, operator, "an array", &array));
    }
    take_at(scope, array, index)
}

/// The element at that index, from the end if negative; missing past either end.
fn take_at<'a>(scope: &mut Scope<'a>, array: Answer<'a>, index: i64) -> Result<Answer<'a>> {
    let length = array.array().map_or(Ok(0), |array| scope.length(array))?;
    let index = if index < 0 { index + length as i64 } else { index };
    scope.spend_passing(length)?;
    let Ok(index) = usize::try_from(index) else { return Ok(Answer::Missing) };
    match array {
        Answer::Borrowed(crate::ValueRef::Array(array)) => {
            Ok(array.get(index).map_or(Answer::Missing, Answer::Borrowed))
        }
        built => match built.array().and_then(|array| array.get(index)) {
            None => Ok(Answer::Missing),
            Some(value) => Ok(scope.copy(value)?.into()),
        },
    }
}

fn concat<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut joined: Vec<Value> = Vec::new();
    for argument in arguments {
        let answer = evaluate(argument, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        let Some(array) = answer.array() else {
            return Err(kind::wrong(28664, "$concatArrays", "arrays", &answer));
        };
        let length = scope.length(array)?;
        scope.spend_array(joined.len() + length)?;
        scope.hold_elements(length)?;
        if let Value::Array(values) = scope.own(answer)? {
            joined.extend(values);
        }
    }
    Ok(joined.into())
}

fn contains<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (wanted, list) = scope.pair(arguments)?;
    let Some(array) = list.array() else {
        return Err(kind::wrong(40081, "$in", "an array as its second argument", &list));
    };
    scope.spend_value(list.comparable())?;
    for (place, value) in array.iter().enumerate() {
        scope.pass(place)?;
        if order::compare_by(scope.collation, value, wanted.comparable()).is_eq() {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn index_of<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let list = scope.first(arguments)?;
    if list.is_nullish() {
        return Ok(Answer::NULL);
    }
    let Some(array) = list.array() else {
        return Err(kind::wrong(40090, "$indexOfArray", "an array", &list));
    };
    let length = scope.length(array)?;
    let (start, end) = bounds(scope, arguments, "$indexOfArray", length)?;
    let wanted = scope.argument(arguments, 1)?;
    scope.spend_value(list.comparable())?;
    for (index, value) in array.iter().enumerate().take(end).skip(start) {
        scope.pass(index)?;
        if order::compare_by(scope.collation, value, wanted.comparable()).is_eq() {
            return Ok(size_answer(index));
        }
    }
    Ok((-1).into())
}

/// The optional start and end of a search, as the third and fourth argument.
pub(super) fn bounds<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    operator: &str,
    length: usize,
) -> Result<(usize, usize)> {
    let mut bound = |index: usize| -> Result<Option<usize>> {
        if arguments.len() <= index {
            return Ok(None);
        }
        let answer = scope.argument(arguments, index)?;
        let whole = answer.number().and_then(Number::whole32);
        let whole = whole.ok_or_else(|| kind::wrong(40096, operator, "whole bounds", &answer))?;
        let negative = |_| Error::new(Code(40097), format!("{operator} needs bounds from 0 on"));
        usize::try_from(whole).map(Some).map_err(negative)
    };
    let start = bound(2)?.unwrap_or(0);
    let end = bound(3)?.map_or(length, |end| end.min(length));
    Ok((start, end))
}

fn range<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let start = range_number(scope, arguments, 0, "start", (34443, 34444))?;
    let end = range_number(scope, arguments, 1, "end", (34445, 34446))?;
    let step = match arguments.len() {
        3 => range_number(scope, arguments, 2, "step", (34447, 34448))?,
        _ => 1,
    };
    if step == 0 {
        return Err(Error::new(Code(34449), "the step of $range can't be 0"));
    }
    let distance = if step > 0 { end - start } else { start - end };
    let count = usize::try_from(distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs()));
    let count = count.unwrap_or(usize::MAX);
    scope.build_array(count)?;
    let numbers = (0..count as i64).map(|index| Value::integer(start + index * step));
    Ok(numbers.collect::<Vec<Value>>().into())
}

fn range_number<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
    index: usize,
    name: &str,
    (no_number, not_whole): (u32, u32),
) -> Result<i64> {
    let answer = scope.argument(arguments, index)?;
    let number = answer.number();
    let number = number.ok_or_else(|| kind::wrong(no_number, "$range", "numbers", &answer))?;
    let message = || format!("the {name} of $range must be a 32-bit whole number");
    number.whole32().map(i64::from).ok_or_else(|| Error::new(Code(not_whole), message()))
}

fn reverse<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    if answer.is_nullish() {
        return Ok(Answer::NULL);
    }
    if answer.array().is_none() {
        return Err(kind::wrong(34435, "$reverseArray", "an array", &answer));
    }
    let mut value = scope.own(answer)?;
    if let Value::Array(values) = &mut value {
        values.reverse();
    }
    Ok(value.into())
}

fn size<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    match answer.array() {
        Some(array) => {
            let length = scope.length(array)?;
            scope.spend_passing(length)?;
            Ok(size_answer(length))
        }
        None => Err(kind::wrong(17124, "$size", "an array", &answer)),
    }
}

fn slice<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (list, second) = scope.pair(arguments)?;
    if list.is_nullish() || second.is_nullish() {
        return Ok(Answer::NULL);
    }
    let Some(array) = list.array() else {
        return Err(kind::wrong(28724, "$slice", "an array", &list));
    };
    let second = slice_number(&second, (28725, 28726))?;
    let length = scope.length(array)?;
    scope.spend_passing(length)?;
    let (start, count) = if arguments.len() == 2 {
        first_or_last(length, second)
    } else {
        let third = scope.argument(arguments, 2)?;
        if third.is_nullish() {
            return Ok(Answer::NULL);
        }
        let count = slice_number(&third, (28727, 28728))?;
        if count <= 0 {
            return Err(Error::new(Code(28729), "the count of $slice must be greater than 0"));
        }
        (from_start_or_end(length, second), count.unsigned_abs() as usize)
    };
    let mut values = Vec::new();
    for value in array.iter().skip(start).take(count) {
        scope.build_array(1)?;
        values.push(scope.copy(value)?);
    }
    Ok(values.into())
}

fn slice_number(answer: &Answer<'_>, (no_number, not_whole): (u32, u32)) -> Result<i32> {
    let number = answer.number();
    let number = number.ok_or_else(|| kind::wrong(no_number, "$slice", "numbers", answer))?;
    let message = "the numbers of $slice must be 32-bit whole numbers";
    number.whole32().ok_or_else(|| Error::new(Code(not_whole), message))
}

/// Where the first `count` elements start and how many they are; the last for a negative count.
pub(crate) fn first_or_last(length: usize, count: i32) -> (usize, usize) {
    let many = count.unsigned_abs() as usize;
    if count < 0 { (length.saturating_sub(many), many) } else { (0, many) }
}

/// An index from the start, or from the end if negative.
pub(crate) fn from_start_or_end(length: usize, index: i32) -> usize {
    let steps = index.unsigned_abs() as usize;
    if index < 0 { length.saturating_sub(steps) } else { steps.min(length) }
}

/// `$zip` becomes a call whose arguments are: whether to go on to the longest, how many inputs, the
/// inputs, the defaults.
fn parse_zip(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let (mut inputs, mut defaults, mut longest) = (Vec::new(), Vec::new(), false);
    for (name, value) in fields_of(argument, 34460, "$zip")?.iter() {
        match (name, value) {
            ("inputs", Value::Array(_)) => inputs = parser.list(value)?,
            ("inputs", _) => return Err(Error::new(Code(34461), "`inputs` must be an array")),
            ("defaults", Value::Array(_)) => defaults = parser.list(value)?,
            ("defaults", _) => return Err(Error::new(Code(34462), "`defaults` must be an array")),
            ("useLongestLength", Value::Bool(truth)) => longest = *truth,
            ("useLongestLength", _) => {
                return Err(Error::new(Code(34463), "`useLongestLength` must be a boolean"));
            }
            _ => return Err(Error::new(Code(34464), format!("$zip has no argument `{name}`"))),
        }
    }
    if inputs.is_empty() {
        return Err(Error::new(Code(34465), "$zip needs an input"));
    }
    if !longest && !defaults.is_empty() {
        return Err(Error::new(Code(34466), "defaults of $zip need `useLongestLength: true`"));
    }
    if !defaults.is_empty() && defaults.len() != inputs.len() {
        return Err(Error::new(Code(34467), "$zip needs as many defaults as inputs"));
    }
    let count = Node::Constant(Value::integer(inputs.len() as i64));
    let mut arguments = vec![Node::Constant(Value::Bool(longest)), count];
    arguments.extend(inputs);
    arguments.extend(defaults);
    Ok(Node::Call { operator, arguments })
}

fn zip<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let longest = scope.first(arguments)?.truth();
    let count = scope.argument(arguments, 1)?.number().map_or(0, Number::to_long);
    let count = usize::try_from(count).unwrap_or_default();
    let listed = arguments.get(2..).unwrap_or_default();
    let (inputs, defaults) = listed.split_at_checked(count).unwrap_or((listed, &[]));
    let mut columns = Vec::with_capacity(inputs.len());
    for input in inputs {
        let answer = evaluate(input, scope)?;
        if answer.is_nullish() {
            return Ok(Answer::NULL);
        }
        let wrong = kind::wrong(34468, "$zip", "arrays", &answer);
        columns.push(scope.elements(answer)?.ok_or(wrong)?);
    }
    let lengths = columns.iter().map(Vec::len);
    let (least, most) = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
    let mut fillers = vec![Value::Null; columns.len()];
    if least != most {
        for (filler, default) in fillers.iter_mut().zip(defaults) {
            let answer = evaluate(default, scope)?;
            *filler = scope.own(answer)?;
        }
    }
    let rows = if longest { most } else { least };
    scope.build_array(rows.saturating_mul(columns.len()))?;
    scope.hold_elements(rows)?;
    zip_rows(scope, columns, &fillers, rows)
}

fn zip_rows<'a>(
    scope: &mut Scope<'a>,
    columns: Vec<Vec<Answer<'a>>>,
    fillers: &[Value],
    rows: usize,
) -> Result<Answer<'a>> {
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let mut zipped = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut row = Vec::with_capacity(columns.len());
        for (column, filler) in columns.iter_mut().zip(fillers) {
            row.push(match column.next() {
                Some(answer) => scope.own(answer)?,
                None => scope.copy(filler.view())?,
            });
        }
        zipped.push(Value::Array(row));
    }
    Ok(zipped.into())
}
