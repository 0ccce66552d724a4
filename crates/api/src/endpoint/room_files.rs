//! Files of a room of whatever kind, and of a user across rooms: calls for hosts, which no server has
//! an endpoint for.

use super::Endpoints;
use super::error::{ApiError, Style};
use super::params::{FilesParams, RoomKey};
use crate::{Page, Room, Scope, User};

impl Endpoints {
    /// The files of a room, channel or group or direct or any other, named by its id or its name.
    ///
    /// ```
    /// use filedex::{Endpoints, File, Filedex, FilesParams, MemoryDirectory, Room, RoomKind, User};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("f1")?.with_room("V1").with_user("u1").with_name("talk.ogg"))?;
    /// let mut directory = MemoryDirectory::new();
    /// directory.add_user(User::new("u1", "ada"));
    /// directory.add_room(Room::new("V1", RoomKind::Voice), ["u1"]);
    /// let endpoints = Endpoints::new(index, directory);
    /// let ada = User::new("u1", "ada");
    /// assert_eq!(endpoints.room_files(&ada, &FilesParams::of("V1")).unwrap().total, 1);
    /// assert_eq!(endpoints.files_of_user(&ada, "u1", &FilesParams::everywhere()).unwrap().total, 1);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// 403 for a room that isn't there or that the caller may not read; 400 for a `sort`, `fields` or
    /// `query` that is wrong; 500 for a fault of the host.
    pub fn room_files(&self, caller: &User, params: &FilesParams) -> Result<Page, ApiError> {
        let room = self.readable(caller, &params.room)?;
        let asked = self.read_listing(params)?;
        self.list(&room, params, &asked)
    }

    /// The files of a user in every room, or in the room that `params` names: of the caller's own, or of
    /// a user of lower rank ([`User::may_see_files_of`]).
    ///
    /// # Errors
    /// 403 for a user whose files the caller may not see or who isn't there, and for a room as
    /// [`Endpoints::room_files`]; 400 for a `sort`, `fields` or `query` that is wrong; 500 for a fault of
    /// the host.
    pub fn files_of_user(
        &self,
        caller: &User,
        user_id: &str,
        params: &FilesParams,
    ) -> Result<Page, ApiError> {
        let owner = match user_id == caller.id {
            true => Some(caller.clone()),
            false => {
                let user = self.directory.user(user_id);
                user.map_err(|error| ApiError::directory(Style::Chat, &error))?
            }
        };
        let owner = owner.filter(|owner| caller.may_see_files_of(owner));
        let owner = owner.ok_or_else(ApiError::no_access)?;
        let (RoomKey::Id(key) | RoomKey::Name(key)) = &params.room;
        let scope = match key.is_empty() {
            true => Scope::everything(),
            false => Scope::everything().room(&self.readable(caller, &params.room)?.id),
        };
        let asked = self.read_listing(params)?;
        self.list_in(scope.user(&owner.id), params, &asked)
    }

    fn readable(&self, caller: &User, key: &RoomKey) -> Result<Room, ApiError> {
        let room = self.room_of(key)?.ok_or_else(ApiError::no_access)?;
        match self.may_access(caller, &room)? {
            true => Ok(room),
            false => Err(ApiError::no_access()),
        }
    }
}
