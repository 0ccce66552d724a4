//! What Zipline's lookups tell beside files and tags: folders, unfinished uploads, short URLs.
//!
//! This file knows no users and no rooms.

use filedex_query::Document;
use serde::{Deserialize, Serialize};

/// A folder of a user. Records name it by id in `folderId`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Folder {
    /// What records name.
    pub id: String,
    /// When it was made, as ISO 8601 text.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed, as ISO 8601 text.
    #[serde(default)]
    pub updated_at: String,
    /// The name to show.
    #[serde(default)]
    pub name: String,
    /// Whether everybody may see it and its files.
    #[serde(default)]
    pub public: bool,
    /// Whether everybody may upload into it.
    #[serde(default)]
    pub allow_uploads: bool,
    /// The folder it lies in; none at the top.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// The owner.
    #[serde(default)]
    pub user_id: String,
}

/// An upload in parts that is not complete, or was not when it was last told of.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct IncompleteUpload {
    /// Its own id.
    pub id: String,
    /// When it was begun, as ISO 8601 text.
    pub created_at: String,
    /// When it was last changed, as ISO 8601 text.
    pub updated_at: String,
    /// `PENDING`, `PROCESSING`, `COMPLETE` or `FAILED`.
    pub status: String,
    /// Its parts.
    pub chunks_total: u32,
    /// Those that have come.
    pub chunks_complete: u32,
    /// What is known of the file: `{"file": {"id": .., "type": .., "filename": ..}}`.
    pub metadata: Document,
}

/// How many short URLs a user has made, and how often they were followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShortUrls {
    /// How many there are.
    pub created: u64,
    /// How often all of them were followed.
    pub views: u64,
}

impl Folder {
    /// A private folder of that user at the top.
    pub fn new(id: impl Into<String>, user_id: impl Into<String>) -> Folder {
        Folder { id: id.into(), user_id: user_id.into(), ..Folder::default() }
    }
}
