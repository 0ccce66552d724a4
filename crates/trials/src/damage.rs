//! Whatever happens to the bytes of a store is told, or the answers are right all the same.
//!
//! One small place of a copy is damaged at a time; the copy is then opened, verified and asked
//! everything. A panic or a wrong answer that nothing announced is a broken promise.
//!
//! A store that a kill left behind ends where its last write ends. There damage can look as if that
//! write had never been finished: it may be gone, or, where more than a bit is damaged, what came last.
//! What is left must be a state that the store once had.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::check::{Checked, check, itself};
use crate::engine::{self, Kind, Promise, memory};
use crate::files;
use crate::history::History;
use crate::script::Script;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::writer::{self, Line, listen};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How many places are damaged.
    #[arg(long, default_value_t = 2000)]
    rounds: u64,
    #[command(flatten)]
    subject: Subject,
}

/// Stores of different content that are damaged in turn.
const STORES: u64 = 4;

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flip { at: usize, bit: u8 },
    Truncate { to: usize },
    Zero { at: usize, length: usize },
    Garble { at: usize, length: usize },
    Swap { one: usize, other: usize, length: usize },
    Append { length: usize },
    Empty,
    Remove,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A store that nobody has open, and what it answers.
struct Whole {
    directory: tempfile::TempDir,
    checked: Checked,
    /// What its writer was told, if that was killed.
    left_by: Option<History>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("damage", arguments.subject.engine, arguments.subject.seed);
    let mut random = Rng::with_seed(arguments.subject.seed);
    let mut stores = Vec::new();
    for number in 0..STORES {
        stores.push(fill(arguments, number, &mut random)?);
        stores.push(leave(arguments, number, &mut random)?);
    }
    for round in 1..=arguments.rounds {
        let Some(whole) = random.choice(&stores) else { break };
        damage_one(arguments, whole, round, &mut random, &mut verdict)?;
        verdict.progress(round, arguments.rounds);
    }
    Ok(verdict)
}

/// Makes a store of some hundred records, with some past behind it.
fn fill(arguments: &Arguments, number: u64, random: &mut Rng) -> Outcome<Whole> {
    let directory = tempfile::Builder::new().prefix("trials-whole-").tempdir()?;
    let path = directory.path().join("store");
    let (steps, script) = (40 + 60 * number, Script::new(random.u64(..), 0));
    // Every second one was closed and opened again meanwhile.
    let sessions = 1 + number % 2;
    for session in 0..sessions {
        let store =
            engine::open(arguments.subject.engine, &path, Promise::Interval, memory(number))?;
        for step in 0..steps / sessions {
            store.apply(script.step(1 + session * steps + step))?;
        }
        store.close()?;
    }
    let checked = look(arguments.subject.engine, &path)?;
    Ok(Whole { directory, checked, left_by: None })
}

/// Makes a store whose writer is killed.
fn leave(arguments: &Arguments, number: u64, random: &mut Rng) -> Outcome<Whole> {
    let directory = tempfile::Builder::new().prefix("trials-left-").tempdir()?;
    let (path, engine, seed) =
        (directory.path().join("store"), arguments.subject.engine, random.u64(..));
    let line = writer::Arguments {
        directory: path.clone(),
        engine,
        promise: Promise::Durable,
        seed,
        from: vec![1],
        steps: 0,
        pause: 0,
        cache: memory(number),
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

fn damage_one(
    arguments: &Arguments,
    whole: &Whole,
    round: u64,
    random: &mut Rng,
    verdict: &mut Verdict,
) -> Outcome<()> {
    let site = tempfile::Builder::new().prefix("trials-damage-").tempdir()?;
    let store = site.path().join("store");
    files::copy(&whole.directory.path().join("store"), &store)?;
    let files = files::all(&store)?;
    let Some(file) = random.choice(&files) else { return Ok(()) };
    let bytes = fs::read(file)?;
    let damage = Damage::draw(bytes.len(), random);
    damage.apply(file, bytes, random)?;
    let kept = arguments.subject.keep(&store, round);
    match judge(arguments.subject.engine, &store, whole, damage) {
        Ok(end) => {
            verdict.add(end, 1);
            if let Some(kept) = &arguments.subject.keep {
                let _ = fs::remove_dir_all(kept.join(round.to_string()));
            }
        }
        Err(fault) => {
            let name = file.strip_prefix(&store).unwrap_or(file).display();
            let left = if whole.left_by.is_some() { "killed" } else { "closed" };
            let what = format!("{damage} of {name} of a {left} store");
            verdict.broke(format!("round {round}: {what}: {fault}{kept}"));
        }
    }
    Ok(())
}

/// How a damaged store told, or that it had nothing to tell.
fn judge(
    engine: Kind,
    store: &Path,
    whole: &Whole,
    damage: Damage,
) -> Result<&'static str, String> {
    let checked = check(engine, store)?;
    if let Some((kind, message)) = &checked.refused {
        return match kind.as_str() {
            // Beside what damage is: what the directory then looks like.
            "Damaged" | "NotAStore" | "NewerFormat" | "Error" => Ok("refused"),
            _ => Err(format!("told as {kind}: {message}")),
        };
    }
    if !checked.problems.is_empty() {
        return Ok("reported");
    }
    if checked.answers == whole.checked.answers {
        return Ok("harmless");
    }
    if let Some(history) = &whole.left_by {
        let told = history.floor(|event| event.promised.is_some());
        let floor = if matches!(damage, Damage::Flip { .. }) { told.saturating_sub(1) } else { 0 };
        if history.find(checked.digest(0), floor).is_some() {
            return Ok("without the last writes before a kill");
        }
    }
    let (found, were) = (checked.records, whole.checked.records);
    Err(format!("other answers, and nothing was told: {found} records of {were}"))
}

impl Damage {
    /// Damage that a file of that length can take.
    fn draw(length: usize, random: &mut Rng) -> Damage {
        let at = random.usize(0..length.max(1));
        let region = *random.choice(&[1, 8, 64, 512, 4096]).unwrap_or(&1);
        match random.u8(0..20) {
            0..8 => Damage::Flip { at, bit: random.u8(0..8) },
            8..11 => Damage::Truncate { to: at },
            11..14 => Damage::Zero { at: at - at % region, length: region },
            14..16 => Damage::Garble { at, length: region },
            16..18 => {
                let other = random.usize(0..length.max(1));
                let (one, other) = (at - at % region, other - other % region);
                Damage::Swap { one, other, length: region }
            }
            18 => Damage::Append { length: region },
            _ if random.bool() => Damage::Empty,
            _ => Damage::Remove,
        }
    }

    fn apply(self, file: &Path, mut bytes: Vec<u8>, random: &mut Rng) -> std::io::Result<()> {
        match self {
            Damage::Flip { at, bit } => {
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
            }
            Damage::Truncate { to } => bytes.truncate(to),
            Damage::Zero { at, length } => {
                bytes.iter_mut().skip(at).take(length).for_each(|byte| *byte = 0);
            }
            Damage::Garble { at, length } => {
                bytes.iter_mut().skip(at).take(length).for_each(|byte| *byte = random.u8(..));
            }
            Damage::Swap { one, other, length } => {
                let (low, high) = (one.min(other), one.max(other));
                if low + length <= high && high + length <= bytes.len() {
                    let (front, back) = bytes.split_at_mut(high);
                    let pairs = front.iter_mut().skip(low).zip(back).take(length);
                    pairs.for_each(|(one, other)| std::mem::swap(one, other));
                }
            }
            Damage::Append { length } => bytes.extend((0..length).map(|_| random.u8(..))),
            Damage::Empty => bytes.clear(),
            Damage::Remove => return fs::remove_file(file),
        }
        fs::write(file, bytes)
    }
}
