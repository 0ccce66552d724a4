//! The typed parameters of the calls: what a host hands in where a browser sends a query string.
//!
//! This file knows no HTTP and no defaults beyond "not given".

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

/// The parameters of `im.files`, `groups.files` and `channels.files`.
///
/// ```
/// use filedex::FilesParams;
/// let params = FilesParams::named("general").type_group("image").sort(r#"{"uploadedAt": -1}"#);
/// assert_eq!(
///     serde_json::to_string(&params)?,
///     r#"{"roomName":"general","sort":"{\"uploadedAt\": -1}","typeGroup":"image"}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FilesParams {
    /// Which room.
    #[serde(flatten)]
    pub room: RoomKey,
    /// How many matches to skip.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: u64,
    /// How many files to show; 0 asks for all, nothing for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// JSON text: paths with 1 or -1. Not given or empty: the order of the endpoints, by `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// JSON text: a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// JSON text: a projection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<String>,
    /// What the file's name contains, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type group; `all` or nothing for every one but `thumb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_group: Option<String>,
    /// Whether to leave unconfirmed uploads out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub only_confirmed: bool,
}

/// How a caller names a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomKey {
    /// By its id; for a direct room also by the id or name of the other user.
    #[serde(rename = "roomId")]
    Id(String),
    /// By its name; a direct room by the id or name of the other user.
    #[serde(rename = "roomName", alias = "username")]
    Name(String),
}

impl FilesParams {
    /// Asks for the room of that id.
    pub fn of(room_id: impl Into<String>) -> FilesParams {
        FilesParams::in_room(RoomKey::Id(room_id.into()))
    }

    /// Asks for the room of that name, or the direct room with the user of that name.
    pub fn named(name: impl Into<String>) -> FilesParams {
        FilesParams::in_room(RoomKey::Name(name.into()))
    }

    /// Asks for every room: for [`Endpoints::files_of_user`](crate::Endpoints::files_of_user).
    pub fn everywhere() -> FilesParams {
        FilesParams::of("")
    }

    pub(super) fn in_room(room: RoomKey) -> FilesParams {
        FilesParams {
            room,
            offset: 0,
            count: None,
            sort: None,
            query: None,
            fields: None,
            name: None,
            type_group: None,
            only_confirmed: false,
        }
    }

    /// Skips that many matches.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> FilesParams {
        self.offset = offset;
        self
    }

    /// Shows at most that many files, 0 for all.
    #[must_use]
    pub fn count(mut self, count: u64) -> FilesParams {
        self.count = Some(count);
        self
    }

    /// Sorts as that JSON text says.
    #[must_use]
    pub fn sort(mut self, text: impl Into<String>) -> FilesParams {
        self.sort = Some(text.into());
        self
    }

    /// Filters as that JSON text says.
    #[must_use]
    pub fn query(mut self, text: impl Into<String>) -> FilesParams {
        self.query = Some(text.into());
        self
    }

    /// Shows the fields that JSON text asks for.
    #[must_use]
    pub fn fields(mut self, text: impl Into<String>) -> FilesParams {
        self.fields = Some(text.into());
        self
    }

    /// Shows files whose name contains that text, in any case.
    #[must_use]
    pub fn name(mut self, text: impl Into<String>) -> FilesParams {
        self.name = Some(text.into());
        self
    }

    /// Shows files of that type group only.
    #[must_use]
    pub fn type_group(mut self, group: impl Into<String>) -> FilesParams {
        self.type_group = Some(group.into());
        self
    }

    /// Leaves unconfirmed uploads out.
    #[must_use]
    pub fn only_confirmed(mut self) -> FilesParams {
        self.only_confirmed = true;
        self
    }
}

/// The parameters of `rooms.images`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImagesParams {
    /// Which room.
    pub room_id: String,
    /// The file the list starts from, going back in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_from_id: Option<String>,
    /// How many matches to skip.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: u64,
    /// How many files to show; 0 asks for all, nothing for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl ImagesParams {
    /// Asks for the images of that room.
    pub fn of(room_id: impl Into<String>) -> ImagesParams {
        let (starting_from_id, offset, count) = (None, 0, None);
        ImagesParams { room_id: room_id.into(), starting_from_id, offset, count }
    }

    /// Starts from the file of that id.
    #[must_use]
    pub fn starting_from(mut self, id: impl Into<String>) -> ImagesParams {
        self.starting_from_id = Some(id.into());
        self
    }

    /// Skips that many matches.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> ImagesParams {
        self.offset = offset;
        self
    }

    /// Shows at most that many files, 0 for all.
    #[must_use]
    pub fn count(mut self, count: u64) -> ImagesParams {
        self.count = Some(count);
        self
    }
}

/// The parameters of `/api/user/files`.
///
/// ```
/// use filedex::{SearchField, UserFilesParams};
/// let params = UserFilesParams::page(1).per_page(20).search(SearchField::Name, "logo");
/// assert_eq!(params.per_page.map(u64::from), Some(20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserFilesParams {
    /// The page, from 1.
    pub page: NonZeroU64,
    /// Files on a page; the default of the endpoints where not given.
    #[serde(default, rename = "perpage", skip_serializing_if = "Option::is_none")]
    pub per_page: Option<NonZeroU64>,
    /// Which files.
    #[serde(default)]
    pub filter: Shown,
    /// Whether favorites only; no effect together with [`Shown::All`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub favorite: bool,
    /// What to sort by.
    #[serde(default)]
    pub sort_by: SortBy,
    /// Which way.
    #[serde(default)]
    pub order: Order,
    /// Which field to search in.
    #[serde(default)]
    pub search_field: SearchField,
    /// What to search for; empty searches for nothing. For tags: their ids with commas between.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub search_query: String,
    /// Whose files, if not the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The folder they lie in, if not any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl UserFilesParams {
    /// Asks for a page of the caller's files, newest first. Page 0 counts as 1.
    pub fn page(page: u64) -> UserFilesParams {
        UserFilesParams {
            page: NonZeroU64::new(page).unwrap_or(NonZeroU64::MIN),
            per_page: None,
            filter: Shown::None,
            favorite: false,
            sort_by: SortBy::CreatedAt,
            order: Order::Descending,
            search_field: SearchField::Name,
            search_query: String::new(),
            id: None,
            folder: None,
        }
    }

    /// Shows that many files on a page; 0 for the default.
    #[must_use]
    pub fn per_page(mut self, files: u64) -> UserFilesParams {
        self.per_page = NonZeroU64::new(files);
        self
    }

    /// Shows these files only.
    #[must_use]
    pub fn filter(mut self, shown: Shown) -> UserFilesParams {
        self.filter = shown;
        self
    }

    /// Shows favorites only.
    #[must_use]
    pub fn favorite(mut self) -> UserFilesParams {
        self.favorite = true;
        self
    }

    /// Sorts by that field.
    #[must_use]
    pub fn sort(mut self, by: SortBy, order: Order) -> UserFilesParams {
        self.sort_by = by;
        self.order = order;
        self
    }

    /// Searches that field.
    #[must_use]
    pub fn search(mut self, field: SearchField, query: impl Into<String>) -> UserFilesParams {
        self.search_field = field;
        self.search_query = query.into();
        self
    }

    /// Asks for the files in that folder.
    #[must_use]
    pub fn in_folder(mut self, id: impl Into<String>) -> UserFilesParams {
        self.folder = Some(id.into());
        self
    }

    /// Asks for that user's files.
    #[must_use]
    pub fn of_user(mut self, id: impl Into<String>) -> UserFilesParams {
        self.id = Some(id.into());
        self
    }
}

/// Which of a user's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shown {
    /// Every type; favorites only if asked.
    #[default]
    None,
    /// Images, videos, sounds and texts; favorites only if asked.
    Dashboard,
    /// Every file, whether favorite or not.
    All,
}

/// What a user's files are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields of the reply, by name")]
#[non_exhaustive]
pub enum SortBy {
    Id,
    #[default]
    CreatedAt,
    UpdatedAt,
    DeletesAt,
    Name,
    OriginalName,
    Size,
    Type,
    Views,
    Favorite,
}

/// Which way a user's files are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// `asc`: the least first.
    #[serde(rename = "asc")]
    Ascending,
    /// `desc`: the greatest first.
    #[default]
    #[serde(rename = "desc")]
    Descending,
}

/// Which field of a user's files is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields of the reply, by name")]
pub enum SearchField {
    #[default]
    Name,
    OriginalName,
    Type,
    Tags,
    Id,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(truth: &bool) -> bool {
    !truth
}
