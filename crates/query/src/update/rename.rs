//! `$rename`: a value that moves.
//!
//! The move stands in the tree at its target, where its turn comes; before the tree is walked the value
//! is taken from its source, which nothing else in the update may touch.

use std::mem;
use std::sync::Arc;

use super::path::{self, Part};
use super::room::look_for_field;
use crate::{Account, Code, Document, Error, Limits, Result, Value};

/// Where a value comes from and where it goes.
#[derive(Clone, Debug)]
pub(super) struct Rename {
    from: Vec<Arc<str>>,
    to: Vec<Arc<str>>,
}

/// How far a path goes through a document.
enum Reach<'d> {
    Found(&'d mut Value),
    /// Nothing is there, but something could be.
    Missing,
    /// A value is in the way that is no object, or an array that the next part is no index of.
    Blocked,
}

impl Rename {
    /// Reads the pair.
    ///
    /// # Errors
    /// 2 for a target that is no text, for signs of elements, for paths that are the same or one below
    /// the other; those of paths.
    pub(super) fn parse(from: &str, to: &Value, limits: &Limits) -> Result<Rename> {
        let Value::String(to) = to else {
            return Err(Error::bad_value("takes the new path, a text"));
        };
        let rename = Rename {
            to: names(&path::parse(to, limits)?)?,
            from: names(&path::parse(from, limits)?)?,
        };
        if rename.to.starts_with(&rename.from) || rename.from.starts_with(&rename.to) {
            return Err(Error::bad_value("a field can't move to itself, above or below itself"));
        }
        Ok(rename)
    }

    /// The path of the target.
    pub(super) fn to(&self) -> Vec<Part<'_>> {
        self.to.iter().map(|name| Part::Name(name)).collect()
    }

    /// The path of the source.
    pub(super) fn from(&self) -> Vec<Part<'_>> {
        self.from.iter().map(|name| Part::Name(name)).collect()
    }

    /// Whether the value is `_id` or within it.
    pub(super) fn is_from_id(&self) -> bool {
        self.from.first().is_some_and(|name| &**name == "_id")
    }

    /// Takes the value from its place, where null remains until [`Rename::clear`]. `None` if there is
    /// no value to move.
    ///
    /// # Errors
    /// 28 if the source is blocked, 2 if source or target are within an array; those of the account.
    pub(super) fn take(&self, document: &mut Document, account: &Account) -> Result<Option<Value>> {
        match reach(document, &self.from, account)? {
            Reach::Found(_) => {}
            Reach::Missing => return Ok(None),
            Reach::Blocked => {
                let message = "a value is in the way to the field that moves";
                return Err(Error::new(Code::PATH_NOT_VIABLE, message));
            }
        }
        for (path, what) in [(&self.from, "moves"), (&self.to, "is made")] {
            if crosses_array(document, path, account)? {
                let message = format!("the field that {what} can't be within an array");
                return Err(Error::bad_value(message));
            }
        }
        match reach(document, &self.from, account)? {
            Reach::Found(value) => Ok(Some(mem::take(value))),
            _ => Ok(None),
        }
    }

    /// Takes the source, whose value has moved, out of its object.
    ///
    /// # Errors
    /// Those of the account.
    pub(super) fn clear(&self, document: &mut Document, account: &Account) -> Result<()> {
        let Some((last, parents)) = self.from.split_last() else { return Ok(()) };
        let parent = match parents.is_empty() {
            true => document,
            false => match reach(document, parents, account)? {
                Reach::Found(Value::Document(parent)) => parent,
                _ => return Ok(()),
            },
        };
        look_for_field(parent, account)?;
        parent.remove(last);
        Ok(())
    }
}

fn names(parts: &[Part<'_>]) -> Result<Vec<Arc<str>>> {
    let name = |part: &Part<'_>| match part {
        Part::Name(name) => Ok(Arc::from(*name)),
        _ => Err(Error::bad_value("$rename takes no `$`, `$[]` or `$[x]` in its paths")),
    };
    parts.iter().map(name).collect()
}

fn reach<'d>(
    document: &'d mut Document,
    path: &[Arc<str>],
    account: &Account,
) -> Result<Reach<'d>> {
    let Some((first, rest)) = path.split_first() else { return Ok(Reach::Missing) };
    look_for_field(document, account)?;
    let Some(mut value) = document.get_mut(first) else { return Ok(Reach::Missing) };
    for name in rest {
        let next = match value {
            Value::Document(object) => {
                look_for_field(object, account)?;
                object.get_mut(name)
            }
            Value::Array(array) => match path::index(name) {
                Some(index) => array.get_mut(index),
                None => return Ok(Reach::Blocked),
            },
            _ => return Ok(Reach::Blocked),
        };
        match next {
            Some(next) => value = next,
            None => return Ok(Reach::Missing),
        }
    }
    Ok(Reach::Found(value))
}

/// Whether there is an array before the end of the path.
fn crosses_array(document: &Document, path: &[Arc<str>], account: &Account) -> Result<bool> {
    let (mut object, parents) = (document, path.split_last().map_or(path, |(_, parents)| parents));
    for name in parents {
        look_for_field(object, account)?;
        match object.get(name) {
            Some(Value::Array(_)) => return Ok(true),
            Some(Value::Document(inner)) => object = inner,
            _ => return Ok(false),
        }
    }
    Ok(false)
}
