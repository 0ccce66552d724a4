//! JSON as it comes: one document a line, documents of many lines, arrays, replies of the servers one
//! behind the other, Zipline's export; with noise between them.
//!
//! A reply or an export is taken apart while it is read, so that one line may be longer than memory.
//! This file knows where documents stand, not what a record needs.

use filedex_query::{Document, Limits, Value, ejson};

use super::export::{self, Export};
use super::report::{Fault, Place};
use super::scanner::{Cut, Kept, Scanner};
use super::sink::{Flow, Sink, Stop};

/// Bytes of JSON text of one document; MongoDB's own bound on a document.
const DOCUMENT_BYTES: usize = 16 << 20;

/// Bytes of a name.
const NAME_BYTES: usize = 64 << 10;

/// Names under which replies carry a list of documents.
const LISTS: [&str; 8] =
    ["files", "page", "uploads", "documents", "items", "results", "records", "firstBatch"];

/// Names under which an answer may stand inside another object.
const WITHIN: [&str; 4] = ["data", "cursor", "result", "body"];

/// A reader of one file.
pub(super) struct Json<'a, 's> {
    scanner: Scanner<'a>,
    sink: &'s mut dyn Sink,
    /// Whether every object is a document, whatever its fields.
    whole: bool,
    elements: u64,
    /// Whether the file ended behind a break: nobody can tell what is missing then.
    ended_broken: bool,
}

/// An object that is being read: its text without the lists that were read out of it.
#[derive(Default)]
struct Frame {
    text: Vec<u8>,
    too_long: bool,
    /// Whether a list was read out of it: then it is no document.
    opened: bool,
    export: Option<Export>,
}

/// Where an object breaks.
type Broken = Option<&'static str>;

const CUT_OFF: &str = "the file ends inside of it: it is cut off";

impl<'a, 's> Json<'a, 's> {
    pub(super) fn new(scanner: Scanner<'a>, whole: bool, sink: &'s mut dyn Sink) -> Json<'a, 's> {
        Json { scanner, sink, whole, elements: 0, ended_broken: false }
    }

    /// Reads to the end of the file.
    pub(super) fn read(mut self) -> Flow {
        loop {
            self.scanner.skip_between()?;
            let place = Place::Line(self.scanner.line());
            match self.scanner.peek()? {
                None => return Ok(()),
                Some(b'{') => self.object(place, false)?,
                Some(b'[') => {
                    self.scanner.take()?;
                    self.list(place)?;
                }
                Some(_) => {
                    let line = self.scanner.take_line()?;
                    self.sink.fault(Fault::new(place, format!("no JSON object: {line}")))?;
                }
            }
        }
    }

    /// Reads the elements of a list behind its bracket, to its end.
    fn list(&mut self, place: Place) -> Flow {
        loop {
            self.scanner.skip_between()?;
            let element = Place::Element(self.elements + 1);
            match self.scanner.peek()? {
                Some(b']') => return Ok(self.scanner.take()?),
                Some(b'{') => self.object(element, true)?,
                Some(_) => {
                    self.elements += 1;
                    let start = self.scanner.line();
                    match self.scanner.value(&mut Kept::nothing())? {
                        Cut::Broken(reason) => self.broken(element, start, reason)?,
                        _ => self.sink.fault(Fault::new(element, "no JSON object"))?,
                    }
                }
                None if self.ended_broken => return Ok(()),
                None => {
                    return self
                        .sink
                        .fault(Fault::new(place, "the list has no end: it is cut off"));
                }
            }
        }
    }

    /// Reads a document, or an answer that holds documents.
    fn object(&mut self, place: Place, in_list: bool) -> Flow {
        let start = self.scanner.line();
        let before = self.elements;
        let mut frame = Frame::default();
        let broken = match self.whole {
            true => self.cut(&mut frame)?,
            false => self.members(&mut frame, 0)?,
        };
        if in_list && !frame.opened {
            self.elements = before + 1;
        }
        if let Some(reason) = broken {
            return self.broken(place, start, reason);
        }
        let behind = if in_list { None } else { self.behind()? };
        match (frame.opened, behind) {
            (_, Some(noise)) => {
                let reason = format!("not JSON: behind it stands {noise}");
                self.sink.fault(Fault::new(place, reason))
            }
            (true, None) => Ok(()),
            (false, None) if frame.too_long => {
                let reason = format!("longer than {DOCUMENT_BYTES} bytes");
                self.sink.fault(Fault::new(place, reason))
            }
            (false, None) => match document(&frame.text) {
                Ok(document) => self.sink.document(place, document),
                Err(fault) => self.sink.fault(Fault { place, ..fault }),
            },
        }
    }

    /// What stands on the line behind a value, if it is no value.
    fn behind(&mut self) -> Result<Option<String>, Stop> {
        while let Some(byte) = self.scanner.peek()? {
            match byte {
                b' ' | b'\t' | b'\r' => self.scanner.take()?,
                b'\n' | b',' | b'{' | b'[' | 0x1e => return Ok(None),
                _ => return self.scanner.take_line().map(Some).map_err(Stop::from),
            }
        }
        Ok(None)
    }

    fn cut(&mut self, frame: &mut Frame) -> Result<Broken, Stop> {
        let mut kept = Kept::up_to(DOCUMENT_BYTES, &mut frame.text);
        match self.scanner.value(&mut kept)? {
            Cut::Whole => Ok(None),
            Cut::TooLong => {
                frame.too_long = true;
                Ok(None)
            }
            Cut::Broken(reason) => Ok(Some(reason)),
        }
    }

    /// Reads an object member by member, so that lists of documents in it are read as they come.
    fn members(&mut self, frame: &mut Frame, level: usize) -> Result<Broken, Stop> {
        self.scanner.take()?;
        frame.text.push(b'{');
        let (mut record, mut first) = (false, true);
        loop {
            self.scanner.skip_blanks()?;
            match self.scanner.peek()? {
                Some(b'}') => {
                    self.scanner.take()?;
                    frame.text.push(b'}');
                    return Ok(None);
                }
                Some(b',') if !first => {
                    self.scanner.take()?;
                    self.scanner.skip_blanks()?;
                }
                Some(_) if !first => return Ok(Some("a comma or the end must stand there")),
                _ => {}
            }
            match self.scanner.peek()? {
                Some(b'"') => {}
                Some(b'}') => return Ok(Some("a comma stands before its end")),
                Some(_) => return Ok(Some("a name in quotes must stand there")),
                None => return Ok(Some(CUT_OFF)),
            }
            let name = match self.name()? {
                Ok(name) => name,
                Err(reason) => return Ok(Some(reason)),
            };
            if let Some(reason) = self.member(frame, level, record, &name)? {
                return Ok(Some(reason));
            }
            record |= matches!(name.as_str(), "_id" | "id" | "name");
            first = false;
        }
    }

    /// A name with its colon.
    fn name(&mut self) -> Result<Result<String, &'static str>, Stop> {
        let mut text = Vec::new();
        let cut = self.scanner.value(&mut Kept::up_to(NAME_BYTES, &mut text))?;
        if let Cut::Broken(reason) = cut {
            return Ok(Err(reason));
        }
        self.scanner.skip_blanks()?;
        if self.scanner.peek()? != Some(b':') {
            return Ok(Err("a colon must stand behind a name"));
        }
        self.scanner.take()?;
        self.scanner.skip_blanks()?;
        Ok(serde_json::from_slice(&text).map_err(|_| "a name is malformed"))
    }

    fn member(
        &mut self,
        frame: &mut Frame,
        level: usize,
        record: bool,
        name: &str,
    ) -> Result<Broken, Stop> {
        if !frame.text.ends_with(b"{") {
            frame.text.push(b',');
        }
        frame.text.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
        frame.text.push(b':');
        let first = self.scanner.peek()?;
        match first {
            // What a whole server's export says of its environment is never held.
            _ if !record && name == "request" => self.passed(frame),
            Some(b'{') if !record && name == "versions" => self.versions(frame),
            Some(b'{' | b'[') if !record && frame.export.is_some() && name != "data" => {
                self.section(frame, name)
            }
            Some(b'{') if !record && level == 0 && WITHIN.contains(&name) => {
                self.members(frame, level + 1)
            }
            Some(b'[') if !record && (LISTS.contains(&name) || WITHIN.contains(&name)) => {
                self.opened(frame)
            }
            _ => self.cut(frame),
        }
    }

    fn passed(&mut self, frame: &mut Frame) -> Result<Broken, Stop> {
        frame.text.extend_from_slice(b"null");
        match self.scanner.value(&mut Kept::nothing())? {
            Cut::Broken(reason) => Ok(Some(reason)),
            _ => Ok(None),
        }
    }

    /// A list of documents inside an answer.
    fn opened(&mut self, frame: &mut Frame) -> Result<Broken, Stop> {
        let place = Place::Line(self.scanner.line());
        self.scanner.take()?;
        frame.opened = true;
        frame.text.extend_from_slice(b"[]");
        self.list(place)?;
        Ok(None)
    }

    /// `versions` leads an export of Zipline and says which one it is.
    fn versions(&mut self, frame: &mut Frame) -> Result<Broken, Stop> {
        let start = frame.text.len();
        let broken = self.cut(frame)?;
        frame.export = frame.text.get(start..).and_then(Export::of);
        Ok(broken)
    }

    /// A part of Zipline's export: files, what belongs to them, or what is passed over.
    fn section(&mut self, frame: &mut Frame, name: &str) -> Result<Broken, Stop> {
        if name == "files" && self.scanner.peek()? == Some(b'[') {
            return self.opened(frame);
        }
        if !export::is_read(name) {
            return self.passed(frame);
        }
        frame.opened |= name == "files";
        frame.text.extend_from_slice(b"null");
        let list = self.scanner.peek()? == Some(b'[');
        self.scanner.take()?;
        loop {
            self.scanner.skip_between()?;
            match self.scanner.peek()? {
                Some(b']' | b'}') => {
                    self.scanner.take()?;
                    return Ok(None);
                }
                None => return Ok(Some(CUT_OFF)),
                Some(_) => {}
            }
            let key = match list {
                true => None,
                false => match self.name()? {
                    Ok(key) => Some(key),
                    Err(reason) => return Ok(Some(reason)),
                },
            };
            if let Some(reason) = self.row(name, key)? {
                return Ok(Some(reason));
            }
        }
    }

    /// One row of a part of an export.
    fn row(&mut self, section: &str, key: Option<String>) -> Result<Broken, Stop> {
        let mut frame = Frame::default();
        if let Some(reason) = self.cut(&mut frame)? {
            return Ok(Some(reason));
        }
        let files = section == "files";
        self.elements += u64::from(files);
        let place = Place::Element(self.elements);
        match document(&frame.text) {
            Ok(mut row) if files => {
                if let Some(key) = key {
                    row.set("id", key);
                }
                self.sink.document(place, row)?;
            }
            Ok(row) => export::amend(section, key.as_deref(), &row, self.sink),
            Err(fault) if files => self.sink.fault(Fault { place, ..fault })?,
            Err(_) => {}
        }
        Ok(None)
    }

    /// Tells of a break and goes on where the next line begins.
    fn broken(&mut self, place: Place, start: u64, reason: &str) -> Flow {
        self.sink.fault(Fault::new(place, format!("not JSON: {reason}")))?;
        let next_line = self.scanner.line() > start;
        if !(next_line && matches!(self.scanner.peek()?, Some(b'{'))) {
            self.scanner.take_line()?;
        }
        self.ended_broken = self.scanner.peek()?.is_none();
        Ok(())
    }
}

/// Reads the text of one document.
pub(super) fn document(text: &[u8]) -> Result<Document, Fault> {
    let fault = |reason: String| Fault::new(Place::Line(0), reason);
    let text = std::str::from_utf8(text).map_err(|error| fault(format!("not UTF-8: {error}")))?;
    let limits = Limits::default().with_text_bytes(DOCUMENT_BYTES);
    let read = ejson::read_data(text, &limits);
    let document = read.map_err(|error| placed(text, fault(error.to_string())))?;
    match repeated(&document) {
        None => Ok(document),
        Some(name) => {
            let id = document.get_str("_id").map(str::to_owned);
            let field = Some(name.to_owned());
            Err(Fault { id, field, ..fault("stands twice".to_owned()) })
        }
    }
}

/// The fault with the id of the document and the field it lies in, where the text is JSON at all.
fn placed(text: &str, fault: Fault) -> Fault {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) else { return fault };
    let id = members.get("_id").or_else(|| members.get("id"));
    let id = id.and_then(serde_json::Value::as_str).map(str::to_owned);
    let is_bad = |value: &serde_json::Value| {
        ejson::read_data(&format!("{{\"a\":{value}}}"), &Limits::default()).is_err()
    };
    let field = members.iter().find(|(_, value)| is_bad(value)).map(|(name, _)| name.clone());
    Fault { id, field, ..fault }
}

/// A name that stands twice in the document or in one within it.
fn repeated(document: &Document) -> Option<&str> {
    let mut names = std::collections::HashSet::new();
    for (name, value) in document.iter() {
        if !names.insert(name) {
            return Some(name);
        }
        if let Some(name) = within(value) {
            return Some(name);
        }
    }
    None
}

fn within(value: &Value) -> Option<&str> {
    match value {
        Value::Document(document) => repeated(document),
        Value::Array(array) => array.iter().find_map(within),
        _ => None,
    }
}
