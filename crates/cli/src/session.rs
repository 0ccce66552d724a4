//! Where a command reads, prints and tells how far it has come, and the index that it works on.
//!
//! A command does not know whether it runs in a process of its own or in a server, for somebody at the admin
//! socket.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use filedex::{Cancel, Filedex, Lookup, Watch};

use crate::failure::Failure;
use crate::progress::{Drawn, Progress};
use crate::question::Question;
use crate::store::Store;

/// What one run of a command has to do with.
pub(crate) struct Session<'s> {
    /// Standard output.
    pub(crate) out: &'s mut dyn Write,
    /// Standard error.
    pub(crate) err: Box<dyn Write + 's>,
    /// Columns of the terminal that standard output is; `None` where it is none.
    pub(crate) terminal: Option<u16>,
    /// How far the work has come.
    pub(crate) progress: Box<dyn Progress + 's>,
    /// Ends the work once it is raised: nobody waits for the answer any more.
    pub(crate) cancel: Cancel,
    input: Box<dyn Read + 's>,
    guest: Option<Guest>,
}

/// What a server has for a command that somebody asks it to run.
pub(crate) struct Guest {
    pub(crate) index: Filedex,
    /// The directory in which the command was given: its paths begin there.
    pub(crate) directory: PathBuf,
    /// Whether the server is to stop.
    pub(crate) stopped: Arc<AtomicBool>,
}

/// An index that a command works on.
pub(crate) struct Opened {
    index: Filedex,
    is_own: bool,
}

impl<'s> Session<'s> {
    /// A command in a process of its own.
    pub(crate) fn own(out: &'s mut dyn Write) -> Session<'s> {
        let terminal = io::stdout().is_terminal().then(|| console::Term::stdout().size().1);
        Session {
            out,
            err: Box::new(io::stderr()),
            terminal,
            progress: Box::new(Drawn::default()),
            cancel: Cancel::default(),
            input: Box::new(io::stdin()),
            guest: None,
        }
    }

    /// A command for somebody at the admin socket.
    pub(crate) fn guest(
        guest: Guest,
        out: &'s mut dyn Write,
        err: Box<dyn Write + 's>,
        input: Box<dyn Read + 's>,
        progress: Box<dyn Progress + 's>,
    ) -> Session<'s> {
        let cancel = Cancel::default();
        Session { out, err, terminal: None, progress, cancel, input, guest: Some(guest) }
    }

    /// The index that the command line names.
    pub(crate) fn open(&self, store: &Store) -> Result<Opened, Failure> {
        self.open_or_make(store, false)
    }

    /// The index that the command line names, made if it is not there.
    pub(crate) fn open_or_make(&self, store: &Store, make: bool) -> Result<Opened, Failure> {
        match (&self.guest, store.directory()) {
            (Some(guest), _) => Ok(Opened { index: guest.index.clone(), is_own: false }),
            (None, Some(db)) => {
                let index = Filedex::options().create(make).open(db)?;
                Ok(Opened { index, is_own: true })
            }
            (None, None) => Err(Failure::Other("no store is named; say --db DIR".to_owned())),
        }
    }

    /// The index that the command line names, with what is asked of it. A bad query is told even where the store
    /// is bad too.
    pub(crate) fn ask(
        &self,
        store: &Store,
        question: &Question,
    ) -> Result<(Opened, Lookup), Failure> {
        let environment = question.environment()?;
        question.asked(&environment)?;
        let index = self.open(store)?;
        let lookup = question.lookup(&index, &environment)?.cancel(self.cancel.clone());
        Ok((index, lookup))
    }

    /// The bytes of a file that the command line names, or of standard input for `-`, which is read once.
    /// Whoever asks at the admin socket sends them.
    pub(crate) fn read(&mut self, name: &str) -> Result<Box<dyn Read + 's>, Failure> {
        if name == "-" || self.guest.is_some() {
            return Ok(std::mem::replace(&mut self.input, Box::new(io::empty())));
        }
        Ok(Box::new(open_file(name)?))
    }

    /// A path that the command line names.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        match &self.guest {
            Some(guest) => guest.directory.join(path),
            None => path.to_owned(),
        }
    }

    /// Says something on standard error. Where that is gone there is nobody to tell.
    pub(crate) fn tell(&mut self, words: impl Display) {
        let _nobody_listens = writeln!(self.err, "{words}");
    }

    /// Ends the work once nobody waits for the answer any more.
    pub(crate) fn watch(&self) -> Watch {
        Watch { cancel: Some(self.cancel.clone()), ..Watch::default() }
    }

    /// Whether nobody listens any more, or the server is to stop.
    pub(crate) fn is_over(&self) -> bool {
        let stopped =
            self.guest.as_ref().is_some_and(|guest| guest.stopped.load(Ordering::Acquire));
        stopped || self.cancel.is_cancelled()
    }

    /// Does work on records that match, of which nobody knows how many there are; it tells how many are done.
    pub(crate) fn of_matches<T>(&mut self, work: impl FnOnce(&mut dyn FnMut(u64)) -> T) -> T {
        let progress = &mut self.progress;
        let done = work(&mut |done| progress.step("records", done, None));
        self.progress.end();
        done
    }

    /// Does work on records, which tells how many of how many are done.
    pub(crate) fn of_records<T>(&mut self, work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
        let progress = &mut self.progress;
        let done = work(&mut |done, all| progress.step("records", done, Some(all)));
        self.progress.end();
        done
    }
}

impl Opened {
    /// An index that this command opened.
    pub(crate) fn own(index: Filedex) -> Opened {
        Opened { index, is_own: true }
    }

    /// Writes everything out; an index that this command opened is closed.
    pub(crate) fn close(self) -> Result<(), Failure> {
        if self.is_own { Ok(self.index.close()?) } else { Ok(self.index.flush()?) }
    }
}

impl Deref for Opened {
    type Target = Filedex;

    fn deref(&self) -> &Filedex {
        &self.index
    }
}

/// Opens a file of records to be read.
pub(crate) fn open_file(name: &str) -> Result<File, Failure> {
    let file = File::open(name).map_err(|error| Failure::at(name, error))?;
    if file.metadata().is_ok_and(|about| about.is_dir()) {
        let sentence = "is a directory; filedex scan DIR indexes the files in it";
        return Err(Failure::Other(format!("{name} {sentence}")));
    }
    Ok(file)
}
