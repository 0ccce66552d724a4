//! `filedex serve` as a child process, with a store, a directory file and an admin socket of its own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::program::{Run, command, run, run_with, text};

/// Longer than anybody waits for what must come, also on a machine that stands still for some seconds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server that stops when the test ends.
pub struct Server {
    child: Child,
    pub address: String,
    pub site: Site,
}

/// The files of a server.
pub struct Site(tempfile::TempDir);

/// What a server answered.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Site {
    /// A store of so many records in the room R, and a directory file in which ada's token is `secret`.
    pub fn new(records: usize) -> Site {
        let site = Site(tempfile::tempdir().unwrap());
        site.write_directory(&["secret"]);
        let imported = run_with(&["import", "--db", site.db(), "-"], lines(0..records).as_bytes());
        assert_eq!(imported.status, 0, "{imported:?}");
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> &'static str {
        // Leaked: a few bytes of a test.
        self.path(name).to_str().unwrap().to_owned().leak()
    }

    pub fn db(&self) -> &'static str {
        self.text("uploads.filedex")
    }

    pub fn socket(&self) -> &'static str {
        self.text("admin.sock")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Writes the directory file with these tokens of ada's, by their hashes.
    pub fn write_directory(&self, tokens: &[&str]) {
        let hash = |token: &&str| run_with(&["token"], token.as_bytes()).out.trim().to_owned();
        let tokens: Vec<String> = tokens.iter().map(hash).collect();
        let listing = json!({
            "users": [{"_id": "ada", "username": "ada", "tokens": tokens}],
            "rooms": [{"_id": "R", "name": "room", "type": "p", "members": ["ada"]}],
        });
        std::fs::write(self.path("directory.json"), listing.to_string()).unwrap();
    }
}

/// Records with these numbers, as lines.
pub fn lines(numbers: std::ops::Range<usize>) -> String {
    let line = |n| {
        let (size, day) = (n * 10, 1 + n % 28);
        format!(
            "{{\"_id\":\"f{n}\",\"rid\":\"R\",\"userId\":\"ada\",\"name\":\"{n}.png\",\
             \"type\":\"image/png\",\"size\":{size},\"uploadedAt\":\"2025-01-{day:02}T00:00:00Z\"}}\n"
        )
    };
    numbers.map(line).collect()
}

impl Server {
    pub fn start(records: usize, arguments: &[&str]) -> Server {
        Server::start_at(Site::new(records), arguments)
    }

    pub fn start_at(site: Site, arguments: &[&str]) -> Server {
        let directory = site.path("directory.json");
        let fixed = ["serve", "--db", site.db(), "--directory", text(&directory)];
        let own = ["--admin", site.socket(), "--listen", "127.0.0.1:0"];
        let own = if arguments.contains(&"--listen") { &own[..2] } else { &own };
        let mut command = command(&[&fixed[..], own, arguments].concat());
        let log = std::fs::File::create(site.path("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("{line:?}: {}", site.log())).to_owned();
        Server { child, address, site }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A command that the server runs.
    pub fn admin(&self, arguments: &[&str]) -> Run {
        self.admin_with(arguments, b"")
    }

    pub fn admin_with(&self, arguments: &[&str], input: &[u8]) -> Run {
        let (name, rest) = arguments.split_first().unwrap();
        run_with(&[&[*name, "--admin", self.site.socket()], rest].concat(), input)
    }

    pub fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, &[])
    }

    /// A page of the room, as ada with that token.
    pub fn page(&self, token: &str) -> (u16, Value) {
        let caller = [("X-User-Id", "ada"), ("X-Auth-Token", token)];
        let answer = self.ask("GET", "/api/v1/groups.files?roomName=room&count=1", &caller);
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let config = ureq::config::Config::builder().http_status_as_error(false);
        let agent = ureq::Agent::new_with_config(config.build());
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{target}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = agent.run(request.body(()).unwrap()).unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// The value of a figure, labels and all.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let metrics = self.get("/metrics");
        assert_eq!(metrics.status, 200, "{}", metrics.body);
        let value =
            metrics.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }

    pub fn signal(&self, signal: Signal) {
        let id = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(id, signal).unwrap();
    }

    /// Waits until the log says so.
    pub fn wait_for_log(&self, words: &str) {
        let started = Instant::now();
        while !self.site.log().contains(words) {
            assert!(started.elapsed() < PATIENCE, "{words:?}: {}", self.site.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the server, gives its exit status and its files.
    pub fn stop(mut self) -> (Option<i32>, Site) {
        let status = self.end();
        let nothing = Site(tempfile::tempdir().unwrap());
        (status, std::mem::replace(&mut self.site, nothing))
    }

    fn end(&mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the store at that path is whole, and how many records it has.
pub fn verified(db: &Path) -> u64 {
    let verify = run(&["verify", "--db", text(db)]);
    assert_eq!(verify.status, 0, "{verify:?}");
    verify.json()["records"].as_u64().unwrap()
}
