//! Comparing keys byte by byte is comparing values; descending is the exact reverse; no key is the
//! beginning of another.
#![no_main]

mod value;

use filedex_query::{key, order};
use libfuzzer_sys::fuzz_target;

use crate::value::Any;

fuzz_target!(|values: (Any, Any)| {
    let (left, right) = (values.0.0, values.1.0);
    let (left, right) = (left.view(), right.view());
    let ordering = order::compare(left, right);
    assert_eq!(ordering, order::compare(right, left).reverse());
    assert_eq!(ordering.is_eq(), order::equal(left, right));

    let keys = [left, right].map(|value| {
        let mut key = Vec::new();
        key::append(&mut key, value);
        key
    });
    assert_eq!(keys[0].cmp(&keys[1]), ordering, "{left:?} {right:?}");
    let descending = [left, right].map(|value| {
        let mut key = Vec::new();
        key::append_descending(&mut key, value);
        key
    });
    assert_eq!(descending[0].cmp(&descending[1]), ordering.reverse(), "{left:?} {right:?}");
    if !ordering.is_eq() {
        assert!(!keys[0].starts_with(&keys[1]) && !keys[1].starts_with(&keys[0]));
        assert!(!descending[0].starts_with(&descending[1]));
        assert!(!descending[1].starts_with(&descending[0]));
    }
});
