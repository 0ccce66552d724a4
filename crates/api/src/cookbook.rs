//! What hosts do, each as a recipe that runs.
//!
//! | chore | recipe |
//! |---|---|
//! | keep my own struct | [a struct of one's own](#a-struct-of-ones-own) |
//! | write documents and filters in code | [documents and filters in code](#documents-and-filters-in-code) |
//! | answer a caller's query | [a caller's query, kept inside a room](#a-callers-query-kept-inside-a-room) |
//! | take what others have exported | [import](#import) |
//! | back up at night | [backup beside a running server](#backup-beside-a-running-server) |
//! | change a record | [change a record](#change-a-record) |
//! | end what takes too long | [limits, deadlines and cancelling](#limits-deadlines-and-cancelling) |
//! | tell a caller what went wrong | [errors to HTTP](#errors-to-http) |
//! | read a page of which a record is odd | [a record that is not of my shape](#a-record-that-is-not-of-my-shape) |
//!
//! # A struct of one's own
//!
//! Whatever serde can write as a map with a text `_id` is a record, and comes back as it went in.
//!
//! ```
//! use filedex::{Date, Filedex};
//!
//! #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Upload {
//!     #[serde(rename = "_id")]
//!     id: String,
//!     rid: String,
//!     name: String,
//!     size: u64,
//!     uploaded_at: Date,
//!     tags: Vec<String>,
//! }
//!
//! let index = Filedex::temporary()?;
//! let mine = Upload {
//!     id: "a".into(),
//!     rid: "GENERAL".into(),
//!     name: "logo.png".into(),
//!     size: 78_441,
//!     uploaded_at: Date::now(),
//!     tags: vec!["red".into()],
//! };
//! index.put(&mine)?;
//! let page = index.room("GENERAL").query(r#"{"tags": "red"}"#)?.page_as::<Upload>()?;
//! assert_eq!((&page.files[0], page.total), (&mine, 1));
//! assert_eq!(index.get_as::<Upload>("a")?, Some(mine));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Documents and filters in code
//!
//! [`doc!`](crate::doc) writes a document as its JSON, [`field`](crate::field) a filter; a query, a sort and fields take
//! either, JSON text, or a `serde_json::Value`.
//!
//! ```
//! use filedex::{Date, Filedex, doc, field};
//!
//! let index = Filedex::temporary()?;
//! index.put(&doc! { "_id": "a", "rid": "GENERAL", "size": 78_441, "uploadedAt": Date::now() })?;
//!
//! let (least, since) = (10_000, Date(0));
//! let recent = field("size").gt(least) & field("uploadedAt").gte(since);
//! let page = index.room("GENERAL").query(recent)?.sort(doc! { "uploadedAt": -1 })?.count(50).page()?;
//! assert_eq!(page.files[0].get_i64("size"), Some(78_441));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # A caller's query, kept inside a room
//!
//! What the scope says holds whatever the text says; a [`Policy`](crate::Policy) hides fields from it.
//!
//! ```
//! use filedex::{Filedex, Policy, Scope, Visibility, doc};
//!
//! let index = Filedex::temporary()?;
//! index.put_many([
//!     doc! { "_id": "a", "rid": "GENERAL", "name": "logo.png" },
//!     doc! { "_id": "b", "rid": "SECRET", "name": "plan.pdf" },
//! ])?;
//! let scope = Scope::everything().room("GENERAL").visible(Visibility::default());
//! let asked = index.lookup(scope).policy(&Policy::default()).query(r#"{"rid": "SECRET"}"#)?;
//! assert_eq!(asked.page()?.total, 0);
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Change a record
//!
//! ```
//! use filedex::{Filedex, doc};
//!
//! let index = Filedex::temporary()?;
//! index.put(&doc! { "_id": "a", "rid": "GENERAL", "size": 7 })?;
//! index.update_with("a", r#"{"$set": {"rid": "OTHER"}, "$inc": {"downloads": 1}}"#)?;
//! index.update("a", |record| record.set("size", 8))?;
//! assert_eq!(index.room("OTHER").query(doc! { "size": 8, "downloads": 1 })?.total()?, 1);
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Import
//!
#![cfg_attr(feature = "import", doc = "```")]
#![cfg_attr(not(feature = "import"), doc = "```ignore")]
//! use filedex::{Filedex, ImportOptions};
//!
//! let exported = r#"{"_id":"a","uploadedAt":{"$date":"2018-03-08T17:36:09.913Z"},"size":{"$numberLong":"9778"}}
//! {"_id":"b","uploadedAt":"yesterday"}"#;
//! let index = Filedex::temporary()?;
//! let report = index.import(exported.as_bytes(), &ImportOptions::default())?;
//! assert_eq!((report.tally.inserted, report.bad), (1, 1));
//! let fault = &report.faults[0];
//! assert_eq!((fault.id.as_deref(), fault.place.to_string().as_str()), (Some("b"), "line 2"));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Backup beside a running server
//!
//! One state, written while readers and writers go on.
//!
//! ```
//! use filedex::{Filedex, doc};
//!
//! let site = tempfile::tempdir()?;
//! let index = Filedex::open(site.path().join("uploads.filedex"))?;
//! index.put(&doc! { "_id": "a" })?;
//! let backup = index.backup(site.path().join("night.jsonl"), &mut |_, _| ())?;
//! assert_eq!(backup.records, 1);
//!
//! let copy = site.path().join("copy.filedex");
//! Filedex::restore(site.path().join("night.jsonl"), &copy, &mut |_, _| ())?;
//! assert_eq!(Filedex::open(&copy)?.all().total()?, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits, deadlines and cancelling
//!
//! ```
//! use filedex::{Cancel, ErrorKind, Filedex, Limits, doc};
//! use std::time::Duration;
//!
//! let limits = Limits::default().with_filter_depth(20).with_time(Duration::from_secs(5));
//! let index = Filedex::options().limits(limits).temporary()?;
//! index.put(&doc! { "_id": "a", "name": "logo.png" })?;
//!
//! let cancel = Cancel::default();
//! let lookup = index.all().cancel(cancel.clone()).time(Duration::from_secs(1));
//! assert_eq!(lookup.total()?, 1);
//! cancel.cancel(); // from any thread
//! assert_eq!(lookup.page().unwrap_err().kind(), ErrorKind::Cancelled);
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Errors to HTTP
//!
//! ```
//! use filedex::Filedex;
//!
//! /// Status and text of a reply; what is not for the caller goes to the log.
//! fn reply(result: filedex::Result<Vec<u8>>) -> (u16, Vec<u8>) {
//!     match result {
//!         Ok(json) => (200, json),
//!         Err(error) if error.http_status() < 500 => {
//!             (error.http_status(), error.to_string().into_bytes())
//!         }
//!         Err(error) => {
//!             eprintln!("{error:?}");
//!             (error.http_status(), b"Internal Server Error".to_vec())
//!         }
//!     }
//! }
//!
//! let index = Filedex::temporary()?;
//! let asked = |text: &str| index.all().query(text)?.json();
//! assert_eq!(reply(asked("{}")).0, 200);
//! let (status, text) = reply(asked(r#"{"size": {"$bigger": 1}}"#));
//! assert_eq!(status, 400);
//! assert!(String::from_utf8_lossy(&text).starts_with("$.size.$bigger: "));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # A record that is not of my shape
//!
//! ```
//! use filedex::{AsIs, Filedex, doc};
//!
//! #[derive(serde::Deserialize)]
//! struct Sized {
//!     size: u64,
//! }
//!
//! let index = Filedex::temporary()?;
//! index.put(&doc! { "_id": "a", "size": 7 })?;
//! index.put(&AsIs(doc! { "_id": "b", "size": "big" }))?;
//!
//! let mut sum = 0;
//! for record in index.all().iter_as::<Sized>()? {
//!     match record {
//!         Ok(record) => sum += record.size,
//!         Err(error) => assert!(error.to_string().starts_with("record `b`: `size`")),
//!     }
//! }
//! assert_eq!(sum, 7);
//! # Ok::<(), filedex::Error>(())
//! ```
