//! A directory read from a JSON file.
//!
//! This file knows the file's format; what the directory answers is
//! [`MemoryDirectory`](super::MemoryDirectory)'s.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use serde::Deserialize;

use super::{
    Answer, Directory, DirectoryError, Folder, IncompleteUpload, MemoryDirectory, Role, Room,
    RoomKind, ShortUrls, Tag, TokenHash, User,
};

/// A directory kept in a JSON file, read at [`open`](FileDirectory::open) and at
/// [`reload`](FileDirectory::reload).
///
/// The file holds one object. Fields that nobody knows are refused, so that a slip of the pen
/// doesn't open a room:
///
/// ```json
/// {
///   "users": [
///     {
///       "_id": "rbAXPnMktTFbNpwtJ",
///       "username": "ada",
///       "name": "Ada",
///       "role": "ADMIN",
///       "tokens": ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
///       "tags": [{ "id": "t1", "name": "work", "color": "#ff0000",
///                  "createdAt": "2025-01-01T00:00:00.000Z",
///                  "updatedAt": "2025-01-01T00:00:00.000Z" }],
///       "incomplete": ["cmb60pvng00039kentdaw6p69"],
///       "folders": [{ "id": "f1", "name": "trips", "public": false, "allowUploads": false,
///                     "parentId": null, "createdAt": "2025-01-01T00:00:00.000Z",
///                     "updatedAt": "2025-01-01T00:00:00.000Z" }],
///       "shortUrls": { "created": 2, "views": 17 }
///     }
///   ],
///   "rooms": [
///     { "_id": "GENERAL", "name": "general", "type": "p", "members": ["rbAXPnMktTFbNpwtJ"] }
///   ]
/// }
/// ```
///
/// - `role`: `USER` (default), `ADMIN` or `SUPERADMIN`.
/// - `tokens`: base64 of the SHA-256 of each token, as [`TokenHash`] prints it. Never the token.
/// - `type`: `c` channel (open to every user of the file), `p` group, `d` direct, `l`
///   omnichannel, `v` voice; all but channels are open to `members` only.
/// - `folders` are the user's own; one with a `userId` of somebody else is refused.
/// - Ids and names stand once each.
/// - Only `_id` and `username` of a user, `_id` and `type` of a room must be there.
#[derive(Debug)]
pub struct FileDirectory {
    path: PathBuf,
    memory: RwLock<MemoryDirectory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    #[serde(default)]
    users: Vec<ListedUser>,
    #[serde(default)]
    rooms: Vec<ListedRoom>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedUser {
    #[serde(rename = "_id")]
    id: String,
    username: String,
    name: Option<String>,
    #[serde(default)]
    role: Role,
    #[serde(default)]
    tokens: Vec<TokenHash>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    incomplete: Vec<String>,
    #[serde(default)]
    folders: Vec<Folder>,
    #[serde(default, rename = "shortUrls")]
    short_urls: ShortUrls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedRoom {
    #[serde(rename = "_id")]
    id: String,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: RoomKind,
    #[serde(default)]
    members: Vec<String>,
}

impl FileDirectory {
    /// Reads that file.
    ///
    /// # Errors
    /// When the file can't be read, is no JSON, or doesn't have the format; the error says where.
    pub fn open(path: impl AsRef<Path>) -> Answer<FileDirectory> {
        let path = path.as_ref().to_owned();
        let memory = RwLock::new(read(&path)?);
        Ok(FileDirectory { path, memory })
    }

    /// Reads the file again. On an error the directory stays as it was.
    ///
    /// # Errors
    /// As [`FileDirectory::open`].
    pub fn reload(&self) -> Answer<()> {
        *self.memory.write() = read(&self.path)?;
        Ok(())
    }
}

fn read(path: &Path) -> Answer<MemoryDirectory> {
    let fault =
        |cause: &dyn std::fmt::Display| DirectoryError::new(format!("{}: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|cause| fault(&cause))?;
    text.parse().map_err(|cause: serde_json::Error| fault(&cause))
}

/// Reads the format of [`FileDirectory`] from text.
impl std::str::FromStr for MemoryDirectory {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<MemoryDirectory, serde_json::Error> {
        let listing: Listing = serde_json::from_str(text)?;
        refuse_repeated("user id", listing.users.iter().map(|user| &user.id))?;
        refuse_repeated("user name", listing.users.iter().map(|user| &user.username))?;
        refuse_repeated("room id", listing.rooms.iter().map(|room| &room.id))?;
        refuse_repeated("room name", listing.rooms.iter().filter_map(|room| room.name.as_ref()))?;
        let folders = listing.users.iter().flat_map(|user| user.folders.iter());
        refuse_repeated("folder id", folders.map(|folder| &folder.id))?;
        let mut memory = MemoryDirectory::new();
        for listed in listing.users {
            add_user(&mut memory, listed)?;
        }
        for ListedRoom { id, name, kind, members } in listing.rooms {
            memory.add_room(Room { id, name, kind }, members);
        }
        Ok(memory)
    }
}

fn add_user(memory: &mut MemoryDirectory, listed: ListedUser) -> Result<(), serde_json::Error> {
    let ListedUser { id, username, name, role, tokens, tags, incomplete, folders, short_urls } =
        listed;
    memory.add_user(User { id: id.clone(), username, name, role });
    for token in tokens {
        memory.add_token_hash(&id, token);
    }
    for tag in tags {
        memory.add_tag(&id, tag);
    }
    for folder in folders {
        if !folder.user_id.is_empty() && folder.user_id != id {
            let text = format!("folder `{}` of `{id}` names another owner", folder.id);
            return Err(serde::de::Error::custom(text));
        }
        memory.add_folder(Folder { user_id: id.clone(), ..folder });
    }
    memory.set_incomplete_files(&id, incomplete);
    memory.set_short_urls(&id, short_urls);
    Ok(())
}

fn refuse_repeated<'a>(
    what: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), serde_json::Error> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(serde::de::Error::custom(format!("{what} `{name}` stands twice")));
        }
    }
    Ok(())
}

impl Directory for FileDirectory {
    fn authenticate(&self, user_id: &str, token: &str) -> Answer<Option<User>> {
        self.memory.read().authenticate(user_id, token)
    }

    fn authenticate_token(&self, token: &str) -> Answer<Option<User>> {
        self.memory.read().authenticate_token(token)
    }

    fn user(&self, id: &str) -> Answer<Option<User>> {
        self.memory.read().user(id)
    }

    fn find_user(&self, id_or_username: &str) -> Answer<Option<User>> {
        self.memory.read().find_user(id_or_username)
    }

    fn users(&self, ids: &[&str]) -> Answer<HashMap<String, User>> {
        self.memory.read().users(ids)
    }

    fn each_user(&self, ids: &[&str], show: &mut dyn FnMut(&str, &User)) -> Answer<()> {
        self.memory.read().each_user(ids, show)
    }

    fn room(&self, id: &str) -> Answer<Option<Room>> {
        self.memory.read().room(id)
    }

    fn room_by_name(&self, name: &str) -> Answer<Option<Room>> {
        self.memory.read().room_by_name(name)
    }

    fn direct_room(&self, user_id: &str, other_id: &str) -> Answer<Option<Room>> {
        self.memory.read().direct_room(user_id, other_id)
    }

    fn may_access(&self, user: &User, room: &Room) -> Answer<bool> {
        self.memory.read().may_access(user, room)
    }

    fn tags(&self, user_id: &str) -> Answer<Vec<Tag>> {
        self.memory.read().tags(user_id)
    }

    fn incomplete_files(&self, user_id: &str) -> Answer<Vec<String>> {
        self.memory.read().incomplete_files(user_id)
    }

    fn tags_by_id(&self, ids: &[&str]) -> Answer<HashMap<String, Tag>> {
        self.memory.read().tags_by_id(ids)
    }

    fn folders(&self, user_id: &str) -> Answer<Vec<Folder>> {
        self.memory.read().folders(user_id)
    }

    fn folder(&self, id: &str) -> Answer<Option<Folder>> {
        self.memory.read().folder(id)
    }

    fn incomplete_uploads(&self, user_id: &str) -> Answer<Vec<IncompleteUpload>> {
        self.memory.read().incomplete_uploads(user_id)
    }

    fn short_urls(&self, user_id: &str) -> Answer<ShortUrls> {
        self.memory.read().short_urls(user_id)
    }
}
