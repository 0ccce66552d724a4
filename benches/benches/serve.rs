//! Requests a second over loopback, through `filedex serve`: pages of 50 of the largest room, asked over one and
//! over two connections a core, and what a request costs in each part.
//!
//! The server is this program once more, as a process of its own, so that its CPU time is known: that of the user
//! for HTTP and what is below it, that of the system for the network. The parts below HTTP are measured in this
//! process: the door with everything below it, and the lookup alone, as text. Clients share the cores.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a failed benchmark has nobody to tell"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use filedex::{Endpoints, FileDirectory, Filedex, Lookup, Scope, Visibility};
use filedex_benches as benches;
use filedex_dataset::Dataset;
use http::Request;

#[global_allocator]
static MEMORY: filedex_cli::Allocator = filedex_cli::Allocator;

const TOKEN: &str = "secret";

/// SHA-256 of the token, in base64.
const TOKEN_HASH: &str = "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=";

/// A question to the endpoints, and the same lookup.
struct Question {
    name: &'static str,
    parameters: &'static str,
    sort: &'static str,
    fields: &'static str,
    query: &'static str,
}

const QUESTIONS: [Question; 4] = [
    Question { name: "default", parameters: "", sort: r#"{"name":1}"#, fields: "{}", query: "{}" },
    Question {
        name: "newest",
        parameters: "&sort=%7B%22uploadedAt%22%3A-1%7D",
        sort: r#"{"uploadedAt":-1}"#,
        fields: "{}",
        query: "{}",
    },
    Question {
        name: "newest + fields",
        parameters: "&sort=%7B%22uploadedAt%22%3A-1%7D&fields=%7B%22name%22%3A1%2C%22size%22%3A1%2C%22userId%22%3A1%7D",
        sort: r#"{"uploadedAt":-1}"#,
        fields: r#"{"name":1,"size":1,"userId":1}"#,
        query: "{}",
    },
    Question {
        name: "filtered",
        parameters: "&sort=%7B%22uploadedAt%22%3A-1%7D&query=%7B%22size%22%3A%7B%22%24gt%22%3A10000%7D%7D",
        sort: r#"{"uploadedAt":-1}"#,
        fields: "{}",
        query: r#"{"size":{"$gt":10000}}"#,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "serve") {
        return filedex_cli::program(arguments);
    }
    let once = arguments.iter().any(|argument| argument == "--test");
    let time = Duration::from_millis(if once { 20 } else { 2000 });
    let place = tempfile::tempdir().unwrap();
    let world = World::make(place.path());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<[Duration; 2]> =
        QUESTIONS.iter().map(|question| world.parts(question, time)).collect();
    let server = Server::start(&world);
    println!(
        "question         connections  requests/s  server us: user  system  | door us  lookup us"
    );
    for connections in [cores, 2 * cores] {
        for (question, [door, lookup]) in QUESTIONS.iter().zip(&parts) {
            let [rate, user, system] = server.asked(&world.request(question), connections, time);
            let micros = |time: &Duration| time.as_secs_f64() * 1e6;
            println!(
                "{:<16} {connections:>11} {rate:>11.0} {user:>16.1} {system:>7.1}  | {:>7.1} {:>10.1}",
                question.name,
                micros(door),
                micros(lookup),
            );
        }
    }
    ExitCode::SUCCESS
}

/// A store on the disk, who may ask for it, and the caller.
struct World {
    store: String,
    directory: String,
    room: String,
    caller: String,
}

impl World {
    fn make(place: &Path) -> World {
        let dataset = Dataset::new(benches::records());
        let path = |name| place.join(name).to_str().unwrap().to_owned();
        let (store, directory) = (path("store"), path("users.json"));
        let index = Filedex::open(&store).unwrap();
        index.put_many(dataset.records()).unwrap();
        index.close().unwrap();
        let (room, caller) = (dataset.room(0), dataset.user(0));
        let ids: std::collections::BTreeSet<String> = dataset
            .records()
            .filter_map(|record| record.get_str("userId").map(str::to_owned))
            .chain([caller.clone()])
            .collect();
        let user = |id: &String| {
            let tokens = if *id == caller { vec![TOKEN_HASH] } else { Vec::new() };
            serde_json::json!({"_id": id, "username": id, "name": id, "tokens": tokens})
        };
        let users: Vec<_> = ids.iter().map(user).collect();
        let rooms = serde_json::json!([{"_id": &room, "type": "p", "members": [&caller]}]);
        let listing = serde_json::json!({"users": users, "rooms": rooms});
        std::fs::write(&directory, listing.to_string()).unwrap();
        World { store, directory, room, caller }
    }

    fn target(&self, question: &Question) -> String {
        format!("/api/v1/groups.files?roomId={}{}", self.room, question.parameters)
    }

    fn request(&self, question: &Question) -> String {
        format!(
            "GET {} HTTP/1.1\r\nHost: h\r\nX-User-Id: {}\r\nX-Auth-Token: {TOKEN}\r\n\r\n",
            self.target(question),
            self.caller
        )
    }

    /// What a request takes from the door on, and its lookup alone.
    fn parts(&self, question: &Question, time: Duration) -> [Duration; 2] {
        let index = Filedex::open(&self.store).unwrap();
        let directory = FileDirectory::open(&self.directory).unwrap();
        let endpoints = Endpoints::new(index.clone(), directory);
        let asked = || {
            let request = Request::get(self.target(question));
            let request = request.header("X-User-Id", &self.caller);
            let request = request.header("X-Auth-Token", TOKEN).body("").unwrap();
            assert_eq!(endpoints.handle(request).status(), 200);
        };
        let scope = Scope::everything().room(&self.room).visible(Visibility::default());
        let looked_up = || {
            let lookup: Lookup = index.lookup(scope.clone());
            let lookup = lookup.query(question.query).unwrap().fields(question.fields).unwrap();
            lookup.sort(question.sort).unwrap().count(50).json().unwrap();
        };
        let parts = [each(time, asked), each(time, looked_up)];
        drop(endpoints);
        index.close().unwrap();
        parts
    }
}

/// What the work takes once it is warm.
fn each(time: Duration, work: impl Fn()) -> Duration {
    (0..5).for_each(|_| work());
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < time {
        work();
        done += 1;
    }
    started.elapsed() / done
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(world: &World) -> Server {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["serve", "--listen", "127.0.0.1:0", "--db", &world.store]);
        command.args(["--directory", &world.directory]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        Server { child, address }
    }

    /// Requests a second, and the server's CPU time for each, in microseconds: of the user, of the system.
    fn asked(&self, request: &str, connections: usize, time: Duration) -> [f64; 3] {
        let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..connections {
                scope.spawn(|| ask(&self.address, request, &stop, &done));
            }
            thread::sleep(time / 4);
            let (started, before, asked) =
                (Instant::now(), self.cpu(), done.load(Ordering::Relaxed));
            thread::sleep(time);
            let (after, took) = (self.cpu(), started.elapsed());
            let asked = (done.load(Ordering::Relaxed) - asked).max(1) as f64;
            stop.store(true, Ordering::Relaxed);
            let micros = |part: usize| (after[part] - before[part]) as f64 * 10_000.0 / asked;
            [asked / took.as_secs_f64(), micros(0), micros(1)]
        })
    }

    /// CPU time so far in hundredths of a second, of the user and of the system; zero where nobody tells.
    fn cpu(&self) -> [u64; 2] {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
        [12, 13].map(|at| fields.get(at).and_then(|ticks| ticks.parse().ok()).unwrap_or(0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again over one connection.
fn ask(address: &str, request: &str, stop: &AtomicBool, done: &AtomicU64) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 1 << 18];
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(request.as_bytes()).unwrap();
        answered(&mut stream, &mut buffer);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Reads an answer to its end.
fn answered(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).unwrap();
        assert!(read > 0, "the server closed the connection");
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if filled >= head + 4 + length.parse::<usize>().unwrap() {
            return;
        }
    }
}
