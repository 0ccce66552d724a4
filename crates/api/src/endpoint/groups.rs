//! `groups.files`: the files of a private group.
//!
//! A group the caller may not read is answered as one that isn't there.

use super::Endpoints;
use super::error::ApiError;
use super::listing::Asked;
use super::params::FilesParams;
use crate::{Page, Room, RoomKind, User};

impl Endpoints {
    /// The files of a private group, by name unless sorted otherwise.
    ///
    /// # Errors
    /// 400 for no such group, for one the caller may not read, and for a `sort`, `fields` or `query`
    /// that is wrong; 500 for a fault of the host.
    pub fn groups_files(&self, caller: &User, params: &FilesParams) -> Result<Page, ApiError> {
        let (room, asked) = self.group(caller, params)?;
        self.list(&room, params, &asked)
    }

    /// The same as the body of a reply.
    pub(super) fn groups_text(
        &self,
        caller: &User,
        params: &FilesParams,
    ) -> Result<Vec<u8>, ApiError> {
        let (room, asked) = self.group(caller, params)?;
        self.list_text(&room, params, &asked)
    }

    fn group(&self, caller: &User, params: &FilesParams) -> Result<(Room, Asked), ApiError> {
        let missing = || {
            let text =
                "The required \"roomId\" or \"roomName\" param provided does not match any group";
            ApiError::coded(text, "error-room-not-found")
        };
        let room = self.room_of(&params.room)?.filter(|room| room.kind == RoomKind::Group);
        let room = room.ok_or_else(missing)?;
        if !self.may_access(caller, &room)? {
            return Err(missing());
        }
        let asked = self.read_listing(params)?;
        Ok((room, asked))
    }
}
