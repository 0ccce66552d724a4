//! Whether a record belongs to the answer: by its class if that decides it, else by its fields.

use filedex_query::{Conjunct, DocumentRef, Plan};

use crate::class::{CLASSES, Class};
use crate::error::Result;

/// What a class says of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All of them belong to the answer.
    Yes,
    /// None does.
    No,
    /// It depends on each record.
    Ask,
}

/// The conditions that the access path leaves open.
pub(crate) struct Judge<'p> {
    conjuncts: Vec<&'p Conjunct>,
    /// Of each class, once it was asked.
    verdicts: [Option<Verdict>; CLASSES],
}

impl<'p> Judge<'p> {
    /// The judge of the conjuncts that are not proven.
    pub(crate) fn new(plan: &'p Plan, proven: &[bool]) -> Judge<'p> {
        let open = plan.conjuncts().iter().zip(proven).filter(|(_, proven)| !**proven);
        Judge { conjuncts: open.map(|(conjunct, _)| conjunct).collect(), verdicts: [None; CLASSES] }
    }

    /// The judge of all conjuncts.
    pub(crate) fn of_all(plan: &'p Plan) -> Judge<'p> {
        Judge { conjuncts: plan.conjuncts().iter().collect(), verdicts: [None; CLASSES] }
    }

    pub(crate) fn verdict(&mut self, class: Class) -> Verdict {
        let at = usize::from(class.byte());
        if let Some(Some(verdict)) = self.verdicts.get(at) {
            return *verdict;
        }
        let verdict = self.decide(class);
        if let Some(place) = self.verdicts.get_mut(at) {
            *place = Some(verdict);
        }
        verdict
    }

    /// Whether the record belongs to the answer.
    pub(crate) fn accepts(&self, record: DocumentRef<'_>) -> Result<bool> {
        for conjunct in &self.conjuncts {
            if !conjunct.matches(record)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The open conditions.
    pub(crate) fn conjuncts(&self) -> &[&'p Conjunct] {
        &self.conjuncts
    }

    fn decide(&self, class: Class) -> Verdict {
        let known = class.known();
        let mut verdict = Verdict::Yes;
        for conjunct in &self.conjuncts {
            match conjunct.decide(&known) {
                Some(true) => {}
                Some(false) => return Verdict::No,
                None => verdict = Verdict::Ask,
            }
        }
        verdict
    }
}
