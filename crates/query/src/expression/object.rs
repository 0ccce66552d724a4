//! Objects: their fields as an array and back, single fields by any name, merging.

use super::answer::Answer;
use super::evaluate::evaluate;
use super::kind;
use super::node::Node;
use super::operator::{Names, Operator};
use super::parse::Parser;
use super::scope::Scope;
use crate::copy::{ELEMENT, FIELD};
use crate::{Code, Document, Error, Result, Value, ValueRef};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::fixed("$objectToArray", 1, to_array),
    Operator::fixed("$arrayToObject", 1, from_array),
    Operator::variadic("$mergeObjects", merge),
    Operator::own("$getField", parse_get, get),
    Operator::own("$setField", parse_set, set),
    Operator::own("$unsetField", parse_unset, set),
];

const GET: Names = Names {
    not_object: 3_041_701,
    unknown: 3_041_701,
    names: &[("field", 3_041_702), ("input", 3_041_703)],
};
const SET: Names = Names {
    not_object: 4_161_100,
    unknown: 4_161_101,
    names: &[("field", 4_161_102), ("value", 4_161_103), ("input", 4_161_109)],
};
const UNSET: Names = Names {
    not_object: 4_161_100,
    unknown: 4_161_101,
    names: &[("field", 4_161_102), ("input", 4_161_109)],
};

fn to_array<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    if answer.is_nullish() {
        return Ok(Answer::NULL);
    }
    if answer.document().is_none() {
        return Err(kind::wrong(40390, "$objectToArray", "an object", &answer));
    }
    let Value::Document(document) = scope.own(answer)? else { return Ok(Answer::NULL) };
    scope.spend(document.len())?;
    scope.hold(document.len() * (ELEMENT + 2 * FIELD + 2))?;
    let pair = |(name, value): (String, Value)| {
        Value::Document(Document::new().with("k", name).with("v", value))
    };
    Ok(document.into_iter().map(pair).collect::<Vec<Value>>().into())
}

fn from_array<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let answer = scope.first(arguments)?;
    if answer.is_nullish() {
        return Ok(Answer::NULL);
    }
    if answer.array().is_none() {
        return Err(kind::wrong(40386, "$arrayToObject", "an array", &answer));
    }
    let Value::Array(elements) = scope.own(answer)? else { return Ok(Answer::NULL) };
    let as_pairs = match elements.first() {
        None => return Ok(Document::new().into()),
        Some(Value::Array(_)) => true,
        Some(Value::Document(_)) => false,
        Some(_) => return Err(fail(40398, "$arrayToObject needs pairs or objects of k and v")),
    };
    scope.spend(elements.len())?;
    let mut fields = Fields::default();
    for element in elements {
        let (name, value) = if as_pairs { pair_of(element)? } else { key_value_of(element)? };
        scope.hold(Fields::BYTES_A_FIELD + name.len())?;
        fields.set(name, value);
    }
    Ok(fields.into_document().into())
}

/// The two values of `[name, value]`.
fn pair_of(element: Value) -> Result<(String, Value)> {
    let Value::Array(pair) = element else {
        return Err(fail(40396, "$arrayToObject can't mix pairs with something else"));
    };
    let mut pair = pair.into_iter();
    match (pair.next(), pair.next(), pair.next()) {
        (Some(Value::String(name)), Some(value), None) => checked(name, value, 4_940_400),
        (Some(_), Some(_), None) => Err(fail(40395, "a name for $arrayToObject must be a string")),
        _ => Err(fail(40397, "$arrayToObject needs pairs of two")),
    }
}

/// The two values of `{k: name, v: value}`.
fn key_value_of(element: Value) -> Result<(String, Value)> {
    let Value::Document(mut object) = element else {
        return Err(fail(40391, "$arrayToObject can't mix objects with something else"));
    };
    if object.len() != 2 {
        return Err(fail(40392, "$arrayToObject needs objects of k and v"));
    }
    match (object.remove("k"), object.remove("v")) {
        (Some(Value::String(name)), Some(value)) => checked(name, value, 4_940_401),
        (Some(_), Some(_)) => Err(fail(40394, "`k` for $arrayToObject must be a string")),
        _ => Err(fail(40393, "$arrayToObject needs objects of k and v")),
    }
}

fn checked(name: String, value: Value, code: u32) -> Result<(String, Value)> {
    if name.contains('\0') {
        return Err(fail(code, "a name for $arrayToObject holds a NUL"));
    }
    Ok((name, value))
}

fn fail(code: u32, message: &str) -> Error {
    Error::new(Code(code), message)
}

/// Fields by name in the order they first came; the last value counts.
#[derive(Default)]
struct Fields {
    places: std::collections::HashMap<String, usize>,
    fields: Vec<(String, Value)>,
}

impl Fields {
    /// What a field takes beside its name and its value: twice in a row, and its place in a table.
    const BYTES_A_FIELD: usize = 2 * FIELD + 4 * size_of::<(String, usize)>();

    fn set(&mut self, name: String, value: Value) {
        let place = *self.places.entry(name.clone()).or_insert(self.fields.len());
        match self.fields.get_mut(place) {
            Some((_, known)) => *known = value,
            None => self.fields.push((name, value)),
        }
    }

    fn into_document(self) -> Document {
        self.fields.into_iter().collect()
    }
}

fn merge<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let mut fields = Fields::default();
    for answer in one_array_or_all(scope, arguments)? {
        if answer.is_nullish() {
            continue;
        }
        if answer.document().is_none() {
            return Err(kind::wrong(40400, "$mergeObjects", "objects", &answer));
        }
        let Value::Document(document) = scope.own(answer)? else { continue };
        scope.spend(document.len() / 2)?;
        for (name, value) in document {
            scope.hold(Fields::BYTES_A_FIELD + name.len())?;
            fields.set(name, value);
        }
    }
    Ok(fields.into_document().into())
}

/// The values that an accumulator runs over: the elements of its one array argument, or its
/// arguments.
pub(super) fn one_array_or_all<'a>(
    scope: &mut Scope<'a>,
    arguments: &'a [Node],
) -> Result<Vec<Answer<'a>>> {
    if let [single] = arguments {
        let answer = evaluate(single, scope)?;
        let Some(array) = answer.array() else { return Ok(vec![answer]) };
        let length = scope.length(array)?;
        scope.spend_array(length)?;
        return Ok(scope.elements(answer)?.unwrap_or_default());
    }
    arguments.iter().map(|argument| evaluate(argument, scope)).collect()
}

fn parse_get(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let is_named = match argument {
        Value::Document(document) => {
            !document.iter().next().is_some_and(|(name, _)| name.starts_with('$'))
        }
        _ => false,
    };
    let arguments = if is_named {
        parser.named("$getField", &GET, argument)?
    } else {
        let current = parser.reference("$$CURRENT")?;
        vec![parser.operand(argument)?, current]
    };
    if let Some(Node::Constant(name)) = arguments.first()
        && name.as_str().is_none()
    {
        return Err(fail(5_654_602, "`field` of $getField must be a string"));
    }
    Ok(Node::Call { operator, arguments })
}

fn get<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (name, input) = scope.pair(arguments)?;
    let wrong = || kind::wrong(3_041_704, "$getField", "`field` to be a string", &name);
    let name = name.text().ok_or_else(wrong)?;
    match &input {
        Answer::Borrowed(ValueRef::Document(document)) => {
            Ok(scope.look_up(*document, name)?.map_or(Answer::Missing, Answer::Borrowed))
        }
        Answer::Missing => Ok(Answer::Missing),
        nullish if nullish.is_nullish() => Ok(Answer::NULL),
        built => {
            let Some(document) = built.document() else { return Ok(Answer::Missing) };
            match scope.look_up(document, name)? {
                None => Ok(Answer::Missing),
                Some(value) => Ok(scope.copy(value)?.into()),
            }
        }
    }
}

fn parse_set(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let arguments = parser.named(operator.name, &SET, argument)?;
    check_set_name(operator, &arguments)?;
    Ok(Node::Call { operator, arguments })
}

fn parse_unset(
    parser: &mut Parser<'_>,
    operator: &'static Operator,
    argument: &Value,
) -> Result<Node> {
    let mut arguments = parser.named(operator.name, &UNSET, argument)?;
    check_set_name(operator, &arguments)?;
    arguments.insert(1, Node::Missing);
    Ok(Node::Call { operator, arguments })
}

fn check_set_name(operator: &Operator, arguments: &[Node]) -> Result<()> {
    let name = operator.name;
    match arguments.first() {
        Some(Node::Constant(Value::String(field))) if field.contains('\0') => {
            Err(fail(9_534_700, &format!("`field` of {name} holds a NUL")))
        }
        Some(Node::Constant(Value::String(_))) => Ok(()),
        Some(Node::Constant(_)) => {
            Err(fail(4_161_107, &format!("`field` of {name} must be a string")))
        }
        Some(Node::Field { .. }) => {
            let message =
                format!("`field` of {name} is a name, not a path: write {{$literal: ..}}");
            Err(fail(4_161_108, &message))
        }
        _ => Err(fail(4_161_106, &format!("`field` of {name} must be constant"))),
    }
}

fn set<'a>(scope: &mut Scope<'a>, arguments: &'a [Node]) -> Result<Answer<'a>> {
    let (name, input) = (scope.first(arguments)?, scope.argument(arguments, 2)?);
    if input.is_nullish() {
        return Ok(Answer::NULL);
    }
    if input.document().is_none() {
        return Err(kind::wrong(4_161_105, "$setField", "`input` to be an object", &input));
    }
    let Value::Document(mut document) = scope.own(input)? else { return Ok(Answer::NULL) };
    scope.spend(document.len() / 4)?;
    let value = scope.argument(arguments, 1)?;
    let name = name.text().unwrap_or_default();
    match scope.own_if_there(value)? {
        Some(value) => {
            scope.hold(FIELD + name.len())?;
            document.set(name, value);
        }
        None => {
            document.remove(name);
        }
    }
    Ok(document.into())
}
