//! A server to try Filedex over MongoDB with: a process apart, on a free port of this machine.
//!
//! `FILEDEX_MONGODB` has the addresses of servers that the tests share, with blanks between; `FILEDEX_MONGODB_SERVER`
//! is the program of one, for tests that stop theirs. `.ci/mongo` sets both. Each index is a database of its own.

mod scripted;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use filedex::{Backend, Filedex, OpenOptions, Result};
use filedex_mongo::MongoOptions;
use mongodb::Client;
use mongodb::bson::doc;
use tokio::runtime::Builder;

pub use scripted::{Script, router, scripted};

/// Longer than anything takes that comes to an end, also on a machine that stands still for some seconds: who waits for
/// what must come waits as long.
pub const LONG: Duration = Duration::from_secs(60);

/// The address of a database of its own on a shared server, each in turn.
pub fn address() -> String {
    let servers = std::env::var("FILEDEX_MONGODB").expect("FILEDEX_MONGODB: run `.ci/mongo`");
    let servers: Vec<&str> = servers.split_whitespace().collect();
    let number = number();
    database(servers[number % servers.len()], number)
}

fn number() -> usize {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

fn database(server: &str, number: usize) -> String {
    format!("{server}/t{}_{number}", std::process::id())
}

/// An empty index on a shared server.
pub fn index(options: &OpenOptions) -> Result<Filedex> {
    Ok(options.over(Arc::new(MongoOptions::new(address()).connect()?)))
}

/// As [`index`], for options that are being put together.
pub trait OverServer {
    fn over_server(&self) -> Result<Filedex>;
}

impl OverServer for OpenOptions {
    fn over_server(&self) -> Result<Filedex> {
        index(self)
    }
}

/// An index over that backend.
pub fn over(backend: impl Backend + 'static) -> Filedex {
    Filedex::options().over(Arc::new(backend))
}

/// A server of one's own, which ends with it.
pub struct Server {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Starts one with these options and waits until it answers.
    pub fn start(options: &[&str]) -> Server {
        let program = std::env::var("FILEDEX_MONGODB_SERVER")
            .expect("FILEDEX_MONGODB_SERVER: run `.ci/mongo`");
        let directory = tempfile::tempdir().expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.expect("a free port").port();
        let child = Command::new(program)
            .args(["--host", "127.0.0.1", "--log-level", "ERROR", "--port", &port.to_string()])
            .arg("--storage-path")
            .arg(directory.path())
            .args(options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Server { child, port, _directory: directory };
        let started = Instant::now();
        while MongoOptions::new(server.address()).time(Duration::from_secs(10)).connect().is_err() {
            assert!(started.elapsed() < 3 * LONG, "the server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// The address of a database of its own.
    pub fn address(&self) -> String {
        database(&format!("mongodb://127.0.0.1:{}", self.port), number())
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Lets it hang: it keeps its connections and answers nothing.
    pub fn hang(&self) {
        self.signal("STOP");
        let state = format!("/proc/{}/stat", self.child.id());
        let stops = || std::fs::read_to_string(&state).is_ok_and(|text| text.contains(") T "));
        while !stops() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let done = Command::new("kill").args(["-s", name, &id]).status();
        assert!(done.is_ok_and(|status| status.success()), "the signal {name}");
    }
}

/// Lets the server answer so many commands of those names with that error. It takes `--enable-test-commands`.
pub fn fail(server: &Server, code: i32, commands: &[&str], times: i32) {
    let failing = doc! {
        "configureFailPoint": "failCommand",
        "mode": { "times": times },
        "data": { "failCommands": commands, "errorCode": code },
    };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = Client::with_uri_str(server.address()).await.expect("the server");
        client.database("admin").run_command(failing).await.expect("the server takes it");
    });
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
