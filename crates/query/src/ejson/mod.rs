//! JSON text and values: Extended JSON v2 in, three forms of JSON out.
//!
//! The rules are those of the Extended JSON v2 specification; the order of keys and repeated keys
//! are kept. This module does not know filters: `$regex`, `$type` and every other operator stay keys.

mod legacy;
mod marked;
mod read;
mod text;
mod texts;
mod wrapper;
mod write;

pub use marked::{Field, Fields, Kind, Marked};
pub use read::{read, read_data, read_document, read_document_within, read_within};
pub use texts::MarkedTexts;
pub(crate) use wrapper::unwrap_query as unwrap;
pub(crate) use write::key;
pub use write::{
    Form, to_text, write, write_document, write_document_within, write_marked_within, write_within,
};
