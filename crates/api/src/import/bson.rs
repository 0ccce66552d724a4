//! The files of mongodump: documents in BSON, one behind the other.
//!
//! What a document is in BSON is the language's business.

use std::io::{self, BufRead, Read};

use filedex_query::{Document, Limits, bson};

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
    let mut body = bytes.to_vec();
    input.take(length as u64 - 4).read_to_end(&mut body)?;
    if body.len() < length {
        return Ok(Next::Broken(CUT));
    }
    let document = bson::read_document(&body, Limits::default().document_depth);
    Ok(Next::Document(document.map_err(|reason| format!("malformed BSON: {reason}"))))
}

const CUT: &str = "the file ends inside of it: it is cut off (BSON)";

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
