//! Records as servers have them: BSON in, BSON out.

use filedex::{Document, Error, ErrorKind};
use filedex_query::bson;
use mongodb::bson::{Document as Command, RawDocument, RawDocumentBuf};

use filedex::Result;

/// Levels of nesting that a stored document may have: MongoDB's own bound, with some room.
const DEPTH: usize = 200;

/// The record that a server gave.
pub(crate) fn read(raw: &RawDocument) -> Result<Document> {
    bson::read_document(raw.as_bytes(), DEPTH).map_err(|fault| {
        let id = raw.get_str("_id").unwrap_or("?");
        let message = format!("record `{id}` can't be read: {fault}");
        Error::new(ErrorKind::Damaged, message)
    })
}

/// A record as a server takes it.
pub(crate) fn write(record: &Document) -> Result<RawDocumentBuf> {
    let refuse = |reason: String| Error::new(ErrorKind::InvalidRecord, reason);
    let mut bytes = Vec::with_capacity(1000);
    bson::write_document(record, &mut bytes)
        .map_err(|fault| refuse(format!("no server keeps such a record: {fault}")))?;
    RawDocumentBuf::from_bytes(bytes)
        .map_err(|_| refuse("no server keeps such a record".to_owned()))
}

/// A filter, a sort, a command as the driver takes it. No name stands twice in it.
pub(crate) fn command(document: &Document) -> Result<Command> {
    let raw = write(document)?;
    Command::try_from(raw.as_ref()).map_err(|cause| {
        Error::new(ErrorKind::Io, "the driver does not take the filter").caused_by(cause)
    })
}
