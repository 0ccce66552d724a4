//! Whatever happens around a call, it ends in time with an error that says what.

use std::time::{Duration, Instant};

use filedex::{Cancel, Document, ErrorKind, Filedex};
use filedex_mongo::MongoOptions;
use filedex_mongo_suite::{LONG, Server, address, fail, over};

fn fill(index: &Filedex, records: i32) {
    let record = |number: i32| {
        let name = format!("name {number} {}", "x".repeat(200));
        Document::new().with("_id", format!("f{number}")).with("rid", "r").with("name", name)
    };
    index.put_many((0..records).map(record)).unwrap();
}

fn index() -> Filedex {
    over(MongoOptions::new(address()).connect().unwrap())
}

/// That a call ends, where it would else wait for ever.
fn ends(call: impl FnOnce()) {
    let started = Instant::now();
    call();
    let took = started.elapsed();
    assert!(took < LONG, "it took {took:?}");
}

#[test]
fn calls_and_drops_work_inside_of_either_kind_of_runtime() {
    let work = || {
        let index = index();
        fill(&index, 3);
        assert_eq!(index.room("r").page().unwrap().total, 3);
        assert_eq!(index.room("r").iter().unwrap().count(), 3);
        // A walk that nobody ends.
        drop(index.room("r").iter().unwrap());
        index.close().unwrap();
    };
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(async { work() });
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    many.block_on(async { work() });
    many.block_on(async { tokio::spawn(async move { work() }).await.unwrap() });
    one.block_on(tokio::task::LocalSet::new().run_until(async { work() }));
}

#[test]
fn no_time_at_all_is_no_unlimited_time() {
    let index = index();
    fill(&index, 3);
    let none = || index.room("r").time(Duration::ZERO);
    for error in [
        none().page().unwrap_err(),
        none().total().unwrap_err(),
        none().explain().unwrap_err(),
        none().iter().err().unwrap_or_else(|| none().iter().unwrap().next().unwrap().unwrap_err()),
    ] {
        assert_eq!(error.query().map(|error| error.code().0), Some(50), "{error}");
    }
}

#[test]
fn a_raised_flag_ends_a_call() {
    let index = index();
    fill(&index, 2_000);
    let cancel = Cancel::default();
    cancel.cancel();
    let error = index.room("r").cancel(cancel).page().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let (cancel, slow) = (Cancel::default(), r#"{"name":{"$regex":"x{1,50}y$"}}"#);
    let flag = cancel.clone();
    let raised = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        flag.cancel();
        Instant::now()
    });
    let ended = index.room("r").cancel(cancel).query(slow).unwrap().page();
    let took = raised.join().unwrap().elapsed();
    if let Err(error) = ended {
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        assert!(took < LONG, "{took:?}");
    }
}

#[test]
fn a_server_that_hangs_is_waited_for_as_long_as_was_said() {
    let server = Server::start(&[]);
    let address = server.address();
    fill(&over(MongoOptions::new(address.clone()).connect().unwrap()), 10);
    let options = MongoOptions::new(address).time(Duration::from_secs(6));
    let index = over(options.connect().unwrap());
    server.hang();
    ends(|| {
        let error = index.room("r").time(Duration::from_millis(300)).page().unwrap_err();
        assert_eq!(error.query().map(|error| error.code().0), Some(50), "{error}");
    });
    ends(|| {
        let error = index.put(&Document::new().with("_id", "late")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    });
    let (cancel, flag) = (Cancel::default(), Cancel::default());
    let waiting = flag.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        waiting.cancel();
    });
    drop(cancel);
    ends(|| {
        let error = index.room("r").cancel(flag).page().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    });
    server.go_on();
    assert_eq!(index.room("r").total().unwrap(), 10);
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_walk_ends_it_with_an_error() {
    let mut server = Server::start(&[]);
    let uri = format!("{}?serverSelectionTimeoutMS=5000", server.address());
    let index = over(MongoOptions::new(uri).connect().unwrap());
    fill(&index, 5_000);
    let mut walk = index.room("r").iter().unwrap();
    assert!(walk.next().unwrap().is_ok());
    server.kill();
    ends(|| {
        let error = walk.find_map(Result::err).expect("it ends early");
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(walk.next().is_none());
    });
    ends(|| {
        let error = index.room("r").time(Duration::from_secs(4)).page().unwrap_err();
        let in_time = error.query().is_some_and(|error| error.code().0 == 50);
        assert!(error.kind() == ErrorKind::Io || in_time, "{error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    });
}

/// What reads and writes are made of.
const COMMANDS: [&str; 3] = ["find", "aggregate", "update"];

#[test]
fn a_server_that_steps_down_is_asked_again_and_then_given_up() {
    let server = Server::start(&["--enable-test-commands"]);
    // This one does not say by itself that it is there again: it is asked twice a second, not every ten.
    let uri = format!("{}?heartbeatFrequencyMS=500", server.address());
    let index = over(MongoOptions::new(uri).connect().unwrap());
    fill(&index, 10);
    // NotWritablePrimary, and what a server says that is being shut down.
    for code in [10_107, 11_600, 91] {
        fail(&server, code, &COMMANDS, 1);
        match index.room("r").page() {
            Ok(page) => assert_eq!(page.total, 10),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled, "{code}: {error}"),
        }
    }
    fail(&server, 10_107, &COMMANDS, 1_000);
    ends(|| {
        let error = index.room("r").time(Duration::from_secs(8)).page().unwrap_err();
        let in_time = error.query().is_some_and(|error| error.code().0 == 50);
        assert!(error.kind() == ErrorKind::Io || in_time, "{error}");
    });
}

#[test]
fn what_a_server_says_is_told_in_words_of_ones_own() {
    let server = Server::start(&["--enable-test-commands"]);
    let index = over(MongoOptions::new(server.address()).connect().unwrap());
    fill(&index, 10);
    for (code, kind) in [
        (50, ErrorKind::Query),
        (11_601, ErrorKind::Cancelled),
        (292, ErrorKind::Query),
        (13, ErrorKind::Io),
    ] {
        fail(&server, code, &COMMANDS, 1);
        let error = index.room("r").page().unwrap_err();
        assert_eq!(error.kind(), kind, "{code}: {error}");
        assert!(!error.to_string().contains("files"), "{error}");
    }
}

#[test]
fn an_address_that_is_none_and_one_where_nobody_is_are_told_apart() {
    let none = MongoOptions::new("mongo//nowhere").connect().unwrap_err();
    let nobody = MongoOptions::new("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300");
    let nobody = nobody.connect().unwrap_err();
    assert_eq!((none.kind(), nobody.kind()), (ErrorKind::Io, ErrorKind::Io));
    assert_ne!(none.to_string(), nobody.to_string());
}
