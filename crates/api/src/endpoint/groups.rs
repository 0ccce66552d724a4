//! `groups.files`: the files of a private group.
//!
//! A group the caller may not read is answered as one that isn't there.

use super::Endpoints;
use super::error::ApiError;
use super::params::FilesParams;
use crate::{Page, RoomKind, User};

impl Endpoints {
    /// The files of a private group, by name unless sorted otherwise.
    ///
    /// # Errors
    /// 400 for no such group, for one the caller may not read, and for a `sort`, `fields` or `query`
    /// that is wrong; 500 for a fault of the host.
    pub fn groups_files(&self, caller: &User, params: &FilesParams) -> Result<Page, ApiError> {
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
        self.list(&room, params, &asked)
    }
}
