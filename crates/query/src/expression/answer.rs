//! What an expression gives: nothing, something borrowed from the document, or something new.
//!
//! Values of the document are passed on without a copy. This file knows no operator.

use std::cmp::Ordering;
use std::rc::Rc;

use super::number::Number;
use crate::order;
use crate::{ArrayRef, Collation, DocumentRef, Value, ValueRef};

/// The value of an expression for one document.
#[derive(Clone, Debug)]
pub(super) enum Answer<'a> {
    /// No value: a field that is not there.
    Missing,
    /// A value of the document or of the expression.
    Borrowed(ValueRef<'a>),
    /// A value that was built.
    Owned(Value),
    /// A built value that a variable holds.
    Shared(Rc<Value>),
}

impl<'a> Answer<'a> {
    /// Null.
    pub(super) const NULL: Answer<'static> = Answer::Borrowed(ValueRef::Null);

    pub(super) fn view(&self) -> Option<ValueRef<'_>> {
        match self {
            Answer::Missing => None,
            Answer::Borrowed(value) => Some(*value),
            Answer::Owned(value) => Some(value.view()),
            Answer::Shared(value) => Some(value.view()),
        }
    }

    /// The value as comparisons see it: missing stands where undefined does.
    pub(super) fn comparable(&self) -> ValueRef<'_> {
        self.view().unwrap_or(ValueRef::Undefined)
    }

    /// Whether this is missing, null or undefined.
    pub(super) fn is_nullish(&self) -> bool {
        matches!(self.view(), None | Some(ValueRef::Null | ValueRef::Undefined))
    }

    /// Whether this counts as true.
    pub(super) fn truth(&self) -> bool {
        match self.view() {
            None | Some(ValueRef::Null | ValueRef::Undefined | ValueRef::Bool(false)) => false,
            Some(value) => Number::of(value).is_none_or(|number| !number.is_zero()),
        }
    }

    pub(super) fn array(&self) -> Option<ArrayRef<'_>> {
        match self.view() {
            Some(ValueRef::Array(array)) => Some(array),
            _ => None,
        }
    }

    pub(super) fn document(&self) -> Option<DocumentRef<'_>> {
        match self.view() {
            Some(ValueRef::Document(document)) => Some(document),
            _ => None,
        }
    }

    /// The text of a string (not of a symbol).
    pub(super) fn text(&self) -> Option<&str> {
        match self.view() {
            Some(ValueRef::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<Number> {
        self.view().and_then(Number::of)
    }

    /// The same answer in a form that a variable can hand out many times.
    pub(super) fn shared(self) -> Answer<'a> {
        match self {
            Answer::Owned(value) => Answer::Shared(Rc::new(value)),
            other => other,
        }
    }

    /// The order of two answers; missing stands where undefined does.
    pub(super) fn compare(&self, other: &Answer<'_>, collation: &Collation) -> Ordering {
        order::compare_by(collation, self.comparable(), other.comparable())
    }
}

impl<T: Into<Value>> From<T> for Answer<'_> {
    fn from(value: T) -> Self {
        Answer::Owned(value.into())
    }
}
