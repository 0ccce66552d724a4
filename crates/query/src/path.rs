//! Dotted paths, and the one walk by which a filter finds values.
//!
//! The rule is MongoDB's: objects are walked by name; an array on the way is searched element by
//! element, one level, and by index; a leaf array yields its elements, then itself. This file does
//! not know what is asked of the values found.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::environment::DottedNull;
use crate::{Account, ArrayRef, Code, DocumentRef, Error, Limits, Result, ValueRef};

/// A path such as `identify.size.width`, split at its dots. Never empty. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    text: Arc<str>,
    parts: Arc<[Part]>,
    lone_arrays_lack: bool,
}

/// One part of a path: a name, which may also be an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The text between the dots; may be empty.
    pub name: Arc<str>,
    /// The number, if the text is the canonical form of one.
    pub index: Option<usize>,
}

/// One value that a walk found.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// The value; `None` where the path ends before it is found (missing).
    pub value: Option<ValueRef<'a>>,
    /// The index in the outermost array that was searched on the way; one that the path names itself
    /// does not count.
    pub index: Option<usize>,
}

/// What a leaf array yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrays {
    /// Its elements, then itself.
    Expand,
    /// Itself alone.
    Whole,
}

impl Path {
    /// Splits the text at its dots. Empty parts are names.
    ///
    /// # Errors
    /// 5729100 past [`Limits::path_parts`].
    pub fn parse(text: &str, limits: &Limits) -> Result<Path> {
        let text: Arc<str> = Arc::from(text);
        if limits.path_parts > 0 && !text.contains('.') {
            return Ok(Path::of(Arc::clone(&text), Arc::new([Part::new(text)])));
        }
        let names = text.split('.').take(limits.path_parts + 1);
        let parts: Arc<[Part]> = names.map(|name| Part::new(Arc::from(name))).collect();
        if parts.len() > limits.path_parts {
            let error = Error::limit("path_parts", limits.path_parts);
            return Err(error.with_code(Code(5_729_100)));
        }
        Ok(Path::of(text, parts))
    }

    /// The path of one part.
    pub(crate) fn name(name: &str) -> Path {
        let text: Arc<str> = Arc::from(name);
        Path::of(Arc::clone(&text), Arc::new([Part::new(text)]))
    }

    /// The path of these names, of which there is one at least and in which there are no dots.
    pub(crate) fn of_names(names: &[String]) -> Path {
        let parts = names.iter().map(|name| Part::new(Arc::from(name.as_str()))).collect();
        Path::of(Arc::from(names.join(".")), parts)
    }

    fn of(text: Arc<str>, parts: Arc<[Part]>) -> Path {
        Path { text, parts, lone_arrays_lack: false }
    }

    /// The same path under that version's rule for arrays without objects.
    #[must_use]
    pub fn with_dotted_null(mut self, rule: DottedNull) -> Path {
        self.lone_arrays_lack = rule == DottedNull::Nine;
        self
    }

    /// The path as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether one of these is written alike.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::Path;
    /// use filedex::Limits;
    /// let path = |text| Path::parse(text, &Limits::default());
    /// let known = [path("name")?, path("size")?];
    /// assert!(path("size")?.is_among(&known) && !path("size.width")?.is_among(&known));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn is_among(&self, others: &[Path]) -> bool {
        others.iter().any(|other| other.text == self.text)
    }

    /// The parts, at least one.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first part: a name of the document itself.
    #[inline]
    pub(crate) fn first_name(&self) -> &str {
        match &*self.parts {
            [_] => &self.text,
            parts => parts.first().map_or("", |part| &*part.name),
        }
    }

    /// The name, if the path is one part long.
    #[inline]
    pub fn as_name(&self) -> Option<&str> {
        (self.parts.len() == 1).then_some(&*self.text)
    }

    /// Visits every value that a filter on this path sees, until the visitor breaks.
    pub fn walk<'a>(
        &self,
        document: DocumentRef<'a>,
        arrays: Arrays,
        visit: &mut dyn FnMut(Leaf<'a>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let first = document.get(self.first_name());
        let walked =
            self.walk_from(first, arrays, &Account::default(), &mut |leaf| Ok(visit(leaf)));
        walked.unwrap_or(ControlFlow::Continue(()))
    }

    /// As [`Path::walk`], where the value of the path's first part is known; `None` if it is missing.
    pub(crate) fn walk_from<'a>(
        &self,
        first: Option<ValueRef<'a>>,
        arrays: Arrays,
        account: &Account,
        visit: &mut dyn FnMut(Leaf<'a>) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let mut walk =
            Walk { arrays, lone_arrays_lack: self.lone_arrays_lack, account, steps: 0, visit };
        walk.found(first, self.parts.get(1..).unwrap_or_default(), None)
    }

    /// What the path leads to from the value of its first part, where no array is on the way or at the
    /// end: the usual case, which needs no walk. Nothing if there is an array.
    #[inline]
    pub(crate) fn straight<'a>(&self, first: Option<ValueRef<'a>>) -> Option<Option<ValueRef<'a>>> {
        let mut value = first;
        for part in self.parts.iter().skip(1) {
            value = match value {
                Some(ValueRef::Document(inner)) => inner.get(&part.name),
                Some(ValueRef::Array(_)) => return None,
                _ => return Some(None),
            };
        }
        match value {
            Some(ValueRef::Array(_)) => None,
            value => Some(value),
        }
    }
}

impl Part {
    fn new(name: Arc<str>) -> Part {
        let canonical = &*name == "0" || !name.starts_with(['0', '+']);
        let index = if canonical { name.parse().ok() } else { None };
        Part { name, index }
    }
}

struct Walk<'v, 'a> {
    arrays: Arrays,
    lone_arrays_lack: bool,
    account: &'v Account,
    /// Elements met, for which the account is asked now and then.
    steps: usize,
    visit: &'v mut dyn FnMut(Leaf<'a>) -> Result<ControlFlow<()>>,
}

/// Elements that are met before the account hears of them.
const ELEMENTS_A_PAYMENT: usize = 32;

impl<'a> Walk<'_, 'a> {
    fn document(
        &mut self,
        document: DocumentRef<'a>,
        parts: &[Part],
        index: Option<usize>,
    ) -> Result<ControlFlow<()>> {
        let Some((part, rest)) = parts.split_first() else {
            return Ok(ControlFlow::Continue(()));
        };
        self.found(document.get(&part.name), rest, index)
    }

    /// Goes on from what a name led to.
    fn found(
        &mut self,
        value: Option<ValueRef<'a>>,
        rest: &[Part],
        index: Option<usize>,
    ) -> Result<ControlFlow<()>> {
        match value {
            None => self.missing(index),
            Some(value) if rest.is_empty() => self.leaf(value, index),
            Some(ValueRef::Document(inner)) => self.document(inner, rest, index),
            Some(ValueRef::Array(inner)) => self.array(inner, rest, index),
            Some(_) => self.missing(index),
        }
    }

    /// Searches an array that is not the end of the path: its objects by name, and the element that
    /// the next part addresses by index. Scalars yield nothing, not even "missing".
    fn array(
        &mut self,
        array: ArrayRef<'a>,
        parts: &[Part],
        index: Option<usize>,
    ) -> Result<ControlFlow<()>> {
        let Some((part, rest)) = parts.split_first() else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut objects = false;
        for (position, element) in array.iter().enumerate() {
            self.pay()?;
            if let ValueRef::Document(inner) = element {
                objects = true;
                let index = index.or(Some(position));
                if self.document(inner, parts, index)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if part.index == Some(position) && self.addressed(element, rest, index)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if self.lone_arrays_lack && !objects {
            return self.missing(index);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// An element reached by its index: whole if the path ends here. The index is the path's own, so it
    /// is none that the walk has found.
    fn addressed(
        &mut self,
        element: ValueRef<'a>,
        rest: &[Part],
        index: Option<usize>,
    ) -> Result<ControlFlow<()>> {
        match element {
            _ if rest.is_empty() => (self.visit)(Leaf { value: Some(element), index }),
            ValueRef::Document(inner) => self.document(inner, rest, index),
            ValueRef::Array(inner) => self.array(inner, rest, index),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    fn leaf(&mut self, value: ValueRef<'a>, index: Option<usize>) -> Result<ControlFlow<()>> {
        if let (ValueRef::Array(array), Arrays::Expand) = (value, self.arrays) {
            for (position, element) in array.iter().enumerate() {
                self.pay()?;
                let index = index.or(Some(position));
                if (self.visit)(Leaf { value: Some(element), index })?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        (self.visit)(Leaf { value: Some(value), index })
    }

    #[inline]
    fn pay(&mut self) -> Result<()> {
        self.steps += 1;
        match self.steps.is_multiple_of(ELEMENTS_A_PAYMENT) {
            true => self.account.work(ELEMENTS_A_PAYMENT as u64 / 4),
            false => Ok(()),
        }
    }

    fn missing(&mut self, index: Option<usize>) -> Result<ControlFlow<()>> {
        (self.visit)(Leaf { value: None, index })
    }
}
