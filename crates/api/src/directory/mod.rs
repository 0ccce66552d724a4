//! Who is asking, which rooms there are and who may read them: what only the host knows.
//!
//! [`Directory`] is the question list; [`MemoryDirectory`] answers it from memory and
//! [`FileDirectory`] from a JSON file. Nothing here knows files, queries or HTTP.

mod file;
mod folder;
mod memory;
mod room;
mod shared;
mod token;
mod user;

use std::collections::HashMap;
use std::fmt;

pub use file::FileDirectory;
pub use folder::{Folder, IncompleteUpload, ShortUrls};
pub use memory::MemoryDirectory;
pub use room::{Room, RoomKind};
pub use token::{NotAHash, TokenHash};
pub use user::{Role, Tag, User};

/// The host's users, rooms, tokens and memberships. An implementation keeps to these rules:
///
/// 1. Every method only reads: no listing creates anything.
/// 2. An unknown user, a wrong token and a user without tokens get the same answer, `None`, after
///    about the same work.
/// 3. [`Directory::may_access`] is asked at every call, for the room as it is then; the endpoints
///    keep no answer of it.
/// 4. An error is a fault of the host (its database is away), not a "no": the caller sees a 500
///    without details.
pub trait Directory: Send + Sync {
    /// The user with that id, if the token is one of his (`X-User-Id` and `X-Auth-Token`).
    ///
    /// # Errors
    /// When the host can't tell.
    fn authenticate(&self, user_id: &str, token: &str) -> Answer<Option<User>>;

    /// The user one of whose tokens this is (`Authorization`).
    ///
    /// # Errors
    /// When the host can't tell.
    fn authenticate_token(&self, token: &str) -> Answer<Option<User>>;

    /// The user with that id.
    ///
    /// # Errors
    /// When the host can't tell.
    fn user(&self, id: &str) -> Answer<Option<User>>;

    /// The user whose id, or else whose user name, this is.
    ///
    /// # Errors
    /// When the host can't tell.
    fn find_user(&self, id_or_username: &str) -> Answer<Option<User>>;

    /// The users with those ids, by id; unknown ones are left out. Asked once per page.
    ///
    /// # Errors
    /// When the host can't tell.
    fn users(&self, ids: &[&str]) -> Answer<HashMap<String, User>>;

    /// Shows those of the users with those ids that there are, each with the id he was asked by: for pages of files,
    /// which tell their owners. A directory that has them in memory need not copy them.
    ///
    /// # Errors
    /// When the host can't tell, perhaps after some users were shown.
    fn each_user(&self, ids: &[&str], show: &mut dyn FnMut(&str, &User)) -> Answer<()> {
        self.users(ids)?.iter().for_each(|(id, user)| show(id, user));
        Ok(())
    }

    /// The room with that id.
    ///
    /// # Errors
    /// When the host can't tell.
    fn room(&self, id: &str) -> Answer<Option<Room>>;

    /// The room with exactly that name, of a kind that has names.
    ///
    /// # Errors
    /// When the host can't tell.
    fn room_by_name(&self, name: &str) -> Answer<Option<Room>>;

    /// The direct room of exactly these two users (which may be one and the same).
    ///
    /// # Errors
    /// When the host can't tell.
    fn direct_room(&self, user_id: &str, other_id: &str) -> Answer<Option<Room>>;

    /// Whether that user may read that room's files.
    ///
    /// # Errors
    /// When the host can't tell.
    fn may_access(&self, user: &User, room: &Room) -> Answer<bool>;

    /// The tags that user has made, for `/api/user/files`.
    ///
    /// # Errors
    /// When the host can't tell.
    fn tags(&self, _user_id: &str) -> Answer<Vec<Tag>> {
        Ok(Vec::new())
    }

    /// The ids of that user's files whose upload isn't complete: `/api/user/files` leaves them out.
    ///
    /// # Errors
    /// When the host can't tell.
    fn incomplete_files(&self, _user_id: &str) -> Answer<Vec<String>> {
        Ok(Vec::new())
    }

    /// The tags with those ids, whoever made them, by id; unknown ones are left out. Asked where a file
    /// carries a tag that isn't its owner's.
    ///
    /// # Errors
    /// When the host can't tell.
    fn tags_by_id(&self, _ids: &[&str]) -> Answer<HashMap<String, Tag>> {
        Ok(HashMap::new())
    }

    /// The folders of that user, of every depth, for `/api/user/folders`.
    ///
    /// # Errors
    /// When the host can't tell.
    fn folders(&self, _user_id: &str) -> Answer<Vec<Folder>> {
        Ok(Vec::new())
    }

    /// The folder with that id, whoever made it.
    ///
    /// # Errors
    /// When the host can't tell.
    fn folder(&self, _id: &str) -> Answer<Option<Folder>> {
        Ok(None)
    }

    /// The uploads in parts of that user, for `/api/user/files/incomplete`.
    ///
    /// # Errors
    /// When the host can't tell.
    fn incomplete_uploads(&self, _user_id: &str) -> Answer<Vec<IncompleteUpload>> {
        Ok(Vec::new())
    }

    /// The short URLs of that user, counted, for `/api/user/stats`.
    ///
    /// # Errors
    /// When the host can't tell.
    fn short_urls(&self, _user_id: &str) -> Answer<ShortUrls> {
        Ok(ShortUrls::default())
    }
}

/// What a directory answers.
pub type Answer<T> = Result<T, DirectoryError>;

/// Why a directory could not answer. Made of any error with `?`.
#[derive(Debug)]
pub struct DirectoryError(Box<dyn std::error::Error + Send + Sync>);

impl DirectoryError {
    /// Wraps the host's own error, or a text.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DirectoryError {
        DirectoryError(cause.into())
    }

    /// The host's own error.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the directory can't answer: {}", self.0)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for DirectoryError {
    fn from(cause: E) -> DirectoryError {
        DirectoryError(Box::new(cause))
    }
}
