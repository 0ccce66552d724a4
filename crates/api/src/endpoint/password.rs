//! Passwords of files, of which no reply says more than that there is one.
//!
//! This file knows values, nothing of endpoints.

use filedex_query::ejson::Kind;
use filedex_query::{Document, Value, ValueRef};

/// Puts true or null in the place of every password, at any depth.
pub(super) fn lock(file: &mut Document) {
    for (name, value) in file.iter_mut() {
        match name {
            "password" => *value = locked(Some(value)),
            _ => lock_inside(value),
        }
    }
}

/// Puts true or null in the place of every password inside the value.
pub(super) fn lock_inside(value: &mut Value) {
    match value {
        Value::Document(document) => lock(document),
        Value::Array(array) => array.iter_mut().for_each(lock_inside),
        _ => {}
    }
}

/// True if there is a password, else null.
pub(super) fn locked(password: Option<&Value>) -> Value {
    locked_view(password.map(Value::view)).to_value()
}

/// The same of a password that is borrowed.
pub(super) fn locked_view(password: Option<ValueRef<'_>>) -> ValueRef<'static> {
    match password {
        None | Some(ValueRef::Null | ValueRef::Bool(false)) => ValueRef::Null,
        Some(ValueRef::String("")) => ValueRef::Null,
        Some(_) => ValueRef::Bool(true),
    }
}

/// The same as text, of a password as it is written, with its kind.
pub(super) fn locked_text(password: Option<(Kind, &[u8])>) -> &'static [u8] {
    match password {
        None | Some((Kind::Null, _) | (Kind::Text, b"\"\"") | (Kind::Other, b"false")) => b"null",
        Some(_) => b"true",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_shows_as_true_or_null() {
        assert_eq!(locked(Some(&Value::from("$2b$hash"))), Value::Bool(true));
        for none in [None, Some(&Value::Null), Some(&Value::from(""))] {
            assert_eq!(locked(none), Value::Null);
        }
    }

    #[test]
    fn a_password_is_locked_wherever_it_lies() {
        let with = |password: Value| Document::new().with("password", password).with("n", 1);
        let nested = |inner: Document| {
            with(Value::from("")).with("a", vec![Value::from(1), Value::from(inner)])
        };
        let mut file = nested(with(Value::from("$2b$hash")));
        lock(&mut file);
        let locked = with(Value::Bool(true));
        assert_eq!(file, with(Value::Null).with("a", vec![Value::from(1), Value::from(locked)]));
    }
}
