//! `/api/user/recent`: the caller's newest files.

use filedex_query::Document;

use super::record::Parts;
use crate::User;
use crate::endpoint::Endpoints;
use crate::endpoint::error::{ApiError, Style};

impl Endpoints {
    /// The caller's `take` newest files, newest first, complete or not; with a negative `take` the oldest,
    /// newest of them first.
    ///
    /// # Errors
    /// 500 for a fault of the host.
    pub fn user_recent(&self, caller: &User, take: i64) -> Result<Vec<Document>, ApiError> {
        let files = self.newest(caller, take);
        let files = files.map_err(|error| ApiError::lookup(Style::Zipline, error))?;
        let tags = self.directory.tags(&caller.id);
        let tags = tags.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
        self.shown(&files, tags, Parts::LISTED)
    }

    fn newest(&self, caller: &User, take: i64) -> crate::Result<Vec<Document>> {
        let number = take.unsigned_abs();
        if number == 0 {
            return Ok(Vec::new());
        }
        let newest = self.all_of(caller).sort(Document::new().with("uploadedAt", -1))?;
        let offset = if take < 0 { newest.total()?.saturating_sub(number) } else { 0 };
        Ok(newest.offset(offset).count(number).page()?.files)
    }
}
