//! What a document that no one matched starts from: the values that the filter asks it to equal.
//!
//! The file reads filters; it does not know what the update then does.

use crate::{Code, Document, Error, Filter, Result, Test, Value, order};

/// A field that the filter fixes.
struct Equality<'f> {
    path: Vec<&'f str>,
    value: &'f Value,
}

/// The document that has what the filter asks to equal.
///
/// # Errors
/// 54 for a path that stands twice, or above another, 224 for `$expr`.
pub(super) fn document(filter: &Filter) -> Result<Document> {
    let equalities = equalities(filter)?;
    check_apart(&equalities)?;
    let mut document = Document::new();
    for Equality { path, value } in &equalities {
        put(&mut document, path, value);
    }
    Ok(document)
}

/// The document that has the `_id` which the filter asks to equal, and nothing else.
///
/// # Errors
/// 111 for a part of an `_id`, 54 for two of them, 224 for `$expr`.
pub(super) fn id_alone(filter: &Filter) -> Result<Document> {
    let mut equalities = equalities(filter)?;
    equalities.retain(|equality| equality.path.first() == Some(&"_id"));
    if equalities.iter().any(|equality| equality.path.len() > 1) {
        let message = "a replacement needs the whole `_id`, not parts of it";
        return Err(Error::new(Code::NOT_EXACT_VALUE_FIELD, message));
    }
    check_apart(&equalities)?;
    let id = equalities.first().map(|equality| ("_id".to_owned(), equality.value.clone()));
    Ok(id.into_iter().collect())
}

fn equalities(filter: &Filter) -> Result<Vec<Equality<'_>>> {
    let mut found = Vec::new();
    find(filter, &mut found);
    if asks_expression(filter) {
        let message = "a filter with $expr can't tell what a new document holds";
        return Err(Error::new(Code::QUERY_FEATURE_NOT_ALLOWED, message));
    }
    Ok(found)
}

fn find<'f>(filter: &'f Filter, found: &mut Vec<Equality<'f>>) {
    match filter {
        Filter::And(members) => members.iter().for_each(|member| find(member, found)),
        Filter::Field { path, test } => {
            let value = match test {
                Test::Eq(value) => Some(value),
                Test::In { values, patterns } if patterns.is_empty() => only(values),
                _ => None,
            };
            let path = path.parts().iter().map(|part| &*part.name).collect();
            found.extend(value.map(|value| Equality { path, value }));
        }
        _ => {}
    }
}

/// The value, if all are that one.
fn only(values: &[Value]) -> Option<&Value> {
    let (first, rest) = values.split_first()?;
    rest.iter().all(|value| order::equal(first.view(), value.view())).then_some(first)
}

fn asks_expression(filter: &Filter) -> bool {
    match filter {
        Filter::And(members) | Filter::Or(members) | Filter::Nor(members) => {
            members.iter().any(asks_expression)
        }
        Filter::Expression(_) => true,
        _ => false,
    }
}

/// Refuses a path that stands twice, or above another.
fn check_apart(equalities: &[Equality<'_>]) -> Result<()> {
    let mut paths: Vec<&[&str]> = equalities.iter().map(|equality| &*equality.path).collect();
    // What a path begins stands right behind it.
    paths.sort_unstable();
    let meets = paths.windows(2).find(|pair| match pair {
        [first, second] => second.starts_with(first),
        _ => false,
    });
    match meets.and_then(|pair| pair.first()) {
        None => Ok(()),
        Some(path) => {
            let message = format!("the filter fixes `{}` more than once", path.join("."));
            Err(Error::new(Code::NOT_SINGLE_VALUE_FIELD, message))
        }
    }
}

fn put(document: &mut Document, path: &[&str], value: &Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        return document.set(first, value.clone());
    }
    if !document.contains(first) {
        document.push(*first, Document::new());
    }
    if let Some(Value::Document(inner)) = document.get_mut(first) {
        put(inner, rest, value);
    }
}
