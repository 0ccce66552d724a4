//! A record through serde: any format with maps, the order of fields kept.
//!
//! This file knows no field by name; which hold dates it asks [`super::is_date`].

use filedex_query::typed::NATIVE;
use filedex_query::{Document, Value};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::File;

/// In text formats known dates as ISO 8601 text, other values that JSON can't say as Extended JSON.
impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NATIVE, &Wire(&self.0))
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<File, D::Error> {
        File::from_document(Document::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

struct Wire<'a>(&'a Document);

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return self.0.serialize(serializer);
        }
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0.iter() {
            match value {
                Value::Date(date) if super::is_date(name) => {
                    map.serialize_entry(name, &date.to_string())?;
                }
                value => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}
