//! Running a node against a document. One recursive function; the operators are in their families.

use super::answer::Answer;
use super::kind;
use super::node::{Node, Variable};
use super::scope::{DECIMAL_STEPS, Scope};
use crate::copy::FIELD;
use crate::{ArrayRef, Code, Document, DocumentRef, Error, Result, Value, ValueRef};

/// The node's answer. Depth is bounded by the parser.
pub(super) fn evaluate<'a>(node: &'a Node, scope: &mut Scope<'a>) -> Result<Answer<'a>> {
    scope.spend(1)?;
    let answer = match node {
        Node::Absent | Node::Missing | Node::Pattern(_) => Ok(Answer::Missing),
        Node::Constant(value) => Ok(Answer::Borrowed(value.view())),
        Node::Field { variable: Variable::Root, path } => {
            follow_document(Some(ValueRef::Document(scope.root)), path, scope)
        }
        Node::Field { variable: Variable::Slot(slot), path } => follow_slot(*slot, path, scope),
        Node::Array(nodes) => array(nodes, scope),
        Node::Object(fields) => object(fields, scope),
        Node::Call { operator, arguments } => {
            (operator.run)(scope, arguments).map_err(|error| error.at(operator.name))
        }
        Node::Let { slots, values, body } => {
            bind(slots, values, scope)?;
            evaluate(body, scope)
        }
        Node::Map { input, slot, body } => map(input, *slot, body, scope),
        Node::Filter { input, slot, condition, limit } => {
            filter(input, *slot, (condition, limit.as_deref()), scope)
        }
        Node::Reduce { input, initial, this, value, body } => {
            reduce(input, initial, (*this, *value), body, scope)
        }
        Node::Switch { branches, default } => switch(branches, default.as_deref(), scope),
    }?;
    // Whatever is done with a decimal is long arithmetic.
    if let Answer::Borrowed(ValueRef::Decimal(_)) | Answer::Owned(Value::Decimal(_)) = answer {
        scope.spend(DECIMAL_STEPS / 2)?;
    }
    Ok(answer)
}

/// Follows names through a value of the document. An array on the way gives the array of what its
/// objects have; its other elements give nothing.
fn follow_document<'a>(
    value: Option<ValueRef<'a>>,
    path: &[String],
    scope: &mut Scope<'a>,
) -> Result<Answer<'a>> {
    match (path.split_first(), value) {
        (None, Some(value)) => {
            // Stored text is checked as it is read.
            if let ValueRef::String(text) = value {
                scope.spend_reading(text.len())?;
            }
            Ok(Answer::Borrowed(value))
        }
        (Some((name, rest)), Some(ValueRef::Document(document))) => {
            follow_document(scope.look_up(document, name)?, rest, scope)
        }
        (Some(_), Some(ValueRef::Array(array))) => Ok(gather(array, path, scope)?.into()),
        _ => Ok(Answer::Missing),
    }
}

fn gather<'a>(array: ArrayRef<'a>, path: &[String], scope: &mut Scope<'a>) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for element in array.iter() {
        scope.spend_elements(1)?;
        if let ValueRef::Document(_) = element {
            let answer = follow_document(Some(element), path, scope)?;
            if let Some(value) = scope.own_if_there(answer)? {
                scope.hold_elements(1)?;
                found.push(value);
            }
        }
    }
    Ok(found)
}

fn follow_slot<'a>(slot: usize, path: &[String], scope: &mut Scope<'a>) -> Result<Answer<'a>> {
    match scope.slot(slot) {
        answer if path.is_empty() => Ok(answer),
        Answer::Borrowed(value) => follow_document(Some(value), path, scope),
        answer => follow_built(answer.view(), path, scope),
    }
}

/// The same walk through a value that was built and does not outlive the evaluation.
fn follow_built<'a>(
    value: Option<ValueRef<'_>>,
    path: &[String],
    scope: &mut Scope<'a>,
) -> Result<Answer<'a>> {
    match (path.split_first(), value) {
        (None, Some(value)) => Ok(scope.copy(value)?.into()),
        (Some((name, rest)), Some(ValueRef::Document(document))) => {
            follow_built(scope.look_up(document, name)?, rest, scope)
        }
        (Some(_), Some(ValueRef::Array(array))) => {
            let mut found = Vec::new();
            for element in array.iter() {
                scope.spend_elements(1)?;
                if let ValueRef::Document(_) = element {
                    let answer = follow_built(Some(element), path, scope)?;
                    found.extend(scope.own_if_there(answer)?);
                    scope.hold_elements(1)?;
                }
            }
            Ok(found.into())
        }
        _ => Ok(Answer::Missing),
    }
}

fn array<'a>(nodes: &'a [Node], scope: &mut Scope<'a>) -> Result<Answer<'a>> {
    scope.hold_elements(nodes.len())?;
    let mut values = Vec::with_capacity(nodes.len());
    for node in nodes {
        let answer = evaluate(node, scope)?;
        values.push(scope.own(answer)?);
    }
    Ok(values.into())
}

fn object<'a>(fields: &'a [(String, Node)], scope: &mut Scope<'a>) -> Result<Answer<'a>> {
    let mut document = Document::new();
    for (name, node) in fields {
        let answer = evaluate(node, scope).map_err(|error| error.at(name))?;
        if let Some(value) = scope.own_if_there(answer)? {
            scope.hold(FIELD + name.len())?;
            document.push(name.as_str(), value);
        }
    }
    Ok(document.into())
}

fn bind<'a>(slots: &[usize], values: &'a [Node], scope: &mut Scope<'a>) -> Result<()> {
    for (slot, value) in slots.iter().zip(values) {
        let answer = evaluate(value, scope)?;
        scope.check_depth(&answer)?;
        scope.set_slot(*slot, answer);
    }
    Ok(())
}

fn map<'a>(
    input: &'a Node,
    slot: usize,
    body: &'a Node,
    scope: &mut Scope<'a>,
) -> Result<Answer<'a>> {
    let Some(elements) = input_elements("$map", 16883, input, scope)? else {
        return Ok(Answer::NULL);
    };
    scope.hold_elements(elements.len())?;
    let mut values = Vec::with_capacity(elements.len());
    for element in elements {
        scope.set_slot(slot, element);
        let answer = evaluate(body, scope).map_err(|error| error.at("$map"))?;
        values.push(scope.own(answer)?);
    }
    Ok(values.into())
}

fn filter<'a>(
    input: &'a Node,
    slot: usize,
    (condition, limit): (&'a Node, Option<&'a Node>),
    scope: &mut Scope<'a>,
) -> Result<Answer<'a>> {
    let Some(elements) = input_elements("$filter", 28651, input, scope)? else {
        return Ok(Answer::NULL);
    };
    let most = match limit {
        Some(limit) => filter_limit(limit, scope)?,
        None => None,
    };
    let mut values = Vec::new();
    for element in elements {
        if most.is_some_and(|most| values.len() >= most) {
            break;
        }
        let element = element.shared();
        scope.set_slot(slot, element.clone());
        let answer = evaluate(condition, scope).map_err(|error| error.at("$filter"))?;
        if answer.truth() {
            scope.hold_elements(1)?;
            values.push(scope.own(element)?);
        }
    }
    Ok(values.into())
}

fn filter_limit<'a>(limit: &'a Node, scope: &mut Scope<'a>) -> Result<Option<usize>> {
    let answer = evaluate(limit, scope)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    match answer.number().and_then(|number| number.whole32()) {
        None => Err(Error::new(Code(327_391), "`limit` of $filter must be a 32-bit whole number")),
        Some(most) if most < 1 => {
            Err(Error::new(Code(327_392), "`limit` of $filter must be greater than 0"))
        }
        Some(most) => Ok(usize::try_from(most).ok()),
    }
}

fn reduce<'a>(
    input: &'a Node,
    initial: &'a Node,
    (this, value): (usize, usize),
    body: &'a Node,
    scope: &mut Scope<'a>,
) -> Result<Answer<'a>> {
    let Some(elements) = input_elements("$reduce", 40080, input, scope)? else {
        return Ok(Answer::NULL);
    };
    let mut carried = evaluate(initial, scope)?;
    for element in elements {
        scope.set_slot(this, element);
        scope.set_slot(value, carried);
        carried = evaluate(body, scope).map_err(|error| error.at("$reduce"))?;
        scope.check_depth(&carried)?;
    }
    Ok(carried)
}

fn input_elements<'a>(
    name: &str,
    code: u32,
    input: &'a Node,
    scope: &mut Scope<'a>,
) -> Result<Option<Vec<Answer<'a>>>> {
    let answer = evaluate(input, scope)?;
    if answer.is_nullish() {
        return Ok(None);
    }
    let found = kind::name_of(&answer);
    if let Some(array) = answer.array() {
        let length = scope.length(array)?;
        scope.spend_elements(length)?;
    }
    let wrong =
        || Error::new(Code(code), format!("`input` of {name} must be an array, not {found}"));
    scope.elements(answer)?.map(Some).ok_or_else(wrong)
}

fn switch<'a>(
    branches: &'a [(Node, Node)],
    default: Option<&'a Node>,
    scope: &mut Scope<'a>,
) -> Result<Answer<'a>> {
    for (case, then) in branches {
        if evaluate(case, scope)?.truth() {
            return evaluate(then, scope);
        }
    }
    match default {
        Some(default) => evaluate(default, scope),
        None => Err(Error::new(Code(40066), "no branch of $switch holds and there is no default")),
    }
}

/// The empty document, for constants.
pub(super) fn no_document() -> DocumentRef<'static> {
    static EMPTY: std::sync::OnceLock<Document> = std::sync::OnceLock::new();
    EMPTY.get_or_init(Document::new).view()
}
