//! The server under attack, in a process of its own under a bound on its memory, and what it holds.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use filedex_dataset::Dataset;
use filedex_query::{Document, Value};
use filedex_storage::{Options, Store};

use crate::Outcome;

/// The store, the room that both clients may read, and who they are.
pub(super) struct World {
    store: PathBuf,
    directory: PathBuf,
    pub(super) room: String,
    pub(super) times: Times,
}

/// How long the server waits, and works.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// For a client that sends headers or reads a reply.
    pub(super) client: Duration,
    /// For one request.
    request: Duration,
}

impl Times {
    /// The program's own.
    pub(super) const USUAL: Times =
        Times { client: Duration::from_secs(15), request: Duration::from_secs(30) };

    /// Those of a trial that is to be short.
    pub(super) const SHORT: Times =
        Times { client: Duration::from_secs(2), request: Duration::from_secs(1) };
}

/// The member who attacks, and the one who asks for simple pages; the token of both.
pub(super) const ATTACKER: &str = "mallory";
pub(super) const SIMPLE: &str = "ada";
pub(super) const TOKEN: &str = "secret";

/// SHA-256 of the token, in base64.
const TOKEN_HASH: &str = "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=";

/// The process.
pub(super) struct Server {
    child: Child,
    address: String,
}

/// Somebody who looks again and again how much memory the server takes.
pub(super) struct Watched {
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

/// How long the server must have done nothing to be at rest, but for the simple client's pages.
const REST: Duration = Duration::from_millis(300);

/// What the simple client's pages may take at rest, as a share of what they take by themselves; and the
/// share of a core that the server may take beside.
const USUAL_SHARE: f64 = 1.25;
const SPARE_SHARE: f64 = 0.15;

impl World {
    /// Generated records; in the largest room also some of the attacker's making.
    pub(super) fn make(place: &Path, records: usize, times: Times) -> Outcome<World> {
        let (store, directory) = (place.join("store"), place.join("users.json"));
        let dataset = Dataset::new(records);
        let room = dataset.room(0);
        let options = Options::default();
        let filled = Store::open(&store, &options)?;
        filled.put_many(dataset.records())?;
        filled.put_many((0..20).map(|number| planted(&room, number)))?;
        filled.close()?;
        let user =
            |id: &str| serde_json::json!({"_id": id, "username": id, "tokens": [TOKEN_HASH]});
        let members = [ATTACKER, SIMPLE];
        let listing = serde_json::json!({
            "users": members.map(user),
            "rooms": [{"_id": &room, "name": "room", "type": "p", "members": members}],
        });
        std::fs::write(&directory, listing.to_string())?;
        Ok(World { store, directory, room, times })
    }
}

/// A record with long arrays and texts, and with something that nobody may ask for.
fn planted(room: &str, number: i32) -> Document {
    let numbers: Vec<Value> = (0..9_000).map(Value::from).collect();
    let share = Document::new().with("by", "u").with("token", "7305");
    Document::new()
        .with("_id", format!("planted{number}"))
        .with("rid", room)
        .with("name", format!("planted{number}.png"))
        .with("numbers", numbers)
        .with("text", "ab".repeat(16 << 10))
        .with("share", share)
        .with("password", "$2b$hash")
}

impl Server {
    /// Starts this program anew as the server, which may take so many bytes.
    pub(super) fn start(world: &World, memory: u64) -> Outcome<Server> {
        // Past the bound its allocations fail. A shell sets it, so that it is none of this process's own.
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -d "$0" && exec "$@""#, &(memory >> 10).to_string()]);
        command.arg(std::env::current_exe()?);
        command.args(["filedex", "serve", "--listen", "127.0.0.1:0", "--db"]).arg(&world.store);
        command.arg("--directory").arg(&world.directory).stdout(Stdio::piped());
        let seconds = |time: Duration| time.as_secs().to_string();
        command.args(["--client-time", &seconds(world.times.client)]);
        command.args(["--request-time", &seconds(world.times.request)]);
        let mut child = command.spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.as_mut() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim_end().strip_prefix("listening on http://").map(str::to_owned);
        let address = address.ok_or_else(|| format!("the server did not start: {line:?}"))?;
        Ok(Server { child, address })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Outcome<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// CPU time that it has taken; a clock tick is a hundredth of a second.
    pub(super) fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok());
        Ok(Duration::from_millis(10 * (ticks(12).unwrap_or(0) + ticks(13).unwrap_or(0))))
    }

    /// Bytes of memory that it holds.
    pub(super) fn memory(&self) -> Outcome<u64> {
        Ok(resident(self.child.id()))
    }

    /// Whether it does no more than answer the simple client, whose pages take that share of a core when
    /// nobody else asks. Takes a while to tell.
    pub(super) fn rests(&self, usual: f64) -> Outcome<bool> {
        let (started, before) = (Instant::now(), self.cpu()?);
        thread::sleep(REST);
        let spent = self.cpu()?.saturating_sub(before);
        let share = spent.as_secs_f64() / started.elapsed().as_secs_f64();
        Ok(share < usual * USUAL_SHARE + SPARE_SHARE)
    }

    pub(super) fn watch(&self) -> Watched {
        let (peak, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (id, watched) = (self.child.id(), Watched { peak: peak.clone(), stop: stop.clone() });
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                peak.fetch_max(resident(id), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            }
        });
        watched
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watched {
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
