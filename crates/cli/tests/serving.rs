//! `filedex serve` in front of clients that mean no good: they hold up nobody but themselves.
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

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::program::{command, run_with, text};
use super::server::PATIENCE;
use serde_json::json;

struct Server {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Serves that many records, each with a text of so many bytes.
    fn start(records: usize, bytes: usize, arguments: &[&str]) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let (db, users) = (directory.path().join("files"), directory.path().join("users.json"));
        fill(&db, records, bytes);
        // The hash is SHA-256 of the word "secret", in base64.
        let user = |id: &str| {
            json!({"_id": id, "username": id,
                   "tokens": ["K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="]})
        };
        let room = json!({"_id": "R", "name": "room", "type": "p", "members": ["ada", "ben"]});
        let listing = json!({"users": [user("ada"), user("ben")], "rooms": [room]});
        std::fs::write(&users, listing.to_string()).unwrap();
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--db", text(&db), "--directory"];
        let arguments = [&fixed[..], &[text(&users)], arguments].concat();
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        Server { child, address, _directory: directory }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// The answer to a short request on a connection of its own, and how long it took.
    fn page(&self) -> (String, Duration) {
        let started = Instant::now();
        let mut stream = self.connect();
        send(&mut stream, "ben", "count=1&sort=%7B%22uploadedAt%22%3A-1%7D", "close");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer, started.elapsed())
    }

    fn check_page(&self) {
        let (answer, took) = self.page();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(took < SOON, "{took:?}");
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Ticks of CPU time that the server has taken.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

/// Sooner than whoever holds others up is sent away, and late enough for a machine that stands still for some seconds.
const SOON: Duration = Duration::from_secs(7);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fill(db: &Path, records: usize, bytes: usize) {
    let filler = "x".repeat(bytes);
    let lines: Vec<String> = (0..records)
        .map(|n| format!(r#"{{"_id":"f{n}","rid":"R","name":"{n}.png","description":"{filler}"}}"#))
        .collect();
    let imported = run_with(&["import", "--db", text(db), "-"], lines.join("\n").as_bytes());
    assert_eq!(imported.status, 0, "{imported:?}");
}

fn send(stream: &mut TcpStream, caller: &str, parameters: &str, connection: &str) {
    let target = format!("/api/v1/groups.files?roomId=R&{parameters}");
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: h\r\nX-User-Id: {caller}\r\nX-Auth-Token: secret\r\n\
         Connection: {connection}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
}

/// Whether the other side closes the connection within that time.
fn is_closed_within(stream: &mut TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).unwrap();
    loop {
        match stream.read(&mut [0; 1 << 16]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// Takes a minute and more, if nobody ends it.
const LONG: &str = "count=1&query=\
%7B%22%24expr%22%3A%7B%22%24gte%22%3A%5B%7B%22%24reduce%22%3A%7B%22input%22%3A%7B%22%24ran\
ge%22%3A%5B0%2C1000%5D%7D%2C%22initialValue%22%3A%7B%22%24strLenCP%22%3A%22%24_id%22%7D%2C\
%22in%22%3A%7B%22%24add%22%3A%5B%22%24%24value%22%2C%22%24%24this%22%5D%7D%7D%7D%2C0%5D%7D\
%7D";

#[test]
fn half_sent_headers_hold_up_nobody_and_end() {
    let server = Server::start(10, 1, &["--client-time", "8"]);
    let mut half: Vec<TcpStream> = (0..1_015)
        .map(|_| {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /api/v1/groups.files?roomId=R HTTP/1.1\r\nHost: h\r\nX-")
                .unwrap();
            stream
        })
        .collect();
    server.check_page();
    for stream in &mut half {
        assert!(is_closed_within(stream, PATIENCE));
    }
    server.check_page();
}

#[test]
fn two_thousand_connections_are_bounded_and_a_new_one_is_always_taken() {
    let server = Server::start(10, 1, &["--connections", "300"]);
    let before = server.descriptors();
    let mut open = Vec::new();
    for number in 0..2_000 {
        let mut stream = server.connect();
        send(&mut stream, "ada", "count=1", "keep-alive");
        open.push(stream);
        if number % 500 == 0 {
            server.check_page();
        }
    }
    server.check_page();
    // Some that were closed are not gone yet.
    let started = Instant::now();
    while server.descriptors() > before + 350 {
        assert!(started.elapsed() < PATIENCE, "{} open", server.descriptors());
    }
    let mut newest = open.pop().unwrap();
    // Answered at once, if only that its caller has enough requests waiting.
    let mut answer = [0; 12];
    newest.read_exact(&mut answer).unwrap();
    assert!([b"HTTP/1.1 200", b"HTTP/1.1 503"].contains(&&answer), "{answer:?}");
    assert!(is_closed_within(&mut open[0], PATIENCE));
}

#[test]
fn replies_that_nobody_reads_end_and_hold_up_nobody() {
    let server = Server::start(8_000, 2_000, &["--client-time", "1"]);
    let mut unread: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = server.connect();
            send(&mut stream, "ada", "count=0&sort=%7B%22uploadedAt%22%3A-1%7D", "keep-alive");
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_secs(4));
    server.check_page();
    for stream in &mut unread {
        // What the system had taken already comes; then the connection ends.
        assert!(is_closed_within(stream, PATIENCE));
    }
    server.check_page();
}

#[test]
fn a_client_that_hangs_up_ends_its_request() {
    let server = Server::start(4_000, 1, &[]);
    for _ in 0..5 {
        let mut stream = server.connect();
        send(&mut stream, "ada", LONG, "close");
        std::thread::sleep(Duration::from_millis(300));
    }
    // All hung up: soon nothing is worked at any more, where each would take a minute.
    let rests = || {
        let ticks = server.ticks();
        std::thread::sleep(Duration::from_secs(1));
        server.ticks() - ticks < 20
    };
    assert!((0..15).any(|_| rests()), "it works on");
    server.check_page();
}

#[test]
fn a_request_that_works_longer_than_it_may_ends_with_an_error_that_says_so() {
    let server = Server::start(4_000, 1, &["--request-time", "1"]);
    let mut stream = server.connect();
    send(&mut stream, "ada", LONG, "close");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("limit `time` passed: at most 1000 ms"), "{answer}");
    server.check_page();
}

#[test]
fn long_headers_many_headers_and_long_bodies_are_refused() {
    let server = Server::start(10, 1, &[]);
    let answer = |head: String| {
        let mut stream = server.connect();
        // The server may close before it has read all.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
    };
    let headers: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let get =
        |rest: &str| format!("GET /api/openapi.json HTTP/1.1\r\nConnection: close\r\n{rest}\r\n");
    assert_eq!(answer(get("Host: h\r\n")), "HTTP/1.1 200 OK");
    assert_eq!(answer(get(&headers)).split(' ').nth(1), Some("431"));
    let long = format!("X-Long: {}\r\n", "x".repeat(1_000_000));
    assert_ne!(answer(get(&long)), "HTTP/1.1 200 OK");
    assert_eq!(answer(get("Content-Length: 70000\r\n")), "HTTP/1.1 413 Payload Too Large");
    assert_eq!(answer(get("Content-Length: 2\r\n") + "{}"), "HTTP/1.1 200 OK");
    let (page, _) = server.page();
    assert!(page.to_ascii_lowercase().contains("x-content-type-options: nosniff\r\n"), "{page}");
}

#[test]
fn count_0_shows_a_page_where_the_host_says_so() {
    for (arguments, expected) in
        [(&[][..], r#""count":60,"#), (&["--bound-pages"], r#""count":50,"#)]
    {
        let server = Server::start(60, 1, arguments);
        let mut stream = server.connect();
        send(&mut stream, "ada", "count=0", "close");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(expected), "{answer}");
    }
}

#[test]
fn every_refusal_has_a_body_also_where_no_endpoint_is_asked() {
    let server = Server::start(10, 1, &[]);
    let answer = |request: &[u8]| {
        let mut stream = server.connect();
        // The server may close before it has read all.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let head = |target: &str, headers: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n")
            .into_bytes()
    };
    let headers: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let paged = head("/api/v1/groups.files?roomId=R", "X-User-Id: ada\r\nX-Auth-Token: secret\r\n");
    let paged = String::from_utf8(paged).unwrap().replace("Connection: close\r\n", "").into_bytes();
    for (status, request) in [
        ("414 URI Too Long", head(&("/".to_owned() + &"x".repeat(65_535)), "")),
        ("431 Request Header Fields Too Large", head("/", &headers)),
        ("400 Bad Request", b"GET / HTTP/9.9\r\n\r\n".to_vec()),
        ("400 Bad Request", b"\x16\x03\x01 what TLS says\r\n\r\n".to_vec()),
        ("413 Payload Too Large", head("/", "Content-Length: 70000\r\n")),
        ("404 Not Found", head("/", "")),
        ("401 Unauthorized", head("/api/v1/im.files?roomId=x", "")),
    ] {
        let answered = answer(&request);
        check_refusal(&answered, status);
        // The same behind a page on the same connection: the page stays as it is.
        let after = answer(&[&paged[..], &request].concat());
        let (page, refusal) = after.split_at(after.rfind("HTTP/1.1 ").unwrap());
        assert!(
            page.starts_with("HTTP/1.1 200 OK") && page.ends_with("\"success\":true}"),
            "{page}"
        );
        check_refusal(refusal, status);
    }
}

/// A status and a body of the length that is told.
fn check_refusal(answer: &str, status: &str) {
    let (head, body) =
        answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{status}: {answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{status}: {answer}");
    let told = head.to_ascii_lowercase();
    let told =
        told.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().to_owned();
    assert!(!body.is_empty() && told == body.len().to_string(), "{status}: {answer}");
}
