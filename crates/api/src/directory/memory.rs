//! A directory held in memory: for tests, demonstrations and small hosts.
//!
//! Public channels are open to every user; any other room to its members. This file knows no JSON
//! ([`super::FileDirectory`]).

use std::collections::{HashMap, HashSet};

use subtle::Choice;

use super::{
    Answer, Directory, Folder, IncompleteUpload, Room, RoomKind, ShortUrls, Tag, TokenHash, User,
};

/// Users, rooms and memberships in memory. Tokens are kept as [`TokenHash`] only.
///
/// ```
/// use filedex::{Directory, MemoryDirectory, Room, RoomKind, User};
///
/// let mut directory = MemoryDirectory::new();
/// directory.add_user(User::new("u1", "ada").named("Ada"));
/// directory.add_token("u1", "secret");
/// directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), ["u1"]);
///
/// let ada = directory.authenticate("u1", "secret")?.unwrap();
/// assert!(directory.may_access(&ada, &directory.room("GENERAL")?.unwrap())?);
/// assert!(directory.authenticate("u1", "guess")?.is_none());
/// # Ok::<(), filedex::DirectoryError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryDirectory {
    people: HashMap<String, Person>,
    ids_by_username: HashMap<String, String>,
    rooms: HashMap<String, Place>,
    ids_by_room_name: HashMap<String, String>,
    direct: HashMap<[String; 2], String>,
}

#[derive(Clone, Debug)]
struct Person {
    user: User,
    tokens: Vec<TokenHash>,
    tags: Vec<Tag>,
    incomplete: Vec<String>,
    folders: Vec<Folder>,
    uploads: Vec<IncompleteUpload>,
    short_urls: ShortUrls,
}

impl Person {
    fn new(user: User) -> Person {
        let (tokens, tags, incomplete, folders, uploads) = Default::default();
        let short_urls = ShortUrls::default();
        Person { user, tokens, tags, incomplete, folders, uploads, short_urls }
    }
}

#[derive(Clone, Debug)]
struct Place {
    room: Room,
    members: HashSet<String>,
}

impl MemoryDirectory {
    /// A directory of nobody.
    pub fn new() -> MemoryDirectory {
        MemoryDirectory::default()
    }

    /// Adds a user, or changes the one of that id, who keeps tokens, tags and incomplete files.
    pub fn add_user(&mut self, user: User) {
        match self.people.get_mut(&user.id) {
            Some(person) => {
                self.ids_by_username.remove(&person.user.username);
                self.ids_by_username.insert(user.username.clone(), user.id.clone());
                person.user = user;
            }
            None => {
                self.ids_by_username.insert(user.username.clone(), user.id.clone());
                self.people.insert(user.id.clone(), Person::new(user));
            }
        }
    }

    /// Lets that user in with that token. False if there is no such user.
    pub fn add_token(&mut self, user_id: &str, token: &str) -> bool {
        self.add_token_hash(user_id, TokenHash::of(token))
    }

    /// Lets that user in with the token of that hash. False if there is no such user.
    pub fn add_token_hash(&mut self, user_id: &str, hash: TokenHash) -> bool {
        self.change(user_id, |person| person.tokens.push(hash))
    }

    /// Gives that user a tag. False if there is no such user.
    pub fn add_tag(&mut self, user_id: &str, tag: Tag) -> bool {
        self.change(user_id, |person| person.tags.push(tag))
    }

    /// Sets which files of that user aren't complete. False if there is no such user.
    pub fn set_incomplete_files(&mut self, user_id: &str, ids: Vec<String>) -> bool {
        self.change(user_id, |person| person.incomplete = ids)
    }

    /// Adds a folder of its owner, or replaces the one of that id. False if there is no such user.
    pub fn add_folder(&mut self, folder: Folder) -> bool {
        let owner = folder.user_id.clone();
        self.change(&owner, |person| {
            person.folders.retain(|other| other.id != folder.id);
            person.folders.push(folder);
        })
    }

    /// Adds an upload in parts of that user; until it is `COMPLETE` the file that its metadata names is
    /// among the incomplete ones. False if there is no such user.
    pub fn add_incomplete_upload(&mut self, user_id: &str, upload: IncompleteUpload) -> bool {
        self.change(user_id, |person| {
            let file = upload.metadata.get("file").and_then(filedex_query::Value::as_document);
            let file =
                file.and_then(|file| file.get_str("id")).filter(|_| upload.status != "COMPLETE");
            person.incomplete.extend(file.map(str::to_owned));
            person.uploads.push(upload);
        })
    }

    /// Sets how many short URLs that user has made. False if there is no such user.
    pub fn set_short_urls(&mut self, user_id: &str, short_urls: ShortUrls) -> bool {
        self.change(user_id, |person| person.short_urls = short_urls)
    }

    /// Adds a room with its members, or replaces the room of that id.
    pub fn add_room<M: Into<String>>(&mut self, room: Room, members: impl IntoIterator<Item = M>) {
        self.remove_room(&room.id);
        let members: HashSet<String> = members.into_iter().map(Into::into).collect();
        if let Some(name) = &room.name {
            self.ids_by_room_name.insert(name.clone(), room.id.clone());
        }
        if let (RoomKind::Direct, Some(pair)) = (room.kind, pair_of(&members)) {
            self.direct.insert(pair, room.id.clone());
        }
        self.rooms.insert(room.id.clone(), Place { room, members });
    }

    /// Makes a room the direct room of two users even where it has more members. A direct room of
    /// exactly two members is so by itself.
    pub fn add_direct(&mut self, user_id: &str, other_id: &str, room_id: &str) {
        self.direct.insert(ordered(user_id, other_id), room_id.to_owned());
    }

    /// Takes the room of that id out, if there is one.
    pub fn remove_room(&mut self, id: &str) -> Option<Room> {
        let place = self.rooms.remove(id)?;
        self.ids_by_room_name.retain(|_, named| named != id);
        self.direct.retain(|_, direct| direct != id);
        Some(place.room)
    }

    fn change(&mut self, user_id: &str, change: impl FnOnce(&mut Person)) -> bool {
        self.people.get_mut(user_id).map(change).is_some()
    }
}

impl Directory for MemoryDirectory {
    fn authenticate(&self, user_id: &str, token: &str) -> Answer<Option<User>> {
        let hash = TokenHash::of(token);
        let person = self.people.get(user_id);
        // Somebody unknown costs a comparison too, so that the clock doesn't tell who exists.
        let tokens = person.map_or(&[TokenHash::NONE][..], |person| &person.tokens);
        let known = any_equal(tokens, hash);
        Ok(person.filter(|_| known).map(|person| person.user.clone()))
    }

    fn authenticate_token(&self, token: &str) -> Answer<Option<User>> {
        let hash = TokenHash::of(token);
        let mut found = None;
        // Looks at everybody: stopping at the first hit would tell how far it is.
        for person in self.people.values() {
            if any_equal(&person.tokens, hash) {
                found = Some(person.user.clone());
            }
        }
        Ok(found)
    }

    fn user(&self, id: &str) -> Answer<Option<User>> {
        Ok(self.people.get(id).map(|person| person.user.clone()))
    }

    fn find_user(&self, id_or_username: &str) -> Answer<Option<User>> {
        let named = || self.people.get(self.ids_by_username.get(id_or_username)?);
        Ok(self.people.get(id_or_username).or_else(named).map(|person| person.user.clone()))
    }

    fn users(&self, ids: &[&str]) -> Answer<HashMap<String, User>> {
        let people = ids.iter().filter_map(|id| self.people.get(*id));
        Ok(people.map(|person| (person.user.id.clone(), person.user.clone())).collect())
    }

    fn each_user(&self, ids: &[&str], show: &mut dyn FnMut(&str, &User)) -> Answer<()> {
        let people = ids.iter().filter_map(|id| self.people.get(*id));
        people.for_each(|person| show(&person.user.id, &person.user));
        Ok(())
    }

    fn room(&self, id: &str) -> Answer<Option<Room>> {
        Ok(self.rooms.get(id).map(|place| place.room.clone()))
    }

    fn room_by_name(&self, name: &str) -> Answer<Option<Room>> {
        let id = self.ids_by_room_name.get(name);
        Ok(id.and_then(|id| self.rooms.get(id)).map(|place| place.room.clone()))
    }

    fn direct_room(&self, user_id: &str, other_id: &str) -> Answer<Option<Room>> {
        let id = self.direct.get(&ordered(user_id, other_id));
        Ok(id.and_then(|id| self.rooms.get(id)).map(|place| place.room.clone()))
    }

    fn may_access(&self, user: &User, room: &Room) -> Answer<bool> {
        let Some(place) = self.rooms.get(&room.id) else { return Ok(false) };
        let open = place.room.kind == RoomKind::Channel && self.people.contains_key(&user.id);
        Ok(open || place.members.contains(&user.id))
    }

    fn tags(&self, user_id: &str) -> Answer<Vec<Tag>> {
        Ok(self.people.get(user_id).map(|person| person.tags.clone()).unwrap_or_default())
    }

    fn incomplete_files(&self, user_id: &str) -> Answer<Vec<String>> {
        Ok(self.people.get(user_id).map(|person| person.incomplete.clone()).unwrap_or_default())
    }

    fn tags_by_id(&self, ids: &[&str]) -> Answer<HashMap<String, Tag>> {
        let tags = self.people.values().flat_map(|person| person.tags.iter());
        let asked = tags.filter(|tag| ids.contains(&tag.id.as_str()));
        Ok(asked.map(|tag| (tag.id.clone(), tag.clone())).collect())
    }

    fn folders(&self, user_id: &str) -> Answer<Vec<Folder>> {
        Ok(self.people.get(user_id).map(|person| person.folders.clone()).unwrap_or_default())
    }

    fn folder(&self, id: &str) -> Answer<Option<Folder>> {
        let mut folders = self.people.values().flat_map(|person| person.folders.iter());
        Ok(folders.find(|folder| folder.id == id).cloned())
    }

    fn incomplete_uploads(&self, user_id: &str) -> Answer<Vec<IncompleteUpload>> {
        Ok(self.people.get(user_id).map(|person| person.uploads.clone()).unwrap_or_default())
    }

    fn short_urls(&self, user_id: &str) -> Answer<ShortUrls> {
        Ok(self.people.get(user_id).map(|person| person.short_urls).unwrap_or_default())
    }
}

fn any_equal(tokens: &[TokenHash], hash: TokenHash) -> bool {
    let none = Choice::from(0);
    tokens.iter().fold(none, |known, token| known | token.ct_eq(&hash)).into()
}

fn pair_of(members: &HashSet<String>) -> Option<[String; 2]> {
    let mut ids = members.iter();
    match (ids.next(), ids.next(), ids.next()) {
        (Some(alone), None, None) => Some([alone.clone(), alone.clone()]),
        (Some(one), Some(other), None) => Some(ordered(one, other)),
        _ => None,
    }
}

fn ordered(one: &str, other: &str) -> [String; 2] {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    [low.to_owned(), high.to_owned()]
}
