//! `rooms.images`: the images of a room, newest first, from a given file on.
//!
//! The list goes back in time from the file it starts from; that file comes first and stands in the
//! list once, whatever the page.

use filedex_query::{Document, Value};

use super::error::{ApiError, Style};
use super::params::ImagesParams;
use super::{Endpoints, password, reply};
use crate::{Lookup, Page, Scope, User};

/// The file a list starts from.
enum Start {
    /// One of the images, with how many would come before it.
    Within { id: String, ahead: u64 },
    /// An image by its type that has no type group: it leads the first page beside the list, as the
    /// server has it.
    Beside { id: String },
}

/// The images that are asked for.
struct Images<'r> {
    room: &'r Lookup,
    /// All of them, from the start on.
    list: Lookup,
    /// The start, where the page has it somewhere else than in its place in the list.
    start: Option<Start>,
    offset: u64,
    limit: u64,
}

impl Endpoints {
    /// The images of a room, newest first. The page's `count` is the limit it was read with, 0 for
    /// none, as the published example shows it.
    ///
    /// # Errors
    /// 403 for a room that isn't there or that the caller may not read; 500 for a fault of the host.
    pub fn rooms_images(&self, caller: &User, params: &ImagesParams) -> Result<Page, ApiError> {
        let room = self.room_of_images(caller, params)?;
        let page = self.images(&room, params).and_then(|images| images.page());
        let mut page = page.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        page.files.iter_mut().for_each(password::lock);
        page.count = self.options.paging.limit(params.count);
        Ok(page)
    }

    /// The same as the body of a reply.
    pub(super) fn images_text(
        &self,
        caller: &User,
        params: &ImagesParams,
    ) -> Result<Vec<u8>, ApiError> {
        let room = self.room_of_images(caller, params)?;
        let images = self.images(&room, params);
        let images = images.map_err(|error| ApiError::lookup(Style::Chat, error))?;
        let Images { list, start, limit, .. } = images;
        let window = list.offset(params.offset).count(limit);
        let text = match start {
            // A file from elsewhere in the list comes first.
            Some(_) => None,
            None => self.bare_text_of(&window, (params.offset, limit))?,
        };
        match text {
            Some(text) => Ok(text),
            None => Ok(reply::page(&self.rooms_images(caller, params)?)),
        }
    }

    /// The files of the room that the caller may read.
    fn room_of_images(&self, caller: &User, params: &ImagesParams) -> Result<Lookup, ApiError> {
        let room = self.directory.room(&params.room_id);
        let room = room.map_err(|error| ApiError::directory(Style::Chat, &error))?;
        let room = room.ok_or_else(ApiError::no_access)?;
        if !self.may_access(caller, &room)? {
            return Err(ApiError::no_access());
        }
        // A type group is asked for, so that leaving thumbs out has nothing to say.
        let visibility = self.options.visibility.with_thumbs();
        Ok(self.lookup(Scope::everything().room(&room.id).visible(visibility)))
    }

    fn images<'r>(&self, room: &'r Lookup, params: &ImagesParams) -> crate::Result<Images<'r>> {
        let images = room.clone().query(Document::new().with("typeGroup", "image"))?;
        let (images, start) = match params.starting_from_id.as_deref() {
            Some(id) => from(room, images, id)?,
            None => (images, None),
        };
        let list = images.sort(Document::new().with("uploadedAt", -1))?;
        let start = start.filter(|start| match start {
            Start::Within { ahead, .. } => *ahead > 0 && params.offset <= *ahead,
            Start::Beside { .. } => params.offset == 0,
        });
        let limit = self.options.paging.limit(params.count);
        Ok(Images { room, list, start, offset: params.offset, limit })
    }
}

impl Images<'_> {
    fn page(self) -> crate::Result<Page> {
        let Images { room, list, start, offset, limit } = self;
        match start {
            Some(Start::Within { id, .. }) => led(list, &id, offset, limit),
            Some(Start::Beside { id }) => {
                let mut page = list.count(limit).page()?;
                let start = room.clone().query(Document::new().with("_id", id))?;
                page.files.splice(0..0, start.count(1).page()?.files);
                Ok(page)
            }
            None => list.offset(offset).count(limit).page(),
        }
    }
}

/// Narrows the images to those not newer than the file of that id; one without a date narrows nothing.
/// A file that isn't in the room or is hidden there changes nothing, so that nothing can be learnt of it.
fn from(room: &Lookup, images: Lookup, id: &str) -> crate::Result<(Lookup, Option<Start>)> {
    let named = Document::new().with("_id", id);
    let found = room.clone().query(&named)?.count(1).page()?;
    let Some(file) = found.files.first() else { return Ok((images, None)) };
    let date = file.get("uploadedAt").filter(|date| **date != Value::Null).cloned();
    let start = match images.clone().query(&named)?.total()? > 0 {
        true => {
            Some(Start::Within { id: id.to_owned(), ahead: ahead(&images, id, date.as_ref())? })
        }
        false => is_image(file).then(|| Start::Beside { id: id.to_owned() }),
    };
    let images = match date {
        Some(date) => {
            let not_newer = Document::new().with("$lte", date);
            images.query(Document::new().with("uploadedAt", not_newer))?
        }
        None => images,
    };
    Ok((images, start))
}

/// How many of the images that the list has come before the file: of those with its date the ones of a
/// greater id, and all that have a date where it has none.
fn ahead(images: &Lookup, id: &str, date: Option<&Value>) -> crate::Result<u64> {
    let of_date = Document::new().with("uploadedAt", date.cloned().unwrap_or(Value::Null));
    let greater = Document::new().with("_id", Document::new().with("$gt", id));
    let tied = images.clone().query(&of_date)?.query(&greater)?.total()?;
    if date.is_some() {
        return Ok(tied);
    }
    let dated = Document::new().with("uploadedAt", Document::new().with("$ne", Value::Null));
    Ok(tied + images.clone().query(&dated)?.total()?)
}

/// Whether a file without a type group is an image by its type.
fn is_image(file: &Document) -> bool {
    let grouped = !matches!(file.get("typeGroup"), None | Some(Value::Null));
    !grouped && file.get_str("type").is_some_and(|kind| kind.starts_with("image/"))
}

/// The page of a list whose start was moved ahead of the files of the same moment: one more file is
/// read on either side of the window, the start taken out, and put in front of the first page.
fn led(lookup: Lookup, start: &str, offset: u64, limit: u64) -> crate::Result<Page> {
    let first = offset.saturating_sub(1);
    let count = if limit == 0 { 0 } else { limit.saturating_add(1) };
    let read = lookup.clone().offset(first).count(count).page()?;
    let mut files = Vec::new();
    if offset == 0 {
        let led_by = Document::new().with("_id", start);
        files = lookup.query(&led_by)?.offset(0).count(1).page()?.files;
    }
    files.extend(read.files.into_iter().filter(|file| file.get_str("_id") != Some(start)));
    if limit > 0 {
        files.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(Page::new(files, offset, read.total))
}
