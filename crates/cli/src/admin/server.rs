//! The server's side of the admin socket: each connection is one command, on a thread of its own.
//!
//! This file knows how commands come in and how their output goes back; what they do is theirs.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use filedex::{Cancel, Filedex};

use super::frame::{self, Ask, Framed, Kind, Step};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::session::{Guest, Session};

/// Commands at once; whoever comes then is told to come later.
const MOST: usize = 16;

/// How long whoever connects may take to say what he wants.
const ASK_TIME: Duration = Duration::from_secs(10);

/// How often a progress is told.
const TICK: Duration = Duration::from_millis(100);

/// Parts of a file that are sent and not yet read.
const PARTS: usize = 8;

/// The socket of a server. It is gone when this is.
pub(crate) struct Admin {
    path: PathBuf,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    index: Filedex,
    stopped: Arc<AtomicBool>,
    running: AtomicUsize,
}

impl Admin {
    /// Listens at that path, which nobody but the owner may open.
    pub(crate) fn listen(path: &Path, index: Filedex) -> Result<Admin, Failure> {
        let at = |error: io::Error| Failure::at(path.display(), error);
        remove_left(path).map_err(at)?;
        let listener = bind(path).map_err(at)?;
        let (stopped, running) = (Arc::default(), AtomicUsize::new(0));
        let shared = Arc::new(Shared { index, stopped, running });
        let for_thread = Arc::clone(&shared);
        let accepting = thread::Builder::new().name("admin".to_owned());
        let accepting = accepting.spawn(move || accept(&listener, &for_thread)).map_err(at)?;
        Ok(Admin { path: path.to_owned(), shared, accepting: Some(accepting) })
    }

    /// Takes no more commands, and waits so long for those that run.
    pub(crate) fn close_within(mut self, time: Duration) {
        self.stop();
        let until = Instant::now() + time;
        while self.shared.running.load(Ordering::Acquire) > 0 && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        self.shared.stopped.store(true, Ordering::Release);
        // Whoever waits for a connection is given one.
        if UnixStream::connect(&self.path).is_ok() {
            let _no_panic_of_ours = accepting.join();
        }
        let _is_gone = fs::remove_file(&self.path);
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Removes a socket that a server left behind; one that answers stays.
fn remove_left(path: &Path) -> io::Result<()> {
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            use std::os::unix::fs::FileTypeExt as _;

            if fs::symlink_metadata(path)?.file_type().is_socket() {
                fs::remove_file(path)
            } else {
                Err(error)
            }
        }
        // There is none.
        Err(_) => Ok(()),
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    use nix::sys::stat::{Mode, umask};

    // From its first moment on nobody else may open it.
    let before = umask(Mode::S_IXUSR | Mode::S_IRWXG | Mode::S_IRWXO);
    let listener = UnixListener::bind(path);
    umask(before);
    listener
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            thread::sleep(TICK);
            continue;
        };
        let running = Running::begin(shared);
        let command = thread::Builder::new().name("command".to_owned());
        let _not_now = command.spawn(move || {
            // Who went away needs no answer.
            let _told = serve(&stream, &running);
        });
    }
}

/// One of the commands that run.
struct Running(Arc<Shared>);

impl Running {
    fn begin(shared: &Arc<Shared>) -> Running {
        shared.running.fetch_add(1, Ordering::AcqRel);
        Running(Arc::clone(shared))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The socket as the output, the errors and the progress of a command share it.
#[derive(Clone)]
struct Line(Arc<Mutex<UnixStream>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A frame goes out whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn serve(stream: &UnixStream, running: &Running) -> io::Result<()> {
    let mut line = Line(Arc::new(Mutex::new(stream.try_clone()?)));
    let mut from = stream.try_clone()?;
    from.set_read_timeout(Some(ASK_TIME))?;
    let Some((Kind::Ask, ask)) = frame::read(&mut from)? else { return Ok(()) };
    from.set_read_timeout(None)?;
    let status = if running.0.running.load(Ordering::Acquire) > MOST {
        frame::write(
            &mut line,
            Kind::Err,
            b"filedex: the server runs enough commands; try again\n",
        )?;
        1
    } else {
        run(serde_json::from_slice(&ask)?, &running.0, from, &line)
    };
    frame::write(&mut line, Kind::End, &[status])
}

/// Runs a command and gives its exit status.
fn run(ask: Ask, shared: &Shared, from: UnixStream, line: &Line) -> u8 {
    let mut err = Framed { to: line.clone(), kind: Kind::Err };
    let command = match crate::parse(&ask.arguments) {
        Ok(command) if command.admin().is_some() => command,
        Ok(_) => return Failure::Other("no command for a server".to_owned()).report(&mut err),
        Err(words) => return Failure::Arguments(words).report(&mut err),
    };
    let mut out = BufWriter::new(Framed { to: line.clone(), kind: Kind::Out });
    let (index, stopped) = (shared.index.clone(), Arc::clone(&shared.stopped));
    let guest = Guest { index, directory: ask.directory.into(), stopped };
    let (input, cancel) = input(from);
    let told = Told { line: line.clone(), last: None };
    let mut session =
        Session::guest(guest, &mut out, Box::new(err), Box::new(input), Box::new(told));
    session.cancel = cancel;
    session.terminal = ask.columns;
    let result = command.run(&mut session);
    drop(session);
    let flushed = out.flush().map_err(Failure::from);
    let mut err = Framed { to: line.clone(), kind: Kind::Err };
    result.and(flushed).map_or_else(|failure| failure.report(&mut err), |()| 0)
}

/// Progress, told from time to time.
struct Told {
    line: Line,
    last: Option<Instant>,
}

impl Told {
    fn tell(&mut self, step: &Step) {
        let bytes = serde_json::to_vec(step).unwrap_or_default();
        // Who went away is noticed where the command is read.
        let _gone = frame::write(&mut self.line, Kind::Step, &bytes);
    }
}

impl Progress for Told {
    fn step(&mut self, what: &str, done: u64, all: Option<u64>) {
        if self.last.is_none_or(|last| last.elapsed() >= TICK) {
            self.last = Some(Instant::now());
            self.tell(&Step { what: what.to_owned(), done, all });
        }
    }

    fn end(&mut self) {
        if self.last.take().is_some() {
            self.tell(&Step::default());
        }
    }
}

/// The file that is sent with a command.
struct Input {
    parts: Receiver<Vec<u8>>,
    part: io::Cursor<Vec<u8>>,
    is_whole: bool,
}

/// What is sent with a command, and what is raised once nobody is there any more.
fn input(from: UnixStream) -> (Input, Cancel) {
    let (send, parts) = sync_channel(PARTS);
    let cancel = Cancel::default();
    let raised = cancel.clone();
    thread::spawn(move || {
        receive(from, &send);
        raised.cancel();
    });
    (Input { parts, part: io::Cursor::default(), is_whole: false }, cancel)
}

/// Hands parts on until there is nobody to send or to read them.
fn receive(mut from: UnixStream, send: &SyncSender<Vec<u8>>) {
    while let Ok(Some((Kind::Input, part))) = frame::read(&mut from) {
        // A command that reads no more does not keep its end from being seen.
        let _unread = send.send(part);
    }
}

impl Read for Input {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.part.read(bytes)?;
            if read > 0 || bytes.is_empty() || self.is_whole {
                return Ok(read);
            }
            let part = self.parts.recv().map_err(|_| {
                io::Error::new(io::ErrorKind::UnexpectedEof, "whoever sent the file went away")
            })?;
            self.is_whole = part.is_empty();
            self.part = io::Cursor::new(part);
        }
    }
}
