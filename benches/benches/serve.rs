//! Requests a second over loopback, through `filedex serve`: pages of 50 of the largest room and of the user with
//! the most files, asked over one and over two connections a core, and what a request costs in each part. Beside them
//! the floor: the newest page as a text in memory, which a thread for each connection writes whatever is asked.
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
use std::net::{TcpListener, TcpStream};
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

/// Whose files are asked for.
#[derive(Clone, Copy)]
enum Of {
    Room,
    User,
}

/// A question to the endpoints, and the same lookup.
struct Question {
    name: &'static str,
    of: Of,
    parameters: &'static str,
    sort: &'static str,
    fields: &'static str,
    query: &'static str,
}

const NEWEST: Question = Question {
    name: "newest",
    of: Of::Room,
    parameters: "&sort=%7B%22uploadedAt%22%3A-1%7D",
    sort: r#"{"uploadedAt":-1}"#,
    fields: "{}",
    query: "{}",
};

const QUESTIONS: [Question; 5] = [
    Question { name: "default", parameters: "", sort: r#"{"name":1}"#, ..NEWEST },
    NEWEST,
    Question {
        name: "newest + fields",
        parameters: "&sort=%7B%22uploadedAt%22%3A-1%7D&fields=%7B%22name%22%3A1%2C%22size%22%3A1%2C%22userId%22%3A1%7D",
        fields: r#"{"name":1,"size":1,"userId":1}"#,
        ..NEWEST
    },
    Question {
        name: "filtered",
        parameters: "&sort=%7B%22uploadedAt%22%3A-1%7D&query=%7B%22size%22%3A%7B%22%24gt%22%3A10000%7D%7D",
        query: r#"{"size":{"$gt":10000}}"#,
        ..NEWEST
    },
    Question { name: "of a user", of: Of::User, parameters: "?page=1&perpage=50", ..NEWEST },
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    match arguments.get(1).and_then(|first| first.to_str()) {
        Some("serve") => return filedex_cli::program(arguments),
        Some("floor") => floor(Path::new(&arguments[2])),
        _ => {}
    }
    let once = arguments.iter().any(|argument| argument == "--test");
    let time = Duration::from_millis(if once { 20 } else { 1500 });
    let place = tempfile::tempdir().unwrap();
    let world = World::make(place.path());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Parts> =
        QUESTIONS.iter().map(|question| world.parts(question, time / 3)).collect();
    let (floor, server) = (Server::floor(&world), Server::start(&world));
    println!(
        "question         connections  requests/s  server us: user  system  | door us  lookup us"
    );
    for connections in [cores, 2 * cores] {
        let figures = floor.asked(&world.request(&NEWEST), connections, time);
        tell("the floor", connections, figures, None);
        for (question, parts) in QUESTIONS.iter().zip(&parts) {
            let figures = server.asked(&world.request(question), connections, time);
            tell(question.name, connections, figures, Some(parts));
        }
    }
    ExitCode::SUCCESS
}

/// What a request takes from the door on, and its lookup alone.
type Parts = [Duration; 2];

fn tell(name: &str, connections: usize, [rate, user, system]: [f64; 3], parts: Option<&Parts>) {
    print!("{name:<16} {connections:>11} {rate:>11.0} {user:>16.1} {system:>7.1}");
    match parts.map(|parts| parts.map(|time| time.as_secs_f64() * 1e6)) {
        Some([door, lookup]) => println!("  | {door:>7.1} {lookup:>10.1}"),
        None => println!("  |"),
    }
}

/// Answers every request with that page, until it is killed.
fn floor(page: &Path) -> ! {
    let page = std::fs::read(page).unwrap();
    let mut reply =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", page.len()).into_bytes();
    reply.extend_from_slice(&page);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let reply = reply.clone();
        thread::spawn(move || {
            stream.set_nodelay(true).unwrap();
            let (mut buffer, mut filled) = ([0; 4096], 0);
            while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]) {
                filled += read;
                if buffer[..filled].ends_with(b"\r\n\r\n") {
                    filled = 0;
                    stream.write_all(&reply).unwrap();
                }
            }
        });
    }
}

/// A store on the disk, who may ask for it, and the caller.
struct World {
    store: String,
    directory: String,
    /// The newest page, as the endpoints have it.
    page: String,
    room: String,
    caller: String,
}

impl World {
    fn make(place: &Path) -> World {
        let dataset = Dataset::new(benches::records());
        let path = |name| place.join(name).to_str().unwrap().to_owned();
        let (store, directory, page) = (path("store"), path("users.json"), path("page.json"));
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
        World { store, directory, page, room, caller }
    }

    fn target(&self, Question { of, parameters, .. }: &Question) -> String {
        match of {
            Of::Room => format!("/api/v1/groups.files?roomId={}{parameters}", self.room),
            Of::User => format!("/api/user/files{parameters}"),
        }
    }

    fn scope(&self, of: Of) -> Scope {
        let visible = Scope::everything().visible(Visibility::default());
        match of {
            Of::Room => visible.room(&self.room),
            Of::User => visible.user(&self.caller),
        }
    }

    fn request(&self, question: &Question) -> String {
        format!(
            "GET {} HTTP/1.1\r\nHost: h\r\nX-User-Id: {}\r\nX-Auth-Token: {TOKEN}\r\n\r\n",
            self.target(question),
            self.caller
        )
    }

    fn parts(&self, question: &Question, time: Duration) -> Parts {
        let index = Filedex::open(&self.store).unwrap();
        let directory = FileDirectory::open(&self.directory).unwrap();
        let endpoints = Endpoints::new(index.clone(), directory);
        let ask = || {
            let request = Request::get(self.target(question));
            let request = request.header("X-User-Id", &self.caller);
            let response =
                endpoints.handle(request.header("X-Auth-Token", TOKEN).body("").unwrap());
            assert_eq!(response.status(), 200);
            response.into_body()
        };
        if question.name == NEWEST.name {
            std::fs::write(&self.page, ask()).unwrap();
        }
        let scope = self.scope(question.of);
        let look_up = || {
            let lookup: Lookup = index.lookup(scope.clone());
            let lookup = lookup.query(question.query).unwrap().fields(question.fields).unwrap();
            lookup.sort(question.sort).unwrap().count(50).json().unwrap()
        };
        let parts = [each(time, ask), each(time, look_up)];
        drop(endpoints);
        index.close().unwrap();
        parts
    }
}

/// What the work takes once it is warm.
fn each(time: Duration, work: impl Fn() -> Vec<u8>) -> Duration {
    (0..5).for_each(|_| drop(work()));
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < time {
        drop(work());
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
        let options = ["serve", "--listen", "127.0.0.1:0", "--db", &world.store];
        Server::run(&[&options[..], &["--directory", &world.directory]].concat())
    }

    fn floor(world: &World) -> Server {
        Server::run(&["floor", &world.page])
    }

    fn run(arguments: &[&str]) -> Server {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
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
