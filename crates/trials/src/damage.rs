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
use std::path::{Path, PathBuf};

use clap::Args;
use fastrand::Rng;

use crate::Outcome;
use crate::check::{Checked, check};
use crate::engine::Kind;
use crate::files;
use crate::subject::Subject;
use crate::verdict::Verdict;
use crate::whole::Whole;
use crate::work::{self, Work};

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
pub(crate) enum Damage {
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

pub(crate) fn run(arguments: &Arguments) -> Outcome<Verdict> {
    let mut verdict = Verdict::new("damage", arguments.subject.engine, arguments.subject.seed);
    let mut random = Rng::with_seed(arguments.subject.seed);
    let mut stores = Vec::new();
    for number in 0..STORES {
        stores.push(Whole::closed(arguments.subject.engine, number, &mut random)?);
        stores.push(Whole::left(arguments.subject.engine, number, &mut random)?);
    }
    for round in 1..=arguments.rounds {
        let Some(whole) = random.choice(&stores) else { break };
        damage_one(arguments, whole, round, &mut random, &mut verdict)?;
        verdict.progress(round, arguments.rounds);
    }
    Ok(verdict)
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
    files::copy(&whole.path(), &store)?;
    let (file, damage) = Damage::strike(&store, random)?;
    let kept = arguments.subject.keep(&store, round);
    let copy = site.path().join("repaired");
    files::copy(&store, &copy)?;
    let judged = judge(arguments.subject.engine, &store, whole, damage);
    let repaired = match arguments.subject.engine {
        Kind::Filedex => repair(&copy, whole, damage),
        #[cfg(any(feature = "redb", feature = "sqlite"))]
        _ => Ok("not repaired"),
    };
    match judged.and_then(|end| Ok((end, repaired?))) {
        Ok((end, repaired)) => {
            verdict.add(end, 1);
            verdict.add(repaired, 1);
            if let Some(kept) = &arguments.subject.keep {
                let _ = fs::remove_dir_all(kept.join(round.to_string()));
            }
        }
        Err(fault) => {
            let name = file.strip_prefix(&store).unwrap_or(&file).display();
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
    untold(&checked, whole, damage)
}

/// What it means that a store tells of no damage.
fn untold(checked: &Checked, whole: &Whole, damage: Damage) -> Result<&'static str, String> {
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

/// Repairs a damaged store: it is whole then, and where the repair told of no loss, it has none.
fn repair(store: &Path, whole: &Whole, damage: Damage) -> Result<&'static str, String> {
    let lost = match work::complete(&work::line(Work::Repair, store, Path::new(""))) {
        Ok(lost) => lost.trim() != "0",
        Err(words) => {
            // A panic inside sled, which is caught, is printed before.
            let last = words.lines().last().unwrap_or_default();
            let told =
                ["Damaged", "NotAStore", "NewerFormat"].iter().any(|kind| last.starts_with(kind));
            return if told {
                Ok("beyond repair")
            } else {
                Err(format!("the repair failed: {words}"))
            };
        }
    };
    let checked = check(Kind::Filedex, store)?;
    if let Some((kind, message)) = &checked.refused {
        return Err(format!("repaired, but does not open: {kind}: {message}"));
    }
    if !checked.problems.is_empty() {
        return Err(format!("repaired, but not whole: {:?}", checked.problems));
    }
    if lost {
        return Ok("repaired with losses that were told");
    }
    untold(&checked, whole, damage).map(|_| "repaired without loss")
}

impl Damage {
    /// Damages one file of a store; says which, and how.
    pub(crate) fn strike(store: &Path, random: &mut Rng) -> Outcome<(PathBuf, Damage)> {
        let files = files::all(store)?;
        let file = random.choice(files).ok_or("a store without files")?;
        let bytes = fs::read(&file)?;
        let damage = Damage::draw(bytes.len(), random);
        damage.apply(&file, bytes, random)?;
        Ok((file, damage))
    }

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
