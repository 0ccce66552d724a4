//! Names that are stored as one byte: those that files have.
//!
//! ```text
//! name := length u8 below 128 | bytes
//!       | 128 and the place in the list below
//!       | FF | length as bincode writes it | bytes
//! ```
//!
//! The list belongs to the stored form: it may grow at its end, and nothing else about it may change.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use super::{Reader, put};
use crate::document;
use crate::view::is_same;

/// The mark of a longer name.
pub(super) const LONG: u8 = 0xff;

/// Bytes below this are the length of a name, those above name one.
pub(super) const FIRST: u8 = 128;

/// At most 127.
const NAMES: [&str; 116] = [
    // Rocket.Chat
    "_id",
    "name",
    "size",
    "type",
    "rid",
    "userId",
    "description",
    "store",
    "_updatedAt",
    "identify",
    "format",
    "width",
    "height",
    "complete",
    "uploading",
    "extension",
    "progress",
    "instanceId",
    "etag",
    "url",
    "path",
    "token",
    "uploadedAt",
    "typeGroup",
    "user",
    "username",
    "originalFileId",
    "_hidden",
    "expiresAt",
    "originalStore",
    "originalType",
    "originalId",
    "content",
    "algorithm",
    "ciphertext",
    "encryption",
    "key",
    "iv",
    "hashes",
    "sha256",
    "AmazonS3",
    "GoogleStorage",
    "Webdav",
    "GridFS",
    "FileSystem",
    "message",
    "messageId",
    "tmid",
    "visitorToken",
    "federation",
    "mrid",
    "mxcUri",
    "serverName",
    "mediaId",
    "isRemote",
    "rooms",
    "title",
    "text",
    "ts",
    "msg",
    // Zipline
    "id",
    "originalName",
    "createdAt",
    "updatedAt",
    "deletesAt",
    "favorite",
    "views",
    "maxViews",
    "password",
    "tags",
    "folderId",
    "thumbnail",
    "thumbnailId",
    "color",
    "role",
    "anonymous",
    "ownerId",
    "value",
    "files",
    "public",
    "parentId",
    // files elsewhere
    "mime",
    "mimeType",
    "mode",
    "owner",
    "group",
    "links",
    "target",
    "hash",
    "md5",
    "sha1",
    "checksum",
    "modifiedAt",
    "accessedAt",
    "deletedAt",
    "version",
    "status",
    "state",
    "source",
    "metadata",
    "length",
    "duration",
    "bitrate",
    "codec",
    "pages",
    "language",
    "encoding",
    "bucket",
    "region",
    "contentType",
    "filename",
    "folder",
    "directory",
    "label",
    "comment",
    "count",
];

/// The places of the names of each length, modulo the number of buckets.
static PLACES: LazyLock<[Vec<u8>; 32]> = LazyLock::new(|| {
    let mut places: [Vec<u8>; 32] = Default::default();
    for (name, place) in NAMES.iter().zip(0..) {
        if let Some(bucket) = places.get_mut(name.len() % 32) {
            bucket.push(place);
        }
    }
    places
});

/// A name as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// By its place in the list.
    Known(u8),
    /// By its bytes.
    Text(&'a [u8]),
}

/// The names of one document that were passed.
#[derive(Default)]
pub(super) struct Seen<'a> {
    /// A bit for each place in the list.
    known: u128,
    texts: HashSet<&'a [u8]>,
}

impl<'a> Seen<'a> {
    /// Notes the name, and says whether it was passed before.
    pub(super) fn repeats(&mut self, name: Name<'a>) -> bool {
        match name {
            Name::Text(text) => !self.texts.insert(text),
            Name::Known(place) => {
                let bit = 1 << (place % 128);
                let passed = self.known & bit != 0;
                self.known |= bit;
                passed
            }
        }
    }
}

/// All names that are stored by their place, in that order.
pub(crate) fn known() -> &'static [&'static str] {
    &NAMES
}

/// The place of the name in the list, if it stands there.
pub(crate) fn place(name: &str) -> Option<u8> {
    let places = PLACES.get(name.len() % 32)?;
    let is_it = |place: &&u8| {
        let known = NAMES.get(usize::from(**place));
        known.is_some_and(|known| is_same(known.as_bytes(), name.as_bytes()))
    };
    places.iter().find(is_it).copied()
}

/// Adds a name in its stored form, and gives that.
pub(super) fn pack<'n>(out: &mut Vec<u8>, name: &'n str) -> Name<'n> {
    match (place(name), u8::try_from(name.len())) {
        (Some(place), _) => {
            out.push(FIRST + place);
            return Name::Known(place);
        }
        (None, Ok(length)) if length < FIRST => {
            out.push(length);
            out.extend_from_slice(name.as_bytes());
        }
        _ => {
            out.push(LONG);
            put(out, name);
        }
    }
    Name::Text(name.as_bytes())
}

impl<'a> Reader<'a> {
    /// A name.
    #[inline]
    pub(crate) fn name(&mut self) -> Option<&'a [u8]> {
        match self.stored_name()? {
            Name::Text(name) => Some(name),
            Name::Known(place) => NAMES.get(usize::from(place)).map(|name| name.as_bytes()),
        }
    }

    /// A name as text.
    #[inline]
    pub(super) fn name_text(&mut self) -> Option<&'a str> {
        match self.stored_name()? {
            Name::Text(name) => std::str::from_utf8(name).ok(),
            Name::Known(place) => NAMES.get(usize::from(place)).copied(),
        }
    }

    /// A name to be kept.
    #[inline]
    pub(crate) fn name_owned(&mut self) -> Option<document::Name> {
        match self.stored_name()? {
            Name::Text(name) => Some(Cow::Owned(std::str::from_utf8(name).ok()?.to_owned())),
            Name::Known(place) => NAMES.get(usize::from(place)).copied().map(Cow::Borrowed),
        }
    }

    /// A name, not looked up.
    #[inline]
    pub(crate) fn stored_name(&mut self) -> Option<Name<'a>> {
        Some(match self.byte()? {
            length @ 0..FIRST => Name::Text(self.take(usize::from(length))?),
            LONG => Name::Text(self.bytes()?),
            known => Name::Known(known - FIRST),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were() {
        let others = [0, 1, 127, 128, 251, 70_000].map(|length| "n".repeat(length));
        for name in NAMES.into_iter().chain(others.iter().map(String::as_str)) {
            let mut bytes = Vec::new();
            pack(&mut bytes, name);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.name(), Some(name.as_bytes()));
            assert!(reader.is_at_end());
        }
    }

    #[test]
    fn known_names_take_one_byte_and_stand_once() {
        for name in NAMES {
            let mut bytes = Vec::new();
            pack(&mut bytes, name);
            assert_eq!(bytes.len(), 1, "{name}");
            assert_eq!(NAMES.iter().filter(|other| **other == name).count(), 1, "{name}");
        }
    }

    #[test]
    fn a_number_of_no_name_is_no_name() {
        assert_eq!(Reader::new(&[LONG - 1]).name(), None);
    }
}
