//! Writes values as JSON text: canonical or relaxed Extended JSON v2, or the plain JSON of replies.

use std::convert::Infallible;
use std::io::Write as _;
use std::result::Result as StdResult;
use std::sync::LazyLock;

use super::marked::{self, Kind};
use super::text;
use crate::civil::Civil;
use crate::packed::Reader;
use crate::packed::names::{self, Name};
use crate::pieces::pieces;
use crate::{Account, Date, DocumentRef, Error, Result, ValueRef};

/// Which JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Extended JSON v2, canonical: every kind of value survives a round trip.
    Canonical,
    /// Extended JSON v2, relaxed: numbers and dates in their natural form where JSON can say them.
    Relaxed,
    /// What a JavaScript server replies, without any wrapper: dates as ISO-8601 UTC text with
    /// milliseconds, object ids and UUIDs as their digits, other binary data as base64, whole doubles
    /// without a fraction; symbols, code and patterns as text, timestamps as the date of their second,
    /// decimals as numbers; NaN, infinities, undefined and the least and greatest key as null.
    Plain,
}

/// Adds the value's text.
pub fn write(value: ValueRef<'_>, form: Form, out: &mut Vec<u8>) {
    let Ok(()) = write_asking(value, form, out, &mut unasked);
}

/// Adds the document's text.
pub fn write_document(document: DocumentRef<'_>, form: Form, out: &mut Vec<u8>) {
    let Ok(()) = write_document_asking(document, form, out, &mut unasked);
}

/// As [`write_document`], charged to a request: of work alone, for what a reply may hold is bounded by
/// `most`, the bytes that may be added.
///
/// # Errors
/// The limit `reply_bytes`, perhaps after a part was added; what the account says.
pub fn write_document_within(
    document: DocumentRef<'_>,
    form: Form,
    out: &mut Vec<u8>,
    most: usize,
    account: &Account,
) -> Result<()> {
    write_within(ValueRef::Document(document), form, out, most, account)
}

/// As [`write()`], charged to a request as [`write_document_within`] is.
///
/// # Errors
/// As [`write_document_within`].
pub fn write_within(
    value: ValueRef<'_>,
    form: Form,
    out: &mut Vec<u8>,
    most: usize,
    account: &Account,
) -> Result<()> {
    let mut ask = asking(out.len(), most, account);
    write_asking(value, form, out, &mut ask)?;
    ask(out, 0)
}

/// Adds the plain text of a document, charged as [`write_document_within`] is, and to `marks` a mark for each of its
/// fields: together they are a [`Marked`](super::Marked).
///
/// # Errors
/// As [`write_document_within`].
pub fn write_marked_within(
    document: DocumentRef<'_>,
    (out, marks): (&mut Vec<u8>, &mut Vec<u8>),
    most: usize,
    account: &Account,
) -> Result<()> {
    let (mut ask, mut start) = (asking(out.len(), most, account), out.len());
    write_fields(document, Form::Plain, out, &mut ask, |kind, end| {
        // A mark counts what stands before its field as well: the brace, or the comma.
        marked::mark(kind, end - start, marks);
        start = end;
    })?;
    ask(out, 0)
}

/// What charges the account for what is written from that place on, and refuses what is past `most` bytes.
fn asking(
    start: usize,
    most: usize,
    account: &Account,
) -> impl FnMut(&Vec<u8>, usize) -> Result<()> {
    let (end, mut paid) = (start.saturating_add(most), start);
    move |out: &Vec<u8>, more: usize| {
        if out.len().saturating_add(more) > end {
            return Err(Error::limit("reply_bytes", most));
        }
        if out.len() + more < paid + BYTES_A_PAYMENT {
            return Ok(());
        }
        let steps = (out.len() + more - paid) / BYTES_A_STEP;
        paid = out.len() + more;
        account.work(steps as u64)
    }
}

/// Bytes of text after which the account hears of them, and bytes for the price of a step.
const BYTES_A_PAYMENT: usize = 4096;
const BYTES_A_STEP: usize = 128;
/// Texts from this length on are measured before they are written, and written piece by piece.
const LONG_TEXT: usize = 1024;
/// Bytes of data that are written at once: three take four letters.
const DATA_AT_ONCE: usize = 24 << 10;

/// What lets everything be written.
fn unasked(_: &Vec<u8>, _: usize) -> StdResult<(), Infallible> {
    Ok(())
}

/// Adds the text of the value, asking before each value, and before each piece of a long one for what that
/// will take.
fn write_asking<E>(
    value: ValueRef<'_>,
    form: Form,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
) -> StdResult<(), E> {
    if let ValueRef::String(text) = value {
        return write_text(text, out, ask);
    }
    ask(out, 0)?;
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Bool(true) => out.extend_from_slice(b"true"),
        ValueRef::Bool(false) => out.extend_from_slice(b"false"),
        ValueRef::Document(document) => write_document_asking(document, form, out, ask)?,
        ValueRef::Array(array) => {
            out.push(b'[');
            for (position, element) in array.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_asking(element, form, out, ask)?;
            }
            out.push(b']');
        }
        ValueRef::Int(number) if form != Form::Canonical => integer(i64::from(number), out),
        ValueRef::Long(number) if form != Form::Canonical => integer(number, out),
        ValueRef::Int(number) => wrap("$numberInt", &number.to_string(), out),
        ValueRef::Long(number) => wrap("$numberLong", &number.to_string(), out),
        ValueRef::Double(number) => double(number, form, out),
        ValueRef::Date(date) => write_date(date, form, out),
        _ if form == Form::Plain => write_plain(value, out, ask)?,
        _ => write_wrapped(value, out, ask)?,
    }
    Ok(())
}

/// Adds a text in quotes.
fn write_text<E>(
    text: &str,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
) -> StdResult<(), E> {
    if text.len() < LONG_TEXT {
        ask(out, text.len())?;
        text::write(text, out);
        return Ok(());
    }
    out.push(b'"');
    for piece in pieces(text) {
        ask(out, text::length(piece) + 1)?;
        text::write_part(piece, out);
    }
    out.push(b'"');
    Ok(())
}

/// Adds data as base64, without quotes.
fn write_base64<E>(
    bytes: &[u8],
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
) -> StdResult<(), E> {
    for bytes in bytes.chunks(DATA_AT_ONCE) {
        let text = data_encoding::BASE64.encode(bytes);
        ask(out, text.len())?;
        out.extend_from_slice(text.as_bytes());
    }
    Ok(())
}

fn write_document_asking<E>(
    document: DocumentRef<'_>,
    form: Form,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
) -> StdResult<(), E> {
    write_fields(document, form, out, ask, |_, _| ())
}

/// The same; `note` is told of each field with the place behind it in what is written.
fn write_fields<E>(
    document: DocumentRef<'_>,
    form: Form,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
    mut note: impl FnMut(Kind, usize),
) -> StdResult<(), E> {
    out.push(b'{');
    let start = out.len();
    if let Some(packed) = document.as_packed() {
        write_stored(packed.fields(), form, out, ask, note)?;
    } else {
        for (name, value) in document.iter() {
            text::write(name, out);
            out.push(b':');
            write_asking(value, form, out, ask)?;
            note(Kind::of(value), out.len());
            out.push(b',');
        }
    }
    if out.len() > start {
        // The comma after the last field.
        out.pop();
    }
    out.push(b'}');
    Ok(())
}

/// The names that are stored by their place, as they stand before a value.
static KEYS: LazyLock<Vec<Key>> =
    LazyLock::new(|| names::known().iter().map(|name| Key::of(name)).collect());

/// A name as it stands before a value.
pub(crate) fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    text::write(name, &mut key);
    key.push(b':');
    key
}

/// A short one, with room behind it: so many bytes are copied without a call.
struct Key {
    bytes: [u8; Key::ROOM],
    length: usize,
}

impl Key {
    const ROOM: usize = 24;

    fn of(name: &str) -> Key {
        let (key, mut bytes) = (key(name), [0; Key::ROOM]);
        bytes.iter_mut().zip(&key).for_each(|(place, byte)| *place = *byte);
        Key { bytes, length: key.len() }
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.length;
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
    }
}

/// Adds the fields of a stored document, each with a comma after it. Where bytes are malformed, the
/// document ends, as it does for all who read it.
fn write_stored<E>(
    mut fields: Reader<'_>,
    form: Form,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
    mut note: impl FnMut(Kind, usize),
) -> StdResult<(), E> {
    let mut end = out.len();
    while write_name(&mut fields, out).is_some() {
        let mut kind = Kind::Text;
        let written = match fields.take_string() {
            // A short text is asked for together with what comes after it.
            Some(string) if string.len() < LONG_TEXT => text::write_bytes(string, out),
            Some(string) => match std::str::from_utf8(string) {
                Ok(text) => Some(write_asking(ValueRef::String(text), form, out, ask)?),
                Err(_) => None,
            },
            None => match fields.value() {
                Some(value) => {
                    kind = Kind::of(value);
                    Some(write_asking(value, form, out, ask)?)
                }
                None => None,
            },
        };
        if written.is_none() {
            break;
        }
        note(kind, out.len());
        out.push(b',');
        end = out.len();
    }
    out.truncate(end);
    Ok(())
}

fn write_name(fields: &mut Reader<'_>, out: &mut Vec<u8>) -> Option<()> {
    match fields.stored_name()? {
        Name::Known(place) => KEYS.get(usize::from(place))?.put(out),
        Name::Text(name) => {
            text::write_bytes(name, out)?;
            out.push(b':');
        }
    }
    Some(())
}

/// The value's text.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::{Date, Value, ejson::{self, Form}};
/// let moment = Value::from(Date(1_520_523_369_913));
/// assert_eq!(ejson::to_text(moment.view(), Form::Plain), "\"2018-03-08T15:36:09.913Z\"");
/// assert_eq!(
///     ejson::to_text(moment.view(), Form::Canonical),
///     r#"{"$date":{"$numberLong":"1520523369913"}}"#,
/// );
/// ```
pub fn to_text(value: ValueRef<'_>, form: Form) -> String {
    let mut out = Vec::new();
    write(value, form, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The kinds that Extended JSON wraps, as a reply shows them.
fn write_plain<E>(
    value: ValueRef<'_>,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
) -> StdResult<(), E> {
    match value {
        ValueRef::ObjectId(id) => text::write(&id.to_hex(), out),
        ValueRef::Symbol(text) | ValueRef::Code(text) => return write_text(text, out, ask),
        ValueRef::Regex { pattern, options } => {
            return write_text(&format!("/{pattern}/{options}"), out, ask);
        }
        ValueRef::Binary { subtype: 3 | 4, bytes } if bytes.len() == 16 => {
            let digits = data_encoding::HEXLOWER.encode(bytes);
            let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
            let groups = groups.map(|group| digits.get(group).unwrap_or_default().to_owned());
            text::write(&groups.join("-"), out);
        }
        ValueRef::Binary { bytes, .. } => {
            out.push(b'"');
            write_base64(bytes, out, ask)?;
            out.push(b'"');
        }
        ValueRef::Timestamp(stamp) => write_iso(Date(i64::from(stamp.time) * 1000), out),
        ValueRef::Decimal(number) if !number.is_nan() && !number.is_infinite() => {
            put(out, format_args!("{number}"));
        }
        _ => out.extend_from_slice(b"null"),
    }
    Ok(())
}

/// The kinds that every other form wraps.
fn write_wrapped<E>(
    value: ValueRef<'_>,
    out: &mut Vec<u8>,
    ask: &mut impl FnMut(&Vec<u8>, usize) -> StdResult<(), E>,
) -> StdResult<(), E> {
    match value {
        ValueRef::MinKey => out.extend_from_slice(br#"{"$minKey":1}"#),
        ValueRef::MaxKey => out.extend_from_slice(br#"{"$maxKey":1}"#),
        ValueRef::Undefined => out.extend_from_slice(br#"{"$undefined":true}"#),
        ValueRef::Decimal(number) => wrap("$numberDecimal", &number.to_string(), out),
        ValueRef::ObjectId(id) => wrap("$oid", &id.to_hex(), out),
        ValueRef::Symbol(text) => {
            out.extend_from_slice(br#"{"$symbol":"#);
            write_text(text, out, ask)?;
            out.push(b'}');
        }
        ValueRef::Code(text) => {
            out.extend_from_slice(br#"{"$code":"#);
            write_text(text, out, ask)?;
            out.push(b'}');
        }
        ValueRef::Binary { subtype, bytes } => {
            out.extend_from_slice(br#"{"$binary":{"base64":""#);
            write_base64(bytes, out, ask)?;
            put(out, format_args!(r#"","subType":"{subtype:02x}"}}}}"#));
        }
        ValueRef::Timestamp(stamp) => {
            let (time, increment) = (stamp.time, stamp.increment);
            put(out, format_args!(r#"{{"$timestamp":{{"t":{time},"i":{increment}}}}}"#));
        }
        ValueRef::Regex { pattern, options } => {
            out.extend_from_slice(br#"{"$regularExpression":{"pattern":"#);
            write_text(pattern, out, ask)?;
            out.extend_from_slice(br#","options":"#);
            write_text(options, out, ask)?;
            out.extend_from_slice(b"}}");
        }
        _ => {}
    }
    Ok(())
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory has no way to fail.
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
}

fn wrap(key: &str, text: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    text::write(key, out);
    out.push(b':');
    text::write(text, out);
    out.push(b'}');
}

fn integer(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn double(number: f64, form: Form, out: &mut Vec<u8>) {
    let whole = number.fract() == 0.0 && number.abs() < 1e15;
    match form {
        Form::Plain if !number.is_finite() => out.extend_from_slice(b"null"),
        Form::Plain if whole => integer(number as i64, out),
        Form::Plain => javascript(number, out),
        Form::Canonical => wrap("$numberDouble", &double_text(number), out),
        _ if number.is_finite() => {
            // A finite number is always JSON.
            let written = serde_json::to_writer(out, &number);
            debug_assert!(written.is_ok());
        }
        _ => wrap("$numberDouble", &double_text(number), out),
    }
}

/// A number as JavaScript writes it: without an exponent from 0.000001 to below 10^21.
fn javascript(number: f64, out: &mut Vec<u8>) {
    match number.abs() {
        1e-6..1e21 => put(out, format_args!("{number}")),
        _ => {
            let text = format!("{number:e}");
            let signed = if text.contains("e-") { text } else { text.replacen('e', "e+", 1) };
            out.extend_from_slice(signed.as_bytes());
        }
    }
}

/// The shortest text that reads back as the same double, always with a point or an exponent.
fn double_text(number: f64) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ => serde_json::to_string(&number).unwrap_or_default(),
    }
}

fn write_date(date: Date, form: Form, out: &mut Vec<u8>) {
    let four_digits = (FIRST_YEAR..END_OF_YEAR_9999).contains(&date.0);
    match form {
        Form::Plain if four_digits => write_iso(date, out),
        Form::Plain => write_far(date, out),
        Form::Relaxed if four_digits && date.0 >= 0 => {
            out.extend_from_slice(br#"{"$date":"#);
            write_iso(date, out);
            out.push(b'}');
        }
        Form::Relaxed | Form::Canonical => write_milliseconds(date, out),
    }
}

/// Whether JavaScript has no such date.
pub(super) fn is_beyond(date: Date) -> bool {
    date.0.unsigned_abs() > FARTHEST
}

/// `"+010000-01-01T00:00:00.000Z"`, as JavaScript writes years that have no four digits; null beyond
/// its dates.
fn write_far(date: Date, out: &mut Vec<u8>) {
    if is_beyond(date) {
        return out.extend_from_slice(b"null");
    }
    put(out, format_args!("\"{date}\""));
}

fn write_milliseconds(date: Date, out: &mut Vec<u8>) {
    put(out, format_args!(r#"{{"$date":{{"$numberLong":"{}"}}}}"#, date.0));
}

/// `"2018-03-08T15:36:09.913Z"`, of a date whose year has four digits.
fn write_iso(date: Date, out: &mut Vec<u8>) {
    let Civil { year, month, day, hour, minute, second, millisecond } = Civil::of(date.0);
    let [a, b] = two_digits(year / 100);
    let [c, d] = two_digits(year % 100);
    let ([e, f], [g, h]) = (two_digits(month), two_digits(day));
    let ([i, j], [k, l]) = (two_digits(hour), two_digits(minute));
    let ([m, n], [o, p]) = (two_digits(second), two_digits(millisecond / 10));
    let [_, q] = two_digits(millisecond % 10);
    out.extend_from_slice(&[
        b'"', a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l, b':', m, n, b'.', o, p,
        q, b'Z', b'"',
    ]);
}

/// Of a number from 0 to 99.
fn two_digits(number: i64) -> [u8; 2] {
    let digit = |digit: i64| b'0' + (digit % 10) as u8;
    [digit(number / 10), digit(number)]
}

/// 0000-01-01T00:00:00Z and 10000-01-01T00:00:00Z: between them a year has four digits.
const FIRST_YEAR: i64 = -62_167_219_200_000;
const END_OF_YEAR_9999: i64 = 253_402_300_800_000;

/// Milliseconds on either side of 1970 that a JavaScript date may have.
const FARTHEST: u64 = 8_640_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_stored_by_its_place_is_written_whole() {
        for (name, key) in names::known().iter().zip(KEYS.iter()) {
            let mut out = b"{".to_vec();
            key.put(&mut out);
            assert_eq!(out, format!("{{\"{name}\":").as_bytes());
        }
    }
}
