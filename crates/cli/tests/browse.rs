//! `filedex browse` as a user runs it, and the same page beside the endpoints of `serve --demo`.
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

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use super::program::{command, fill, run, text};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Running {
    fn start(arguments: &[&str]) -> Running {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    fn line(&mut self, beginning: &str) -> String {
        let line = self.lines.next().unwrap().unwrap();
        line.strip_prefix(beginning).unwrap_or_else(|| panic!("{line}")).to_owned()
    }

    fn stop(mut self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// Status, cookie and text at an address.
fn get(address: &str, cookie: &str) -> (u16, String, String) {
    let config = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let mut response = agent.get(address).header("Cookie", cookie).call().unwrap();
    let set = response.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
    let cookie = set.unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), cookie, text)
}

#[test]
fn a_store_is_shown_to_who_has_the_printed_token() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("uploads.filedex");
    fill(&db, 100);
    let mut running = Running::start(&["browse", "--db", text(&db), "--listen", "127.0.0.1:0"]);
    let invitation = running.line("browse at ");
    let home = invitation.split("?token=").next().unwrap().to_owned();
    assert!(home.starts_with("http://127.0.0.1:"), "{home}");
    assert_eq!(get(&home, "").0, 401);
    let (status, cookie, _) = get(&invitation, "");
    assert_eq!(status, 303);
    let (status, _, shown) = get(&home, &cookie);
    assert!(status == 200 && shown.contains("uploads.filedex") && shown.contains(">100<"));
    let (status, _, shown) = get(&format!("{home}files?room=r3"), &cookie);
    assert!(status == 200 && shown.contains("/record?id=f3&amp;room=r3"));
    // The first token is used up; another one was printed.
    assert_eq!(get(&invitation, "").0, 401);
    assert_eq!(get(&running.line("for another browser: "), "").0, 303);
    running.stop();
}

#[test]
fn the_demo_is_shown_alone_and_beside_its_endpoints() {
    let mut alone = Running::start(&["browse", "--demo", "--listen", "127.0.0.1:0"]);
    let (_, cookie, _) = get(&alone.line("browse at "), "");
    assert!(cookie.starts_with("filedex-"));
    alone.stop();
    let mut beside = Running::start(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
    let home = beside.line("listening on ");
    let (_, cookie, _) = get(&beside.line("browse at "), "");
    for path in ["/", "/rooms", "/files?room=GENERAL"] {
        let (status, _, shown) = get(&format!("{home}{path}"), &cookie);
        assert!(status == 200 && shown.contains("/files?room="), "{path}");
        assert_eq!(get(&format!("{home}{path}"), "").0, 401, "{path}");
    }
    assert_eq!(get(&format!("{home}/healthz"), "").0, 200);
    let (status, _, reply) = get(&format!("{home}/api/v1/groups.files?roomName=general"), &cookie);
    assert!(status == 401 && reply.contains("logged in"), "{reply}");
    beside.stop();
}

#[test]
fn a_store_that_is_not_there_is_told() {
    let gone = run(&["browse", "--db", "/nonexistent/store"]);
    assert_eq!((gone.status, gone.out.as_str()), (3, ""));
}
