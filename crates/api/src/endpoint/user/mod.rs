//! `/api/user/files`: a user's files, paged, filtered, sorted and searched as Zipline does.
//!
//! The names of its replies map onto the one kind of record: `id` is `_id`, `createdAt` is
//! `uploadedAt`, `updatedAt` is `_updatedAt`.

mod files;
mod record;
pub(super) mod text;

pub use files::{Searched, SearchedQuery, UserFiles};
