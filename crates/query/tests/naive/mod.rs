//! A second matcher, slow and plain: it reads the filter's JSON anew for every document.
//!
//! Written from the rules of the find language, sharing with the library nothing but the values.
//! It takes only valid filters: what it does not know is a panic.

pub(crate) mod compare;
mod walk;

use filedex_query::{Document, Regex, Value};

use compare::{compare, equal, is_nan, is_number, rank, whole};

/// Whether the document satisfies the filter.
pub(crate) fn matches(filter: &Document, document: &Document) -> bool {
    filter.iter().all(|(name, value)| match name {
        "$and" => filters(value).all(|filter| matches(filter, document)),
        "$or" => filters(value).any(|filter| matches(filter, document)),
        "$nor" => !filters(value).any(|filter| matches(filter, document)),
        "$comment" | "$alwaysTrue" => true,
        "$alwaysFalse" => false,
        path => {
            assert!(!path.starts_with('$'), "unknown: {path}");
            condition(value, &Subject::Path(document, path))
        }
    })
}

fn filters(value: &Value) -> impl Iterator<Item = &Document> {
    value.as_array().unwrap().iter().map(|filter| filter.as_document().unwrap())
}

/// What operators speak about: everything a path yields, or one element by itself.
enum Subject<'a> {
    Path(&'a Document, &'a str),
    Element(&'a Value),
}

impl Subject<'_> {
    /// Whether one of the values passes; a leaf array yields its elements and itself.
    fn any(&self, passes: impl Fn(Option<&Value>) -> bool) -> bool {
        match self {
            Subject::Path(document, path) => {
                walk::values(document, path, true).iter().any(|value| passes(value.as_ref()))
            }
            Subject::Element(value) => passes(Some(value)),
        }
    }

    /// Whether one of the values is an array that passes; its elements are not looked at.
    fn any_array(&self, passes: impl Fn(&[Value]) -> bool) -> bool {
        let passes = |value: Option<&Value>| value.and_then(Value::as_array).is_some_and(&passes);
        match self {
            Subject::Path(document, path) => {
                walk::values(document, path, false).iter().any(|value| passes(value.as_ref()))
            }
            Subject::Element(value) => passes(Some(value)),
        }
    }
}

/// A field's value in a filter, against what the field holds.
fn condition(value: &Value, subject: &Subject<'_>) -> bool {
    match value {
        Value::Document(document) if has_operators(document) => operators(document, subject),
        Value::Regex(regex) => subject.any(|value| regex_matches(regex, value)),
        literal => subject.any(|value| eq(literal, value)),
    }
}

fn has_operators(document: &Document) -> bool {
    document.iter().next().is_some_and(|(name, _)| name.starts_with('$'))
}

fn operators(document: &Document, subject: &Subject<'_>) -> bool {
    document.iter().all(|(name, argument)| match name {
        "$eq" => subject.any(|value| eq(argument, value)),
        "$ne" => !subject.any(|value| eq(argument, value)),
        "$gt" => subject.any(|value| ordered(value, argument, &|sign| sign > 0, false)),
        "$gte" => subject.any(|value| ordered(value, argument, &|sign| sign >= 0, true)),
        "$lt" => subject.any(|value| ordered(value, argument, &|sign| sign < 0, false)),
        "$lte" => subject.any(|value| ordered(value, argument, &|sign| sign <= 0, true)),
        "$in" => subject.any(|value| is_in(argument, value)),
        "$nin" => !subject.any(|value| is_in(argument, value)),
        "$not" => !condition(argument, subject),
        "$exists" => subject.any(|value| value.is_some()) == truth(argument),
        "$type" => subject.any(|value| value.is_some_and(|value| has_type(argument, value))),
        "$mod" => subject.any(|value| modulo(argument, value)),
        "$size" => {
            let size = usize::try_from(whole(argument).unwrap()).unwrap();
            subject.any_array(|array| array.len() == size)
        }
        "$all" => all(argument.as_array().unwrap(), subject),
        "$elemMatch" => subject.any_array(|array| elem_match(argument, array)),
        "$regex" => {
            let regex = Regex {
                pattern: argument.as_str().unwrap().to_owned(),
                options: document.get_str("$options").unwrap_or("").to_owned(),
            };
            subject.any(|value| regex_matches(&regex, value))
        }
        "$options" => true,
        bits if bits.starts_with("$bits") => subject.any(|value| bit_test(bits, argument, value)),
        other => panic!("unknown: {other}"),
    })
}

/// Null equals what is missing.
fn eq(argument: &Value, value: Option<&Value>) -> bool {
    match value {
        None => matches!(argument, Value::Null),
        Some(value) => equal(argument, value),
    }
}

fn ordered(
    value: Option<&Value>,
    argument: &Value,
    sign: &dyn Fn(i32) -> bool,
    or_equal: bool,
) -> bool {
    if matches!(argument, Value::MinKey | Value::MaxKey) {
        return sign(compare(value.unwrap_or(&Value::Null), argument) as i32);
    }
    if or_equal && eq(argument, value) {
        return true;
    }
    let Some(value) = value else { return false };
    rank(value) == rank(argument)
        && !is_nan(value)
        && !is_nan(argument)
        && sign(compare(value, argument) as i32)
}

fn is_in(members: &Value, value: Option<&Value>) -> bool {
    members.as_array().unwrap().iter().any(|member| match member {
        Value::Regex(regex) => regex_matches(regex, value),
        member => eq(member, value),
    })
}

fn truth(argument: &Value) -> bool {
    match argument {
        Value::Null | Value::Bool(false) => false,
        number if is_number(number) => !equal(number, &Value::Int(0)),
        _ => true,
    }
}

fn has_type(argument: &Value, value: &Value) -> bool {
    match argument {
        Value::Array(types) => types.iter().any(|one| has_type(one, value)),
        Value::String(name) if name == "number" => is_number(value),
        Value::String(name) => name == type_name(value).0,
        code => whole(code) == Some(type_name(value).1),
    }
}

fn type_name(value: &Value) -> (&'static str, i64) {
    match value {
        Value::MinKey => ("minKey", -1),
        Value::Undefined => ("undefined", 6),
        Value::Null => ("null", 10),
        Value::Int(_) => ("int", 16),
        Value::Long(_) => ("long", 18),
        Value::Double(_) => ("double", 1),
        Value::Decimal(_) => ("decimal", 19),
        Value::String(_) => ("string", 2),
        Value::Symbol(_) => ("symbol", 14),
        Value::Document(_) => ("object", 3),
        Value::Array(_) => ("array", 4),
        Value::Binary(_) => ("binData", 5),
        Value::ObjectId(_) => ("objectId", 7),
        Value::Bool(_) => ("bool", 8),
        Value::Date(_) => ("date", 9),
        Value::Timestamp(_) => ("timestamp", 17),
        Value::Regex(_) => ("regex", 11),
        Value::Code(_) => ("javascript", 13),
        Value::MaxKey => ("maxKey", 127),
        other => unreachable!("a kind nobody has told this test of: {other:?}"),
    }
}

fn modulo(argument: &Value, value: Option<&Value>) -> bool {
    let pair: Vec<i64> =
        argument.as_array().unwrap().iter().map(|part| compare::truncated(part).unwrap()).collect();
    value
        .and_then(compare::truncated)
        .is_some_and(|number| i128::from(number) % i128::from(pair[0]) == i128::from(pair[1]))
}

fn all(members: &[Value], subject: &Subject<'_>) -> bool {
    !members.is_empty()
        && members.iter().all(|member| match member {
            Value::Document(document) if has_operators(document) => operators(document, subject),
            member => condition(member, subject),
        })
}

fn elem_match(argument: &Value, array: &[Value]) -> bool {
    let argument = argument.as_document().unwrap();
    let first = argument.iter().next().map_or("", |(name, _)| name);
    if first.starts_with('$') && !["$and", "$or", "$nor"].contains(&first) {
        return array.iter().any(|element| operators(argument, &Subject::Element(element)));
    }
    array.iter().any(|element| match element {
        Value::Document(element) => matches(argument, element),
        Value::Array(element) => matches(argument, &walk::by_index(element)),
        _ => false,
    })
}

fn regex_matches(regex: &Regex, value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => found_in(regex, text),
        Some(Value::Regex(stored)) => stored == regex,
        _ => false,
    }
}

/// Search for the few patterns the random filters use: a text, or `^` and a text or `[b-d]`.
fn found_in(regex: &Regex, text: &str) -> bool {
    let fold = |text: &str| match regex.options.as_str() {
        "i" => text.to_lowercase(),
        _ => text.to_owned(),
    };
    let text = fold(text);
    match regex.pattern.strip_prefix('^') {
        Some("[b-d]") => text.starts_with(['b', 'c', 'd']),
        Some(start) => text.starts_with(&fold(start)),
        None => text.contains(&fold(&regex.pattern)),
    }
}

fn bit_test(operator: &str, mask: &Value, value: Option<&Value>) -> bool {
    let Some(value) = value else { return false };
    let positions: Vec<i64> = match mask {
        Value::Array(positions) => positions.iter().map(|at| whole(at).unwrap()).collect(),
        number => (0..63).filter(|at| whole(number).unwrap() >> at & 1 == 1).collect(),
    };
    let set = |at: &i64| match value {
        Value::Binary(binary) => {
            let byte = binary.bytes.get(usize::try_from(at / 8).unwrap());
            byte.is_some_and(|byte| byte >> (at % 8) & 1 == 1)
        }
        number => whole(number).unwrap() >> (*at).min(63) & 1 == 1,
    };
    if !matches!(value, Value::Binary(_)) && whole(value).is_none() {
        return false;
    }
    match operator {
        "$bitsAllSet" => positions.iter().all(set),
        "$bitsAllClear" => positions.iter().all(|at| !set(at)),
        "$bitsAnySet" => positions.iter().any(set),
        _ => positions.iter().any(|at| !set(at)),
    }
}
