//! What one writer was told about its steps, and the states that its records may be in because of it.
//!
//! A step that was acknowledged is there, as far as its promise holds; of a step that failed or was
//! under way any beginning may be there, in whole units; and nothing is there without everything
//! before it.

use crate::check::Checked;
use crate::engine::Promise;
use crate::model::{Digest, Model};
use crate::script::Script;

/// What became of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) step: u64,
    /// What was promised when the call returned; `None` if it failed or never returned.
    pub(crate) promised: Option<Promise>,
    /// Seconds, on a clock of the trial's own, when it was told.
    pub(crate) at: f64,
}

/// The steps of one writer since a state that is known.
#[derive(Clone, Debug)]
pub(crate) struct History {
    script: Script,
    base: Model,
    events: Vec<Event>,
    next: u64,
}

impl History {
    pub(crate) fn new(script: Script) -> History {
        History { script, base: Model::default(), events: Vec::new(), next: 1 }
    }

    /// The number of the step to begin with.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn note(&mut self, event: Event) {
        self.next = event.step + 1;
        self.events.push(event);
    }

    /// The writer was stopped: the step after the last may have begun.
    pub(crate) fn stopped(&mut self) {
        self.note(Event { step: self.next, promised: None, at: 0.0 });
    }

    /// The writer ended, maybe within the step after the last, and goes on with that one.
    pub(crate) fn resumed(&mut self, step: u64) {
        self.stopped();
        self.next = step;
    }

    /// How many steps were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.events.iter().filter(|event| event.promised.is_some()).count() as u64
    }

    /// How many steps failed, or had no answer.
    pub(crate) fn failed(&self) -> u64 {
        self.events.len() as u64 - self.acknowledged()
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// How many of the events must be there if those that are `kept` are: all up to the last of them.
    pub(crate) fn floor(&self, kept: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().rposition(kept).map_or(0, |last| last + 1)
    }

    /// The state of that digest, if the records may be in it with at least the first `floor` events
    /// there.
    pub(crate) fn find(&self, digest: Digest, floor: usize) -> Option<Model> {
        let mut states = vec![self.base.clone()];
        for (number, event) in self.events.iter().enumerate() {
            let open = number >= floor;
            let found = |state: &Model| open && state.digest() == digest;
            if let Some(state) = states.iter().find(|state| found(state)) {
                return Some(state.clone());
            }
            let mut after = Vec::new();
            for mut state in states {
                for unit in self.script.step(event.step).units() {
                    if event.promised.is_none() {
                        after.push(state.clone());
                    }
                    state.apply(unit);
                    if found(&state) {
                        return Some(state);
                    }
                }
                after.push(state);
            }
            after.sort_by_key(Model::digest);
            after.dedup_by_key(|state| state.digest());
            states = after;
        }
        states.into_iter().find(|state| state.digest() == digest)
    }

    /// Goes on from a state that was found.
    pub(crate) fn rebase(&mut self, base: Model) {
        self.base = base;
        self.events.clear();
    }
}

/// Compares what was found in a store with what its writers were told; of each writer the first
/// `floor` events must be there. The histories go on from what was found.
pub(crate) fn judge(
    histories: &mut [History],
    checked: &Checked,
    floors: &[usize],
) -> Result<(), String> {
    if let Some((kind, message)) = &checked.refused {
        return Err(format!("the store does not open: {kind}: {message}"));
    }
    if !checked.problems.is_empty() {
        return Err(format!("the store is not whole: {:?}", checked.problems));
    }
    for (writer, (history, floor)) in histories.iter_mut().zip(floors).enumerate() {
        let digest = checked.digest(writer);
        match history.find(digest, *floor) {
            Some(state) => history.rebase(state),
            None if history.find(digest, 0).is_some() => {
                return Err(format!("acknowledged writes of writer {writer} are lost"));
            }
            None => return Err(format!("writer {writer} has half a write, or another's")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::script::{ATOMIC, Step, Unit};

    fn told(step: u64, promised: Option<Promise>) -> Event {
        Event { step, promised, at: 0.0 }
    }

    fn after(script: Script, steps: impl IntoIterator<Item = u64>) -> Model {
        let mut model = Model::default();
        let units = steps.into_iter().flat_map(|step| script.step(step).units());
        units.for_each(|unit| model.apply(unit));
        model
    }

    #[test]
    fn a_lost_write_is_seen_and_one_that_may_be_lost_is_not() {
        let script = Script::new(7, 0);
        // A put always changes something; a remove may find nothing.
        let put = |step: &u64| matches!(script.step(*step), Step::Put(_));
        let last = (20..).find(|step| put(step) && put(&(step - 1))).unwrap();
        let gap = last - 1;
        let mut history = History::new(script);
        (1..=last).for_each(|step| history.note(told(step, Some(Promise::Interval))));
        let floor = history.floor(|event| event.promised.is_some());
        assert_eq!(floor as u64, last);
        assert!(history.find(after(script, 1..=last).digest(), floor).is_some());
        assert!(history.find(after(script, 1..last).digest(), floor).is_none());
        assert!(history.find(after(script, 1..last).digest(), 0).is_some());
        // A write without one before it is no beginning.
        let others = (1..=last).filter(|step| *step != gap);
        assert!(history.find(after(script, others).digest(), 0).is_none());
    }

    #[test]
    fn a_write_under_way_is_there_or_not_but_never_in_part() {
        let script = Script::new(7, 0);
        let many = |step: &u64| {
            script.step(*step).units().iter().any(|unit| match unit {
                Unit::Put(records) => records.len() == ATOMIC,
                _ => false,
            })
        };
        let step = (1..10_000).find(many).unwrap();
        let mut history = History::new(script);
        history.note(told(step, None));
        let units = script.step(step).units();
        let mut model = Model::default();
        assert!(history.find(model.digest(), 0).is_some());
        for unit in units {
            if let Unit::Put(records) = &unit {
                let mut half = model.clone();
                half.apply(Unit::Put(records.iter().take(1).cloned().collect()));
                assert!(history.find(half.digest(), 0).is_none());
            }
            model.apply(unit);
            assert!(history.find(model.digest(), 0).is_some());
        }
    }
}
