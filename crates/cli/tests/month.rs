//! A month of use in a minute: a store is filled, served, watched, written to, backed up, and its tokens are
//! changed, all while clients ask.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::server;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::program::{run, text};
use nix::sys::signal::Signal;
use server::{Server, lines, verified};

/// Records at the beginning.
const FIRST: usize = 500;

/// Records that come with each import while the server runs.
const EACH: usize = 40;

/// Imports by each of two writers.
const IMPORTS: usize = 8;

/// Nights with a backup.
const NIGHTS: usize = 3;

#[test]
fn a_month_of_use_loses_nothing_and_holds_up_nobody() {
    let server = Server::start(FIRST, &["--access-log", "--slow-log", "0"]);
    let (imported, ended) = (AtomicUsize::new(FIRST), AtomicBool::new(false));
    thread::scope(|scope| {
        let writers = [0, 1].map(|writer| {
            let (server, imported) = (&server, &imported);
            scope.spawn(move || write(server, writer, imported))
        });
        let readers = [0, 1].map(|_| scope.spawn(|| read(&server, &ended)));
        let scraper = scope.spawn(|| scrape(&server, &ended));
        for night in 0..NIGHTS {
            back_up(&server, night, &imported);
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        ended.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| assert!(reader.join().unwrap() > 0));
        assert!(scraper.join().unwrap() > 0);
    });
    let records = FIRST + 2 * IMPORTS * EACH;
    assert_eq!(imported.load(Ordering::Relaxed), records);
    rotate_tokens(&server);
    let removed = tidy_up(&server);
    stop(server, records - removed);
}

/// Imports through the admin socket, each import acknowledged before the next.
fn write(server: &Server, writer: usize, imported: &AtomicUsize) {
    for import in 0..IMPORTS {
        let from = FIRST + (writer * IMPORTS + import) * EACH;
        let lines = lines(from..from + EACH);
        let run = server.admin_with(&["import", "-"], lines.as_bytes());
        assert_eq!(
            run.out,
            format!("{EACH} inserted, 0 replaced, 0 unchanged, 0 bad\n"),
            "{run:?}"
        );
        imported.fetch_add(EACH, Ordering::Relaxed);
    }
}

/// Asks for pages until the month is over; totals never fall.
fn read(server: &Server, ended: &AtomicBool) -> usize {
    let (mut pages, mut last) = (0, 0);
    while !ended.load(Ordering::Relaxed) {
        let (status, page) = server.page("secret");
        let total = page["total"].as_u64().unwrap();
        assert!(status == 200 && total >= last, "{page}");
        (pages, last) = (pages + 1, total);
    }
    pages
}

/// Scrapes the figures; counters never fall.
fn scrape(server: &Server, ended: &AtomicBool) -> usize {
    let (mut scrapes, mut last) = (0, 0.0);
    while !ended.load(Ordering::Relaxed) {
        let page = r#"{code="200",endpoint="/api/v1/groups.files"}"#;
        let requests = server.figure(&format!("filedex_http_requests_total{page}")).unwrap_or(0.0);
        assert!(requests >= last);
        (scrapes, last) = (scrapes + 1, requests);
        thread::sleep(Duration::from_millis(100));
    }
    scrapes
}

/// Backs up beside the writers, and restores what came of it: nothing acknowledged before is missing.
fn back_up(server: &Server, night: usize, imported: &AtomicUsize) {
    let before = imported.load(Ordering::Relaxed);
    let (file, restored) = (server.site.path("backup"), server.site.path(&format!("night{night}")));
    let backup = server.admin(&["backup", text(&file)]);
    assert_eq!(backup.status, 0, "{backup:?}");
    let restore = run(&["restore", text(&file), "--db", text(&restored)]);
    assert_eq!(restore.status, 0, "{restore:?}");
    let records = verified(&restored) as usize;
    assert!((before..=FIRST + 2 * IMPORTS * EACH).contains(&records), "{before} {records}");
    assert!(backup.out.starts_with(&format!("{records} records, sha256 ")), "{backup:?}");
}

/// A new token counts from SIGHUP on, the old one no longer; a file that is broken changes nothing.
fn rotate_tokens(server: &Server) {
    for (old, new) in [("secret", "cobalt"), ("cobalt", "vermilion")] {
        server.site.write_directory(&[new]);
        assert_eq!(server.page(old).0, 200);
        server.signal(Signal::SIGHUP);
        let started = Instant::now();
        while server.page(new).0 != 200 {
            assert!(started.elapsed() < server::PATIENCE, "{}", server.site.log());
        }
        assert_eq!(server.page(old).0, 401);
    }
    std::fs::write(server.site.path("directory.json"), "{\"users\": [}").unwrap();
    server.signal(Signal::SIGHUP);
    server.wait_for_log("the users and rooms stay as they were");
    assert_eq!(server.page("vermilion").0, 200);
}

/// Changes and removes through the admin socket; gives how many were removed.
fn tidy_up(server: &Server) -> usize {
    let old = r#"{uploadedAt: {$lt: ISODate("2025-01-08")}}"#;
    let count: usize = server.admin(&["count", "--query", old]).out.trim().parse().unwrap();
    assert!(count > 0);
    let update = server.admin(&["update", "--query", old, "--change", "{$set: {old: true}}"]);
    assert_eq!(update.out, format!("{count} changed, 0 unchanged, 0 inserted\n"), "{update:?}");
    let remove = server.admin(&["remove", "--query", "{old: true}"]);
    assert_eq!(remove.out, format!("{count} removed\n"), "{remove:?}");
    assert_eq!(server.admin(&["verify"]).json()["problems"], serde_json::json!([]));
    count
}

/// While it is open nobody else gets in, and is told why; it stops cleanly with all that was acknowledged.
fn stop(server: Server, records: usize) {
    assert_eq!(server.admin(&["stats"]).json()["records"], records);
    let refused = run(&["stats", "--db", server.site.db()]);
    let named = format!("the store is open in process {} (filedex)", server.id());
    assert!(refused.status == 3 && refused.err.contains(&named), "{refused:?}");
    let (status, site) = server.stop();
    assert_eq!(status, Some(0), "{}", site.log());
    assert!(!std::fs::exists(site.socket()).unwrap());
    assert_eq!(verified(&site.path("uploads.filedex")) as usize, records);
    let log = site.log();
    assert!(log.contains("filedex::access") && log.contains("filedex::slow"), "{log}");
    assert!(!log.contains("secret") && !log.contains("cobalt"), "{log}");
}
