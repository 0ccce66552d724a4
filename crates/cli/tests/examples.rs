//! Each command's `--help` ends with examples, and each of them runs.
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

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::program::{run, run_with, text};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Commands that go on until they are told to stop.
const LONG: [&str; 3] = ["serve", "watch", "browse"];

/// What the commands are called in the list of `filedex --help`.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).out;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

/// The command lines of the examples of a command.
fn examples(name: &str) -> Vec<String> {
    let help = run(&[name, "--help"]).out;
    let examples = help.split("\nExamples:\n").nth(1).unwrap_or_else(|| panic!("{name}: {help}"));
    let lines = examples.lines().take_while(|line| line.starts_with("  "));
    lines.map(|line| line.trim().to_owned()).collect()
}

/// A directory with all that examples name.
fn site() -> tempfile::TempDir {
    let site = tempfile::tempdir().unwrap();
    let at = |name: &str| site.path().join(name);
    let records = concat!(
        r#"{"_id":"666fdecb4ac1a8e6404ededd","rid":"GENERAL","name":"logo.png","size":2000000,"type":"image/png"}"#,
        "\n",
        r#"{"_id":"cmb60pvng00039kentdaw6p69","rid":"6630e42b72f069422b1022c1","name":"a.heic","size":7,"tags":["a","b"]}"#,
        "\n",
    );
    for name in ["export.jsonl", "documents.jsonl"] {
        std::fs::write(at(name), records).unwrap();
    }
    let db = at("uploads.filedex");
    assert_eq!(run_with(&["import", "--db", text(&db), "-"], records.as_bytes()).status, 0);
    assert_eq!(run(&["backup", "--db", text(&db), text(&at("uploads.backup"))]).status, 0);
    std::fs::write(at("directory.json"), run(&["directory", "--example"]).out).unwrap();
    finish("gzip -c export.jsonl > uploads.bson.gz", site.path());
    let imports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/imports");
    std::fs::copy(imports.join("zipline-v4-export.json"), at("zipline.json")).unwrap();
    site
}

/// A line as a shell runs it, in that directory, with the program on its path.
fn shell(line: &str, site: &Path) -> Command {
    let directory = Path::new(env!("CARGO_BIN_EXE_filedex")).parent().unwrap();
    let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-e", "-o", "pipefail", "-c", line]).env("PATH", path).current_dir(site);
    command.process_group(0).stdin(Stdio::null());
    command
}

fn finish(line: &str, site: &Path) -> Output {
    let output = shell(line, site).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    output
}

/// Starts what goes on, and waits for its first line.
fn start(line: &str, site: &Path) -> Child {
    let mut child = shell(line, site).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    assert!(!first.is_empty(), "{line}");
    child
}

fn stop(mut child: Child) {
    killpg(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    child.wait().unwrap();
}

fn run_examples(name: &str) {
    let site = site();
    for line in examples(name) {
        assert!(line.contains("filedex"), "{name}: {line}");
        let is_server = name == "serve" || name == "browse";
        // A port of its own, whatever else runs here.
        let line = if is_server { line + " --listen 127.0.0.1:0" } else { line };
        let server = (!is_server && line.contains("--admin filedex.sock")).then(|| {
            let serve = "filedex serve --db uploads.filedex --directory directory.json --admin filedex.sock";
            start(&format!("{serve} --listen 127.0.0.1:0"), site.path())
        });
        match LONG.contains(&name) {
            true => stop(start(&line, site.path())),
            false => drop(finish(&line, site.path())),
        }
        server.into_iter().for_each(stop);
    }
}

#[test]
fn every_command_has_examples_and_all_of_them_run() {
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    commands.iter().for_each(|name| run_examples(name));
}
