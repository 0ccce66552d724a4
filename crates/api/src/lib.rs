//! An embedded index of file metadata that speaks MongoDB's find language.
//!
//! A host opens an index, puts file records in, and asks for pages: as a library, or as the
//! published HTTP APIs of Rocket.Chat and Zipline ([`Endpoints`]). It is no blob store, no server
//! and no full-text search.
//!
//! ```
//! use filedex::{File, Filedex};
//!
//! let index = Filedex::temporary()?; // Filedex::open("uploads.filedex")?
//! index.put(
//!     &File::new("666fdecb4ac1a8e6404ededd")?
//!         .with_name("oauth-screen.png")
//!         .with_size(78_441)
//!         .with_media_type("image/png")
//!         .with_room("GENERAL"),
//! )?;
//!
//! let page = index
//!     .room("GENERAL")
//!     .type_group("image")
//!     .query(r#"{"size": {"$gt": 10000}}"#)?
//!     .sort(r#"{"uploadedAt": -1}"#)?
//!     .fields(r#"{"name": 1, "size": 1}"#)?
//!     .offset(0)
//!     .count(50)
//!     .page()?;
//!
//! assert_eq!(
//!     String::from_utf8(page.to_json())?,
//!     r#"{"files":[{"_id":"666fdecb4ac1a8e6404ededd","name":"oauth-screen.png","size":78441}],"count":1,"offset":0,"total":1}"#,
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | read |
//! |---|---|
//! | do what hosts do | the [`cookbook`]: recipes that run |
//! | write a query, a sort, an update | the [`language`], operator by operator |
//! | open an index, put records in, look them up | [`Filedex`], [`Lookup`], [`Page`] |
//! | put in your own structs, or records with types | [`Record`], [`File`], [`doc!`] |
//! | keep callers inside what they may see | [`Scope`], [`Policy`], [`Limits`] |
//! | serve the published APIs | `Endpoints`, `Directory` (feature `endpoints`) |
//! | take records from elsewhere | `Filedex::import` (feature `import`) |
//! | stand on another store | [`Backend`]; this machine's is in [`store`] |
//! | act on an error | [`Error`], [`ErrorKind`] |
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `endpoints` | yes | the HTTP APIs of Rocket.Chat and Zipline, and who may ask |
//! | `import` | yes | records out of exports, dumps, CSV and saved replies |
//! | `collation` | yes | texts compared by the rules of a language |
//! | `time-zones` | yes | the names of time zones in expressions on dates |
//! | `jiff` | no | [`Date`] from and to jiff's types |
//! | `tokio` | no | the same calls as futures |
//! | `tracing` | no | spans and events of every call, with its cost |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "endpoints")]
mod admission;
mod backend;
mod backup;
mod batch;
mod change;
mod changes;
mod clause;
pub mod cookbook;
#[cfg(feature = "endpoints")]
mod directory;
#[cfg(feature = "endpoints")]
mod endpoint;
mod error;
mod expiry;
mod file;
#[cfg(feature = "import")]
mod import;
mod index;
pub mod language;
mod lookup;
mod page;
mod policy;
mod rebuild;
mod scope;
mod snapshot;
pub mod store;
#[cfg(feature = "tokio")]
pub mod tokio;
mod written;

#[cfg(feature = "endpoints")]
pub use admission::{Admission, AdmissionOptions, Reply};
#[cfg(all(feature = "endpoints", feature = "tokio"))]
pub use admission::{Refused, Turn};
pub use backend::{Backend, Follow, Found, Records, Walk, Writing};
pub use batch::Batch;
pub use change::Change;
pub use changes::Changes;
pub use clause::{Clause, Field, field};
#[cfg(feature = "endpoints")]
pub use directory::{
    Answer, Directory, DirectoryError, FileDirectory, Folder, IncompleteUpload, MemoryDirectory,
    NotAHash, Role, Room, RoomKind, ShortUrls, Tag, TokenHash, User,
};
#[cfg(feature = "endpoints")]
pub use endpoint::{
    Admitted, ApiError, Call, Cause, DefaultSort, EndpointOptions, Endpoints, FilesParams,
    FoldersParams, ImagesParams, Order, OwnerShape, Paging, RoomKey, SearchField, Searched,
    SearchedQuery, Shown, SortBy, Step, UserFiles, UserFilesParams, UserFolder, UserStats, Waiting,
};
pub use error::{Error, ErrorKind, FailedRecord, Result};
pub use file::{AsIs, File, Record};
#[cfg(feature = "import")]
pub use import::{Fault, ImportFrom, ImportOptions, ImportReport, Place, each_document};
pub use index::{Filedex, OpenOptions};
pub use lookup::{Lookup, Matches, Updates};
pub use page::Page;
pub use policy::{Denied, Policy};
pub use scope::{Scope, Visibility};
pub use snapshot::Snapshot;
pub use written::Written;

pub use filedex_query::{
    Array, Binary, Code, Collation, Date, Decimal, Document, DottedNull, Environment,
    Error as QueryError, Filter, Limits, ObjectId, Path, Plan, Position, Regex, Sum, Timestamp,
    Value, Values, doc, ejson,
};
pub use filedex_storage::{
    Activity, Backup, CacheActivity, Cancel, Changed, Commit, Compaction, Durability, Explain,
    Holder, Holders, News, Put, Quarantined, Repair, Report, Start, Stats, Store, Sweep, Tally,
    Watch, Way, What, Window, Work, check_record,
};

/// The program in the README compiles and does what it says.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
