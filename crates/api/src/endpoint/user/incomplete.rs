//! `/api/user/files/incomplete`: the caller's uploads in parts.

use filedex_query::{Document, Value};

use crate::endpoint::Endpoints;
use crate::endpoint::error::{ApiError, Style};
use crate::{IncompleteUpload, User};

impl Endpoints {
    /// The caller's uploads in parts, whatever became of them, in the directory's order.
    ///
    /// # Errors
    /// 500 for a fault of the host.
    pub fn user_incomplete(&self, caller: &User) -> Result<Vec<Document>, ApiError> {
        let uploads = self.directory.incomplete_uploads(&caller.id);
        let uploads = uploads.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
        Ok(uploads.iter().map(|upload| shown(upload, caller)).collect())
    }
}

fn shown(upload: &IncompleteUpload, owner: &User) -> Document {
    Document::new()
        .with("id", upload.id.as_str())
        .with("createdAt", upload.created_at.as_str())
        .with("updatedAt", upload.updated_at.as_str())
        .with("status", upload.status.as_str())
        .with("chunksTotal", Value::integer(i64::from(upload.chunks_total)))
        .with("chunksComplete", Value::integer(i64::from(upload.chunks_complete)))
        .with("metadata", upload.metadata.clone())
        .with("userId", owner.id.as_str())
}
