//! `rooms.images`: the images of a room, newest first, from a given file on.
//!
//! The list goes back in time from the file it starts from; that file comes first and stands in the
//! list once, whatever the page.

use filedex_query::{Document, Value};

use super::error::{ApiError, Style};
use super::params::ImagesParams;
use super::{Endpoints, password};
use crate::{Lookup, Page, Scope, User};

/// The file a list starts from, if it is itself one of the images.
struct Start {
    id: String,
    /// How many images of the same moment would come before it.
    ahead: u64,
}

impl Endpoints {
    /// The images of a room, newest first. The page's `count` is the limit it was read with, 0 for
    /// none, as the published example shows it.
    ///
    /// # Errors
    /// 403 for a room that isn't there or that the caller may not read; 500 for a fault of the host.
    pub fn rooms_images(&self, caller: &User, params: &ImagesParams) -> Result<Page, ApiError> {
        let room = self.directory.room(&params.room_id);
        let room = room.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        let room = room.ok_or_else(ApiError::no_access)?;
        if !self.may_access(caller, &room)? {
            return Err(ApiError::no_access());
        }
        // A type group is asked for, so that leaving thumbs out has nothing to say.
        let visibility = self.options.visibility.with_thumbs();
        let room = self.lookup(Scope::everything().room(&room.id).visible(visibility));
        let page = self.images(&room, params);
        let mut page = page.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        page.files.iter_mut().for_each(password::lock);
        page.count = self.options.paging.limit(params.count);
        Ok(page)
    }

    fn images(&self, room: &Lookup, params: &ImagesParams) -> crate::Result<Page> {
        let limit = self.options.paging.limit(params.count);
        let images = room.clone().query_document(&Document::new().with("typeGroup", "image"))?;
        let (images, start) = match params.starting_from_id.as_deref() {
            Some(id) => from(room, images, id)?,
            None => (images, None),
        };
        let lookup = images.sort_document(&Document::new().with("uploadedAt", -1))?;
        match start.filter(|start| start.ahead > 0 && params.offset <= start.ahead) {
            Some(start) => led(lookup, &start, params.offset, limit),
            None => lookup.offset(params.offset).count(limit).page(),
        }
    }
}

/// Narrows the images to those not newer than the file of that id. A file that isn't in the room or
/// is hidden there changes nothing, so that nothing can be learnt of it; nor does one without a date.
fn from(room: &Lookup, images: Lookup, id: &str) -> crate::Result<(Lookup, Option<Start>)> {
    let named = Document::new().with("_id", id);
    let start = room.clone().query_document(&named)?.count(1).page()?;
    let date = start.files.first().and_then(|file| file.get("uploadedAt"));
    let Some(date) = date.filter(|date| **date != Value::Null).cloned() else {
        return Ok((images, None));
    };
    let shows = images.clone().query_document(&named)?.total()? > 0;
    let same_moment = Document::new().with("uploadedAt", date.clone());
    let greater = Document::new().with("_id", Document::new().with("$gt", id));
    let tied = images.clone().query_document(&same_moment)?.query_document(&greater)?;
    let start = match shows {
        true => Some(Start { id: id.to_owned(), ahead: tied.total()? }),
        false => None,
    };
    let not_newer = Document::new().with("$lte", date);
    Ok((images.query_document(&Document::new().with("uploadedAt", not_newer))?, start))
}

/// The page of a list whose start was moved ahead of the files of the same moment: one more file is
/// read on either side of the window, the start taken out, and put in front of the first page.
fn led(lookup: Lookup, start: &Start, offset: u64, limit: u64) -> crate::Result<Page> {
    let first = offset.saturating_sub(1);
    let count = if limit == 0 { 0 } else { limit.saturating_add(1) };
    let read = lookup.clone().offset(first).count(count).page()?;
    let mut files = Vec::new();
    if offset == 0 {
        let led_by = Document::new().with("_id", start.id.as_str());
        files = lookup.query_document(&led_by)?.offset(0).count(1).page()?.files;
    }
    files.extend(read.files.into_iter().filter(|file| file.get_str("_id") != Some(&start.id)));
    if limit > 0 {
        files.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(Page::new(files, offset, read.total))
}
