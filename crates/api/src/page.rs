//! The answer to a lookup: the records of a window and how many match in all.

use filedex_query::Document;
use filedex_query::ejson::{self, Form};
use serde::de::DeserializeOwned;

use crate::file::record;
use crate::lookup::Ends;
use crate::{File, Result};

/// The records of a window, with the exact number of matches of the same moment.
///
/// ```
/// use filedex::{File, Filedex};
/// let index = Filedex::temporary()?;
/// index.put(&File::new("a")?.with_room("GENERAL").with_size(7))?;
/// let page = index.room("GENERAL").page()?;
/// let json = r#"{"files":[{"_id":"a","rid":"GENERAL","size":7}],"count":1,"offset":0,"total":1}"#;
/// assert_eq!(String::from_utf8(page.to_json()).unwrap(), json);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page<T = Document> {
    /// The records, as projected.
    pub files: Vec<T>,
    /// How many records the page holds; `rooms.images` puts the page's limit here.
    pub count: u64,
    /// How many matches were skipped.
    pub offset: u64,
    /// How many records match in all.
    pub total: u64,
    /// Where the page lies in its order, if that is known.
    ends: Option<Ends>,
}

impl<T> Page<T> {
    /// A text by which a client asks for the page behind this one, with
    /// [`Lookup::after_token`](crate::Lookup::after_token). `None` for an empty page, and for one of a lookup
    /// without a sort. It holds what the last record is sorted by.
    pub fn next_token(&self) -> Option<String> {
        self.ends.as_ref().map(Ends::last_token)
    }

    /// A text by which a client asks for the page before this one, with
    /// [`Lookup::before_token`](crate::Lookup::before_token).
    pub fn previous_token(&self) -> Option<String> {
        self.ends.as_ref().map(Ends::first_token)
    }
}

impl Page {
    pub(crate) fn new(files: Vec<Document>, offset: u64, total: u64) -> Page {
        Page { count: files.len() as u64, files, offset, total, ends: None }
    }

    pub(crate) fn with_ends(mut self, ends: Option<Ends>) -> Page {
        self.ends = ends;
        self
    }

    /// The records with their types.
    ///
    /// # Errors
    /// `InvalidRecord` if a known field of a record is of another kind, or `_id` was projected away; it names
    /// the record. [`Page::each_file`] gives the others all the same.
    pub fn to_files(&self) -> Result<Vec<File>> {
        self.each_file().collect()
    }

    /// The records with their types, each on its own: one that was put in as it came, with a known field of
    /// another kind, is an error that names it, and those behind it follow.
    ///
    /// ```
    /// use filedex::{AsIs, Document, File, Filedex};
    /// let index = Filedex::temporary()?;
    /// index.put(&AsIs(Document::new().with("_id", "a").with("size", "big")))?;
    /// index.put(&File::new("b")?.with_size(7))?;
    /// let page = index.all().sort(r#"{"_id": 1}"#)?.page()?;
    /// let (sound, broken): (Vec<_>, Vec<_>) = page.each_file().partition(Result::is_ok);
    /// assert_eq!((sound.len(), broken.len()), (1, 1));
    /// let error = page.to_files().unwrap_err();
    /// assert_eq!(error.failed_record().unwrap().id.as_deref(), Some("a"));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    pub fn each_file(&self) -> impl Iterator<Item = Result<File>> {
        self.files.iter().cloned().map(File::from_document)
    }

    /// The records as a type of the host, as [`Document::into_typed`] says.
    ///
    /// # Errors
    /// `InvalidRecord`, naming the first record that does not have that shape.
    pub fn files_as<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.each_as().collect()
    }

    /// The records one by one as a type of the host: one that does not have that shape is an error that
    /// names it, and the others are there.
    ///
    /// ```
    /// use filedex::{AsIs, File, Filedex, doc};
    /// let index = Filedex::temporary()?;
    /// index.put_many([doc! { "_id": "a", "size": 1 }, doc! { "_id": "c", "size": 3 }])?;
    /// index.put(&AsIs(doc! { "_id": "b", "size": "big" }))?;
    /// let page = index.all().page()?;
    /// let (sound, bad): (Vec<_>, Vec<_>) = page.each_as::<File>().partition(|file| file.is_ok());
    /// assert_eq!((sound.len(), bad.len()), (2, 1));
    /// assert!(bad[0].as_ref().unwrap_err().to_string().starts_with("record `b`: `size`"));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    pub fn each_as<T: DeserializeOwned>(&self) -> impl Iterator<Item = Result<T>> {
        let files = self.files.iter().cloned().enumerate();
        files.map(|(place, file)| record::read_as(file, place))
    }

    /// The same page with its records as a type of the host.
    pub(crate) fn typed<T: DeserializeOwned>(self) -> Result<Page<T>> {
        let Page { files, count, offset, total, ends } = self;
        let files = files.into_iter().enumerate();
        let files =
            files.map(|(place, file)| record::read_as(file, place)).collect::<Result<_>>()?;
        Ok(Page { files, count, offset, total, ends })
    }

    /// `{"files":[..],"count":..,"offset":..,"total":..}`, dates as ISO 8601 UTC with milliseconds.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.files.len() * 512);
        self.write_json(&mut out);
        out
    }

    /// Adds [`Page::to_json`] to a buffer.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(OPENING);
        write_files(&self.files, out);
        write_numbers(self.count, self.offset, self.total, out);
    }
}

const OPENING: &[u8] = b"{\"files\":";

fn write_numbers(count: u64, offset: u64, total: u64, out: &mut Vec<u8>) {
    let keys = [",\"count\":", ",\"offset\":", ",\"total\":"];
    for (key, number) in keys.into_iter().zip([count, offset, total]) {
        out.extend_from_slice(key.as_bytes());
        // Writing to memory does not fail.
        let _written = serde_json::to_writer(&mut *out, &number);
    }
    out.push(b'}');
}

/// A page being written as JSON while its records are read.
pub(crate) struct PageWriter {
    out: Vec<u8>,
    count: u64,
}

impl PageWriter {
    pub(crate) fn new() -> PageWriter {
        let mut out = Vec::with_capacity(48 << 10);
        out.extend_from_slice(OPENING);
        out.push(b'[');
        PageWriter { out, count: 0 }
    }

    /// Adds the texts of so many records, which have commas between them.
    pub(crate) fn add(&mut self, files: &[u8], count: u64) {
        self.next().extend_from_slice(files);
        self.count += count.saturating_sub(1);
    }

    /// Where the text of the next record goes.
    pub(crate) fn next(&mut self) -> &mut Vec<u8> {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.count += 1;
        &mut self.out
    }

    /// What is written.
    #[cfg(feature = "endpoints")]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.out
    }

    /// The page with this in the place of what is written.
    #[cfg(feature = "endpoints")]
    pub(crate) fn in_place(&self, out: Vec<u8>) -> PageWriter {
        PageWriter { out, count: self.count }
    }

    /// The same text as [`Page::to_json`] gives.
    pub(crate) fn finish(self, offset: u64, total: u64) -> Vec<u8> {
        let count = self.count;
        self.finish_with(count, offset, total)
    }

    /// The same with another count.
    pub(crate) fn finish_with(mut self, count: u64, offset: u64, total: u64) -> Vec<u8> {
        self.out.push(b']');
        write_numbers(count, offset, total, &mut self.out);
        self.out
    }
}

/// Adds a JSON array of records, as replies show them.
pub(crate) fn write_files(files: &[Document], out: &mut Vec<u8>) {
    out.push(b'[');
    for (position, file) in files.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        ejson::write_document(file.view(), Form::Plain, out);
    }
    out.push(b']');
}
