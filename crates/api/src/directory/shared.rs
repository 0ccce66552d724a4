//! A directory that the host and the endpoints share: the host reloads it, the endpoints ask it.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Answer, Directory, Folder, IncompleteUpload, Room, ShortUrls, Tag, User};

/// Asks the directory inside.
///
/// ```no_run
/// # use std::sync::Arc;
/// use filedex::{Endpoints, FileDirectory, Filedex};
/// let directory = Arc::new(FileDirectory::open("directory.json").unwrap());
/// let endpoints = Endpoints::new(Filedex::open("uploads.filedex")?, directory.clone());
/// // Later, when the file has changed:
/// directory.reload().unwrap();
/// # Ok::<(), filedex::Error>(())
/// ```
impl<D: Directory + ?Sized> Directory for Arc<D> {
    fn authenticate(&self, user_id: &str, token: &str) -> Answer<Option<User>> {
        (**self).authenticate(user_id, token)
    }

    fn authenticate_token(&self, token: &str) -> Answer<Option<User>> {
        (**self).authenticate_token(token)
    }

    fn user(&self, id: &str) -> Answer<Option<User>> {
        (**self).user(id)
    }

    fn find_user(&self, id_or_username: &str) -> Answer<Option<User>> {
        (**self).find_user(id_or_username)
    }

    fn users(&self, ids: &[&str]) -> Answer<HashMap<String, User>> {
        (**self).users(ids)
    }

    fn each_user(&self, ids: &[&str], show: &mut dyn FnMut(&str, &User)) -> Answer<()> {
        (**self).each_user(ids, show)
    }

    fn room(&self, id: &str) -> Answer<Option<Room>> {
        (**self).room(id)
    }

    fn room_by_name(&self, name: &str) -> Answer<Option<Room>> {
        (**self).room_by_name(name)
    }

    fn direct_room(&self, user_id: &str, other_id: &str) -> Answer<Option<Room>> {
        (**self).direct_room(user_id, other_id)
    }

    fn may_access(&self, user: &User, room: &Room) -> Answer<bool> {
        (**self).may_access(user, room)
    }

    fn tags(&self, user_id: &str) -> Answer<Vec<Tag>> {
        (**self).tags(user_id)
    }

    fn incomplete_files(&self, user_id: &str) -> Answer<Vec<String>> {
        (**self).incomplete_files(user_id)
    }

    fn tags_by_id(&self, ids: &[&str]) -> Answer<HashMap<String, Tag>> {
        (**self).tags_by_id(ids)
    }

    fn folders(&self, user_id: &str) -> Answer<Vec<Folder>> {
        (**self).folders(user_id)
    }

    fn folder(&self, id: &str) -> Answer<Option<Folder>> {
        (**self).folder(id)
    }

    fn incomplete_uploads(&self, user_id: &str) -> Answer<Vec<IncompleteUpload>> {
        (**self).incomplete_uploads(user_id)
    }

    fn short_urls(&self, user_id: &str) -> Answer<ShortUrls> {
        (**self).short_urls(user_id)
    }
}
