//! What is written is told as it comes, over a server as on this machine.

use std::time::{Duration, Instant};

use filedex::{Backend as _, Change, Changes, ErrorKind, File, News, Scope, What};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{LONG, Server, address, fail, over};

fn file(id: &str, room: &str) -> File {
    File::new(id).unwrap().with_room(room)
}

fn room() -> Scope {
    Scope::everything().room("r")
}

/// What is told of so many writes, whenever it comes, and of more that come at once; of each write what became of its
/// records.
fn told(changes: &mut Changes, writes: usize) -> Vec<Vec<(String, What)>> {
    let mut told = Vec::new();
    loop {
        let time = if told.len() < writes { LONG } else { Duration::from_millis(500) };
        let Some(news) = changes.wait(time).unwrap() else { return told };
        match news {
            News::Commit(commit) => {
                assert_eq!(commit.number, changes.number());
                let mut write: Vec<_> =
                    commit.changes.into_iter().map(|change| (change.id, change.what)).collect();
                write.sort_by(|one, other| one.0.cmp(&other.0));
                told.push(write);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What is told next, whenever it comes.
fn next(changes: &mut Changes) -> Option<News> {
    changes.wait(LONG).unwrap()
}

fn one(id: &str, what: What) -> Vec<(String, What)> {
    vec![(id.to_owned(), what)]
}

#[test]
fn each_write_is_told_once_as_a_whole_and_seen_from_the_scope() {
    let address = address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    let (index, writer) = (open(), open());
    writer.put(&file("old", "r")).unwrap();
    let mut changes = index.watch(room()).unwrap();
    let start = changes.number();
    writer.put(&file("a", "r")).unwrap();
    writer.put(&file("b", "s")).unwrap();
    writer.update_with("a", r#"{"$set": {"name": "a.png"}}"#).unwrap();
    writer.update_with("b", r#"{"$set": {"rid": "r"}}"#).unwrap();
    writer.update_with("a", r#"{"$set": {"rid": "s"}}"#).unwrap();
    writer.put_many([file("c", "r"), file("d", "s"), file("e", "r")]).unwrap();
    writer
        .write(|batch| {
            batch.put(&file("f", "r"))?;
            batch.remove("f")?;
            batch.put(&file("g", "r"))?;
            batch.put(&file("g", "r").with_size(7))?;
            batch.remove("old")
        })
        .unwrap();
    writer.remove("a").unwrap();
    writer.remove("b").unwrap();
    let several = |what: &[(&str, What)]| -> Vec<(String, What)> {
        what.iter().map(|(id, what)| ((*id).to_owned(), *what)).collect()
    };
    let expected = [
        one("a", What::Added),
        one("a", What::Replaced),
        one("b", What::Added),
        one("a", What::Removed),
        several(&[("c", What::Added), ("e", What::Added)]),
        several(&[("g", What::Added), ("old", What::Removed)]),
        one("b", What::Removed),
    ];
    assert_eq!(told(&mut changes, expected.len()), expected);
    // Whoever was away goes on where he was, through another connection.
    let other = open();
    let mut again = other.watch_from(room(), start).unwrap();
    assert_eq!(told(&mut again, expected.len()), expected);
    let mut behind = other.watch_from(room(), changes.number()).unwrap();
    assert_eq!(told(&mut behind, 0), Vec::<Vec<(String, What)>>::new());
}

#[test]
fn what_is_written_by_other_programs_is_told_as_well() {
    let address = address();
    let index = over(MongoOptions::new(address.clone()).connect().unwrap());
    index.put_many([file("a", "r"), file("b", "s")]).unwrap();
    let mut changes = index.watch(room()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use mongodb::bson::{Document, doc};
        let client = mongodb::Client::with_uri_str(&address).await.unwrap();
        let files = client.default_database().unwrap().collection::<Document>("files");
        files.update_one(doc! { "_id": "a" }, doc! { "$set": { "size": 7 } }).await.unwrap();
        files.update_one(doc! { "_id": "b" }, doc! { "$set": { "rid": "r" } }).await.unwrap();
        files.insert_one(doc! { "_id": "c", "rid": "r" }).await.unwrap();
        files.delete_one(doc! { "_id": "a" }).await.unwrap();
    });
    let expected = [
        one("a", What::Replaced),
        one("b", What::Added),
        one("c", What::Added),
        one("a", What::Removed),
    ];
    assert_eq!(told(&mut changes, expected.len()), expected);
}

#[test]
fn a_wait_ends_in_time_and_a_closed_index_ends_the_following() {
    let index = over(MongoOptions::new(address()).connect().unwrap());
    let mut changes = index.watch(room()).unwrap();
    let started = Instant::now();
    assert_eq!(changes.wait(Duration::from_millis(100)).unwrap(), None);
    assert!(started.elapsed() < LONG && !changes.has_ended());
    drop(index);
    assert!(changes.next().is_none() && changes.has_ended());
}

#[test]
fn a_task_that_follows_is_woken_by_a_write_and_by_the_end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let index = over(MongoOptions::new(address()).connect().unwrap());
        let index = filedex::tokio::Filedex::new(index);
        let mut changes = index.watch(room()).await.unwrap();
        let writer = index.clone();
        let put = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            writer.put(&file("a", "r")).await.unwrap()
        });
        let news = tokio::time::timeout(LONG, changes.next()).await.unwrap();
        assert!(matches!(news, Some(Ok(News::Commit(_)))), "{news:?}");
        put.await.unwrap();
        drop(index);
        assert!(tokio::time::timeout(LONG, changes.next()).await.unwrap().is_none());
    });
}

#[test]
fn what_can_not_be_told_is_not_passed_over_in_silence() {
    let server = Server::start(&["--enable-test-commands"]);
    let address = server.address();
    let open = || over(MongoOptions::new(address.clone()).connect().unwrap());
    let (index, writer) = (open(), open());
    writer.put(&file("a", "r")).unwrap();
    // Nobody asked that what it was be kept.
    let unkept = 1_u64 << 32;
    let mut changes = index.watch(room()).unwrap();
    let mut before = index.watch_from(room(), unkept).unwrap();
    writer.put(&file("a", "r").with_size(7)).unwrap();
    assert!(matches!(next(&mut changes), Some(News::Commit(_))));
    assert!(matches!(next(&mut before), Some(News::Commit(_))));
    // The history does not reach back so far.
    fail(&server, 286, &["aggregate"], 1);
    let mut lost = index.watch_from(room(), unkept).unwrap();
    let Some(News::Lagged(number)) = next(&mut lost) else { panic!("not told") };
    assert_eq!(number, lost.number());
    writer.put(&file("b", "r")).unwrap();
    assert!(matches!(next(&mut lost), Some(News::Commit(_))));
}

#[test]
fn a_history_that_is_lost_while_it_is_followed_is_not_passed_over_in_silence() {
    let server = Server::start(&["--enable-test-commands"]);
    let index = over(MongoOptions::new(server.address()).connect().unwrap());
    // Nobody else follows, who could be told instead.
    let mut changes = index.watch(room()).unwrap();
    fail(&server, 286, &["getMore"], 1);
    assert!(matches!(next(&mut changes), Some(News::Lagged(_))));
    index.put(&file("b", "r")).unwrap();
    assert!(matches!(next(&mut changes), Some(News::Commit(_))));
}

#[test]
fn a_change_before_anybody_followed_is_told_as_lost() {
    let address = address();
    let index = over(MongoOptions::new(address.clone()).connect().unwrap());
    index.put(&file("a", "r")).unwrap();
    let start = index.watch(room()).unwrap().number();
    let other = address_of_other(&address);
    let unkept = over(MongoOptions::new(other.clone()).connect().unwrap());
    unkept.put(&file("a", "r")).unwrap();
    unkept.put(&file("a", "s")).unwrap();
    let mut changes = unkept.watch_from(room(), start).unwrap();
    while !matches!(next(&mut changes).expect("told"), News::Lagged(_)) {}
}

/// Another database of the same server, whose clock is the same.
fn address_of_other(address: &str) -> String {
    format!("{address}_other")
}

#[test]
fn a_server_that_dies_is_an_error_and_what_it_tells_later_is_told() {
    let server = Server::start(&["--enable-test-commands"]);
    let index = over(MongoOptions::new(server.address()).connect().unwrap());
    let mut changes = index.watch(room()).unwrap();
    // Not one that the driver goes on from by itself.
    fail(&server, 13, &["getMore"], 1);
    let error = changes.wait(LONG).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    index.put(&file("a", "r")).unwrap();
    assert_eq!(told(&mut changes, 1), [one("a", What::Added)]);
}

#[test]
fn servers_without_a_history_and_indexes_that_may_not_ask_for_one_say_so() {
    let server = Server::start(&["--standalone"]);
    let alone = over(MongoOptions::new(server.address()).connect().unwrap());
    let address = address();
    let writable = MongoOptions::new(address.clone()).connect().unwrap();
    writable.put(&filedex::doc! { "_id": "a", "rid": "r" }).unwrap();
    let reader = || over(MongoOptions::new(address.clone()).read_only().connect().unwrap());
    for (index, reason) in [(alone, "change streams"), (reader(), "changeStreamPreAndPostImages")] {
        let error = index.watch(room()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    // Once somebody else has asked, those that only read follow, too.
    let writer = over(writable);
    writer.watch(room()).unwrap();
    let reading = reader();
    let mut changes = reading.watch(room()).unwrap();
    let upsert = Change::new(r#"{"$set": {"rid": "r"}}"#).upsert();
    writer.update_with("b", &upsert).unwrap();
    assert!(writer.remove("a").unwrap());
    let expected = [one("b", What::Added), one("a", What::Removed)];
    assert_eq!(told(&mut changes, expected.len()), expected);
}
