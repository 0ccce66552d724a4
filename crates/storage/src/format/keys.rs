//! Keys: the orders of lists, how two keys compare, where a prefix ends.
//!
//! A key is made of [`filedex_query::key`]s, which end themselves: comparing keys byte by byte is
//! comparing the values.

use std::borrow::Cow;
use std::cmp::Ordering;

use filedex_query::{Value, ValueRef, key};

/// The order of the lists of rooms and users: newest first, then the greatest id. The reverse of
/// the list is the order of `{uploadedAt: 1, _id: 1}`.
pub(crate) fn newest_first(uploaded: ValueRef<'_>, id: &str) -> Vec<u8> {
    let mut order = Vec::with_capacity(id.len() + 16);
    key::append_descending(&mut order, uploaded);
    append_id_descending(&mut order, id);
    order
}

/// Adds what such an order ends with.
pub(crate) fn append_id_descending(order: &mut Vec<u8>, id: &str) {
    key::append_descending(order, ValueRef::String(id));
}

/// The order of the id list.
pub(crate) fn by_id(id: &str) -> Vec<u8> {
    let mut order = Vec::with_capacity(id.len() + 3);
    key::append(&mut order, ValueRef::String(id));
    order
}

/// The id whose key in the id list that is.
pub(crate) fn id_of(order: &[u8]) -> Option<Cow<'_, str>> {
    // A byte for its kind, the text, in which `00` is written `00 FF`, and `00 00`.
    let text = order.get(1..order.len().checked_sub(2)?)?;
    if memchr::memchr(0, text).is_none() {
        return std::str::from_utf8(text).ok().map(Cow::Borrowed);
    }
    let mut unescaped = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        let is_escape = *byte == 0xff && at > 0 && text.get(at - 1) == Some(&0);
        unescaped.extend((!is_escape).then_some(*byte));
    }
    String::from_utf8(unescaped).ok().map(Cow::Owned)
}

/// The order of two keys. Nearly all differ in their first eight bytes, which are compared at once.
#[inline]
pub(crate) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(first), Some(second)) if first != second => {
            u64::from_be_bytes(*first).cmp(&u64::from_be_bytes(*second))
        }
        _ => one.cmp(other),
    }
}

/// The number of the last of so many fences, which are in order, that is not greater than the key; of the first, if there
/// is none.
#[inline]
pub(crate) fn place_among<'f>(
    count: usize,
    fence: impl Fn(usize) -> Option<&'f [u8]>,
    key: &[u8],
) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        let is_before = fence(middle).is_some_and(|fence| compare(fence, key).is_le());
        (low, high) = if is_before { (middle + 1, high) } else { (low, middle) };
    }
    low.saturating_sub(1)
}

/// The first bytes of a key as a number. Those of two keys are in the order of the keys, or equal.
#[inline]
pub(crate) fn first_bytes(key: &[u8]) -> u128 {
    match key.first_chunk::<16>() {
        Some(first) => u128::from_be_bytes(*first),
        None => {
            let mut first = [0; 16];
            first.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
            u128::from_be_bytes(first)
        }
    }
}

/// The first key past all keys that begin with the prefix; `None` if there is none.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut after = prefix.get(..=kept)?.to_vec();
    *after.last_mut()? += 1;
    Some(after)
}

/// A missing field stands in the lists as null.
pub(crate) fn or_null(value: Option<&Value>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, Value::view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_id_list_tells_its_id() {
        for id in ["a", "\0", "a\0b", "\0\0", "\u{ff}\0\u{ff}", "\u{7ff}"] {
            assert_eq!(id_of(&by_id(id)).as_deref(), Some(id));
        }
    }
}
