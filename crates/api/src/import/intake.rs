//! Records on their way from a file into the index, a batch at a time.
//!
//! It gives each its types and its names, counts what does not go in, and remembers what other parts of
//! the file say of a record. This file knows no format.

use std::collections::BTreeMap;

use filedex_query::{Document, Value};

use super::options::{ImportFrom, ImportOptions};
use super::report::{Fault, ImportReport, Place};
use super::sink::{Flow, Sink, Stop};
use super::{foreign, zipline};
use crate::file::record::{self, AsIs, Misfit};
use crate::{Batch, Error, ErrorKind, Filedex, Put, Tally};

/// Records a commit takes at most.
const BATCH: usize = 200;

/// Records without an id, with none that has one before them, after which a file is given up.
const UNNAMED: usize = 20;

/// What other parts of a file may say of its records, in bytes of their ids and values.
const AMENDMENT_BYTES: usize = 256 << 20;

/// Records being taken in.
pub(super) struct Intake<'a> {
    index: &'a Filedex,
    options: &'a ImportOptions,
    progress: &'a mut dyn FnMut(u64),
    waiting: Vec<(Place, Document)>,
    amendments: BTreeMap<String, Vec<(&'static str, Value)>>,
    amendment_bytes: usize,
    /// The first document without an id, and the faults of all of them, while none has one.
    unnamed: Option<(Document, Vec<Fault>)>,
    /// Whether anything was taken for a record.
    begun: bool,
    /// Where the last document stood.
    last: Place,
    report: ImportReport,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        index: &'a Filedex,
        options: &'a ImportOptions,
        progress: &'a mut dyn FnMut(u64),
    ) -> Intake<'a> {
        Intake {
            index,
            options,
            progress,
            waiting: Vec::new(),
            amendments: BTreeMap::new(),
            amendment_bytes: 0,
            unnamed: None,
            begun: false,
            last: Place::Line(0),
            report: ImportReport::default(),
        }
    }

    /// Tells that nothing can be read behind the last record.
    pub(super) fn ended(&mut self, error: &std::io::Error) -> Flow {
        let reason = format!("nothing can be read from here on: {error}");
        self.fault(Fault::new(self.last.next(), reason))
    }

    /// Whether anything was found in the file yet.
    pub(super) fn has_begun(&self) -> bool {
        self.begun || self.report.bad > 0
    }

    /// Puts in what waits and says what became of it all.
    pub(super) fn finish(mut self, format: &'static str) -> Result<ImportReport, Stop> {
        if let Some((first, _)) = self.unnamed.take_if(|_| self.report.bad == 0) {
            return Err(Stop::Refused(foreign::unnamed(&first)));
        }
        self.admit_unnamed();
        self.commit()?;
        self.amend_stored()?;
        self.report.format = format;
        Ok(self.report)
    }

    fn came(&self) -> u64 {
        let tally = &self.report.tally;
        tally.inserted
            + tally.replaced
            + tally.unchanged
            + self.report.bad
            + self.waiting.len() as u64
    }

    /// The last line of a backup is no record; it says how many there are.
    fn check_backup(&mut self, place: Place, trailer: &Document) {
        let came = self.came();
        let records = trailer.get("$backup").and_then(Value::as_document);
        let records = records.and_then(|backup| backup.get("records")).cloned();
        if records != Some(Value::integer(came.cast_signed())) {
            let reason = format!("the backup is not whole: {came} records came before its end");
            self.reject(Fault::new(place, reason));
        }
    }

    /// The record that is kept of a document.
    fn record(&mut self, document: Document) -> Result<Document, Misfit> {
        let row = match self.options.from {
            ImportFrom::Zipline => true,
            ImportFrom::Guess => zipline::is_row(&document),
            ImportFrom::RocketChat => false,
        };
        if self.options.as_is {
            return Ok(with_text_id(document));
        }
        let named = if row { zipline::record(document) } else { document };
        let mut record = record::typed(named)?;
        self.amend_record(&mut record);
        if self.options.type_groups {
            derive_type_group(&mut record);
        }
        if let Some(owner) = &self.options.owner
            && matches!(record.get("userId"), None | Some(Value::Null))
        {
            record.set("userId", owner.as_str());
        }
        Ok(record)
    }

    /// Sets what was said of a record before it came.
    fn amend_record(&mut self, record: &mut Document) {
        if let Some(id) = record.get_str("_id")
            && let Some(fields) = self.amendments.remove(id)
        {
            set_all(record, fields);
        }
    }

    /// Sets what was said of records after they came.
    fn amend_stored(&mut self) -> Flow {
        for (id, fields) in std::mem::take(&mut self.amendments) {
            let set = |record: &mut Document| set_all(record, fields.clone());
            match self.index.update(&id, set) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::InvalidRecord => {}
                Err(error) => return Err(Stop::Failed(error)),
            }
        }
        Ok(())
    }

    /// Puts what waits, in one write where that can be; records that are refused are left out.
    fn commit(&mut self) -> Flow {
        let waiting = std::mem::take(&mut self.waiting);
        match self.index.write(|batch| put_sound(batch, &waiting)) {
            Ok((tally, refused)) => {
                self.count(tally);
                for (at, error) in refused {
                    waiting.get(at).into_iter().for_each(|waited| self.refuse(waited, &error));
                }
            }
            // Nothing of it is in: it was too much for one write, or there are no such writes.
            Err(error) if matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Unsupported) => {
                waiting.iter().try_for_each(|waited| self.put(waited))?;
            }
            Err(error) => return Err(Stop::Failed(error)),
        }
        (self.progress)(waiting.len() as u64);
        Ok(())
    }

    fn put(&mut self, waited: &(Place, Document)) -> Flow {
        match self.index.put(&AsIs(waited.1.clone())) {
            Ok(put) => self.count(tally_of(put)),
            Err(error) if error.kind() == ErrorKind::InvalidRecord => self.refuse(waited, &error),
            Err(error) => return Err(Stop::Failed(error)),
        }
        Ok(())
    }

    fn refuse(&mut self, (place, document): &(Place, Document), error: &Error) {
        let id = document.get_str("_id").map(shortened);
        self.reject(Fault { id, ..Fault::new(*place, error.to_string()) });
    }

    fn count(&mut self, tally: Tally) {
        let sum = &mut self.report.tally;
        sum.inserted += tally.inserted;
        sum.replaced += tally.replaced;
        sum.unchanged += tally.unchanged;
    }

    /// Counts a fault, and keeps it if it is among the first of the file.
    fn reject(&mut self, fault: Fault) {
        self.report.bad += 1;
        let faults = &mut self.report.faults;
        let at = faults.partition_point(|earlier| earlier.place <= fault.place);
        if at < self.options.faults {
            faults.insert(at, fault);
            faults.truncate(self.options.faults);
        }
    }

    /// A document without an id: told once there is one that has one, or given up with all of them.
    fn hold_unnamed(&mut self, place: Place, document: Document) -> Flow {
        let fault = Fault::new(place, "no `_id`");
        if self.begun {
            self.reject(fault);
            return Ok(());
        }
        let (first, faults) = self.unnamed.get_or_insert_with(|| (document, Vec::new()));
        faults.push(fault);
        if faults.len() >= UNNAMED {
            return Err(Stop::Refused(foreign::unnamed(first)));
        }
        Ok(())
    }

    fn admit_unnamed(&mut self) {
        let (_, faults) = self.unnamed.take().unwrap_or_default();
        faults.into_iter().for_each(|fault| self.reject(fault));
    }

    fn check_cancel(&self) -> Flow {
        match &self.options.cancel {
            Some(cancel) if cancel.is_cancelled() => Err(Stop::Failed(Error::cancelled())),
            _ => Ok(()),
        }
    }
}

impl Sink for Intake<'_> {
    fn document(&mut self, place: Place, document: Document) -> Flow {
        self.check_cancel()?;
        self.last = place;
        if document.len() == 1 && document.contains("$backup") {
            self.check_backup(place, &document);
            return Ok(());
        }
        if let Some(sentence) = foreign::sentence(&document) {
            if !self.begun {
                return Err(Stop::Refused(sentence));
            }
            self.reject(Fault::new(place, sentence));
            return Ok(());
        }
        let id = document.get("_id").or_else(|| document.get("id")).cloned();
        let id = id.as_ref().and_then(Value::as_str).map(shortened);
        match self.record(document) {
            Ok(record) if !record.contains("_id") => return self.hold_unnamed(place, record),
            Ok(record) => self.waiting.push((place, record)),
            Err(Misfit { field, reason }) => {
                self.reject(Fault { place, id, field: Some(field), reason });
            }
        }
        self.begun = true;
        self.admit_unnamed();
        if self.waiting.len() < BATCH { Ok(()) } else { self.commit() }
    }

    fn fault(&mut self, fault: Fault) -> Flow {
        self.check_cancel()?;
        let id = fault.id.as_deref().map(shortened);
        self.reject(Fault { id, ..fault });
        Ok(())
    }

    fn amend(&mut self, id: &str, field: &'static str, value: Value) {
        let bytes = id.len() + AMENDMENT_OVERHEAD;
        if self.options.as_is || self.amendment_bytes + bytes > AMENDMENT_BYTES {
            return;
        }
        self.amendment_bytes += bytes;
        self.amendments.entry(id.to_owned()).or_default().push((field, value));
    }
}

/// Puts the records that can be records, and gives the others with what is wrong with each.
fn put_sound(
    batch: &mut Batch<'_>,
    waiting: &[(Place, Document)],
) -> Result<(Tally, Vec<(usize, Error)>), Error> {
    let (mut tally, mut refused) = (Tally::default(), Vec::new());
    for (at, (_, document)) in waiting.iter().enumerate() {
        match batch.put(&AsIs(document.clone())) {
            Ok(put) => add(&mut tally, put),
            Err(error) if error.kind() == ErrorKind::InvalidRecord => refused.push((at, error)),
            Err(error) => return Err(error),
        }
    }
    Ok((tally, refused))
}

fn tally_of(put: Put) -> Tally {
    let mut tally = Tally::default();
    add(&mut tally, put);
    tally
}

fn add(tally: &mut Tally, put: Put) {
    match put {
        Put::Inserted => tally.inserted += 1,
        Put::Unchanged => tally.unchanged += 1,
        _ => tally.replaced += 1,
    }
}

/// Bytes of an entry beside its id.
const AMENDMENT_OVERHEAD: usize = 160;

/// Letters of an id that a complaint shows.
const ID_LETTERS: usize = 60;

fn shortened(id: &str) -> String {
    match id.char_indices().nth(ID_LETTERS) {
        Some((end, _)) => format!("{}..", id.get(..end).unwrap_or_default()),
        None => id.to_owned(),
    }
}

fn with_text_id(mut document: Document) -> Document {
    if let Some(Value::ObjectId(id)) = document.get("_id") {
        let text = id.to_hex();
        document.set("_id", text);
    }
    document
}

/// The part of the media type before the `/`, as Rocket.Chat makes it.
fn derive_type_group(record: &mut Document) {
    if !matches!(record.get("typeGroup"), None | Some(Value::Null)) {
        return;
    }
    let group = record.get_str("type").and_then(|kind| kind.split('/').next());
    if let Some(group) = group.filter(|group| !group.is_empty()).map(str::to_owned) {
        record.set("typeGroup", group);
    }
}

/// Sets fields; of `tags`, which come one by one, a list.
fn set_all(record: &mut Document, fields: Vec<(&'static str, Value)>) {
    for (field, value) in fields {
        match (field, record.get_mut(field)) {
            ("tags", Some(Value::Array(tags))) if tags.contains(&value) => {}
            ("tags", Some(Value::Array(tags))) => tags.push(value),
            ("tags", _) => record.set(field, Value::Array(vec![value])),
            _ => record.set(field, value),
        }
    }
}
