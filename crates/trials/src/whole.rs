//! A store that nobody has open, closed in good order or left by a killed writer, and what it answers.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fastrand::Rng;

use crate::Outcome;
use crate::check::{Checked, check, itself};
use crate::engine::{self, Kind, Promise, memory};
use crate::files;
use crate::history::History;
use crate::script::Script;
use crate::writer::{self, Line, listen};

pub(crate) struct Whole {
    directory: tempfile::TempDir,
    pub(crate) checked: Checked,
    /// What its writer was told, if that was killed.
    pub(crate) left_by: Option<History>,
}

impl Whole {
    /// A store of some hundred records, with some past behind it.
    pub(crate) fn closed(engine: Kind, number: u64, random: &mut Rng) -> Outcome<Whole> {
        let directory = tempfile::Builder::new().prefix("trials-whole-").tempdir()?;
        let path = directory.path().join("store");
        let (steps, script) = (40 + 60 * number, Script::new(random.u64(..), 0));
        // Every second one was closed and opened again meanwhile.
        let sessions = 1 + number % 2;
        for session in 0..sessions {
            let store = engine::open(engine, &path, Promise::Interval, memory(number))?;
            for step in 0..steps / sessions {
                store.apply(script.step(1 + session * steps + step))?;
            }
            store.close()?;
        }
        let checked = look(engine, &path)?;
        Ok(Whole { directory, checked, left_by: None })
    }

    /// A store whose writer is killed.
    pub(crate) fn left(engine: Kind, number: u64, random: &mut Rng) -> Outcome<Whole> {
        let directory = tempfile::Builder::new().prefix("trials-left-").tempdir()?;
        let (path, seed) = (directory.path().join("store"), random.u64(..));
        let line = writer::Arguments {
            directory: path.clone(),
            engine,
            promise: Promise::Durable,
            seed,
            from: vec![1],
            steps: 0,
            cache: memory(number),
            ..writer::Arguments::default()
        };
        let mut writer = itself()?;
        writer.args(line.to_line()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = writer.stderr(Stdio::null()).spawn()?;
        let lines = listen(&mut child)?;
        let first: Vec<Line> = lines.iter().take(20 + 60 * number as usize).collect();
        child.kill()?;
        child.wait()?;
        let mut history = History::new(Script::new(seed, 0));
        for line in first.into_iter().chain(lines.iter()) {
            if let Line::Step { event, .. } = line {
                history.note(event);
            }
        }
        history.stopped();
        let checked = look(engine, &path)?;
        Ok(Whole { directory, checked, left_by: Some(history) })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }
}

/// What a whole store answers. Looking is done in a copy, which opening may change.
fn look(engine: Kind, store: &Path) -> Outcome<Checked> {
    let site = tempfile::tempdir()?;
    let copy = site.path().join("store");
    files::copy(store, &copy)?;
    let checked = check(engine, &copy)?;
    match &checked.refused {
        Some((kind, message)) => {
            Err(format!("a whole store does not open: {kind}: {message}").into())
        }
        None => Ok(checked),
    }
}
