//! A file record with types: the fields of Rocket.Chat's and Zipline's records by name, dates as
//! dates, everything else kept as it came.
//!
//! This file knows how records are written, not where they are kept.

pub(crate) mod digits;
pub(crate) mod known;
pub(crate) mod record;
mod wire;

pub use record::{AsIs, Record};

use known::Kind;

use filedex_query::{Date, Document, Limits, Value, ejson};

use crate::{Error, Result};

/// A record whose known fields have their types: a [`Document`] that was checked.
///
/// Fields keep their order and unknown ones stay, so a record comes out as it went in. Dates
/// (`uploadedAt`, `_updatedAt`, `modifiedAt`, `expiresAt`, `deletesAt`) are kept as dates, whether
/// they came as text, as a number or as Extended JSON; so `{"uploadedAt": {"$gt": {"$date": ..}}}`
/// finds them.
///
/// ```
/// use filedex::{Date, File};
///
/// let file = File::new("zchmBCtCEGeGRFrFw")?
///     .with_name("images.jpeg")
///     .with_size(9778)
///     .with_media_type("image/jpeg")
///     .with_room("GENERAL");
/// assert_eq!(file.type_group(), Some("image"));
///
/// let read: File = serde_json::from_str(
///     r#"{"_id": "a", "uploadedAt": "2018-03-08T17:36:09.913Z", "colour": "red"}"#,
/// )?;
/// assert_eq!(read.uploaded_at(), Some(Date(1_520_530_569_913)));
/// assert_eq!(
///     serde_json::to_string(&read)?,
///     r#"{"_id":"a","uploadedAt":"2018-03-08T17:36:09.913Z","colour":"red"}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct File(Document);

impl File {
    /// A record of that id and nothing else.
    ///
    /// # Errors
    /// `InvalidRecord` for an empty id.
    pub fn new(id: impl Into<String>) -> Result<File> {
        File::from_document(Document::new().with("_id", id.into()))
    }

    /// Gives the known fields their types, as [`Record`] says.
    ///
    /// # Errors
    /// `InvalidRecord`, naming the field, for an `_id` that is no text or empty and for a known field
    /// whose value has not its type.
    pub fn from_document(document: Document) -> Result<File> {
        let document = record::of_document(document)?;
        let id = document.get_str("_id").filter(|id| !id.is_empty());
        if id.is_none() {
            return Err(Error::record("`_id` must be a text that isn't empty"));
        }
        Ok(File(document))
    }

    /// Reads JSON or Extended JSON.
    ///
    /// # Errors
    /// A `Query` error for text that is no JSON object, else as [`File::from_document`].
    pub fn from_json(text: &str) -> Result<File> {
        File::from_document(ejson::read_document(text, &Limits::default())?)
    }

    /// The record as a document.
    pub fn as_document(&self) -> &Document {
        &self.0
    }

    /// The field of that name, known or not.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets a field, known or not, in its place or at the end.
    ///
    /// # Errors
    /// As [`File::from_document`]; the record stays as it was.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        let value = known::typed(name, value.into());
        let value = value.map_err(|reason| Error::record(format!("`{name}` {reason}")))?;
        if name == "_id" && value.as_str().is_none_or(str::is_empty) {
            return Err(Error::record("`_id` must be a text that isn't empty"));
        }
        self.0.set(name, value);
        Ok(())
    }

    /// The id: `_id`.
    pub fn id(&self) -> &str {
        self.0.get_str("_id").unwrap_or_default()
    }

    /// Sets `type`, and `typeGroup` to the part of it before the first `/`.
    #[must_use]
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> File {
        let media_type = media_type.into();
        let group = media_type.split('/').next().unwrap_or_default().to_owned();
        self.0.set("type", media_type);
        if !group.is_empty() {
            self.0.set("typeGroup", group);
        }
        self
    }
}

/// One getter and one setter per known field, so that each wire name stands once.
macro_rules! fields {
    ($($(#[$about:meta])* $kind:ident $get:ident $with:ident $wire:literal;)*) => {
        impl File {
            $(fields!(@$kind $(#[$about])* $get $with $wire);)*
        }
    };
    (@text $(#[$about:meta])* $get:ident $with:ident $wire:literal) => {
        $(#[$about])*
        pub fn $get(&self) -> Option<&str> {
            self.0.get_str($wire)
        }

        #[doc = concat!("Sets `", $wire, "`.")]
        #[must_use]
        pub fn $with(mut self, value: impl Into<String>) -> File {
            self.0.set($wire, value.into());
            self
        }
    };
    (@number $(#[$about:meta])* $get:ident $with:ident $wire:literal) => {
        $(#[$about])*
        pub fn $get(&self) -> Option<i64> {
            self.0.get_i64($wire)
        }

        #[doc = concat!("Sets `", $wire, "`.")]
        #[must_use]
        pub fn $with(mut self, value: i64) -> File {
            self.0.set($wire, Value::integer(value));
            self
        }
    };
    (@truth $(#[$about:meta])* $get:ident $with:ident $wire:literal) => {
        $(#[$about])*
        pub fn $get(&self) -> Option<bool> {
            self.0.get_bool($wire)
        }

        #[doc = concat!("Sets `", $wire, "`.")]
        #[must_use]
        pub fn $with(mut self, value: bool) -> File {
            self.0.set($wire, value);
            self
        }
    };
    (@date $(#[$about:meta])* $get:ident $with:ident $wire:literal) => {
        $(#[$about])*
        pub fn $get(&self) -> Option<Date> {
            self.0.get_date($wire)
        }

        #[doc = concat!("Sets `", $wire, "`.")]
        #[must_use]
        pub fn $with(mut self, value: impl Into<Date>) -> File {
            self.0.set($wire, value.into());
            self
        }
    };
}

fields! {
    /// The file's name: `name`.
    text name with_name "name";
    /// Bytes: `size`.
    number size with_size "size";
    /// The media type: `type`.
    text media_type with_type "type";
    /// The part of the media type before the `/`, or `thumb`: `typeGroup`.
    text type_group with_type_group "typeGroup";
    /// The id of the room: `rid`.
    text room with_room "rid";
    /// The id of the owner: `userId`.
    text user with_user "userId";
    /// The name of the blob store: `store`.
    text store with_store "store";
    /// What the sender wrote to the file: `description`.
    text description with_description "description";
    /// Whether the upload is done: `complete`.
    truth complete with_complete "complete";
    /// Whether the upload goes on: `uploading`.
    truth uploading with_uploading "uploading";
    /// Where a browser fetches the file: `url`.
    text url with_url "url";
    /// The path below the host: `path`.
    text path with_path "path";
    /// When the file came: `uploadedAt`.
    date uploaded_at with_uploaded_at "uploadedAt";
    /// When the record was last changed: `_updatedAt`.
    date updated_at with_updated_at "_updatedAt";
    /// When an unconfirmed upload is thrown away: `expiresAt`.
    date expires_at with_expires_at "expiresAt";
    /// Whether the message of the file was deleted with its history kept: `_hidden`.
    truth hidden with_hidden "_hidden";
    /// The name before the upload renamed the file: `originalName`.
    text original_name with_original_name "originalName";
    /// When the file is deleted: `deletesAt`.
    date deletes_at with_deletes_at "deletesAt";
    /// Whether the owner likes it: `favorite`.
    truth favorite with_favorite "favorite";
    /// How often it was seen: `views`.
    number views with_views "views";
    /// How often it may be seen: `maxViews`.
    number max_views with_max_views "maxViews";
    /// The id of the folder: `folderId`.
    text folder with_folder "folderId";
}

fn is_date(name: &str) -> bool {
    known::kind(name) == Some(Kind::Date)
}

impl TryFrom<Document> for File {
    type Error = Error;

    fn try_from(document: Document) -> Result<File> {
        File::from_document(document)
    }
}

impl From<File> for Document {
    fn from(file: File) -> Document {
        file.0
    }
}
