//! Rows of questions: first every peer's answers are checked against Filedex's, then the peers take
//! turns, and the CPU time of all threads counts: those of peers whose turn it is not sleep.

use std::hint::black_box;
use std::time::Duration;

use crate::clock;
use crate::error::{Error, Result};
use crate::peer::{Kind, Peer};
use crate::question::Question;
use crate::row::Row;

/// CPU time that a peer may take up with its questions of one round, if one is answered at all.
const ROUND: Duration = Duration::from_millis(250);
/// CPU time that a peer may take up with being checked, and warmed up by it.
const CHECK: Duration = Duration::from_secs(2);

/// A peer that takes part.
pub(crate) struct Entrant {
    pub(crate) kind: Kind,
    pub(crate) peer: Box<dyn Peer>,
}

/// Nanoseconds a question, of each kind that answers: the median of the rounds' means.
///
/// # Errors
/// If a peer answers otherwise than the first one.
pub(crate) fn measure(
    row: Row,
    entrants: &mut [Entrant],
    questions: &[Question],
    rounds: usize,
) -> Result<Vec<(Kind, f64)>> {
    let mut racers = check(row, entrants, questions)?;
    let count = racers.len();
    for round in 0..rounds {
        let start = round * row.per_round();
        for turn in 0..count {
            let Some(racer) = racers.get_mut((round + turn) % count.max(1)) else { continue };
            let asked = questions.iter().cycle().skip(start % questions.len().max(1));
            let begun = clock::process();
            for question in asked.take(racer.questions) {
                black_box(racer.entrant.peer.answer(question)?);
            }
            let taken = (clock::process() - begun).as_nanos() as f64;
            racer.samples.push(taken / racer.questions as f64);
        }
    }
    Ok(racers.into_iter().map(|racer| (racer.entrant.kind, clock::median(racer.samples))).collect())
}

/// An entrant that answers a row's questions.
struct Racer<'a> {
    entrant: &'a mut Entrant,
    /// How many of them a round.
    questions: usize,
    samples: Vec<f64>,
}

/// Checks the answers, and leaves out peers without any.
fn check<'a>(
    row: Row,
    entrants: &'a mut [Entrant],
    questions: &[Question],
) -> Result<Vec<Racer<'a>>> {
    let mut expected: Vec<Vec<u8>> = Vec::new();
    let mut racers = Vec::new();
    for entrant in entrants {
        let begun = clock::process();
        let mut asked = 0_u32;
        for (position, question) in questions.iter().enumerate() {
            let Some(answer) = entrant.peer.answer(question)? else { break };
            asked += 1;
            match expected.get(position) {
                Some(expected) if *expected != answer => {
                    return Err(difference(row, entrant.kind, question, expected, &answer));
                }
                Some(_) => {}
                None => expected.push(answer),
            }
            if clock::process() - begun > CHECK && entrant.kind != Kind::Filedex {
                break;
            }
        }
        if asked > 0 {
            let each = ((clock::process() - begun) / asked).max(Duration::from_nanos(1));
            let afford = usize::try_from(ROUND.as_nanos() / each.as_nanos())?;
            let questions = row.per_round().min(afford.max(1));
            racers.push(Racer { entrant, questions, samples: Vec::new() });
        }
    }
    Ok(racers)
}

/// Says where two answers part.
fn difference(row: Row, kind: Kind, question: &Question, expected: &[u8], answer: &[u8]) -> Error {
    let common = expected.iter().zip(answer).take_while(|(one, other)| one == other).count();
    let start = common.saturating_sub(80);
    let excerpt = |text: &[u8]| {
        let text = text.get(start..text.len().min(common + 80)).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    };
    format!(
        "{}: {} answers otherwise than filedex\n  question: {question:?}\n  filedex: ..{}..\n  {}: ..{}..",
        row.name(),
        kind.name(),
        excerpt(expected),
        kind.name(),
        excerpt(answer),
    )
    .into()
}
