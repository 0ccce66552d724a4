//! Zipline's lookups of a user's own: files paged, one, the newest, counted; folders, tags.
//!
//! The names of its replies map onto the one kind of record: `id` is `_id`, `createdAt` is
//! `uploadedAt`, `updatedAt` is `_updatedAt`. All answer as Zipline 4.0 to 4.2 does; what later releases
//! add to a reply has no place in these.

mod file;
mod files;
mod folders;
mod incomplete;
mod listed;
mod recent;
mod record;
mod stats;
mod tags;
pub(super) mod text;
mod version;

pub use files::{Searched, SearchedQuery, UserFiles};
pub use folders::{FoldersParams, UserFolder};
pub use stats::UserStats;
