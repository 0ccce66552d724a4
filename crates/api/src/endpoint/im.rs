//! `im.files`, also `dm.files`: the files of a direct room, named by its id or by the other user.
//!
//! Rules: Rocket.Chat's, but nothing is created: two users without a direct room have no files.

use super::error::{ApiError, Style};
use super::listing::Asked;
use super::params::{FilesParams, RoomKey};
use super::{Endpoints, reply};
use crate::{Page, Room, RoomKind, User};

impl Endpoints {
    /// The files of a direct room of the caller, by name unless sorted otherwise.
    ///
    /// # Errors
    /// 400 for a `sort`, `fields` or `query` that is wrong and for a room that is no direct one; 403 for a
    /// direct room of others; 500 for a fault of the host.
    pub fn im_files(&self, caller: &User, params: &FilesParams) -> Result<Page, ApiError> {
        let (room, asked) = self.im(caller, params)?;
        match room {
            Some(room) => self.list(&room, params, &asked),
            None => Ok(Page::new(Vec::new(), params.offset, 0)),
        }
    }

    /// The same as the body of a reply.
    pub(super) fn im_text(&self, caller: &User, params: &FilesParams) -> Result<Vec<u8>, ApiError> {
        let (room, asked) = self.im(caller, params)?;
        match room {
            Some(room) => self.list_text(&room, params, &asked),
            None => Ok(reply::page(&Page::new(Vec::new(), params.offset, 0))),
        }
    }

    fn im(&self, caller: &User, params: &FilesParams) -> Result<(Option<Room>, Asked), ApiError> {
        let asked = self.read_listing(params)?;
        let room = self.direct_room(caller, &params.room)?;
        if let Some(room) = &room
            && !self.may_access(caller, room)?
        {
            return Err(ApiError::no_access());
        }
        Ok((room, asked))
    }

    /// The direct room; `None` if the other user exists and the two never talked.
    fn direct_room(&self, caller: &User, key: &RoomKey) -> Result<Option<Room>, ApiError> {
        let (RoomKey::Id(key) | RoomKey::Name(key)) = key;
        if key.is_empty() {
            let text = "Query param \"roomId\" or \"username\" is required";
            return Err(ApiError::coded(text, "error-room-param-not-provided"));
        }
        let invalid = || ApiError::coded("", "invalid-channel");
        // `#` leads the name of a channel, which is never direct.
        if key.starts_with('#') {
            return Err(invalid());
        }
        let fault = |error| ApiError::directory(Style::Chat, &error);
        let other = self.directory.find_user(&key.replacen('@', "", 1)).map_err(fault)?;
        if let Some(other) = other {
            return self.directory.direct_room(&caller.id, &other.id).map_err(fault);
        }
        let room = self.directory.room(key).map_err(fault)?;
        room.filter(|room| room.kind == RoomKind::Direct).map(Some).ok_or_else(invalid)
    }
}
