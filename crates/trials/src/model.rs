//! What a store must hold: the records of one writer after any number of its steps.
//!
//! A state is known by its digest, so that the state a store came back with can be looked for among
//! all that it may have.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use filedex_query::Document;
use filedex_query::ejson::{self, Form};

use crate::script::{Unit, moved};

/// A sum over records that does not depend on their order.
pub(crate) type Digest = u128;

/// The records of one writer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    records: BTreeMap<Arc<str>, Arc<Document>>,
    digest: Digest,
}

impl Model {
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    pub(crate) fn apply(&mut self, unit: Unit) {
        match unit {
            Unit::Put(records) => records.into_iter().for_each(|record| self.put(record)),
            Unit::Remove(ids) => ids.iter().for_each(|id| self.remove(id)),
            Unit::Move { id, room, number } => self.moved(&id, &room, number),
            Unit::Write(changes) => changes.into_iter().for_each(|change| self.apply(change)),
        }
    }

    fn moved(&mut self, id: &str, room: &str, number: i64) {
        if let Some(record) = self.records.get(id) {
            let mut record = Document::clone(record);
            moved(&mut record, room, number);
            self.put(record);
        }
    }

    fn put(&mut self, record: Document) {
        let Some(id) = record.get_str("_id").map(Arc::from) else { return };
        self.remove(&id);
        self.digest = self.digest.wrapping_add(digest(&record));
        self.records.insert(id, Arc::new(record));
    }

    fn remove(&mut self, id: &str) {
        if let Some(record) = self.records.remove(id) {
            self.digest = self.digest.wrapping_sub(digest(&record));
        }
    }
}

/// The part of one record in a digest.
pub(crate) fn digest(record: &Document) -> Digest {
    digest_of(&text(record))
}

/// A record as canonical Extended JSON.
pub(crate) fn text(record: &Document) -> Vec<u8> {
    let mut text = Vec::new();
    ejson::write_document(record.view(), Form::Canonical, &mut text);
    text
}

/// 128 bits of any bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    let half = |first: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(first);
        hasher.write(bytes);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
