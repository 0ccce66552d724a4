//! The laws of sorting: keys order documents as their tuples do, and a bounded heap loses nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::cmp::Ordering;

use super::strategies::{document, value};
use filedex_query::{Document, Environment, Limits, Sort, TopK, Value, order};
use proptest::prelude::*;

const PATHS: [&str; 7] = ["a", "b", "c", "a.b", "a.c", "b.a", "a.b.c"];

fn sort() -> impl Strategy<Value = Sort> {
    proptest::collection::btree_map(0..PATHS.len(), any::<bool>(), 1..4).prop_map(|keys| {
        let mut specification = Document::new();
        for (path, descending) in keys {
            // The naive tuples are found by rewriting the document, so that a path must not lead
            // into the value of another.
            let leads_into = |earlier: &str| PATHS[path].starts_with(&format!("{earlier}."));
            if !specification.iter().any(|(earlier, _)| leads_into(earlier)) {
                specification.push(PATHS[path], if descending { -1 } else { 1 });
            }
        }
        Sort::parse(&specification, &Environment::default()).unwrap()
    })
}

/// A document whose fields are mostly arrays of documents, as compound sorts like them least.
fn nested() -> impl Strategy<Value = Document> {
    let small = (0..3i32).prop_map(Value::Int);
    let leaf = prop_oneof![
        4 => small.clone(),
        1 => Just(Value::Null),
        2 => proptest::collection::vec(small, 0..3).prop_map(Value::Array)
    ];
    let object = proptest::collection::btree_map("[abc]", leaf.clone(), 0..3)
        .prop_map(|fields| Value::Document(fields.into_iter().collect()));
    let element = prop_oneof![3 => object, 1 => leaf];
    let field = prop_oneof![
        2 => proptest::collection::vec(element.clone(), 0..4).prop_map(Value::Array),
        1 => element
    ];
    proptest::collection::btree_map("[ab]", field, 0..3)
        .prop_map(|fields| fields.into_iter().collect())
}

/// The tuples of a document, found by rewriting it: the first array on the paths is replaced by each
/// of its elements in turn. `None` if two arrays stand side by side.
fn tuples(document: &Document, paths: &[&str], opened: &[String]) -> Option<Vec<Vec<Value>>> {
    let mut places: Vec<String> =
        paths.iter().filter_map(|path| closed_array(document, path, opened)).collect();
    places.dedup();
    match places.as_slice() {
        [] => Some(vec![paths.iter().map(|path| read(document, path)).collect()]),
        [place] => {
            let opened: Vec<String> = opened.iter().chain([place]).cloned().collect();
            let elements = match read(document, place) {
                Value::Array(elements) if elements.is_empty() => vec![Value::Undefined],
                Value::Array(elements) => elements,
                _ => unreachable!(),
            };
            let mut all = Vec::new();
            for element in elements {
                all.extend(tuples(&replaced(document, place, element), paths, &opened)?);
            }
            Some(all)
        }
        _ => None,
    }
}

fn closed_array(document: &Document, path: &str, opened: &[String]) -> Option<String> {
    let parts: Vec<&str> = path.split('.').collect();
    (1..=parts.len()).map(|length| parts[..length].join(".")).find(|place| {
        !opened.contains(place) && matches!(read_exactly(document, place), Some(Value::Array(_)))
    })
}

fn read_exactly(document: &Document, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => document.get(path).cloned(),
        Some((name, rest)) => match document.get(name)? {
            Value::Document(inner) => read_exactly(inner, rest),
            _ => None,
        },
    }
}

fn read(document: &Document, path: &str) -> Value {
    read_exactly(document, path).unwrap_or(Value::Null)
}

fn replaced(document: &Document, path: &str, value: Value) -> Document {
    let mut document = document.clone();
    match path.split_once('.') {
        None => document.set(path, value),
        Some((name, rest)) => {
            let Some(Value::Document(inner)) = document.get(name) else { unreachable!() };
            let inner = replaced(inner, rest, value);
            document.set(name, inner);
        }
    }
    document
}

fn compare(sort: &Sort, left: &[Value], right: &[Value]) -> Ordering {
    sort.keys().iter().zip(left.iter().zip(right)).fold(Ordering::Equal, |order, (key, (a, b))| {
        let next = order::compare(a.view(), b.view());
        order.then(if key.descending { next.reverse() } else { next })
    })
}

fn naive_key(sort: &Sort, document: &Document) -> Option<Vec<Value>> {
    let paths: Vec<&str> = sort.keys().iter().map(|key| key.path.text()).collect();
    tuples(document, &paths, &[])?.into_iter().min_by(|a, b| compare(sort, a, b))
}

fn check(sort: &Sort, left: &Document, right: &Document) -> Result<(), TestCaseError> {
    let keys = [left, right].map(|document| sort.key(document.view()));
    let naive = [left, right].map(|document| naive_key(sort, document));
    for (key, naive) in keys.iter().zip(&naive) {
        prop_assert_eq!(key.is_ok(), naive.is_some());
        if let Err(error) = key {
            prop_assert_eq!(error.code().0, 2);
        }
    }
    if let ([Ok(a), Ok(b)], [Some(x), Some(y)]) = (&keys, &naive) {
        prop_assert_eq!(a.cmp(b), compare(sort, x, y));
    }
    Ok(())
}

/// Few cases under miri, which is slow and has no files to keep a failure in.
fn config() -> ProptestConfig {
    let cases = if cfg!(miri) { 10 } else { 3000 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn key_order_equals_tuple_order(sort in sort(), left in document(), right in document()) {
        check(&sort, &left, &right)?;
    }

    #[test]
    fn key_order_equals_tuple_order_through_arrays(
        sort in sort(), left in nested(), right in nested()
    ) {
        check(&sort, &left, &right)?;
    }

    #[test]
    fn the_heap_keeps_what_a_full_sort_would(
        keys in proptest::collection::vec(proptest::collection::vec(0..3u8, 0..3), 0..40),
        limit in proptest::option::of(0..10usize),
    ) {
        let mut top = TopK::new(limit, &Limits::default());
        for (index, key) in keys.iter().enumerate() {
            top.push(key.clone(), index, 0).unwrap();
        }
        let mut sorted: Vec<usize> = (0..keys.len()).collect();
        sorted.sort_by_key(|index| &keys[*index]);
        sorted.truncate(limit.unwrap_or(keys.len()));
        prop_assert_eq!(top.into_sorted(), sorted);
    }

    #[test]
    fn a_reversed_sort_is_the_exact_reverse(values in proptest::collection::vec(value(), 2..6)) {
        let environment = Environment::default();
        let scalar = |value: &Value| !matches!(value, Value::Array(_));
        let documents: Vec<Document> = values.into_iter().filter(scalar).enumerate()
            .map(|(id, value)| Document::new().with("_id", id as i64).with("v", value)).collect();
        let order = |text: &str| {
            let sort = Sort::parse_text(text, &environment).unwrap();
            let mut ids: Vec<usize> = (0..documents.len()).collect();
            ids.sort_by_key(|id| sort.key_with_id(documents[*id].view()).unwrap());
            ids
        };
        let mut backwards = order(r#"{"v":-1}"#);
        backwards.reverse();
        prop_assert_eq!(order(r#"{"v":1}"#), backwards);
    }

    #[test]
    fn no_specification_or_document_causes_a_panic(
        specification in document(), document in document()
    ) {
        if let Ok(sort) = Sort::parse(&specification, &Environment::default()) {
            let _ = sort.key_with_id(document.view());
        }
    }
}

#[test]
fn the_heap_ends_with_an_error_past_its_bytes() {
    let mut environment = Environment::default();
    environment.limits.sort_bytes = 1000;
    let limits = environment.limits;
    let mut all = TopK::new(None, &limits);
    let failed = (0..100).find_map(|item| all.push(vec![0; 40], item, 0).err()).unwrap();
    assert_eq!(failed.limit_name(), Some("sort_bytes"));

    let mut few = TopK::new(Some(2), &limits);
    for item in 0..100 {
        few.push(vec![0; 40], item, 0).unwrap();
    }
    assert_eq!(few.into_sorted(), [0, 1]);
}

#[test]
fn a_sort_has_a_limited_number_of_keys() {
    let mut environment = Environment::default();
    environment.limits.sort_keys = 2;
    assert!(Sort::parse_text(r#"{"a":1,"b":1}"#, &environment).is_ok());
    let error = Sort::parse_text(r#"{"a":1,"b":1,"c":1}"#, &environment).unwrap_err();
    assert_eq!(error.limit_name(), Some("sort_keys"));
}

#[test]
fn indexes_into_deeply_nested_arrays_end_quickly() {
    let mut value = Value::Int(1);
    for _ in 0..60 {
        value = Value::Array(vec![value, Value::Int(2), Value::Document(Document::new())]);
    }
    let document = Document::new().with("v", value);
    let path = format!("v{}", ".0".repeat(60));
    let specification = Document::new().with(path, 1);
    let sort = Sort::parse(&specification, &Environment::default()).unwrap();
    assert!(sort.key(document.view()).is_ok());
}

#[test]
fn a_path_that_stands_twice_is_refused() {
    let error = Sort::parse_text(r#"{"a":1,"a":-1}"#, &Environment::default()).unwrap_err();
    assert_eq!((error.code().0, error.path().as_str()), (7_472_500, "$.a"));
}

#[test]
fn a_sort_prints_as_it_reads() {
    let environment = Environment::default();
    let sort = Sort::parse_text(r#"{"b.c":-1.0,"a":1}"#, &environment).unwrap();
    assert_eq!(Sort::parse(&sort.to_document(), &environment).unwrap(), sort);
    assert_eq!(sort.to_string(), r#"{"b.c":-1,"a":1}"#);
    assert!(Sort::parse_text("{}", &environment).unwrap().is_none());
}
