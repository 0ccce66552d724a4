//! How much there is of a value, and copies of values: both piece by piece, so that the account is asked
//! before and on the way.

use crate::document::Name;
use crate::{Account, ArrayRef, Document, DocumentRef, Environment, Result, Value, ValueRef};

/// How much there is of a value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Footprint {
    /// Values, those inside counted too.
    pub(crate) values: usize,
    /// Of these decimals, with which everything is slow.
    pub(crate) decimals: usize,
    /// Of these fields, which have a name.
    pub(crate) fields: usize,
    /// Bytes of texts, names and binary data.
    pub(crate) bytes: usize,
}

/// Values that are gone through between two payments.
const VALUES_A_PAYMENT: usize = 64;
const STEPS: u64 = VALUES_A_PAYMENT as u64 / 8;

impl Footprint {
    /// Adds the value. `pay` hears of the total on the way, and may end it.
    pub(crate) fn add(
        &mut self,
        value: ValueRef<'_>,
        pay: &mut dyn FnMut(&Footprint) -> Result<()>,
    ) -> Result<()> {
        self.add_levels(value, usize::MAX, pay)
    }

    /// As [`Footprint::add`], down to so many levels.
    fn add_levels(
        &mut self,
        value: ValueRef<'_>,
        levels: usize,
        pay: &mut dyn FnMut(&Footprint) -> Result<()>,
    ) -> Result<()> {
        self.values += 1;
        self.bytes += text_bytes(value);
        if self.values.is_multiple_of(VALUES_A_PAYMENT) {
            pay(self)?;
        }
        let Some(levels) = levels.checked_sub(1) else { return Ok(()) };
        match value {
            ValueRef::Decimal(_) => self.decimals += 1,
            ValueRef::Document(document) => {
                for (name, value) in document.iter() {
                    self.fields += 1;
                    self.bytes += name.len();
                    self.add_levels(value, levels, pay)?;
                }
            }
            ValueRef::Array(array) => {
                for value in array.iter() {
                    self.add_levels(value, levels, pay)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How much there is of the value; the work of finding out is paid for.
    pub(crate) fn of(value: ValueRef<'_>, account: &Account) -> Result<Footprint> {
        let mut footprint = Footprint::default();
        footprint.add(value, &mut |_| account.work(STEPS))?;
        Ok(footprint)
    }

    /// Bytes of memory that a copy takes.
    pub(crate) fn memory(&self) -> usize {
        self.values * size_of::<Value>() + self.fields * size_of::<String>() + self.bytes
    }

    /// Bytes that the value may take which was measured: what grew piece by piece has room for as much again.
    pub(crate) fn grown_memory(&self) -> usize {
        2 * self.memory()
    }
}

/// Pays for a query's own text about to be compiled: its values are copied into what it compiles to, which
/// keeps the text, what runs, and the conditions that it proves.
pub(crate) fn hold_query(query: ValueRef<'_>, environment: &Environment) -> Result<()> {
    const COPIES: usize = 3;
    let Environment { limits, account, .. } = environment;
    let mut footprint = Footprint::default();
    // What is deeper ends with an error before it is copied.
    let levels = limits.document_depth.saturating_add(1);
    footprint.add_levels(query, levels, &mut |_| account.work(STEPS))?;
    account.hold(COPIES * footprint.memory())
}

/// Memory of an element of an array, which has room for as many more.
pub(crate) const ELEMENT: usize = 2 * size_of::<Value>();
/// The same for a field of a document, without its name.
pub(crate) const FIELD: usize = 2 * size_of::<(Name, Value)>();

/// Copies a value, paying for it: it is held from then on.
pub(crate) fn copy(value: ValueRef<'_>, account: &Account) -> Result<Value> {
    Ok(match value {
        ValueRef::Document(document) => Value::Document(copy_document(document, account)?),
        ValueRef::Array(array) => {
            let length = elements(array, account)?;
            account.hold(length.saturating_mul(size_of::<Value>()))?;
            let mut copied = Vec::with_capacity(length);
            for element in array.iter() {
                copied.push(copy(element, account)?);
            }
            Value::Array(copied)
        }
        scalar => copy_scalar(scalar, 0, account)?,
    })
}

/// Copies a document, paying for it.
pub(crate) fn copy_document(document: DocumentRef<'_>, account: &Account) -> Result<Document> {
    let length = fields(document, account)?;
    account.hold(length.saturating_mul(size_of::<(Name, Value)>()))?;
    let mut copied = Vec::with_capacity(length);
    let mut add = |name: Name, value: ValueRef<'_>| {
        let length = name.len();
        let value = match value {
            ValueRef::Document(_) | ValueRef::Array(_) => {
                account.hold(length)?;
                copy(value, account)?
            }
            scalar => copy_scalar(scalar, length, account)?,
        };
        copied.push((name, value));
        Ok(())
    };
    match document.as_packed() {
        Some(packed) => packed.each_owned(&mut add)?,
        None => document.iter().try_for_each(|(name, value)| add(name.to_owned().into(), value))?,
    }
    Ok(Document::of(copied))
}

/// Copies a value that holds no others, paying for so many bytes more.
fn copy_scalar(scalar: ValueRef<'_>, more: usize, account: &Account) -> Result<Value> {
    account.hold(text_bytes(scalar).saturating_add(more))?;
    Ok(scalar.to_value())
}

/// How many fields a copy has. What is stored is walked, but not decoded; fields that are left out are none.
fn fields(document: DocumentRef<'_>, account: &Account) -> Result<usize> {
    let Some(packed) = document.as_packed() else { return length(document.iter(), account) };
    let mut fields = packed.fields();
    length(std::iter::from_fn(|| fields.name().and_then(|_| fields.skip())), account)
}

/// The same of elements.
fn elements(array: ArrayRef<'_>, account: &Account) -> Result<usize> {
    let Some(packed) = array.as_packed() else { return length(array.iter(), account) };
    let mut elements = packed.elements();
    length(std::iter::from_fn(|| elements.skip()), account)
}

fn length<T>(members: impl Iterator<Item = T>, account: &Account) -> Result<usize> {
    let mut length = 0_usize;
    for _ in members {
        length += 1;
        if length.is_multiple_of(VALUES_A_PAYMENT) {
            account.work(VALUES_A_PAYMENT as u64 / 16)?;
        }
    }
    Ok(length)
}

/// Bytes of the value's own text or data.
pub(crate) fn text_bytes(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::String(text) | ValueRef::Symbol(text) | ValueRef::Code(text) => text.len(),
        ValueRef::Binary { bytes, .. } => bytes.len(),
        ValueRef::Regex { pattern, options } => pattern.len() + options.len(),
        _ => 0,
    }
}
