//! `/api/user/folders`, `/api/user/folders/{id}`: a user's folders with their files;
//! `/api/server/folder/{id}`: a folder that anybody may see.
//!
//! The directory knows folders; which files lie in them records say (`folderId`), whoever owns them.

use std::collections::HashMap;

use filedex_query::{Collation, Document, Value};
use http::StatusCode;

use super::file::not_found;
use super::record::Parts;
use crate::endpoint::Endpoints;
use crate::endpoint::error::{ApiError, Style};
use crate::{Folder, Scope, User};

/// A folder as it is shown.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UserFolder {
    /// What the directory says of it.
    pub folder: Folder,
    /// Its files, newest first, in the shape of the reply; none where they weren't asked for.
    pub files: Option<Vec<Document>>,
    /// Whether the owner shows.
    pub owner_shows: bool,
}

/// Which folders, and whether with their files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoldersParams {
    /// Leaves their files out (`noincl`).
    pub without_files: bool,
    /// Only folders in that one (`parentId`); it takes the place of `root`.
    pub parent: Option<String>,
    /// Only folders that lie in none (`root`).
    pub root: bool,
    /// Whose folders, if not the caller's own (`user`).
    pub user: Option<String>,
}

impl Endpoints {
    /// The folders of the caller, or of a user of lower rank, newest first.
    ///
    /// # Errors
    /// 403 for a user whose files the caller may not see, 404 for one who isn't there; 500 for a fault of
    /// the host.
    pub fn user_folders(
        &self,
        caller: &User,
        params: &FoldersParams,
    ) -> Result<Vec<UserFolder>, ApiError> {
        let owner = self.owner_of(caller, params.user.as_deref())?;
        let folders = self.directory.folders(&owner.id);
        let mut folders = folders.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
        match &params.parent {
            Some(parent) => folders.retain(|folder| folder.parent_id.as_ref() == Some(parent)),
            None if params.root => folders.retain(|folder| folder.parent_id.is_none()),
            None => {}
        }
        folders.sort_by(|a, b| (&b.created_at, &b.id).cmp(&(&a.created_at, &a.id)));
        match params.without_files {
            true => Ok(folders.into_iter().map(|folder| UserFolder::of(folder, None)).collect()),
            false => self.with_files(folders, Parts::LISTED),
        }
    }

    /// One of the caller's folders, with its files.
    ///
    /// # Errors
    /// 404 for a folder that isn't there, 403 for one of somebody else; 500 for a fault of the host.
    pub fn user_folder(&self, caller: &User, id: &str) -> Result<UserFolder, ApiError> {
        let folder = self.folder(id)?;
        let missing = || ApiError::zipline(StatusCode::NOT_FOUND, "Folder not found");
        let folder = folder.ok_or_else(missing)?;
        if folder.user_id != caller.id {
            let text = "You do not own this folder";
            return Err(ApiError::zipline(StatusCode::FORBIDDEN, text));
        }
        self.with_files(vec![folder], Parts::LISTED)?.pop().ok_or_else(missing)
    }

    /// A folder that is public, with its files; or, to upload into it, one that is open for that, without
    /// them. Nobody is asked who he is, and the owner doesn't show.
    ///
    /// # Errors
    /// 404 for a folder that isn't there or isn't open to everybody; 500 for a fault of the host.
    pub fn server_folder(&self, id: &str, to_upload: bool) -> Result<UserFolder, ApiError> {
        let open = |folder: &Folder| if to_upload { folder.allow_uploads } else { folder.public };
        let folder = self.folder(id)?.filter(open).ok_or_else(not_found)?;
        let shown = match folder.public {
            true => self.with_files(vec![folder], Parts::PUBLIC)?.pop().ok_or_else(not_found)?,
            // What was uploaded into a folder that isn't public stays its owner's to see.
            false => UserFolder::of(folder, Some(Vec::new())),
        };
        Ok(UserFolder { owner_shows: false, ..shown })
    }

    fn folder(&self, id: &str) -> Result<Option<Folder>, ApiError> {
        let folder = self.directory.folder(id);
        folder.map_err(|error| ApiError::directory(Style::Zipline, &error))
    }

    /// The folders with the files that lie in them, all read at once.
    fn with_files(&self, folders: Vec<Folder>, parts: Parts) -> Result<Vec<UserFolder>, ApiError> {
        let records = self.lying_in(&folders);
        let records = records.map_err(|error| ApiError::lookup(Style::Zipline, error))?;
        let tags = match folders.first().filter(|_| parts.tags) {
            Some(folder) => self.directory.tags(&folder.user_id),
            None => Ok(Vec::new()),
        };
        let tags = tags.map_err(|error| ApiError::directory(Style::Zipline, &error))?;
        let shown = self.shown(&records, tags, parts)?;
        let mut files: HashMap<String, Vec<Document>> = HashMap::new();
        for file in shown {
            let folder = file.get_str("folderId").unwrap_or_default().to_owned();
            files.entry(folder).or_default().push(file);
        }
        let with = |folder: Folder| {
            let files = files.remove(&folder.id).unwrap_or_default();
            UserFolder::of(folder, Some(files))
        };
        Ok(folders.into_iter().map(with).collect())
    }

    fn lying_in(&self, folders: &[Folder]) -> crate::Result<Vec<Document>> {
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Value> =
            folders.iter().map(|folder| Value::from(folder.id.as_str())).collect();
        let within = Document::new().with("folderId", Document::new().with("$in", ids));
        let lookup = self.lookup(Scope::everything().visible(self.options.visibility));
        let lookup = lookup.collated(&Collation::simple());
        let newest = Document::new().with("uploadedAt", -1);
        Ok(lookup.query(&within)?.sort(&newest)?.page()?.files)
    }
}

impl UserFolder {
    fn of(folder: Folder, files: Option<Vec<Document>>) -> UserFolder {
        UserFolder { folder, files, owner_shows: true }
    }

    /// The folder in the shape of the reply.
    pub fn to_document(&self) -> Document {
        let Folder { id, created_at, updated_at, name, public, allow_uploads, user_id, .. } =
            &self.folder;
        let mut shown = Document::new()
            .with("id", id.as_str())
            .with("createdAt", created_at.as_str())
            .with("updatedAt", updated_at.as_str())
            .with("name", name.as_str())
            .with("public", *public)
            .with("allowUploads", *allow_uploads);
        if self.owner_shows {
            shown.push("userId", user_id.as_str());
        }
        if let Some(files) = &self.files {
            let files = files.iter().cloned().map(Value::from).collect::<Vec<Value>>();
            shown.push("files", files);
        }
        shown
    }

    /// The reply.
    pub fn to_json(&self) -> Vec<u8> {
        crate::endpoint::reply::document(&self.to_document())
    }
}
