//! BSON: the files of mongodump, one document behind the other, and the documents in them.
//!
//! The format is bsonspec.org's. Its values are those of the index already, so they are read here and
//! not by a library with values of its own.

use std::io::{self, BufRead, Read};

use filedex_query::{Binary, Date, Decimal, Document, Limits, ObjectId, Regex, Timestamp, Value};

use super::report::{Fault, Place};
use super::sink::{Flow, Sink};

/// Bytes of a document; MongoDB lets its own members be this little larger than 16 MiB.
const DOCUMENT_BYTES: usize = (16 << 20) + (16 << 10);

/// What a stream of documents gives next.
pub(super) enum Next {
    Document(Result<Document, String>),
    /// Four bytes FF: the end of a part of an archive.
    Mark,
    End,
    /// Nothing can be read behind this.
    Broken(&'static str),
}

/// Reads a file of documents.
pub(super) fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Flow {
    for number in 1.. {
        let place = Place::Document(number);
        match next(input)? {
            Next::Document(Ok(document)) => sink.document(place, document)?,
            Next::Document(Err(reason)) => sink.fault(Fault::new(place, reason))?,
            Next::End => break,
            Next::Mark => return sink.fault(Fault::new(place, "no BSON: a mark of an archive")),
            Next::Broken(reason) => return sink.fault(Fault::new(place, reason)),
        }
    }
    Ok(())
}

/// Reads the next document of a stream.
pub(super) fn next(input: &mut dyn BufRead) -> io::Result<Next> {
    let mut length = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut length)?;
    let Ok(bytes) = <[u8; 4]>::try_from(length.as_slice()) else {
        return Ok(if length.is_empty() { Next::End } else { Next::Broken(CUT) });
    };
    let length = i32::from_le_bytes(bytes);
    if length == -1 {
        return Ok(Next::Mark);
    }
    let length = usize::try_from(length).unwrap_or_default();
    if !(5..=DOCUMENT_BYTES).contains(&length) {
        return Ok(Next::Broken("no BSON: a document has from 5 bytes to 16 MiB"));
    }
    let mut body = Vec::new();
    input.take(length as u64 - 4).read_to_end(&mut body)?;
    if body.len() < length - 4 {
        return Ok(Next::Broken(CUT));
    }
    let depth = Limits::default().document_depth;
    let mut reader = Reader { bytes: &body };
    let document = reader.members(depth).and_then(|document| match reader.bytes {
        [] => Ok(document),
        _ => Err(Malformed("bytes stand behind its end")),
    });
    Ok(Next::Document(document.map_err(|Malformed(reason)| format!("malformed BSON: {reason}"))))
}

const CUT: &str = "the file ends inside of it: it is cut off (BSON)";

struct Malformed(&'static str);

struct Reader<'b> {
    bytes: &'b [u8],
}

type Read1<T> = Result<T, Malformed>;

const SHORT: Malformed = Malformed("it ends too early");

impl<'b> Reader<'b> {
    fn take(&mut self, number: usize) -> Read1<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(number).ok_or(SHORT)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read1<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| SHORT)
    }

    fn integer(&mut self) -> Read1<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn length(&mut self) -> Read1<usize> {
        usize::try_from(self.integer()?).map_err(|_| Malformed("a length is negative"))
    }

    fn utf8(bytes: &[u8]) -> Read1<String> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("a text is no UTF-8"))?;
        Ok(text.to_owned())
    }

    /// A text that ends with a zero byte.
    fn name(&mut self) -> Read1<String> {
        let end = self.bytes.iter().position(|byte| *byte == 0).ok_or(SHORT)?;
        let name = Reader::utf8(self.take(end)?)?;
        self.take(1)?;
        Ok(name)
    }

    /// A text with its length, which counts the zero byte behind it.
    fn text(&mut self) -> Read1<String> {
        let length = self.length()?;
        match self.take(length)?.split_last() {
            Some((0, text)) => Reader::utf8(text),
            _ => Err(Malformed("a text has no end")),
        }
    }

    /// A document within: its length, its members.
    fn document(&mut self, depth: usize) -> Read1<Document> {
        let length = self.length()?.checked_sub(4).ok_or(SHORT)?;
        let mut inner = Reader { bytes: self.take(length)? };
        let document = inner.members(depth)?;
        if inner.bytes.is_empty() { Ok(document) } else { Err(Malformed("a length is wrong")) }
    }

    /// Members up to the zero byte that ends a document.
    fn members(&mut self, depth: usize) -> Read1<Document> {
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

    fn value(&mut self, kind: u8, depth: usize) -> Read1<Value> {
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

    fn binary(&mut self) -> Read1<Binary> {
        let length = self.length()?;
        let [subtype] = self.array()?;
        let bytes = self.take(length)?;
        // The old form of subtype 2 has its length once more.
        let bytes = if subtype == 2 { bytes.get(4..).unwrap_or_default() } else { bytes };
        Ok(Binary { subtype, bytes: bytes.to_vec() })
    }
}

/// Whether a file begins as BSON does: a length, then a kind and a name.
pub(super) fn is_beginning(head: &[u8]) -> bool {
    let Some((length, rest)) = head.split_first_chunk::<4>() else { return false };
    let length = u32::from_le_bytes(*length) as usize;
    if !(5..=DOCUMENT_BYTES).contains(&length) {
        return false;
    }
    match rest.split_first() {
        Some((0, _)) => length == 5,
        Some((0x01..=0x13 | 0x7f | 0xff, name)) => {
            name.iter().take(256).position(|byte| *byte == 0).is_some_and(|end| end > 0)
        }
        _ => false,
    }
}
