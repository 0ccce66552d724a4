//! `channels.files`: the files of a public channel or an omnichannel conversation; `channels.images`:
//! the images of any room, under the name that `rooms.images` had first.

use super::Endpoints;
use super::error::ApiError;
use super::listing::Asked;
use super::params::{FilesParams, ImagesParams};
use crate::{Page, Room, RoomKind, User};

impl Endpoints {
    /// The files of a channel, by name unless sorted otherwise.
    ///
    /// # Errors
    /// 400 for no such channel and for a `sort`, `fields` or `query` that is wrong; 403 for a channel the
    /// caller may not read; 500 for a fault of the host.
    pub fn channels_files(&self, caller: &User, params: &FilesParams) -> Result<Page, ApiError> {
        let (room, asked) = self.channel(caller, params)?;
        self.list(&room, params, &asked)
    }

    /// The same as the body of a reply.
    pub(super) fn channels_text(
        &self,
        caller: &User,
        params: &FilesParams,
    ) -> Result<Vec<u8>, ApiError> {
        let (room, asked) = self.channel(caller, params)?;
        self.list_text(&room, params, &asked)
    }

    fn channel(&self, caller: &User, params: &FilesParams) -> Result<(Room, Asked), ApiError> {
        let listed = |kind| matches!(kind, RoomKind::Channel | RoomKind::Omnichannel);
        let room = self.room_of(&params.room)?.filter(|room| listed(room.kind));
        let room = room.ok_or_else(|| {
            let text =
                "The required \"roomId\" or \"roomName\" param provided does not match any channel";
            ApiError::coded(text, "error-room-not-found")
        })?;
        if !self.may_access(caller, &room)? {
            return Err(ApiError::no_access());
        }
        let asked = self.read_listing(params)?;
        Ok((room, asked))
    }

    /// The images of a room, of whatever kind, as [`Endpoints::rooms_images`] lists them.
    ///
    /// # Errors
    /// As [`Endpoints::rooms_images`].
    pub fn channels_images(&self, caller: &User, params: &ImagesParams) -> Result<Page, ApiError> {
        self.rooms_images(caller, params)
    }
}
