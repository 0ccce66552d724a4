//! The engine for what the linear one cannot say: it tries the ways through a [`Graph`] one after
//! the other and goes back where one fails.
//!
//! Every step is counted, forward or back, and a search ends with an error when the count passes the
//! limit: no pattern and no text can make it run on. So is what it holds: the ways lie on a stack of its
//! own, so that long texts cost no call stack, and a call keeps what all groups were before it.
//!
//! Why an engine of our own: of the libraries at hand, `pcre2` offers no limit, and `fancy-regex` limits
//! the steps back but not the work between them (`(?=.*x)b` on a megabyte took minutes under a limit of
//! 100,000) and reports other places than PCRE2 (`(a\1?){3}` on `aaaaaa`).

use super::Captures;
use super::graph::{Graph, Place, State};
use super::place;
use super::tree::Greed;
use crate::{Account, Error, Result};
use std::cell::Cell;
use std::rc::Rc;

/// No place in the text.
const UNSET: usize = usize::MAX;
/// Steps forward for each step back that the limit allows.
const STEPS: u64 = 8;
/// Look-arounds and atomic parts inside one another while walking; calls inside one another.
const DEPTH: usize = 500;
/// Steps between two payments to the account, of which one step is worth as many as here is said.
const STEPS_A_PAYMENT: u64 = 4096;
const STEPS_A_STEP: u64 = 16;
/// Slots that are copied for the price of a step, and letters that are passed over.
const SLOTS_A_STEP: u64 = 8;
/// Letters that are passed over before a payment is thought of.
const LETTERS_A_PAYMENT: u32 = 4096;

/// Looks for the first match of a search that began at byte `start`, at byte `at` or later. Tells the
/// steps it took, too.
///
/// # Errors
/// The limits `pattern_backtracks` and `pattern_search_bytes`; what the account says.
pub(super) fn search(
    graph: &Graph,
    text: &str,
    (start, at): (usize, usize),
    limits: SearchLimits,
    account: &Account,
) -> Result<(Option<Captures>, usize)> {
    let steps = STEPS * (limits.backtracks as u64 + text.len() as u64);
    let held = account.held();
    let mut walk = Walk {
        graph,
        text,
        start,
        slots: Vec::new(),
        ways: Vec::new(),
        steps,
        paid: steps,
        limits,
        depth: 0,
        held: 0,
        frames: Rc::default(),
        account,
    };
    walk.clear_slots()?;
    let found = walk.search(at);
    walk.pay()?;
    account.release_to(held);
    let taken = usize::try_from(steps - walk.steps).unwrap_or(usize::MAX);
    Ok((found?, taken))
}

/// What a search may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct SearchLimits {
    /// [`crate::Limits::pattern_backtracks`].
    pub(super) backtracks: usize,
    /// [`crate::Limits::pattern_search_bytes`].
    pub(super) bytes: usize,
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
    /// The bytes of all frames that are held, this one among them.
    held: Rc<Cell<usize>>,
}

impl Frame {
    /// Bytes of a frame with so many slots.
    fn bytes(slots: usize) -> usize {
        size_of::<Frame>() + slots * size_of::<usize>()
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.held.set(self.held.get().saturating_sub(Frame::bytes(self.slots.len())));
    }
}

struct Walk<'a> {
    graph: &'a Graph,
    text: &'a str,
    start: usize,
    slots: Vec<usize>,
    ways: Vec<Way>,
    steps: u64,
    /// The steps that were left at the last payment.
    paid: u64,
    limits: SearchLimits,
    depth: usize,
    /// Bytes that the account holds for this search.
    held: usize,
    /// Bytes of the frames that are alive.
    frames: Rc<Cell<usize>>,
    account: &'a Account,
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
                    self.settle(base)?;
                    Step::To(next, end)
                }
                None => Step::Fail,
            },
            State::Ahead { negated, body, next } => {
                let found = self.run(body, at, call.clone())?.is_some();
                self.decide(found, negated, base, Step::To(next, at))?
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
                self.decide(found, negated, base, Step::To(next, at))?
            }
            _ => Step::Fail,
        })
    }

    /// What a look-around leaves behind: groups if it is positive and holds, else nothing.
    fn decide(&mut self, found: bool, negated: bool, base: usize, on: Step) -> Result<Step> {
        if found && negated {
            self.undo(base);
        } else if found {
            self.settle(base)?;
        }
        Ok(if found == negated { Step::Fail } else { on })
    }

    /// Forgets the ways back above `base`, but not what to put back when going past them.
    fn settle(&mut self, base: usize) -> Result<()> {
        self.step((self.ways.len() - base) as u64 / SLOTS_A_STEP)?;
        let mut kept = base;
        for at in base..self.ways.len() {
            if matches!(self.ways.get(at), Some(Way::Slot { .. })) {
                self.ways.swap(kept, at);
                kept += 1;
            }
        }
        self.ways.truncate(kept);
        Ok(())
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
        let graph = self.graph;
        let Some(State::Run { set, min, max, greed, next }) = graph.states.get(place as usize)
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
            if taken.is_multiple_of(LETTERS_A_PAYMENT) {
                self.step(u64::from(LETTERS_A_PAYMENT) / 8)?;
            }
        }
        self.step(u64::from(taken % LETTERS_A_PAYMENT) / 8)?;
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
        self.step(self.graph.calls.len() as u64 / SLOTS_A_STEP)?;
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
        self.step(self.slots.len() as u64 / SLOTS_A_STEP)?;
        self.frames.set(self.frames.get() + Frame::bytes(self.slots.len()));
        self.check_bytes(0)?;
        let (slots, held) = (self.slots.clone(), self.frames.clone());
        let frame = Frame { group, at, back, slots, around: call.clone(), depth, held };
        Ok(Step::Into(body, at, Some(Rc::new(frame))))
    }

    /// Out of a subroutine: groups are what they were before it.
    fn return_from(&mut self, call: &Call, at: usize) -> Result<Step> {
        let Some(frame) = call else { return Ok(Step::Fail) };
        self.step(self.slots.len() as u64 / SLOTS_A_STEP)?;
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
        let rest = self.text.get(at..).unwrap_or("");
        if !fold {
            self.step(text.len() as u64 / 8)?;
            return Ok(rest.starts_with(text).then_some(at + text.len()));
        }
        let mut end = at;
        let mut letters = rest.chars();
        for (passed, wanted) in (0_u32..).zip(text.chars()) {
            if passed.is_multiple_of(8) {
                self.step(1)?;
            }
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
        if self.ways.len() == self.ways.capacity() {
            self.grow()?;
        }
        self.ways.push(way);
        Ok(())
    }

    /// Room for as many ways again. What there was is held until it has been moved.
    fn grow(&mut self) -> Result<()> {
        let more = self.ways.capacity().max(64);
        self.check_bytes((self.ways.capacity() + more) * size_of::<Way>())?;
        self.ways.reserve_exact(more);
        Ok(())
    }

    /// Whether so much may be held for a moment beside what is held; the account hears of it.
    fn check_bytes(&mut self, more: usize) -> Result<()> {
        let slots = self.slots.capacity() * size_of::<usize>();
        let bytes = self.ways.capacity() * size_of::<Way>() + slots + self.frames.get() + more;
        if bytes > self.limits.bytes {
            return Err(Error::limit("pattern_search_bytes", self.limits.bytes));
        }
        if let Some(more) = bytes.checked_sub(self.held).filter(|more| *more > 0) {
            self.account.hold(more)?;
            self.held = bytes;
        }
        Ok(())
    }

    fn clear_slots(&mut self) -> Result<()> {
        let slots = self.graph.slots as usize;
        self.step(slots as u64 / SLOTS_A_STEP)?;
        self.check_bytes(slots * size_of::<usize>())?;
        self.slots = vec![UNSET; slots];
        Ok(())
    }

    fn step(&mut self, count: u64) -> Result<()> {
        match self.steps.checked_sub(count) {
            Some(left) => self.steps = left,
            None => return Err(self.limit()),
        }
        if self.paid - self.steps < STEPS_A_PAYMENT { Ok(()) } else { self.pay() }
    }

    /// Tells the account of the steps since it heard of any.
    #[cold]
    fn pay(&mut self) -> Result<()> {
        let taken = self.paid - self.steps;
        self.paid = self.steps;
        self.account.work(taken / STEPS_A_STEP)
    }

    fn limit(&self) -> Error {
        Error::limit("pattern_backtracks", self.limits.backtracks)
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
