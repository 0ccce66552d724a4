//! Whether a record belongs to the answer: by its class if that decides it, else by its fields.

use filedex_query::{Account, Conjunct, DocumentRef, Plan, Question, Residual};

use crate::error::Result;
use crate::format::{CLASSES, Class};

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
pub(crate) struct Conditions<'p> {
    plan: &'p Plan,
    /// Of each conjunct of the plan, whether it need not be asked.
    proven: &'p [bool],
    /// Of each class, once it was asked.
    verdicts: [Option<Verdict>; CLASSES],
    /// All conditions that are open as one, once a record was asked.
    residual: Option<Residual<'p>>,
}

impl<'p> Conditions<'p> {
    /// The conjuncts that are not proven.
    pub(crate) fn new(plan: &'p Plan, proven: &'p [bool]) -> Conditions<'p> {
        Conditions { plan, proven, verdicts: [None; CLASSES], residual: None }
    }

    /// All conjuncts.
    pub(crate) fn of_all(plan: &'p Plan) -> Conditions<'p> {
        Conditions::new(plan, &[])
    }

    /// The same conditions for another thread.
    pub(crate) fn for_another(&self) -> Conditions<'p> {
        Conditions::new(self.plan, self.proven)
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
    pub(crate) fn accepts(&mut self, record: DocumentRef<'_>, account: &Account) -> Result<bool> {
        Ok(self.residual().matches_within(record, account)?)
    }

    /// The open conditions that some paths of a record decide, and whether there are no others.
    pub(crate) fn questions(&mut self) -> (Vec<Question<'p>>, bool) {
        self.residual().questions()
    }

    /// A text that names the open conditions; none where what they say is another thing each time.
    pub(crate) fn name(&self) -> Option<String> {
        self.plan.residual_name(self.proven)
    }

    /// The open conditions.
    pub(crate) fn conjuncts(&self) -> impl Iterator<Item = &'p Conjunct> + use<'p> {
        let proven = self.proven.iter().chain(std::iter::repeat(&false));
        let conjuncts = self.plan.conjuncts().iter().zip(proven);
        conjuncts.filter(|(_, proven)| !**proven).map(|(conjunct, _)| conjunct)
    }

    fn residual(&mut self) -> &Residual<'p> {
        let (plan, proven) = (self.plan, self.proven);
        self.residual.get_or_insert_with(|| plan.residual(proven))
    }

    fn decide(&self, class: Class) -> Verdict {
        let mut verdict = Verdict::Yes;
        for conjunct in self.conjuncts() {
            match conjunct.decide(class.known()) {
                Some(true) => {}
                Some(false) => return Verdict::No,
                None => verdict = Verdict::Ask,
            }
        }
        verdict
    }
}
