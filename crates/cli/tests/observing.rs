//! What `filedex serve` shows of itself: health, figures, a log, and to which pages of other origins.
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

use super::program::{command, run};
use super::server::Server;

#[test]
fn figures_are_prometheus_text_and_count_what_was_asked() {
    let server = Server::start(300, &[]);
    assert_eq!((server.get("/healthz").status, &*server.get("/healthz").body), (200, "ok\n"));
    for _ in 0..3 {
        assert_eq!(server.page("secret").0, 200);
    }
    assert_eq!(server.page("wrong").0, 401);
    assert_eq!(server.get("/nowhere/at/all").status, 404);
    let metrics = server.get("/metrics");
    assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    for line in metrics.body.lines() {
        check_line(line);
    }
    for (name, value) in [
        (r#"filedex_http_requests_total{code="200",endpoint="/api/v1/groups.files"}"#, 3.0),
        (r#"filedex_http_requests_total{code="401",endpoint="/api/v1/groups.files"}"#, 1.0),
        (r#"filedex_http_requests_total{code="404",endpoint="other"}"#, 1.0),
        (r#"filedex_http_request_duration_seconds_count{endpoint="/api/v1/groups.files"}"#, 4.0),
        ("filedex_records", 300.0),
        ("filedex_rooms", 1.0),
        (r#"filedex_type_group_records{type_group="image"}"#, 300.0),
        ("filedex_checkpoints_failing", 0.0),
    ] {
        assert_eq!(server.figure(name), Some(value), "{name}: {}", metrics.body);
    }
    for above in [
        r#"filedex_cache_limit_bytes{cache="blocks"}"#,
        "filedex_resident_memory_bytes",
        "filedex_disk_bytes",
        "filedex_open_fds",
    ] {
        assert!(server.figure(above).unwrap() > 0.0, "{above}: {}", metrics.body);
    }
    let misses = "filedex_cache_misses_total{";
    let missed = metrics.body.lines().filter(|line| line.starts_with(misses));
    assert!(missed.into_iter().any(|line| !line.ends_with(" 0")), "{}", metrics.body);
}

/// A comment, or a name, labels and a number.
fn check_line(line: &str) {
    if line.starts_with("# HELP filedex_") || line.starts_with("# TYPE filedex_") {
        return;
    }
    let (name, value) = line.rsplit_once(' ').unwrap();
    let bare = name.split('{').next().unwrap();
    let is_named = bare.starts_with("filedex_")
        && bare.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(is_named && value.parse::<f64>().is_ok(), "{line}");
}

#[test]
fn figures_are_for_this_machine_alone_unless_the_host_says_otherwise() {
    for (arguments, status) in [(&[][..], 404), (&["--metrics"], 200)] {
        let arguments = [&["--listen", "0.0.0.0:0"], arguments].concat();
        let mut server = Server::start(1, &[&["--bound-pages"], &*arguments].concat());
        server.address = server.address.replace("0.0.0.0", "127.0.0.1");
        assert_eq!(server.get("/metrics").status, status);
        assert_eq!(server.get("/healthz").status, 200);
    }
}

#[test]
fn the_log_tells_of_each_request_without_secrets_and_of_slow_ones_with_their_query() {
    let server = Server::start(10, &["--access-log", "--slow-log", "0", "--log-format", "json"]);
    assert_eq!(server.page("secret").0, 200);
    server.wait_for_log("filedex::slow");
    let log = server.site.log();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |target: &str| lines.iter().find(|line| line["target"] == target).unwrap();
    let access = of("filedex::access");
    assert_eq!((&access["user"], &access["code"]), (&"ada".into(), &200.into()));
    assert_eq!(access["path"], "/api/v1/groups.files");
    assert!(
        access["bytes"].as_u64().unwrap() > 100 && access["milliseconds"].as_f64().unwrap() > 0.0
    );
    assert!(of("filedex::slow")["query"].as_str().unwrap().contains("roomName=room&count=1"));
    assert!(!log.contains("secret"), "{log}");
    let silent = Server::start(10, &[]);
    assert_eq!(silent.page("secret").0, 200);
    assert_eq!(silent.site.log(), "");
}

#[test]
fn pages_of_the_origins_that_the_host_names_may_ask_and_no_others() {
    let chat = "https://chat.example.org";
    let server =
        Server::start(1, &["--cors-origin", chat, "--cors-origin", "http://localhost:8080"]);
    let asked = |origin| {
        let preflight = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "x-auth-token,x-user-id"),
        ];
        let answer = server.ask("OPTIONS", "/api/v1/groups.files", &preflight);
        let page = server.ask("GET", "/api/openapi.json", &[("Origin", origin)]);
        let allowed = [&answer, &page].map(|answer| {
            let allowed = answer.headers.get("access-control-allow-origin");
            allowed.map(|origin| origin.to_str().unwrap().to_owned())
        });
        (answer.status, answer.headers.get("access-control-allow-headers").cloned(), allowed)
    };
    let (status, headers, allowed) = asked(chat);
    assert_eq!((status, allowed), (200, [Some(chat.to_owned()), Some(chat.to_owned())]));
    assert!(headers.unwrap().to_str().unwrap().contains("x-auth-token"));
    assert_eq!(asked("https://evil.example.org").2, [None, None]);
    for refused in
        ["chat.example.org", "https://chat.example.org/", "https://Chat.example.org", "x"]
    {
        let serve = run(&["serve", "--demo", "--cors-origin", refused]);
        assert!(serve.status == 2 && serve.err.contains("is no origin"), "{serve:?}");
    }
}

#[test]
fn commands_reach_the_open_store_by_the_admin_socket_as_if_it_were_theirs() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = Server::start(60, &[]);
    let mode = std::fs::metadata(server.site.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let found = server.admin(&[
        "find",
        "--count",
        "2",
        "--sort",
        r#"{"_id":1}"#,
        "--fields",
        r#"{"size":1}"#,
    ]);
    let page = r#"{"files":[{"_id":"f0","size":0},{"_id":"f1","size":10}],"count":2,"offset":0,"total":60}"#;
    assert_eq!(found.out, format!("{page}\n"), "{found:?}");
    let bad = server.admin(&["find", "--query", r#"{"size":{"$bigger":1}}"#]);
    assert!(bad.status == 2 && bad.err.contains("\"code\":2"), "{bad:?}");
    assert_eq!(server.admin(&["get", "f1", "none"]).status, 1);
    assert_eq!(server.admin(&["export"]).lines().len(), 60);
    let imported = server.admin_with(&["import", "-"], b"{\"_id\":\"new\"}\n{\"rid\":7}\n");
    assert_eq!(imported.out, "1 inserted, 0 replaced, 0 unchanged, 1 bad\n");
    assert!(imported.status == 1 && imported.err.starts_with("line 2: "), "{imported:?}");
    // A path is the caller's, whatever the server's directory.
    let mut backup = command(&["backup", "--admin", server.site.socket(), "relative.backup"]);
    let backup = backup.current_dir(server.site.path("")).output().unwrap();
    assert!(backup.status.success() && server.site.path("relative.backup").is_file());
    let missing = server.admin(&["import", "no-such-file"]);
    assert!(missing.status == 1 && missing.err.contains("no-such-file"), "{missing:?}");
}

#[test]
fn a_socket_that_nobody_listens_at_is_told_and_one_that_was_left_is_taken_over() {
    let server = Server::start(1, &[]);
    let nobody = run(&["stats", "--admin", server.site.path("none").to_str().unwrap()]);
    assert!(nobody.status == 1 && nobody.err.contains("is `filedex serve --admin` running?"));
    let second =
        run(&["serve", "--demo", "--listen", "127.0.0.1:0", "--admin", server.site.socket()]);
    assert!(
        second.status == 1 && second.err.contains("another server listens there"),
        "{second:?}"
    );
    server.signal(nix::sys::signal::Signal::SIGKILL);
    let site = server.stop().1;
    assert!(std::fs::exists(site.socket()).unwrap());
    let server = Server::start_at(site, &[]);
    assert_eq!(server.admin(&["count"]).out, "1\n");
}

#[test]
fn whoever_watches_is_told_of_each_write_and_goes_on_where_he_was() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let server = Server::start(2, &[]);
    let watch = |arguments: &[&str]| {
        let arguments = [&["watch", "--admin", server.site.socket()], arguments].concat();
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines.map(Result::unwrap))
    };
    let (mut all, mut told) = watch(&[]);
    let (mut small, mut told_small) = watch(&["--query", "{size: {$lt: 5}}"]);
    let first: serde_json::Value = serde_json::from_str(&told.next().unwrap()).unwrap();
    told_small.next().unwrap();
    let number = first["number"].as_u64().unwrap();
    let put = |line: &str| {
        assert_eq!(server.admin_with(&["import", "-"], line.as_bytes()).status, 0);
    };
    put(r#"{"_id":"a","size":1}"#);
    put(r#"{"_id":"a","size":9}"#);
    assert_eq!(server.admin(&["remove", "a"]).out, "1 removed\n");
    let what = |line: String| {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["id"], "a");
        (line["number"].as_u64().unwrap(), line["what"].as_str().unwrap().to_owned())
    };
    let seen: Vec<(u64, String)> = told.by_ref().take(3).map(what).collect();
    let [added, replaced, removed] = ["added", "replaced", "removed"];
    assert_eq!(
        seen.iter().map(|(_, what)| &**what).collect::<Vec<_>>(),
        [added, replaced, removed]
    );
    assert!(seen.is_sorted() && seen[0].0 > number);
    let seen_small: Vec<String> = told_small.by_ref().take(2).map(|line| what(line).1).collect();
    assert_eq!(seen_small, [added, removed]);
    let (mut again, mut told_again) = watch(&["--since", &seen[0].0.to_string()]);
    told_again.next().unwrap();
    assert_eq!(what(told_again.next().unwrap()), seen[1]);
    // The server stops at once, and with it whoever watches.
    let started = std::time::Instant::now();
    assert_eq!(server.stop().0, Some(0));
    assert!(started.elapsed() < std::time::Duration::from_secs(8));
    for child in [&mut all, &mut small, &mut again] {
        assert!(child.wait().unwrap().success());
    }
}
