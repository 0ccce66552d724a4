//! Another process whose calls on files fail, are done by half, or are its last, counted over all its
//! threads: the N-th fails, and nothing else.
//!
//! The C file beside this one is compiled by `cc` and loaded into the process; which calls there are is
//! said there. Works on Linux on x86-64, where there is a compiler; everything that needs it asks first.

use std::fmt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::check::itself;

/// What calls meet, from one to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The number of the first call, among those that the fault is for.
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) what: What,
}

/// What a call meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The disk fails.
    Fails,
    /// The disk fails to give what is on it; for calls that read a file only.
    FailsToRead,
    /// The disk is full: for calls that take space only.
    IsFull,
    /// A write writes half of its bytes; for calls that take space only.
    Half,
    /// The process is killed.
    Kills,
    /// The process is killed; only calls since the first fault was met are counted.
    KillsLater,
}

impl Fault {
    /// The one call of that number.
    pub(crate) fn once(first: u64, what: What) -> Fault {
        Fault { first, last: first, what }
    }

    /// That call and all after it.
    pub(crate) fn lasting(first: u64, what: What) -> Fault {
        Fault { first, last: u64::from(u32::MAX), what }
    }
}

/// As the process is told: its numbers are Linux's.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, which) = match self.what {
            What::Fails => (5, 'a'),
            What::FailsToRead => (5, 'r'),
            What::IsFull => (28, 's'),
            What::Half => (0, 's'),
            What::Kills => (-1, 'a'),
            What::KillsLater => (-1, 'l'),
        };
        write!(f, "{}:{}:{what}:{which}", self.first, self.last)
    }
}

/// The compiled library, as long as it is needed.
pub(crate) struct Injector {
    directory: tempfile::TempDir,
}

const SOURCE: &str = include_str!("injector.c");
const LIBRARY: &str = "injector.so";

impl Injector {
    /// Compiles the library and tries it; says why where that does not work.
    pub(crate) fn new() -> Result<Injector, String> {
        let directory = tempfile::Builder::new().prefix("trials-injector-").tempdir();
        let directory = directory.map_err(|error| error.to_string())?;
        let (source, library) =
            (directory.path().join("injector.c"), directory.path().join(LIBRARY));
        std::fs::write(&source, SOURCE).map_err(|error| error.to_string())?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
        match compiler.stderr(Stdio::piped()).output() {
            Err(error) => return Err(format!("there is no `cc`: {error}")),
            Ok(output) if !output.status.success() => {
                let words = String::from_utf8_lossy(&output.stderr);
                return Err(format!("`cc` fails: {}", words.lines().next().unwrap_or_default()));
            }
            Ok(_) => {}
        }
        let injector = Injector { directory };
        let mut tried = injector.command(&["--version".to_owned()], Path::new("/nowhere"), &[])?;
        let tried = tried.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if tried.is_ok_and(|status| status.success()) {
            Ok(injector)
        } else {
            Err("calls cannot be caught here".to_owned())
        }
    }

    /// Starts this program anew, with calls on files below that directory meeting the faults.
    pub(crate) fn start(&self, line: &[String], below: &Path, faults: &[Fault]) -> Outcome<Child> {
        let mut command = self.command(line, below, faults)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(command.spawn()?)
    }

    fn command(&self, line: &[String], below: &Path, faults: &[Fault]) -> Result<Command, String> {
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        let mut command = itself()?;
        command.args(line).env("LD_PRELOAD", self.directory.path().join(LIBRARY));
        command.env("TRIALS_BELOW", below).env("TRIALS_FAULTS", faults.join(","));
        Ok(command)
    }
}
