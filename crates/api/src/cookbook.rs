//! What hosts do, each as a recipe that runs.
//!
//! | chore | recipe |
//! |---|---|
//! | keep my own struct | [a struct of one's own](#a-struct-of-ones-own) |
//! | write documents and filters in code | [documents and filters in code](#documents-and-filters-in-code) |
//! | answer a caller's query | [a caller's query, kept inside a room](#a-callers-query-kept-inside-a-room) |
//! | change a record | [change a record](#change-a-record) |
//! | delete a room, hand a user's files over | [all files of a query](#all-files-of-a-query) |
//! | check, then put | [several changes at once](#several-changes-at-once) |
//! | a quota, badges on tabs, a list of tags | [sums, counts and values](#sums-counts-and-values) |
//! | scroll without end | [pages that stay put](#pages-that-stay-put) |
//! | jump to a file | [the page of a file](#the-page-of-a-file) |
//! | read several answers of one moment | [one state](#one-state) |
//! | tell clients at once | [live updates](#live-updates) |
//! | let files expire | [files that expire](#files-that-expire) |
//! | take what others have exported | [import](#import) |
//! | back up at night, restore | [backup beside a running server](#backup-beside-a-running-server) |
//! | see that all is well, repair, compact | [care of a store](#care-of-a-store) |
//! | show figures | [figures for monitoring](#figures-for-monitoring) |
//! | serve the published APIs | [endpoints](#endpoints) |
//! | wait without blocking | [an async host](#an-async-host) |
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
//! # All files of a query
//!
//! A room that goes, a user whose files become another's: in steps of which readers see all or nothing, with progress.
//!
//! ```
//! use filedex::{Filedex, doc, field};
//!
//! let index = Filedex::temporary()?;
//! index.put_many((0..2_500).map(|number| {
//!     doc! { "_id": format!("f{number}"), "rid": "random", "userId": "bob", "size": number }
//! }))?;
//! let moved = index.user("bob").query(field("size").lt(500))?.update_all(r#"{"$set": {"userId": "ada"}}"#)?;
//! assert_eq!((moved.matched, moved.changed), (500, 500));
//!
//! let mut told = Vec::new();
//! let removed = index.room("random").remove_all_with(&mut |sweep| told.push(sweep.changed))?;
//! assert_eq!((removed, told), (2_500, vec![1_000, 2_000, 2_500]));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Several changes at once
//!
//! All of it or nothing, and nobody writes in between; what the batch asks has its own changes.
//!
//! ```
//! use filedex::{File, Filedex, Value};
//!
//! /// Puts the file in unless its user would have more than the quota.
//! fn upload(index: &Filedex, file: &File, quota: i32) -> filedex::Result<bool> {
//!     index.write(|batch| {
//!         batch.put(file)?;
//!         let used = batch.user(file.user().unwrap_or_default())?.sum("size")?;
//!         let fits = matches!(used, Value::Int(used) if used <= quota);
//!         if !fits {
//!             batch.remove(file.id())?;
//!         }
//!         Ok(fits)
//!     })
//! }
//!
//! let index = Filedex::temporary()?;
//! assert!(upload(&index, &File::new("a")?.with_user("ada").with_size(70), 100)?);
//! assert!(!upload(&index, &File::new("b")?.with_user("ada").with_size(70), 100)?);
//! assert_eq!(index.user("ada").total()?, 1);
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Sums, counts and values
//!
//! Sums of `size` and counts by `typeGroup` of a room, of a user and of everything are kept: they cost the same however
//! many files there are.
//!
//! ```
//! use filedex::{Filedex, Value, doc};
//!
//! let index = Filedex::temporary()?;
//! index.put_many([
//!     doc! { "_id": "a", "rid": "GENERAL", "userId": "ada", "size": 30, "typeGroup": "image", "tags": ["red"] },
//!     doc! { "_id": "b", "rid": "GENERAL", "userId": "ada", "size": 12, "typeGroup": "video", "tags": ["red", "old"] },
//! ])?;
//! assert_eq!(index.user("ada").sum("size")?, Value::from(42));
//! let badges = index.room("GENERAL").counts_by("typeGroup")?;
//! assert_eq!(badges, [(Value::from("image"), 1), (Value::from("video"), 1)]);
//! assert_eq!(index.room("GENERAL").distinct("tags")?, [Value::from("old"), Value::from("red")]);
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Pages that stay put
//!
//! The next page begins behind the last file, whatever was uploaded meanwhile; the client keeps a token.
//!
//! ```
//! use filedex::{Date, File, Filedex};
//!
//! let index = Filedex::temporary()?;
//! for number in 0..100 {
//!     index.put(&File::new(format!("f{number:02}"))?.with_room("GENERAL").with_uploaded_at(Date(number)))?;
//! }
//! let newest = index.room("GENERAL").sort(r#"{"uploadedAt": -1}"#)?.count(40);
//! let first = newest.clone().page()?;
//! index.put(&File::new("new")?.with_room("GENERAL").with_uploaded_at(Date(1_000)))?;
//!
//! let second = newest.clone().after_token(&first.next_token().unwrap()).page()?;
//! assert_eq!(second.files[0].get_str("_id"), Some("f59"));
//! let back = newest.before_token(&second.previous_token().unwrap()).page()?;
//! assert_eq!(back.files[0].get_str("_id"), first.files[0].get_str("_id"));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # The page of a file
//!
//! ```
//! use filedex::{Date, File, Filedex};
//!
//! let index = Filedex::temporary()?;
//! for number in 0..100 {
//!     index.put(&File::new(format!("f{number:02}"))?.with_room("GENERAL").with_uploaded_at(Date(number)))?;
//! }
//! let newest = index.room("GENERAL").sort(r#"{"uploadedAt": -1}"#)?;
//! let rank = newest.rank("f42")?.unwrap();
//! assert_eq!(rank, 57);
//! let page = newest.offset(rank / 20 * 20).count(20).page()?;
//! assert!(page.files.iter().any(|file| file.get_str("_id") == Some("f42")));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # One state
//!
//! ```
//! use filedex::{Filedex, doc};
//!
//! let index = Filedex::temporary()?;
//! index.put(&doc! { "_id": "a", "rid": "GENERAL" })?;
//! let state = index.snapshot()?;
//! index.room("GENERAL").remove_all()?;
//! assert_eq!((state.room("GENERAL").total()?, state.all().counts_by("rid")?.len()), (1, 1));
//! assert!(state.get("a")?.is_some() && index.get("a")?.is_none());
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Live updates
//!
//! Each write once, in order, as far as it concerns the scope; whoever was too slow is told so, and looks anew.
//!
//! ```
//! use std::time::Duration;
//!
//! use filedex::{Filedex, News, Scope, What, doc};
//!
//! let index = Filedex::temporary()?;
//! let mut changes = index.watch(Scope::everything().room("GENERAL"))?;
//! index.put(&doc! { "_id": "a", "rid": "GENERAL" })?;
//! index.put(&doc! { "_id": "b", "rid": "random" })?;
//! match changes.wait(Duration::from_secs(1))? {
//!     Some(News::Commit(commit)) => {
//!         assert_eq!((&*commit.changes[0].id, commit.changes[0].what), ("a", What::Added));
//!     }
//!     Some(News::Lagged(_)) => println!("look at the room anew"),
//!     _ => println!("nothing came within a second"),
//! }
//! // A client that was away goes on behind the number that it has seen.
//! let _again = index.watch_from(Scope::everything().room("GENERAL"), changes.number())?;
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Files that expire
//!
//! ```
//! use filedex::{Date, Filedex, doc};
//!
//! let index = Filedex::temporary()?;
//! index.put(&doc! { "_id": "a", "deletesAt": Date(1_000) })?;
//! index.put(&doc! { "_id": "b" })?;
//! // Every minute, say: what is due is found without going through the others.
//! assert_eq!(index.expire("deletesAt", Date::now())?, 1);
//! assert_eq!(index.expire("deletesAt", Date::now())?, 0);
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
//! # Care of a store
//!
//! Whether all is well is asked while it is open. A repair and a compaction are of one that nobody has open; each writes
//! it anew in its place, and a repair keeps what it cannot read in a file beside it.
//!
//! ```
//! use filedex::{Cancel, Filedex, Watch, doc};
//!
//! let site = tempfile::tempdir()?;
//! let path = site.path().join("uploads.filedex");
//! let index = Filedex::open(&path)?;
//! index.put_many((0..1_000).map(|number| doc! { "_id": format!("f{number}"), "rid": "GENERAL" }))?;
//! for told in index.recoveries() {
//!     println!("on opening: {told}"); // after a kill, say
//! }
//! // It reads everything, and ends early where somebody raises the flag.
//! let watch = Watch { cancel: Some(Cancel::default()), ..Watch::default() };
//! let report = index.verify_within(&watch, &mut |done, of| println!("{done} of {of}"))?;
//! assert!(report.is_clean(), "{:?}", report.problems);
//!
//! index.room("GENERAL").query(r#"{"_id": {"$ne": "f7"}}"#)?.remove_all()?;
//! index.close()?;
//! let compaction = Filedex::compact(&path, &mut |_, _| ())?;
//! assert!(compaction.records == 1 && compaction.bytes_after < compaction.bytes_before);
//! assert!(Filedex::repair(&path, &mut |_, _| ())?.is_whole());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Figures for monitoring
//!
//! What the index holds, what questions have cost since it was opened, how its caches do. With the feature `tracing`
//! each call is a span and each slow execution a warning.
//!
//! ```
//! use std::time::Duration;
//!
//! use filedex::{Filedex, doc};
//!
//! let index = Filedex::options().slow(Duration::from_millis(50)).temporary()?;
//! index.put(&doc! { "_id": "a", "rid": "GENERAL", "size": 7 })?;
//! index.room("GENERAL").page()?;
//!
//! let (stats, activity) = (index.stats()?, index.activity());
//! println!("filedex_records {}", stats.records);
//! println!("filedex_disk_bytes {}", stats.disk_bytes);
//! println!("filedex_executions_total {}", stats.work.executions);
//! println!("filedex_slow_executions_total {}", stats.work.slow);
//! for cache in &activity.caches {
//!     println!("filedex_cache_bytes{{cache=\"{}\"}} {}", cache.name, cache.bytes);
//! }
//! assert!(activity.checkpoint_failure.is_none(), "the disk is full, say");
//! assert_eq!((stats.records, stats.work.executions), (1, 1));
//! # Ok::<(), filedex::Error>(())
//! ```
//!
//! # Endpoints
//!
//! The host says who there is and who may read which room; tokens are kept as hashes.
//!
#![cfg_attr(feature = "endpoints", doc = "```")]
#![cfg_attr(not(feature = "endpoints"), doc = "```ignore")]
//! use filedex::{Endpoints, Filedex, MemoryDirectory, Room, RoomKind, TokenHash, User, doc};
//!
//! let index = Filedex::temporary()?;
//! index.put(&doc! { "_id": "a", "rid": "GENERAL", "userId": "u1", "typeGroup": "image" })?;
//! let mut directory = MemoryDirectory::new();
//! directory.add_user(User::new("u1", "ada"));
//! directory.add_token_hash("u1", TokenHash::of("secret")); // kept in a file as its text
//! directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), ["u1"]);
//!
//! let endpoints = Endpoints::new(index, directory);
//! let request = |token: &str| {
//!     let get = http::Request::get("/api/v1/groups.files?roomName=general&typeGroup=image");
//!     get.header("X-User-Id", "u1").header("X-Auth-Token", token).body("")
//! };
//! assert_eq!(endpoints.handle(request("secret")?).status(), 200);
//! assert_eq!(endpoints.handle(request("guess")?).status(), 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # An async host
//!
//! The same calls as futures on a bounded number of threads; a future that is dropped ends what it asked.
//!
#![cfg_attr(feature = "tokio", doc = "```")]
#![cfg_attr(not(feature = "tokio"), doc = "```ignore")]
//! use filedex::doc;
//! use filedex::tokio::Filedex;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let index = Filedex::new(filedex::Filedex::temporary()?);
//! index.put(&doc! { "_id": "a", "rid": "GENERAL" }).await?;
//! assert_eq!(index.room("GENERAL").count(50).page().await?.total, 1);
//! let expired = index.run(|index| index.expire("deletesAt", filedex::Date::now())).await?;
//! assert_eq!(expired, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
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
