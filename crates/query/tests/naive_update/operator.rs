//! What each operator takes and does, on values alone.

use std::cmp::Ordering;

use filedex_query::{Decimal, Document, Value};

use super::place::Fault;
use crate::naive::compare::{compare, equal, is_number, whole};
use crate::naive::matches;

type Ran = Result<(Option<Value>, bool), Fault>;

/// What is wrong with an argument before a document is looked at.
pub(crate) fn fault_of_argument(operator: &str, path: &str, argument: &Value) -> Option<Fault> {
    match operator {
        "$inc" | "$mul" if !is_number(argument) => Some(14),
        "$bit" => match argument {
            Value::Document(steps) if !steps.is_empty() => {
                let is_step = |(name, value): (&str, &Value)| {
                    ["and", "or", "xor"].contains(&name)
                        && matches!(value, Value::Int(_) | Value::Long(_))
                };
                if steps.iter().all(is_step) { None } else { Some(2) }
            }
            _ => Some(2),
        },
        "$pop" if !matches!(whole(argument), Some(1 | -1)) => Some(9),
        "$pullAll" if argument.as_array().is_none() => Some(2),
        "$rename" => fault_of_rename(path, argument),
        "$push" => fault_of_clauses(argument),
        "$addToSet" => match argument.as_document().and_then(|clauses| clauses.iter().next()) {
            Some(("$each", Value::Array(_))) if argument.as_document().unwrap().len() == 1 => None,
            Some(("$each", Value::Array(_))) => Some(2),
            Some(("$each", _)) => Some(14),
            _ => None,
        },
        _ => None,
    }
}

fn fault_of_rename(from: &str, to: &Value) -> Option<Fault> {
    let Value::String(to) = to else { return Some(2) };
    let dotted = |path: &str| format!("{path}.");
    let is_same = dotted(from).starts_with(&dotted(to)) || dotted(to).starts_with(&dotted(from));
    let has_sign = |path: &str| path.split('.').any(|part| part == "$" || super::is_selector(part));
    (is_same || has_sign(from) || has_sign(to)).then_some(2)
}

fn fault_of_clauses(argument: &Value) -> Option<Fault> {
    let clauses = argument.as_document().filter(|clauses| clauses.contains("$each"))?;
    let is_right = |(name, value): (&str, &Value)| match name {
        "$each" => value.as_array().is_some(),
        "$slice" | "$position" => is_number(value) && whole(value).is_some(),
        "$sort" => match value {
            Value::Document(paths) => {
                !paths.is_empty() && paths.iter().all(|(_, direction)| is_direction(direction))
            }
            direction => is_direction(direction),
        },
        _ => false,
    };
    if clauses.iter().all(is_right) { None } else { Some(2) }
}

fn is_direction(value: &Value) -> bool {
    is_number(value) && matches!(whole(value), Some(1 | -1))
}

/// The value that the operator leaves, and whether that is a change.
pub(crate) fn run(operator: &str, argument: &Value, slot: Option<Value>, is_insert: bool) -> Ran {
    match operator {
        "$setOnInsert" if !is_insert => Ok((slot, false)),
        "$set" | "$setOnInsert" => {
            let is_changed = slot.as_ref() != Some(argument);
            Ok((Some(argument.clone()), is_changed))
        }
        "$unset" => Ok((None, slot.is_some())),
        "$inc" | "$mul" => number(operator, argument, slot),
        "$bit" => bits(argument.as_document().unwrap(), slot),
        "$min" => extreme(argument, slot, Ordering::Less),
        "$max" => extreme(argument, slot, Ordering::Greater),
        "$push" => push(argument, slot),
        "$addToSet" => add(argument, slot),
        "$pop" => pop(argument, slot),
        "$pull" => without(slot, |element| pulls(argument, element)),
        "$pullAll" => {
            let values = argument.as_array().unwrap();
            without(slot, |element| values.iter().any(|value| equal(value, element)))
        }
        other => panic!("unknown: {other}"),
    }
}

fn extreme(argument: &Value, slot: Option<Value>, wins: Ordering) -> Ran {
    match slot {
        Some(stored) if compare(argument, &stored) != wins => Ok((Some(stored), false)),
        _ => Ok((Some(argument.clone()), true)),
    }
}

fn number(operator: &str, argument: &Value, slot: Option<Value>) -> Ran {
    let is_sum = operator == "$inc";
    let stored = match &slot {
        None if is_sum => return Ok((Some(argument.clone()), true)),
        None => Value::Int(0),
        Some(stored) if is_number(stored) => stored.clone(),
        Some(_) => return Err(14),
    };
    let new = match (&stored, argument) {
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => decimals(is_sum, &stored, argument),
        (Value::Double(_), _) | (_, Value::Double(_)) => {
            let (a, b) = (double(&stored), double(argument));
            Value::Double(if is_sum { a + b } else { a * b })
        }
        _ => {
            let (a, b) =
                (i128::from(whole(&stored).unwrap()), i128::from(whole(argument).unwrap()));
            let exact = if is_sum { a + b } else { a * b };
            let exact = i64::try_from(exact).map_err(|_| 2u32)?;
            match (&stored, argument) {
                (Value::Int(_), Value::Int(_)) => Value::integer(exact),
                _ => Value::Long(exact),
            }
        }
    };
    let is_nan = crate::naive::compare::is_nan(&new);
    let is_same = slot.as_ref().is_some_and(|slot| {
        std::mem::discriminant(slot) == std::mem::discriminant(&new) && equal(slot, &new) && !is_nan
    });
    Ok((if is_same { slot } else { Some(new) }, !is_same))
}

fn double(value: &Value) -> f64 {
    match value {
        Value::Double(number) => *number,
        other => whole(other).unwrap() as f64,
    }
}

/// A decimal that is a number: its sign, which zero has too, its digits and its exponent.
struct Parts {
    is_negative: bool,
    digits: i128,
    exponent: i32,
}

fn decimals(is_sum: bool, left: &Value, right: &Value) -> Value {
    let (a, b) = match (parts(left), parts(right)) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => {
            let special =
                |part: Result<Parts, f64>| part.map_or_else(|f| f, |part| part.signed() as f64);
            let (a, b) = (special(a), special(b));
            let number = if is_sum { a + b } else { a * b };
            return Value::Decimal(match number {
                number if number.is_nan() => Decimal::NAN,
                number => Decimal::infinity(number < 0.0),
            });
        }
    };
    let (digits, exponent, is_negative) = match is_sum {
        true => {
            let low = a.exponent.min(b.exponent);
            let scaled = |part: &Parts| part.signed() * 10i128.pow((part.exponent - low) as u32);
            let sum = scaled(&a) + scaled(&b);
            (sum.abs(), low, sum < 0 || (sum == 0 && a.is_negative && b.is_negative))
        }
        false => (a.digits * b.digits, a.exponent + b.exponent, a.is_negative != b.is_negative),
    };
    let sign = if is_negative { "-" } else { "" };
    Value::Decimal(format!("{sign}{digits}E{exponent}").parse().unwrap())
}

impl Parts {
    fn signed(&self) -> i128 {
        if self.is_negative { -self.digits } else { self.digits }
    }
}

/// The parts of a number, or what it is if it is none.
fn parts(value: &Value) -> Result<Parts, f64> {
    let text = match value {
        Value::Decimal(number) => number.to_string(),
        Value::Double(number) if !number.is_finite() => return Err(*number),
        Value::Double(number) if *number == 0.0 => format!("{number}"),
        Value::Double(number) => format!("{number:.14e}"),
        other => whole(other).unwrap().to_string(),
    };
    match text.as_str() {
        "NaN" => return Err(f64::NAN),
        "Infinity" => return Err(f64::INFINITY),
        "-Infinity" => return Err(f64::NEG_INFINITY),
        _ => {}
    }
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap();
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = i32::try_from(fraction.len()).unwrap();
    let digits: i128 = format!("{whole}{fraction}").trim_start_matches('-').parse().unwrap();
    Ok(Parts { is_negative: text.starts_with('-'), digits, exponent: exponent - places })
}

fn bits(steps: &Document, slot: Option<Value>) -> Ran {
    let start = slot.clone().unwrap_or(Value::Int(0));
    let (mut number, mut is_long) = match &start {
        Value::Int(number) => (i64::from(*number), false),
        Value::Long(number) => (*number, true),
        _ => return Err(2),
    };
    for (name, operand) in steps.iter() {
        is_long |= matches!(operand, Value::Long(_));
        let operand = whole(operand).unwrap();
        number = match name {
            "and" => number & operand,
            "or" => number | operand,
            _ => number ^ operand,
        };
    }
    let new = if is_long { Value::Long(number) } else { Value::Int(number as i32) };
    let is_changed = slot.as_ref() != Some(&new);
    Ok((Some(new), is_changed))
}

fn array(slot: Option<Value>, code: Fault) -> Result<Vec<Value>, Fault> {
    match slot {
        None => Ok(Vec::new()),
        Some(Value::Array(array)) => Ok(array),
        Some(_) => Err(code),
    }
}

fn push(argument: &Value, slot: Option<Value>) -> Ran {
    let is_new = slot.is_none();
    let mut elements = array(slot, 2)?;
    let Some(clauses) = argument.as_document().filter(|clauses| clauses.contains("$each")) else {
        elements.push(argument.clone());
        return Ok((Some(Value::Array(elements)), true));
    };
    let items = clauses.get("$each").and_then(Value::as_array).unwrap();
    let length = elements.len() as i64;
    let at = match clauses.get("$position").and_then(whole) {
        None => length,
        Some(at) if at < 0 => (length + at).max(0),
        Some(at) => at.min(length),
    };
    for (offset, item) in items.iter().enumerate() {
        elements.insert(at as usize + offset, item.clone());
    }
    let mut is_changed = is_new || !items.is_empty();
    if let Some(sort) = clauses.get("$sort") {
        // One key after another, the last one first, as each sort leaves equals alone.
        match sort {
            Value::Document(paths) => {
                for (path, direction) in paths.iter().rev() {
                    let key = |element: &Value| {
                        let object = element.as_document();
                        object.and_then(|object| object.get(path)).cloned().unwrap_or(Value::Null)
                    };
                    elements.sort_by(|a, b| turned(compare(&key(a), &key(b)), direction));
                }
            }
            direction => elements.sort_by(|a, b| turned(compare(a, b), direction)),
        }
        is_changed = true;
    }
    if let Some(slice) = clauses.get("$slice").and_then(whole) {
        let before = elements.len();
        while elements.len() as i64 > slice.abs() {
            elements.remove(if slice < 0 { 0 } else { elements.len() - 1 });
        }
        is_changed |= elements.len() < before;
    }
    Ok((Some(Value::Array(elements)), is_changed))
}

fn turned(order: Ordering, direction: &Value) -> Ordering {
    if whole(direction) == Some(-1) { order.reverse() } else { order }
}

fn add(argument: &Value, slot: Option<Value>) -> Ran {
    let is_new = slot.is_none();
    let mut elements = array(slot, 2)?;
    let before = elements.len();
    let items = match argument.as_document().and_then(|clauses| clauses.iter().next()) {
        Some(("$each", Value::Array(items))) => items.clone(),
        _ => vec![argument.clone()],
    };
    for item in items {
        if !elements.iter().any(|element| equal(element, &item)) {
            elements.push(item);
        }
    }
    let is_changed = is_new || elements.len() > before;
    Ok((Some(Value::Array(elements)), is_changed))
}

fn pop(argument: &Value, slot: Option<Value>) -> Ran {
    if slot.is_none() {
        return Ok((None, false));
    }
    let mut elements = array(slot, 14)?;
    let is_changed = !elements.is_empty();
    if is_changed {
        elements.remove(if whole(argument) == Some(1) { elements.len() - 1 } else { 0 });
    }
    Ok((Some(Value::Array(elements)), is_changed))
}

fn without(slot: Option<Value>, goes: impl Fn(&Value) -> bool) -> Ran {
    if slot.is_none() {
        return Ok((None, false));
    }
    let elements = array(slot, 2)?;
    let before = elements.len();
    let kept: Vec<Value> = elements.into_iter().filter(|element| !goes(element)).collect();
    let is_changed = kept.len() < before;
    Ok((Some(Value::Array(kept)), is_changed))
}

fn pulls(argument: &Value, element: &Value) -> bool {
    let as_field = |condition: &Value| {
        let filter = Document::new().with("e", condition.clone());
        matches(&filter, &Document::new().with("e", element.clone()))
    };
    match argument {
        Value::Document(filter) => {
            let first = filter.iter().next().map_or("", |(name, _)| name);
            if first.starts_with('$') && !["$and", "$or", "$nor"].contains(&first) {
                return as_field(argument);
            }
            element.as_document().is_some_and(|element| matches(filter, element))
        }
        Value::Regex(_) => as_field(argument),
        value => equal(value, element),
    }
}
