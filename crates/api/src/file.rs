//! A file record with types: the fields of Rocket.Chat's and Zipline's records by name, dates as
//! dates, everything else kept as it came.
//!
//! This file knows how records are written, not where they are kept.

mod wire;

use filedex_query::{Date, Document, Limits, Value, ejson};

use crate::{Error, Result};

/// A record whose known fields have their types: a [`Document`] that was checked.
///
/// Fields keep their order and unknown ones stay, so a record comes out as it went in. Dates
/// (`uploadedAt`, `_updatedAt`, `modifiedAt`, `expiresAt`, `deletesAt`) are kept as dates, whether
/// they came as RFC 3339 text or as Extended JSON; so `{"uploadedAt": {"$gt": {"$date": ..}}}`
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

/// What can go into an index: a [`File`], or any [`Document`] with a text `_id`.
pub trait Record {
    /// The record as it is stored.
    fn document(&self) -> &Document;

    /// The record as it is stored, taken over.
    fn into_document(self) -> Document;
}

impl Record for Document {
    fn document(&self) -> &Document {
        self
    }

    fn into_document(self) -> Document {
        self
    }
}

impl Record for File {
    fn document(&self) -> &Document {
        &self.0
    }

    fn into_document(self) -> Document {
        self.0
    }
}

/// What a known field may hold, besides null.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Truth,
    Date,
}

const KNOWN: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("size", Kind::Number),
    ("type", Kind::Text),
    ("typeGroup", Kind::Text),
    ("rid", Kind::Text),
    ("userId", Kind::Text),
    ("store", Kind::Text),
    ("description", Kind::Text),
    ("extension", Kind::Text),
    ("complete", Kind::Truth),
    ("uploading", Kind::Truth),
    ("progress", Kind::Number),
    ("etag", Kind::Text),
    ("path", Kind::Text),
    ("token", Kind::Text),
    ("url", Kind::Text),
    ("uploadedAt", Kind::Date),
    ("_updatedAt", Kind::Date),
    ("modifiedAt", Kind::Date),
    ("expiresAt", Kind::Date),
    ("originalFileId", Kind::Text),
    ("_hidden", Kind::Truth),
    ("originalName", Kind::Text),
    ("deletesAt", Kind::Date),
    ("favorite", Kind::Truth),
    ("views", Kind::Number),
    ("maxViews", Kind::Number),
    ("folderId", Kind::Text),
];

impl File {
    /// A record of that id and nothing else.
    ///
    /// # Errors
    /// `InvalidRecord` for an empty id.
    pub fn new(id: impl Into<String>) -> Result<File> {
        File::from_document(Document::new().with("_id", id.into()))
    }

    /// Checks the known fields and turns texts of dates into dates.
    ///
    /// # Errors
    /// `InvalidRecord`, naming the field, for an `_id` that is no text or empty and for a known field of
    /// another kind.
    pub fn from_document(document: Document) -> Result<File> {
        let id = document.get_str("_id").filter(|id| !id.is_empty());
        if id.is_none() {
            return Err(Error::record("`_id` must be a text that isn't empty"));
        }
        let fields = document.into_iter().map(|(name, value)| {
            let value = typed(&name, value)?;
            Ok((name, value))
        });
        fields.collect::<Result<Document>>().map(File)
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
        let value = typed(name, value.into())?;
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

    fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Int(number) => Some(i64::from(*number)),
            Value::Long(number) => Some(*number),
            Value::Double(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(*number as i64)
            }
            _ => None,
        }
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
            self.number($wire)
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
            match self.0.get($wire) {
                Some(Value::Bool(truth)) => Some(*truth),
                _ => None,
            }
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
            match self.0.get($wire) {
                Some(Value::Date(date)) => Some(*date),
                _ => None,
            }
        }

        #[doc = concat!("Sets `", $wire, "`.")]
        #[must_use]
        pub fn $with(mut self, value: Date) -> File {
            self.0.set($wire, value);
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
    KNOWN.contains(&(name, Kind::Date))
}

fn typed(name: &str, value: Value) -> Result<Value> {
    let Some((_, kind)) = KNOWN.iter().find(|(known, _)| *known == name) else { return Ok(value) };
    let fits = match (kind, &value) {
        (_, Value::Null)
        | (Kind::Text, Value::String(_))
        | (Kind::Truth, Value::Bool(_))
        | (Kind::Date, Value::Date(_)) => true,
        (Kind::Number, number) => number.view().is_number(),
        (Kind::Date, Value::String(text)) => return date(name, text),
        _ => false,
    };
    if fits { Ok(value) } else { Err(Error::record(format!("`{name}` must be {}", kind.noun()))) }
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Number => "a number",
            Kind::Truth => "true or false",
            Kind::Date => "a date: RFC 3339 text or {\"$date\": ..}",
        }
    }
}

fn date(name: &str, text: &str) -> Result<Value> {
    let moment: std::result::Result<jiff::Timestamp, _> = text.parse();
    let fault = |cause| Error::record(format!("`{name}` is no RFC 3339 date: {cause}"));
    // Rounded down, so that dates before 1970 don't jump forward.
    let millis = moment.map_err(fault)?.as_nanosecond().div_euclid(1_000_000);
    Ok(Value::Date(Date(i64::try_from(millis).unwrap_or_default())))
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
