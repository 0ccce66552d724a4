//! How much an update may add to one document.
//!
//! Whoever is about to copy or to make values takes the room for them first.

use crate::{Error, Limits, Result, ValueRef};

/// What an element or a field takes, roughly, beside its own bytes.
pub(super) const BYTES_A_VALUE: usize = 16;

/// The bytes that are left for one document.
#[derive(Clone, Debug)]
pub(super) struct Room {
    left: usize,
    most: usize,
}

impl Room {
    /// All that [`Limits::expression_bytes`] allows.
    pub(super) fn new(limits: &Limits) -> Room {
        Room { left: limits.expression_bytes, most: limits.expression_bytes }
    }

    /// Takes the room for so many bytes.
    ///
    /// # Errors
    /// The limit `expression_bytes`.
    pub(super) fn take(&mut self, bytes: usize) -> Result<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::limit("expression_bytes", self.most)),
        }
    }

    /// Takes the room for a copy of the value.
    ///
    /// # Errors
    /// As [`Room::take`].
    pub(super) fn take_value(&mut self, value: ValueRef<'_>) -> Result<()> {
        self.take(BYTES_A_VALUE)?;
        match value {
            ValueRef::String(text) | ValueRef::Symbol(text) | ValueRef::Code(text) => {
                self.take(text.len())
            }
            ValueRef::Binary { bytes, .. } => self.take(bytes.len()),
            ValueRef::Document(document) => document.iter().try_for_each(|(name, value)| {
                self.take(name.len())?;
                self.take_value(value)
            }),
            ValueRef::Array(array) => array.iter().try_for_each(|value| self.take_value(value)),
            _ => Ok(()),
        }
    }
}
