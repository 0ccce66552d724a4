//! The program as a child process, as a user runs it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The program with these arguments, not started yet.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filedex"));
    command.args(arguments);
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Run {
    run_with(arguments, b"")
}

/// Runs the program to its end with that standard input.
pub fn run_with(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // From a thread of its own: the program may answer before it has read everything.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Copies to a place, ending the program again and again until it comes to its end by itself; to another one where it
/// was not ended so often, as a busy machine may be late. Gives the place.
pub fn copy_through_kills(
    times: u32,
    from: &str,
    to: impl Fn(u32) -> String,
    state: &Path,
    life: impl Fn(u64) -> Duration,
) -> String {
    let mut places = (0..10).map(to);
    let place = places.find(|to| kills_of_copy(from, to, state, &life) >= times);
    place.expect("a copy is ended")
}

fn kills_of_copy(from: &str, to: &str, state: &Path, life: impl Fn(u64) -> Duration) -> u32 {
    let mut kills = 0;
    for round in 0_u64.. {
        assert!(round < 200, "the copy never ends");
        let mut copy = command(&["copy", "--state", text(state), from, to])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Who was ended so often comes to the end: lives may be too short for a busy machine to get anywhere.
        if round < 40 {
            std::thread::sleep(life(round));
        } else {
            copy.wait().unwrap();
        }
        match copy.try_wait().unwrap() {
            Some(status) if status.success() => break,
            // What a kill left locked, or half of, the next one goes on from.
            Some(_) => {}
            None => {
                copy.kill().unwrap();
                copy.wait().unwrap();
                kills += 1;
            }
        }
    }
    kills
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A page that the endpoints' documents show.
pub fn page(name: &str) -> serde_json::Value {
    let path = format!("{}/tests/pages/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The text of a page that the endpoints' documents show, indented by two spaces.
pub fn page_text(name: &str) -> String {
    let path = format!("{}/tests/pages/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A store of so many records.
pub fn fill(db: &Path, records: u32) {
    let line = |n| {
        let uploaded = format!(r#"{{"$date":{{"$numberLong":"{n}"}}}}"#);
        format!(
            "{{\"_id\":\"f{n}\",\"rid\":\"r{}\",\"size\":{n},\"uploadedAt\":{uploaded}}}\n",
            n % 7
        )
    };
    let lines: String = (0..records).map(line).collect();
    assert_eq!(run_with(&["import", "--db", text(db), "-"], lines.as_bytes()).status, 0);
}
