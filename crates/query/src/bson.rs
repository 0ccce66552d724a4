//! BSON, the form in which MongoDB's servers, drivers and tools hand documents around.
//!
//! The format is bsonspec.org's. Its values are those of this crate already, so they are read and
//! written here and not by a library with values of its own. This file knows one document; it knows no
//! files and no servers.

use std::fmt;

use crate::{Binary, Date, Decimal, Document, ObjectId, Regex, Timestamp, Value};

/// What is wrong with bytes that are no BSON, or with a document that can't be written as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// Reads one document, nested at most `depth` levels.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::bson;
/// use filedex::Document;
/// let file = Document::new().with("_id", "a").with("size", 9778);
/// let mut bytes = Vec::new();
/// bson::write_document(&file, &mut bytes)?;
/// assert_eq!(bytes[..4], 26_i32.to_le_bytes());
/// assert_eq!(bson::read_document(&bytes, 100)?, file);
/// # Ok::<(), bson::Malformed>(())
/// ```
///
/// # Errors
/// For bytes that are no document, a name that stands twice, and what no version writes any more.
pub fn read_document(bytes: &[u8], depth: usize) -> Result<Document, Malformed> {
    let mut reader = Reader { bytes };
    if reader.length()? != bytes.len() {
        return Err(Malformed("a length is wrong"));
    }
    let document = reader.members(depth)?;
    if reader.bytes.is_empty() {
        Ok(document)
    } else {
        Err(Malformed("bytes stand behind its end"))
    }
}

/// Adds a document to the bytes.
///
/// # Errors
/// For a name, or a regular expression, with a zero in it, and for more than 2 GiB; some bytes may be
/// added then.
pub fn write_document(document: &Document, out: &mut Vec<u8>) -> Result<(), Malformed> {
    write_members(document.iter(), out)
}

struct Reader<'b> {
    bytes: &'b [u8],
}

const SHORT: Malformed = Malformed("it ends too early");

impl<'b> Reader<'b> {
    fn take(&mut self, number: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.bytes.split_at_checked(number).ok_or(SHORT)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| SHORT)
    }

    fn integer(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.integer()?).map_err(|_| Malformed("a length is negative"))
    }

    fn utf8(bytes: &[u8]) -> Result<String, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("a text is no UTF-8"))?;
        Ok(text.to_owned())
    }

    /// A text that ends with a zero byte.
    fn name(&mut self) -> Result<String, Malformed> {
        let end = self.bytes.iter().position(|byte| *byte == 0).ok_or(SHORT)?;
        let name = Reader::utf8(self.take(end)?)?;
        self.take(1)?;
        Ok(name)
    }

    /// A text with its length, which counts the zero byte behind it.
    fn text(&mut self) -> Result<String, Malformed> {
        let length = self.length()?;
        match self.take(length)?.split_last() {
            Some((0, text)) => Reader::utf8(text),
            _ => Err(Malformed("a text has no end")),
        }
    }

    /// A document within: its length, its members.
    fn document(&mut self, depth: usize) -> Result<Document, Malformed> {
        let length = self.length()?.checked_sub(4).ok_or(SHORT)?;
        let mut inner = Reader { bytes: self.take(length)? };
        let document = inner.members(depth)?;
        if inner.bytes.is_empty() { Ok(document) } else { Err(Malformed("a length is wrong")) }
    }

    /// Members up to the zero byte that ends a document.
    fn members(&mut self, depth: usize) -> Result<Document, Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed("it is nested too deep"))?;
        let mut document = Document::new();
        let mut names = std::collections::HashSet::new();
        loop {
            let kind = match self.array()? {
                [0] => return Ok(document),
                [kind] => kind,
            };
            let name = self.name()?;
            if !names.insert(name.clone()) {
                return Err(Malformed("a name stands twice"));
            }
            document.push(name, self.value(kind, depth)?);
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<Value, Malformed> {
        Ok(match kind {
            0x01 => Value::Double(f64::from_le_bytes(self.array()?)),
            0x02 => Value::String(self.text()?),
            0x03 => Value::Document(self.document(depth)?),
            0x04 => {
                let elements = self.document(depth)?;
                Value::Array(elements.into_iter().map(|(_, value)| value).collect())
            }
            0x05 => Value::Binary(self.binary()?),
            0x06 => Value::Undefined,
            0x07 => Value::ObjectId(ObjectId(self.array()?)),
            0x08 => Value::Bool(self.array()? != [0]),
            0x09 => Value::Date(Date(i64::from_le_bytes(self.array()?))),
            0x0a => Value::Null,
            0x0b => {
                let (pattern, options) = (self.name()?, self.name()?);
                Value::Regex(Regex { pattern, options })
            }
            0x0d => Value::Code(self.text()?),
            0x0e => Value::Symbol(self.text()?),
            0x10 => Value::Int(self.integer()?),
            0x11 => {
                let (increment, time) = (self.array()?, self.array()?);
                let (time, increment) = (u32::from_le_bytes(time), u32::from_le_bytes(increment));
                Value::Timestamp(Timestamp { time, increment })
            }
            0x12 => Value::Long(i64::from_le_bytes(self.array()?)),
            0x13 => Value::Decimal(Decimal::from_bytes(self.array()?)),
            0x7f => Value::MaxKey,
            0xff => Value::MinKey,
            0x0c | 0x0f => return Err(Malformed("it has a DBPointer or code with scope")),
            _ => return Err(Malformed("it has a value of a kind that nobody knows")),
        })
    }

    fn binary(&mut self) -> Result<Binary, Malformed> {
        let length = self.length()?;
        let [subtype] = self.array()?;
        let bytes = self.take(length)?;
        // The old form of subtype 2 has its length once more.
        let bytes = if subtype == 2 { bytes.get(4..).unwrap_or_default() } else { bytes };
        Ok(Binary { subtype, bytes: bytes.to_vec() })
    }
}

fn write_members<'d>(
    members: impl Iterator<Item = (&'d str, &'d Value)>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    for (name, value) in members {
        out.push(kind(value));
        write_name(name, out)?;
        write_value(value, out)?;
    }
    out.push(0);
    end(begin, out)
}

/// Puts the length in its place, ahead of what it is the length of.
fn end(begin: usize, out: &mut [u8]) -> Result<(), Malformed> {
    let length = length_of(out.len() - begin)?;
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&length);
    }
    Ok(())
}

fn length_of(length: usize) -> Result<[u8; 4], Malformed> {
    i32::try_from(length).map(i32::to_le_bytes).map_err(|_| Malformed("it takes more than 2 GiB"))
}

fn write_name(name: &str, out: &mut Vec<u8>) -> Result<(), Malformed> {
    if name.contains('\0') {
        return Err(Malformed("a zero stands in a name"));
    }
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    Ok(())
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), Malformed> {
    out.extend_from_slice(&length_of(text.len().saturating_add(1))?);
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Ok(())
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Double(_) => 0x01,
        Value::String(_) => 0x02,
        Value::Document(_) => 0x03,
        Value::Array(_) => 0x04,
        Value::Binary(_) => 0x05,
        Value::Undefined => 0x06,
        Value::ObjectId(_) => 0x07,
        Value::Bool(_) => 0x08,
        Value::Date(_) => 0x09,
        Value::Null => 0x0a,
        Value::Regex(_) => 0x0b,
        Value::Code(_) => 0x0d,
        Value::Symbol(_) => 0x0e,
        Value::Int(_) => 0x10,
        Value::Timestamp(_) => 0x11,
        Value::Long(_) => 0x12,
        Value::Decimal(_) => 0x13,
        Value::MaxKey => 0x7f,
        Value::MinKey => 0xff,
    }
}

fn write_value(value: &Value, out: &mut Vec<u8>) -> Result<(), Malformed> {
    match value {
        Value::Double(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::String(text) | Value::Code(text) | Value::Symbol(text) => write_text(text, out)?,
        Value::Document(document) => write_members(document.iter(), out)?,
        Value::Array(array) => write_array(array, out)?,
        Value::Binary(binary) => write_binary(binary, out)?,
        Value::ObjectId(ObjectId(bytes)) => out.extend_from_slice(bytes),
        Value::Bool(truth) => out.push(u8::from(*truth)),
        Value::Date(Date(moment)) => out.extend_from_slice(&moment.to_le_bytes()),
        Value::Regex(Regex { pattern, options }) => {
            write_name(pattern, out)?;
            write_name(options, out)?;
        }
        Value::Int(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Timestamp(Timestamp { time, increment }) => {
            out.extend_from_slice(&increment.to_le_bytes());
            out.extend_from_slice(&time.to_le_bytes());
        }
        Value::Long(number) => out.extend_from_slice(&number.to_le_bytes()),
        Value::Decimal(number) => out.extend_from_slice(&number.to_bytes()),
        Value::Null | Value::Undefined | Value::MinKey | Value::MaxKey => {}
    }
    Ok(())
}

fn write_array(array: &[Value], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    for (position, value) in array.iter().enumerate() {
        out.push(kind(value));
        write_name(&position.to_string(), out)?;
        write_value(value, out)?;
    }
    out.push(0);
    end(begin, out)
}

/// The old form of subtype 2 has its length once more.
fn write_binary(binary: &Binary, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let (length, is_old) = (binary.bytes.len(), binary.subtype == 2);
    out.extend_from_slice(&length_of(if is_old { length + 4 } else { length })?);
    out.push(binary.subtype);
    if is_old {
        out.extend_from_slice(&length_of(length)?);
    }
    out.extend_from_slice(&binary.bytes);
    Ok(())
}
