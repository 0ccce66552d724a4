//! The engine for what the linear one cannot say: it tries the ways through a [`Graph`] one after
//! the other and goes back where one fails.
//!
//! Every step is counted, forward or back, and a search ends with an error when the count passes the
//! limit: no pattern and no text can make it run on. The ways lie on a stack of its own, so that long
//! texts cost no call stack.
//!
//! Why an engine of our own: of the libraries at hand, `pcre2` offers no limit, and `fancy-regex` limits
//! the steps back but not the work between them (`(?=.*x)b` on a megabyte took minutes under a limit of
//! 100,000) and reports other places than PCRE2 (`(a\1?){3}` on `aaaaaa`).

use super::Captures;
use super::graph::{Graph, Place, State};
use super::place;
use super::tree::Greed;
use crate::{Error, Result};
use std::rc::Rc;

/// No place in the text.
const UNSET: usize = usize::MAX;
/// Steps forward for each step back that the limit allows.
const STEPS: u64 = 8;
/// Look-arounds and atomic parts inside one another while walking; calls inside one another.
const DEPTH: usize = 500;
/// Ways back that are held at once: 40 MB.
const WAYS: usize = 1_000_000;

/// Looks for the first match of a search that began at byte `start`, at byte `at` or later. Tells the
/// steps it took, too.
///
/// # Errors
/// The limit `pattern_backtracks`, of which `allowed` is the value.
pub(super) fn search(
    graph: &Graph,
    text: &str,
    start: usize,
    at: usize,
    allowed: usize,
) -> Result<(Option<Captures>, usize)> {
    let steps = STEPS * (allowed as u64 + text.len() as u64);
    let slots = vec![UNSET; graph.slots as usize];
    let mut walk = Walk { graph, text, start, slots, ways: Vec::new(), steps, allowed, depth: 0 };
    let found = walk.search(at)?;
    let taken = usize::try_from(steps - walk.steps).unwrap_or(usize::MAX);
    Ok((found, taken))
}

/// A way not tried yet, or something to put back when going past it.
enum Way {
    State {
        place: Place,
        at: usize,
        call: Call,
    },
    /// A greedy run that can give back down to `least`.
    Shorter {
        place: Place,
        at: usize,
        least: usize,
        call: Call,
    },
    /// A lazy run that can take more.
    Longer {
        place: Place,
        at: usize,
        taken: u32,
        call: Call,
    },
    Slot {
        slot: u32,
        old: usize,
    },
}

/// The subroutine calls around a state.
type Call = Option<Rc<Frame>>;

struct Frame {
    group: u32,
    at: usize,
    back: Place,
    slots: Vec<usize>,
    around: Call,
    depth: usize,
}

struct Walk<'a> {
    graph: &'a Graph,
    text: &'a str,
    start: usize,
    slots: Vec<usize>,
    ways: Vec<Way>,
    steps: u64,
    allowed: usize,
    depth: usize,
}

/// Where a state leads.
enum Step {
    To(Place, usize),
    Into(Place, usize, Call),
    Done(usize),
    Fail,
}

impl Walk<'_> {
    fn search(&mut self, mut at: usize) -> Result<Option<Captures>> {
        loop {
            if self.may_begin(at)
                && let Some(end) = self.run(self.graph.start, at, None)?
            {
                return Ok(Some(self.captures(at, end)));
            }
            if self.graph.anchored {
                return Ok(None);
            }
            self.step(1)?;
            match self.after(at) {
                Some((_, next)) => at = next,
                None => return Ok(None),
            }
        }
    }

    /// Walks from a state to an `Accept`. Gives back the place in the text, with the ways back left
    /// on the stack; without a match everything is as it was.
    fn run(&mut self, place: Place, at: usize, call: Call) -> Result<Option<usize>> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.limit());
        }
        let base = self.ways.len();
        let (mut place, mut at, mut call) = (place, at, call);
        let end = loop {
            self.step(1)?;
            match self.advance(place, at, &call)? {
                Step::To(next, there) => (place, at) = (next, there),
                Step::Into(next, there, inner) => (place, at, call) = (next, there, inner),
                Step::Done(end) => break Some(end),
                Step::Fail => match self.back(base)? {
                    Some(way) => (place, at, call) = way,
                    None => break None,
                },
            }
        };
        self.depth -= 1;
        Ok(end)
    }

    fn advance(&mut self, place: Place, at: usize, call: &Call) -> Result<Step> {
        let Some(state) = self.graph.states.get(place as usize) else { return Ok(Step::Fail) };
        Ok(match *state {
            State::Accept => Step::Done(at),
            State::Return => self.return_from(call, at)?,
            State::One { ref set, next } => match self.after(at) {
                Some((letter, there)) if set.has(letter) => Step::To(next, there),
                _ => Step::Fail,
            },
            State::Run { .. } => self.run_of(place, at, call)?,
            State::Assert { what, next } if place::holds(what, self.text, self.start, at) => {
                Step::To(next, at)
            }
            State::Assert { .. } => Step::Fail,
            State::Split { first, second } => {
                self.push(Way::State { place: second, at, call: call.clone() })?;
                Step::To(first, at)
            }
            State::Matched { group, yes, no } => {
                Step::To(if self.span(group).is_some() { yes } else { no }, at)
            }
            State::Called { group, yes, no } => {
                let inside = |frame: &Rc<Frame>| group.is_none_or(|group| group == frame.group);
                Step::To(if call.as_ref().is_some_and(inside) { yes } else { no }, at)
            }
            State::BackReference { group, fold, next } => match self.repeated(group, fold, at)? {
                Some(there) => Step::To(next, there),
                None => Step::Fail,
            },
            State::Call { group, next } => self.enter(group, next, at, call)?,
            State::TurnEnd { slot, again, out } => {
                Step::To(if self.slot(slot) == at { out } else { again }, at)
            }
            ref state => match self.mark(state, at)? {
                Some(next) => Step::To(next, at),
                None => self.inner(state, at, call)?,
            },
        })
    }

    /// The states that only remember a place.
    fn mark(&mut self, state: &State, at: usize) -> Result<Option<Place>> {
        match *state {
            State::Open { group, next } => self.set(opened(group), at).map(|()| Some(next)),
            State::Close { group, next } => {
                self.set(begun(group), self.slot(opened(group)))?;
                self.set(ended(group), at).map(|()| Some(next))
            }
            State::Turn { slot, next } => self.set(slot, at).map(|()| Some(next)),
            State::Keep { next } => self.set(KEPT, at).map(|()| Some(next)),
            _ => Ok(None),
        }
    }

    /// The states with a walk of their own inside.
    fn inner(&mut self, state: &State, at: usize, call: &Call) -> Result<Step> {
        let base = self.ways.len();
        Ok(match *state {
            State::Atomic { body, next } => match self.run(body, at, call.clone())? {
                Some(end) => {
                    self.settle(base);
                    Step::To(next, end)
                }
                None => Step::Fail,
            },
            State::Ahead { negated, body, next } => {
                let found = self.run(body, at, call.clone())?.is_some();
                self.decide(found, negated, base, Step::To(next, at))
            }
            State::Behind { negated, ref branches, next } => {
                let mut found = false;
                for &(length, body) in branches {
                    if let Some(from) = self.before(at, length)? {
                        found = self.run(body, from, call.clone())?.is_some();
                    }
                    if found {
                        break;
                    }
                }
                self.decide(found, negated, base, Step::To(next, at))
            }
            _ => Step::Fail,
        })
    }

    /// What a look-around leaves behind: groups if it is positive and holds, else nothing.
    fn decide(&mut self, found: bool, negated: bool, base: usize, on: Step) -> Step {
        if found && negated {
            self.undo(base);
        } else if found {
            self.settle(base);
        }
        if found == negated { Step::Fail } else { on }
    }

    /// Forgets the ways back above `base`, but not what to put back when going past them.
    fn settle(&mut self, base: usize) {
        let kept: Vec<Way> =
            self.ways.drain(base..).filter(|way| matches!(way, Way::Slot { .. })).collect();
        self.ways.extend(kept);
    }

    fn undo(&mut self, base: usize) {
        while self.ways.len() > base {
            if let Some(Way::Slot { slot, old }) = self.ways.pop() {
                self.put(slot, old);
            }
        }
    }

    /// The next way above `base` that is worth trying.
    fn back(&mut self, base: usize) -> Result<Option<(Place, usize, Call)>> {
        while self.ways.len() > base {
            self.step(1)?;
            match self.ways.pop() {
                Some(Way::State { place, at, call }) => return Ok(Some((place, at, call))),
                Some(Way::Slot { slot, old }) => self.put(slot, old),
                Some(Way::Shorter { place, at, least, call }) => {
                    let at = self.before(at, 1)?.unwrap_or(at);
                    if at > least {
                        self.push(Way::Shorter { place, at, least, call: call.clone() })?;
                    }
                    return Ok(Some((self.after_run(place), at, call)));
                }
                Some(Way::Longer { place, at, taken, call }) => {
                    if let Some(at) = self.longer(place, at, taken, &call)? {
                        return Ok(Some((self.after_run(place), at, call)));
                    }
                }
                None => {}
            }
        }
        Ok(None)
    }

    /// A repeat of single characters.
    fn run_of(&mut self, place: Place, at: usize, call: &Call) -> Result<Step> {
        let Some(State::Run { set, min, max, greed, next }) = self.graph.states.get(place as usize)
        else {
            return Ok(Step::Fail);
        };
        let wanted = if *greed == Greed::Lazy { *min } else { *max };
        let (mut end, mut least, mut taken) = (at, at, 0);
        while taken < wanted
            && let Some((letter, there)) = self.after(end)
            && set.has(letter)
        {
            (end, taken) = (there, taken.saturating_add(1));
            if taken <= *min {
                least = end;
            }
        }
        self.step(u64::from(taken) / 8)?;
        if taken < *min {
            return Ok(Step::Fail);
        }
        match greed {
            Greed::Greedy if end > least => {
                self.push(Way::Shorter { place, at: end, least, call: call.clone() })?;
            }
            Greed::Lazy if taken < *max => {
                self.push(Way::Longer { place, at: end, taken, call: call.clone() })?;
            }
            _ => {}
        }
        Ok(Step::To(*next, end))
    }

    /// One more character for a lazy run.
    fn longer(
        &mut self,
        place: Place,
        at: usize,
        taken: u32,
        call: &Call,
    ) -> Result<Option<usize>> {
        let Some(State::Run { set, max, .. }) = self.graph.states.get(place as usize) else {
            return Ok(None);
        };
        let Some((letter, at)) = self.after(at) else { return Ok(None) };
        if !set.has(letter) {
            return Ok(None);
        }
        let taken = taken + 1;
        if taken < *max {
            self.push(Way::Longer { place, at, taken, call: call.clone() })?;
        }
        Ok(Some(at))
    }

    fn after_run(&self, place: Place) -> Place {
        match self.graph.states.get(place as usize) {
            Some(State::Run { next, .. }) => *next,
            _ => Place::MAX,
        }
    }

    /// Into a subroutine. Calling the same one at the same place again would never end.
    fn enter(&mut self, group: u32, back: Place, at: usize, call: &Call) -> Result<Step> {
        let body = self.graph.calls.iter().find(|(called, _)| *called == group);
        let Some(&(_, body)) = body else { return Ok(Step::Fail) };
        let depth = call.as_ref().map_or(0, |frame| frame.depth) + 1;
        let mut outer = call.as_ref();
        while let Some(frame) = outer {
            self.step(1)?;
            if frame.group == group && frame.at == at {
                return Err(self.limit());
            }
            outer = frame.around.as_ref();
        }
        if depth > DEPTH {
            return Err(self.limit());
        }
        let slots = self.slots.clone();
        let frame = Frame { group, at, back, slots, around: call.clone(), depth };
        Ok(Step::Into(body, at, Some(Rc::new(frame))))
    }

    /// Out of a subroutine: groups are what they were before it.
    fn return_from(&mut self, call: &Call, at: usize) -> Result<Step> {
        let Some(frame) = call else { return Ok(Step::Fail) };
        for (slot, &old) in (0..).zip(&frame.slots).skip(1) {
            if self.slot(slot) != old {
                self.set(slot, old)?;
            }
        }
        Ok(Step::Into(frame.back, at, frame.around.clone()))
    }

    /// Where the text of a group ends when it stands here again.
    fn repeated(&mut self, group: u32, fold: bool, at: usize) -> Result<Option<usize>> {
        let Some(text) = self.span(group).and_then(|(from, to)| self.text.get(from..to)) else {
            return Ok(None);
        };
        self.step(text.len() as u64 / 8)?;
        let rest = self.text.get(at..).unwrap_or("");
        if !fold {
            return Ok(rest.starts_with(text).then_some(at + text.len()));
        }
        let mut end = at;
        let mut letters = rest.chars();
        for wanted in text.chars() {
            match letters.next() {
                Some(letter) if place::same_but_for_case(wanted, letter) => {
                    end += letter.len_utf8()
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(end))
    }

    fn may_begin(&self, at: usize) -> bool {
        let Some(first) = &self.graph.first else { return true };
        self.after(at).is_some_and(|(letter, _)| first.has(letter))
    }

    fn after(&self, at: usize) -> Option<(char, usize)> {
        place::after(self.text, at)
    }

    /// The place that many characters before.
    fn before(&mut self, at: usize, count: u32) -> Result<Option<usize>> {
        let mut at = at;
        self.step(u64::from(count) / 8)?;
        for _ in 0..count {
            match place::before(self.text, at) {
                Some(letter) => at -= letter.len_utf8(),
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    fn slot(&self, slot: u32) -> usize {
        self.slots.get(slot as usize).copied().unwrap_or(UNSET)
    }

    fn put(&mut self, slot: u32, at: usize) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = at;
        }
    }

    fn set(&mut self, slot: u32, at: usize) -> Result<()> {
        self.push(Way::Slot { slot, old: self.slot(slot) })?;
        self.put(slot, at);
        Ok(())
    }

    fn span(&self, group: u32) -> Option<(usize, usize)> {
        let (from, to) = (self.slot(begun(group)), self.slot(ended(group)));
        (from != UNSET).then_some((from, to))
    }

    fn push(&mut self, way: Way) -> Result<()> {
        if self.ways.len() >= WAYS {
            return Err(self.limit());
        }
        self.ways.push(way);
        Ok(())
    }

    fn step(&mut self, count: u64) -> Result<()> {
        match self.steps.checked_sub(count) {
            Some(left) => self.steps = left,
            None => return Err(self.limit()),
        }
        Ok(())
    }

    fn limit(&self) -> Error {
        Error::limit("pattern_backtracks", self.allowed)
    }

    fn captures(&self, at: usize, end: usize) -> Captures {
        let kept = self.slot(KEPT);
        let start = if kept == UNSET { at } else { kept };
        let groups = (1..=self.graph.groups).map(|group| self.span(group)).collect();
        Captures { span: (start, end), groups }
    }
}

/// The slot of `\K`; behind it each group has three, then come the loops.
const KEPT: u32 = 0;

fn begun(group: u32) -> u32 {
    3 * group - 2
}

fn ended(group: u32) -> u32 {
    3 * group - 1
}

fn opened(group: u32) -> u32 {
    3 * group
}
