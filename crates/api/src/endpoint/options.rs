//! What a host chooses about the endpoints.
//!
//! This file knows the choices and the arithmetic of page sizes, nothing of requests.

use std::num::NonZeroU64;

use filedex_query::{Collation, Document};

use crate::{AdmissionOptions, Policy, Visibility};

/// What a host chooses about the endpoints. Start from the default and set fields.
///
/// ```
/// let mut options = filedex::EndpointOptions::default();
/// assert_eq!((options.paging.default_count, options.paging.upper_count), (50, 100));
/// options.paging.infinite = false;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointOptions {
    /// Page sizes of the room endpoints.
    pub paging: Paging,
    /// The order of `im.files`, `groups.files` and `channels.files` where `sort` isn't said.
    pub sort: DefaultSort,
    /// Files on a page of `/api/user/files` where not said (default 15).
    pub per_page: NonZeroU64,
    /// The most files on a page of `/api/user/files` (default 1000). One that asks for more gets as many.
    pub most_per_page: NonZeroU64,
    /// What counts as hidden (default: hidden records and thumbs are).
    pub visibility: Visibility,
    /// What callers may not ask for (default: `token` and `password`).
    pub policy: Policy,
    /// How the owner of a file is shown by `im.files`, `groups.files` and `channels.files`.
    pub owner: OwnerShape,
    /// How many requests run and wait at once.
    pub admission: AdmissionOptions,
    /// Where `/api/user/files` says files are served (default `/u`; `/` for the root).
    pub files_route: String,
    /// The language by which `/api/user/files` sorts texts (default: by their bytes).
    pub collation: Collation,
    /// The release of Zipline that `/api/version` names (default: 4.2.0, whose answers the lookups give).
    pub zipline_version: String,
}

/// Page sizes of the room endpoints, as Rocket.Chat's settings have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// Files on a page where `count` isn't said: `API_Default_Count`, 50.
    pub default_count: u64,
    /// The most files on a page: `API_Upper_Count_Limit`, 100. 0: no bound.
    pub upper_count: u64,
    /// Whether `count=0` shows all: `API_Allow_Infinite_Count`, yes.
    pub infinite: bool,
}

/// The order of a room's files where a request names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefaultSort {
    /// By `name`, as Rocket.Chat does.
    #[default]
    Name,
    /// By `uploadedAt`, newest first, as its own clients ask; found without sorting.
    Newest,
}

/// How a record's owner is shown where the contract has a `user` object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerShape {
    /// `user` stands in the place of `userId`, as in the published examples.
    #[default]
    Object,
    /// `userId` stays and `user` comes last, as current servers reply.
    ObjectAndId,
}

impl Default for EndpointOptions {
    fn default() -> EndpointOptions {
        EndpointOptions {
            paging: Paging::default(),
            sort: DefaultSort::default(),
            per_page: NonZeroU64::MIN.saturating_add(14),
            most_per_page: NonZeroU64::MIN.saturating_add(999),
            visibility: Visibility::default(),
            policy: Policy::default(),
            owner: OwnerShape::default(),
            admission: AdmissionOptions::default(),
            files_route: "/u".to_owned(),
            collation: Collation::simple(),
            zipline_version: "4.2.0".to_owned(),
        }
    }
}

impl Default for Paging {
    fn default() -> Paging {
        Paging { default_count: 50, upper_count: 100, infinite: true }
    }
}

impl DefaultSort {
    pub(super) fn document(self) -> Document {
        match self {
            DefaultSort::Name => Document::new().with("name", 1),
            DefaultSort::Newest => Document::new().with("uploadedAt", -1),
        }
    }
}

impl Paging {
    /// The page size that a given `count` comes to; 0 is everything.
    pub(super) fn limit(&self, count: Option<u64>) -> u64 {
        let count = count.unwrap_or(self.default_count);
        let bounded = if self.upper_count > 0 { count.min(self.upper_count) } else { count };
        if bounded == 0 && !self.infinite { self.default_count } else { bounded }
    }
}

#[cfg(test)]
mod tests {
    use super::Paging;

    #[test]
    fn a_page_is_as_large_as_asked_within_the_settings() {
        let paging = Paging::default();
        for (count, limit) in
            [(None, 50), (Some(0), 0), (Some(1), 1), (Some(100), 100), (Some(101), 100)]
        {
            assert_eq!(paging.limit(count), limit);
        }
        assert_eq!(Paging { infinite: false, ..paging }.limit(Some(0)), 50);
        assert_eq!(Paging { upper_count: 0, ..paging }.limit(Some(1000)), 1000);
        assert_eq!(Paging { upper_count: 10, ..paging }.limit(None), 10);
    }
}
