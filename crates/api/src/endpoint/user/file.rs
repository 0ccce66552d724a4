//! `/api/user/files/{id}`: one file of the caller's, by id or by name.

use filedex_query::Document;
use http::StatusCode;

use super::record::Parts;
use crate::User;
use crate::endpoint::Endpoints;
use crate::endpoint::error::{ApiError, Style};

impl Endpoints {
    /// One of the caller's own files, complete or not: the one of that id, or else the newest of that
    /// name. As the server does, it shows neither `url` nor `password`.
    ///
    /// # Errors
    /// 404 for a file that isn't there or isn't the caller's; 500 for a fault of the host.
    pub fn user_file(&self, caller: &User, id_or_name: &str) -> Result<Document, ApiError> {
        let found = self.one_of(caller, "_id", id_or_name).and_then(|found| match found {
            Some(file) => Ok(Some(file)),
            None => self.one_of(caller, "name", id_or_name),
        });
        let found = found.map_err(|error| ApiError::lookup(Style::Zipline, error))?;
        let file = found.ok_or_else(not_found)?;
        let tags = self.directory.tags(&caller.id);
        let tags = tags.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
        self.shown(&[file], tags, Parts::SINGLE)?.pop().ok_or_else(not_found)
    }

    fn one_of(&self, caller: &User, field: &str, text: &str) -> crate::Result<Option<Document>> {
        let named = self.all_of(caller).query(Document::new().with(field, text))?;
        let newest = named.sort(Document::new().with("uploadedAt", -1))?;
        Ok(newest.count(1).page()?.files.pop())
    }
}

/// What isn't there and what isn't the caller's looks the same.
pub(super) fn not_found() -> ApiError {
    ApiError::zipline(StatusCode::NOT_FOUND, "Not Found")
}
