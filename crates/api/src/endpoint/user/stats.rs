//! `/api/user/stats`: the caller's files, counted.

use std::collections::BTreeMap;
use std::time::Instant;

use filedex_query::{Document, Value, ValueRef};

use super::record::number;
use crate::endpoint::Endpoints;
use crate::endpoint::error::{ApiError, Style};
use crate::{ShortUrls, User};

/// A user's files, counted: complete or not, without those that are hidden.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct UserStats {
    /// How many files there are.
    pub files: u64,
    /// How many of them the user likes.
    pub favorites: u64,
    /// How often all of them were seen.
    pub views: i128,
    /// Bytes of all of them.
    pub bytes: i128,
    /// Files by their media type.
    pub types: BTreeMap<String, u64>,
    /// Short URLs, which the directory counts.
    pub urls: ShortUrls,
}

/// Records between looks at the clock.
const RECORDS_PER_LOOK: u64 = 1024;

impl Endpoints {
    /// The caller's files, counted.
    ///
    /// # Errors
    /// 400 past the limit on time; 500 for a fault of the host.
    pub fn user_stats(&self, caller: &User) -> Result<UserStats, ApiError> {
        let urls = self.directory.short_urls(&caller.id);
        let urls = urls.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
        let counted = self.counted(caller);
        let counted = counted.map_err(|error| ApiError::lookup(Style::Zipline, error))?;
        Ok(UserStats { urls, ..counted })
    }

    fn counted(&self, caller: &User) -> crate::Result<UserStats> {
        let fields = ["type", "size", "views", "favorite"];
        let fields = fields.iter().fold(Document::new(), |fields, name| fields.with(*name, 1));
        let (started, limits) = (Instant::now(), self.index.limits());
        let mut stats = UserStats::default();
        for record in self.all_of(caller).fields(&fields)?.iter()? {
            stats.add(&record?);
            if stats.files % RECORDS_PER_LOOK == 0 && started.elapsed() > limits.time {
                return Err(
                    filedex_query::Error::limit("time", format!("{:?}", limits.time)).into()
                );
            }
        }
        Ok(stats)
    }
}

impl UserStats {
    fn add(&mut self, record: &Document) {
        self.files += 1;
        self.favorites += u64::from(record.get("favorite") == Some(&Value::Bool(true)));
        self.views += whole(number(record.view().get("views")));
        self.bytes += whole(number(record.view().get("size")));
        if let Some(kind) = record.get_str("type") {
            *self.types.entry(kind.to_owned()).or_default() += 1;
        }
    }

    /// The reply.
    pub fn to_document(&self) -> Document {
        let types = self.types.iter().map(|(kind, files)| (kind.clone(), count(*files)));
        Document::new()
            .with("filesUploaded", count(self.files))
            .with("favoriteFiles", count(self.favorites))
            .with("views", self.views as f64)
            .with("avgViews", self.average(self.views))
            .with("storageUsed", self.bytes as f64)
            .with("avgStorageUsed", self.average(self.bytes))
            .with("urlsCreated", count(self.urls.created))
            .with("urlViews", count(self.urls.views))
            .with("sortTypeCount", types.collect::<Document>())
    }

    fn average(&self, sum: i128) -> f64 {
        if self.files == 0 { 0.0 } else { sum as f64 / self.files as f64 }
    }
}

fn whole(number: Option<ValueRef<'_>>) -> i128 {
    match number {
        Some(ValueRef::Int(number)) => i128::from(number),
        Some(ValueRef::Long(number)) => i128::from(number),
        Some(ValueRef::Double(number)) => number as i128,
        _ => 0,
    }
}

fn count(number: u64) -> Value {
    Value::integer(i64::try_from(number).unwrap_or(i64::MAX))
}
