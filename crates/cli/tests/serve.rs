//! `filedex serve`: the documents' curl lines, pasted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use super::program;
use super::server::PATIENCE;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use program::{command, page, run_with, text};
use serde_json::{Value, json};

/// A server that stops when the test ends.
struct Server {
    child: Child,
    address: String,
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// Who asks in the curl lines.
const CALLER: Headers<'_> = &[
    ("X-Auth-Token", "9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq"),
    ("X-User-Id", "aobEdbYhXfu5hkeqG"),
];

/// Who asks in the examples of header parameters.
const OTHER_CALLER: Headers<'_> = &[
    ("X-Auth-Token", "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f"),
    ("X-User-Id", "rbAXPnMktTFbNpwtJ"),
];

impl Server {
    fn start(arguments: &[&str]) -> Server {
        Server::start_in(&std::env::temp_dir(), arguments)
    }

    /// Starts with that directory for temporary files.
    fn start_in(temporary: &Path, arguments: &[&str]) -> Server {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut command = command(&arguments);
        let mut child = command.env("TMPDIR", temporary).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("not ready: {line:?}")).to_owned();
        Server { child, address }
    }

    /// The status, the media type and the body of an answer.
    fn get(&self, target: &str, headers: Headers<'_>) -> (u16, Value) {
        let agent = ureq::Agent::new_with_config(
            ureq::config::Config::builder().http_status_as_error(false).build(),
        );
        let mut request = agent.get(format!("http://{}{target}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.call().unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}"));
        (response.status().as_u16(), body)
    }

    #[cfg(unix)]
    fn signal(&mut self, signal: nix::sys::signal::Signal) -> Option<i32> {
        let id = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(id, signal).unwrap();
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Server {
    /// Asks first: a server that is killed leaves its temporary index behind.
    fn drop(&mut self) {
        #[cfg(unix)]
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(nix::sys::signal::Signal::SIGTERM);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_documents_requests_get_the_documents_pages() {
    let server = Server::start(&["--demo"]);
    for (target, name) in [
        ("/api/v1/im.files?roomId=ByehQjC44FwMeiLbX", "im.files"),
        ("/api/v1/im.files?username=user", "im.files"),
        ("/api/v1/dm.files?username=user", "im.files"),
        ("/api/v1/groups.files?roomName=general", "groups.files"),
        ("/api/v1/groups.files?roomId=GENERAL", "groups.files"),
        ("/api/v1/rooms.images?roomId=6630e42b72f069422b1022c1", "rooms.images"),
    ] {
        for caller in [CALLER, OTHER_CALLER] {
            assert_eq!(server.get(target, caller), (200, page(name)), "{target} {caller:?}");
        }
    }
    let token = CALLER[0].1;
    for headers in [CALLER, &[("Authorization", token)]] {
        assert_eq!(server.get("/api/user/files?page=1", headers), (200, page("user.files")));
    }
}

#[test]
fn a_missing_parameter_gives_the_documents_400() {
    let server = Server::start(&["--demo"]);
    let invalid = |words: &str| {
        let error = format!("{words} [invalid-params]");
        (400, json!({"success": false, "error": error, "errorType": "invalid-params"}))
    };
    let room = "must have required property 'roomId'";
    let name = "must have required property 'roomName'";
    let one = "must match exactly one schema in oneOf";
    assert_eq!(server.get("/api/v1/rooms.images", CALLER), invalid(room));
    let both = invalid(&format!("{room}\n {name}\n {one}"));
    assert_eq!(server.get("/api/v1/groups.files", CALLER), both);
    assert_eq!(server.get("/api/user/files", CALLER).0, 400);
}

#[test]
fn nobody_gets_the_documents_401() {
    let server = Server::start(&["--demo"]);
    let body = json!({"status": "error", "message": "You must be logged in to do this."});
    let wrong = [("X-Auth-Token", "guess"), ("X-User-Id", "aobEdbYhXfu5hkeqG")];
    for headers in [&[][..], &wrong, &CALLER[..1]] {
        for endpoint in ["im.files?username=user", "groups.files?roomName=general", "rooms.images"]
        {
            let (status, answer) = server.get(&format!("/api/v1/{endpoint}"), headers);
            assert_eq!((status, &answer), (401, &body), "{endpoint} {headers:?}");
        }
    }
}

#[test]
fn a_store_and_a_directory_file_are_served() {
    let directory = tempfile::tempdir().unwrap();
    let (db, users) = (directory.path().join("files"), directory.path().join("users.json"));
    let file = br#"{"_id":"a","rid":"R","name":"logo.png","size":7}"#;
    assert_eq!(run_with(&["import", "--db", text(&db), "-"], file).status, 0);
    // The hash is SHA-256 of the word "secret", in base64.
    let listing = json!({
        "users": [{"_id": "u", "username": "ada",
                   "tokens": ["K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="]}],
        "rooms": [{"_id": "R", "name": "room", "type": "p", "members": ["u"]}],
    });
    std::fs::write(&users, listing.to_string()).unwrap();
    let server = Server::start(&["--db", text(&db), "--directory", text(&users)]);
    let caller: Headers<'_> = &[("X-User-Id", "u"), ("X-Auth-Token", "secret")];
    let (status, page) = server.get("/api/v1/groups.files?roomName=room", caller);
    assert_eq!((status, &page["files"][0]["_id"]), (200, &"a".into()));
}

#[test]
fn a_missing_store_or_directory_file_ends_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let (db, users) = (directory.path().join("files"), directory.path().join("users.json"));
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--db", text(&db), "--directory", text(&users)];
    assert_eq!(program::run(&serve).status, 1);
    std::fs::write(&users, "{}").unwrap();
    assert_eq!(program::run(&serve).status, 3);
    assert!(!db.exists());
}

#[test]
fn an_address_in_use_is_told() {
    let server = Server::start(&["--demo"]);
    let second = program::run(&["serve", "--demo", "--listen", &server.address]);
    assert_eq!(second.status, 1);
    assert!(second.err.contains(&server.address), "{second:?}");
}

#[cfg(unix)]
#[test]
fn sigint_and_sigterm_stop_the_server_cleanly() {
    use nix::sys::signal::Signal;

    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Server::start_in(directory.path(), &["--demo"]);
        assert_eq!(server.get("/api/v1/im.files?username=user", CALLER).0, 200);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert_eq!(server.signal(signal), Some(0), "{signal}");
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 0, "the temporary index is still there after {signal}");
    }
}
