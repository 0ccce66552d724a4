//! Values as bytes whose plain order is the order of the values.
//!
//! The law: for all values, comparing their keys byte by byte equals [`crate::order::compare`]; the
//! descending form is the exact reverse; no key is a prefix of another, so keys can be joined. Keys
//! are one-way: `1` and `1.0` share one. docs/format.md draws the bytes.
//!
//! | first byte | kind | then |
//! |---|---|---|
//! | `0x10` * rank | every kind | what the rank needs |
//! | number | class (NaN, -inf, negative, 0, positive, inf) | magnitude, inverted if negative |
//! | text | bytes, `00` written `00 FF` | `00 00` |
//! | document | per field: rank byte, name, rest of the value | `00` |
//! | array | the keys of the elements | `00` |

use std::convert::Infallible;
use std::result::Result as StdResult;

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, ToPrimitive};
use memchr::memchr;

use crate::copy::text_bytes;
use crate::order::rank;
use crate::pieces::PIECE;
use crate::{Account, Collation, Decimal, Result, ValueRef};

/// The bytes that stand for a text in a key.
trait Texts: Copy {
    /// Adds them, asking on the way.
    fn append<E>(
        self,
        out: &mut Vec<u8>,
        text: &str,
        ask: &mut impl FnMut(Price) -> StdResult<(), E>,
    ) -> StdResult<(), E>;
}

/// What a part of a key costs.
#[derive(Clone, Copy)]
struct Price {
    /// Bytes that are held.
    bytes: usize,
    steps: u64,
}

/// The text itself.
#[derive(Clone, Copy)]
struct Bytes;

impl Texts for Bytes {
    #[inline]
    fn append<E>(
        self,
        out: &mut Vec<u8>,
        text: &str,
        ask: &mut impl FnMut(Price) -> StdResult<(), E>,
    ) -> StdResult<(), E> {
        for piece in text.as_bytes().chunks(PIECE) {
            ask(Price { bytes: 2 * piece.len(), steps: 0 })?;
            append_bytes(out, piece);
        }
        out.extend_from_slice(&END);
        Ok(())
    }
}

impl Texts for &Collation {
    fn append<E>(
        self,
        out: &mut Vec<u8>,
        text: &str,
        ask: &mut impl FnMut(Price) -> StdResult<(), E>,
    ) -> StdResult<(), E> {
        // A collation says of each letter what takes several bytes, and makes that beside the key.
        ask(Price { bytes: 16 * text.len(), steps: text.len() as u64 / 4 })?;
        let mut key = Vec::with_capacity(text.len() * 2);
        self.append_key(&mut key, text);
        append_text(out, &key);
        Ok(())
    }
}

/// Adds the ascending key of the value.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::key;
/// use filedex::Value;
/// let (mut one, mut two) = (Vec::new(), Vec::new());
/// key::append(&mut one, Value::from("a").view());
/// key::append(&mut two, Value::from("ab").view());
/// assert!(one < two);
/// ```
pub fn append(out: &mut Vec<u8>, value: ValueRef<'_>) {
    let Ok(()) = append_asking(Bytes, out, value, &mut |_: Price| Ok::<(), Infallible>(()));
}

/// Adds the key that sorts in the reverse direction.
pub fn append_descending(out: &mut Vec<u8>, value: ValueRef<'_>) {
    let start = out.len();
    append(out, value);
    invert(out, start);
}

/// Adds the key in either direction with its texts as the collation has them, paying for it: it is held
/// from then on. Keys of a collation are good for as long as the program runs, and never to be stored.
pub(crate) fn append_within(
    out: &mut Vec<u8>,
    value: ValueRef<'_>,
    (descending, collation): (bool, &Collation),
    account: &Account,
) -> Result<()> {
    let start = out.len();
    out.push(tag(value));
    if let Some(fixed) = fixed(value) {
        append_fixed(out, fixed);
    } else {
        let mut ask = |price: Price| {
            account.hold(price.bytes)?;
            account.work(price.steps)
        };
        match collation.is_simple() {
            true => append_body(Bytes, out, value, &mut ask)?,
            false => append_body(collation, out, value, &mut ask)?,
        }
    }
    if descending {
        invert(out, start);
    }
    Ok(())
}

/// The first 16 bytes of the key of a value as a number, with zeros behind a shorter one; none for a value of which
/// they are found by its key alone. Texts are taken as their bytes.
#[inline]
pub(crate) fn head(value: ValueRef<'_>, descending: bool) -> Option<u128> {
    let (body, length) = match value {
        ValueRef::String(text) => text_head(text.as_bytes())?,
        value => fixed(value)?,
    };
    let head = u128::from(tag(value)) << 120 | body;
    let behind = u128::MAX.checked_shr(8 * length as u32).unwrap_or(0);
    Some(if descending { !head & !behind } else { head })
}

/// As [`fixed`] of how a text begins, unless it has a zero among its first bytes.
fn text_head(text: &[u8]) -> Option<Fixed> {
    let mut bytes = [0; 16];
    let (_, room) = bytes.split_first_mut()?;
    room.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
    let first = text.get(..15).unwrap_or(text);
    let length = (1 + first.len() + END.len()).min(16);
    memchr(0, first).is_none().then_some((u128::from_be_bytes(bytes), length))
}

/// What most values take at most in a buffer that has room for as much again, beside their text.
const BYTES_A_VALUE: usize = 64;
const STEPS_A_DECIMAL: u64 = 32;

/// Adds the key of the value, asking before it does so for the value and each one inside.
fn append_asking<E>(
    texts: impl Texts,
    out: &mut Vec<u8>,
    value: ValueRef<'_>,
    ask: &mut impl FnMut(Price) -> StdResult<(), E>,
) -> StdResult<(), E> {
    out.push(tag(value));
    append_body(texts, out, value, ask)
}

fn invert(out: &mut [u8], start: usize) {
    if let Some(descending) = out.get_mut(start..) {
        descending.iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// The rank leaves `00` free for the end of documents and arrays.
fn tag(value: ValueRef<'_>) -> u8 {
    rank(value) << 4
}

/// What follows the tag of a key of 16 bytes at most, from the second byte of a number on, and how long the key is.
type Fixed = (u128, usize);

/// That of a value whose key is so short, whatever it is.
#[inline]
fn fixed(value: ValueRef<'_>) -> Option<Fixed> {
    Some(match value {
        ValueRef::MinKey | ValueRef::MaxKey | ValueRef::Undefined | ValueRef::Null => (0, 1),
        ValueRef::Int(number) => fixed_double(f64::from(number)),
        // Of a greater one there are digits to be told.
        ValueRef::Long(number) if number.unsigned_abs() < 1 << 53 => fixed_double(number as f64),
        ValueRef::Double(number) => fixed_double(number),
        ValueRef::Bool(truth) => (u128::from(truth) << 112, 2),
        ValueRef::Date(date) => (u128::from(flip(date.0)) << 56, 9),
        ValueRef::Timestamp(stamp) => {
            (u128::from(stamp.time) << 88 | u128::from(stamp.increment) << 56, 9)
        }
        ValueRef::ObjectId(id) => {
            (id.0.iter().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte)) << 24, 13)
        }
        _ => return None,
    })
}

fn fixed_double(number: f64) -> Fixed {
    let class = class_of(number);
    let (start, magnitude) = (u128::from(class) << 112, number.abs().to_bits());
    match class {
        POSITIVE => (start | u128::from(magnitude) << 48, 11),
        // The end is inverted with it.
        NEGATIVE => (start | u128::from(!magnitude) << 48 | 0xff << 40, 11),
        _ => (start, 2),
    }
}

fn append_fixed(out: &mut Vec<u8>, (body, length): Fixed) {
    out.extend_from_slice(body.to_be_bytes().get(1..length).unwrap_or_default());
}

fn append_body<E>(
    texts: impl Texts,
    out: &mut Vec<u8>,
    value: ValueRef<'_>,
    ask: &mut impl FnMut(Price) -> StdResult<(), E>,
) -> StdResult<(), E> {
    ask(price_of(value))?;
    if let Some(fixed) = fixed(value) {
        append_fixed(out, fixed);
        return Ok(());
    }
    match value {
        ValueRef::Long(number) => append_integer(out, number),
        ValueRef::Decimal(number) => append_decimal(out, number),
        ValueRef::String(text) | ValueRef::Symbol(text) => texts.append(out, text, ask)?,
        ValueRef::Code(text) => Bytes.append(out, text, ask)?,
        ValueRef::Document(document) => {
            for (name, value) in document.iter() {
                out.push(tag(value));
                append_text(out, name.as_bytes());
                append_body(texts, out, value, ask)?;
            }
            out.push(0);
        }
        ValueRef::Array(array) => {
            for element in array.iter() {
                append_asking(texts, out, element, ask)?;
            }
            out.push(0);
        }
        ValueRef::Binary { subtype, bytes } => {
            out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            out.push(subtype);
            out.extend_from_slice(bytes);
        }
        ValueRef::Regex { pattern, options } => {
            append_text(out, pattern.as_bytes());
            append_text(out, options.as_bytes());
        }
        _ => {}
    }
    Ok(())
}

/// What the value costs beside its texts.
fn price_of(value: ValueRef<'_>) -> Price {
    let bytes = match value {
        ValueRef::String(_) | ValueRef::Symbol(_) | ValueRef::Code(_) => BYTES_A_VALUE,
        value => BYTES_A_VALUE + 2 * text_bytes(value),
    };
    let steps = if matches!(value, ValueRef::Decimal(_)) { STEPS_A_DECIMAL } else { 0 };
    Price { bytes, steps }
}

/// Moves the sign so that negative numbers come first.
fn flip(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

fn append_text(out: &mut Vec<u8>, text: &[u8]) {
    append_bytes(out, text);
    out.extend_from_slice(&END);
}

/// What no text has within.
const END: [u8; 2] = [0, 0];

/// Adds a text, or a part of one, without its end.
fn append_bytes(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some((part, behind)) = memchr(0, rest).and_then(|at| rest.split_at_checked(at + 1)) {
        out.extend_from_slice(part);
        out.push(0xff);
        rest = behind;
    }
    out.extend_from_slice(rest);
}

// Numbers: a class byte, then the magnitude as the largest double that does not pass it, then what
// is left over as decimal digits. Doubles and small integers leave nothing over.

const NAN: u8 = 1;
const NEGATIVE_INFINITY: u8 = 2;
const NEGATIVE: u8 = 3;
const ZERO: u8 = 4;
const POSITIVE: u8 = 5;
const INFINITY: u8 = 6;

/// Adds an integer that no double may equal.
fn append_integer(out: &mut Vec<u8>, number: i64) {
    append_signed(out, number.signum() as f64, |out| {
        let magnitude = number.unsigned_abs();
        append_magnitude(out, &BigDecimal::from(magnitude), magnitude as f64);
    });
}

fn append_decimal(out: &mut Vec<u8>, number: Decimal) {
    let Some(big) = number.to_big() else {
        return append_fixed(out, fixed_double(number.to_f64()));
    };
    let sign = match big.sign() {
        Sign::Minus => -1.0,
        Sign::NoSign => 0.0,
        Sign::Plus => 1.0,
    };
    append_signed(out, sign, |out| {
        let magnitude = big.abs();
        let nearest = magnitude.to_f64().unwrap_or(f64::MAX);
        append_magnitude(out, &magnitude, nearest);
    });
}

fn class_of(number: f64) -> u8 {
    match number {
        _ if number.is_nan() => NAN,
        _ if number == f64::NEG_INFINITY => NEGATIVE_INFINITY,
        _ if number == f64::INFINITY => INFINITY,
        _ if number < 0.0 => NEGATIVE,
        _ if number > 0.0 => POSITIVE,
        _ => ZERO,
    }
}

/// The class byte; for finite numbers other than zero also the magnitude, inverted if negative.
fn append_signed(out: &mut Vec<u8>, sign: f64, magnitude: impl FnOnce(&mut Vec<u8>)) {
    let class = class_of(sign);
    out.push(class);
    if class == NEGATIVE || class == POSITIVE {
        let start = out.len();
        magnitude(out);
        if class == NEGATIVE {
            invert(out, start);
        }
    }
}

fn append_magnitude(out: &mut Vec<u8>, magnitude: &BigDecimal, nearest: f64) {
    // The conversion may be off by a step either way; equal numbers must end at one double.
    let mut below = nearest.min(f64::MAX);
    while below > 0.0 && exact(below) > *magnitude {
        below = below.next_down();
    }
    while below < f64::MAX && exact(below.next_up()) <= *magnitude {
        below = below.next_up();
    }
    out.extend_from_slice(&below.to_bits().to_be_bytes());
    append_rest(out, &(magnitude - exact(below)));
}

fn exact(double: f64) -> BigDecimal {
    BigDecimal::try_from(double).unwrap_or_default()
}

/// A number from zero up: its decimal exponent, then its digits, each one up so that `00` ends them.
fn append_rest(out: &mut Vec<u8>, rest: &BigDecimal) {
    if rest.sign() == Sign::NoSign {
        return out.push(0);
    }
    let (digits, scale) = rest.normalized().into_bigint_and_exponent();
    let digits = digits.to_string();
    let exponent = digits.len() as i64 - scale;
    out.push(1);
    out.extend_from_slice(&flip(exponent).to_be_bytes());
    out.extend(digits.bytes().map(|digit| digit - b'0' + 1));
    out.push(0);
}
