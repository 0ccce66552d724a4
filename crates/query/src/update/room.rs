//! What an update of one document may cost: how much it may add, and the account of the request.
//!
//! Whoever is about to copy or to make values takes the room for them first; whoever goes through what is
//! there pays for that before.

use crate::copy::{ELEMENT, Footprint};
use crate::{Account, Document, Error, Limits, Result, ValueRef};

/// What an element or a field takes, roughly, beside its own bytes.
const BYTES_A_VALUE: usize = 16;

/// Fields whose names are passed over for the price of one step.
const NAMES_A_STEP: usize = 16;

/// The bytes that are left for one document, and the account that hears of all work.
#[derive(Clone, Debug)]
pub(super) struct Room<'a> {
    left: usize,
    most: usize,
    account: &'a Account,
}

impl<'a> Room<'a> {
    /// All that [`Limits::expression_bytes`] allows.
    pub(super) fn new(limits: &Limits, account: &'a Account) -> Room<'a> {
        Room { left: limits.expression_bytes, most: limits.expression_bytes, account }
    }

    pub(super) fn account(&self) -> &'a Account {
        self.account
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
    /// As [`Room::take`]; those of the account.
    pub(super) fn take_copy(&mut self, value: ValueRef<'_>) -> Result<()> {
        let footprint = self.take_value(value)?;
        self.account.hold(footprint.grown_memory())
    }

    /// Takes the room for a value that was made, and whose memory is paid for.
    ///
    /// # Errors
    /// As [`Room::take_copy`].
    pub(super) fn take_made(&mut self, value: ValueRef<'_>) -> Result<()> {
        self.take_value(value).map(drop)
    }

    /// Takes the room for so many nulls.
    ///
    /// # Errors
    /// As [`Room::take_copy`].
    pub(super) fn take_nulls(&mut self, nulls: usize) -> Result<()> {
        self.take(nulls.saturating_mul(BYTES_A_VALUE))?;
        self.account.hold(nulls.saturating_mul(ELEMENT))
    }

    /// Pays for an array of so many elements that is moved to where there is room for more.
    ///
    /// # Errors
    /// Those of the account.
    pub(super) fn move_elements(&self, elements: usize) -> Result<()> {
        self.account.hold(elements.saturating_mul(ELEMENT))
    }

    /// Takes the room for a value, and says how much there is of it.
    fn take_value(&mut self, value: ValueRef<'_>) -> Result<Footprint> {
        let footprint = Footprint::of(value, self.account)?;
        self.take(footprint.values.saturating_mul(BYTES_A_VALUE).saturating_add(footprint.bytes))?;
        Ok(footprint)
    }
}

/// Pays for going through the value once.
///
/// # Errors
/// Those of the account.
pub(super) fn go_through(value: ValueRef<'_>, account: &Account) -> Result<()> {
    Footprint::of(value, account)?;
    account.work(1)
}

/// Pays for looking for a field by its name.
///
/// # Errors
/// Those of the account.
pub(super) fn look_for_field(document: &Document, account: &Account) -> Result<()> {
    account.work(1 + (document.len() / NAMES_A_STEP) as u64)
}
