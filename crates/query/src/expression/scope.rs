//! What one evaluation carries: the document, the variables, and a budget.
//!
//! The budget is what keeps a stranger's expression from running on. Every node costs a step; work
//! on many elements or bytes costs more. This file knows no operator.

use super::answer::Answer;
use super::evaluate::evaluate;
use super::node::Node;
use super::random::Random;
use crate::{Collation, DocumentRef, Error, Limits, Result, Value, ValueRef};

/// Elements that are handled for the price of one step.
const ELEMENTS_A_STEP: usize = 8;
/// Elements or fields that are passed over for the price of one step.
const PASSED_A_STEP: usize = 16;
/// Bytes that are copied, compared or read for the price of one step.
const BYTES_A_STEP: usize = 256;
/// Bytes of stored text that are read for the price of one step.
const READ_BYTES_A_STEP: usize = 256;
/// Bytes of text that are looked at letter by letter for the price of one step.
const LETTER_BYTES_A_STEP: usize = 64;
/// What an element of an array takes, roughly, beside its own bytes.
const BYTES_AN_ELEMENT: usize = 16;

/// What the long arithmetic of a decimal costs, in steps.
pub(super) const DECIMAL_STEPS: usize = 32;

pub(super) struct Scope<'a> {
    pub(super) root: DocumentRef<'a>,
    pub(super) limits: &'a Limits,
    /// How texts compare.
    pub(super) collation: &'a Collation,
    pub(super) random: Random,
    slots: Vec<Answer<'a>>,
    steps_left: usize,
}

/// How much there is of a value.
#[derive(Default)]
struct Measure {
    values: usize,
    bytes: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        root: DocumentRef<'a>,
        (limits, collation): (&'a Limits, &'a Collation),
        slots: usize,
        seed: u64,
    ) -> Scope<'a> {
        let steps_left = limits.expression_steps;
        let slots = vec![Answer::Missing; slots];
        Scope { root, limits, collation, random: Random::new(seed), slots, steps_left }
    }

    /// What a variable holds.
    pub(super) fn slot(&self, slot: usize) -> Answer<'a> {
        self.slots.get(slot).cloned().unwrap_or(Answer::Missing)
    }

    /// Gives a variable its value.
    pub(super) fn set_slot(&mut self, slot: usize, answer: Answer<'a>) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = answer.shared();
        }
    }

    /// Pays for work.
    pub(super) fn spend(&mut self, steps: usize) -> Result<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Error::limit("expression_steps", self.limits.expression_steps)),
        }
    }

    /// What has been paid so far.
    pub(super) fn spent(&self) -> usize {
        self.limits.expression_steps - self.steps_left
    }

    /// Pays for work on that many elements.
    pub(super) fn spend_elements(&mut self, elements: usize) -> Result<()> {
        self.spend(elements.div_ceil(ELEMENTS_A_STEP))
    }

    /// The value of a field, paying for the fields before it.
    pub(super) fn look_up<'v>(
        &mut self,
        document: DocumentRef<'v>,
        name: &str,
    ) -> Result<Option<ValueRef<'v>>> {
        let (value, passed) = document.look_up(name);
        self.spend_passing(passed)?;
        Ok(value)
    }

    /// Pays for reading stored text.
    pub(super) fn spend_reading(&mut self, bytes: usize) -> Result<()> {
        self.spend(bytes / READ_BYTES_A_STEP)
    }

    /// Pays for passing over that many elements or fields.
    pub(super) fn spend_passing(&mut self, entries: usize) -> Result<()> {
        self.spend(entries / PASSED_A_STEP)
    }

    /// Pays for looking at text letter by letter.
    pub(super) fn spend_letters(&mut self, bytes: usize) -> Result<()> {
        self.spend(bytes / LETTER_BYTES_A_STEP)
    }

    /// Pays for an array about to be built, and checks its size.
    pub(super) fn spend_array(&mut self, elements: usize) -> Result<()> {
        self.check_bytes(elements.saturating_mul(BYTES_AN_ELEMENT))?;
        self.spend_elements(elements)
    }

    /// Pays for text about to be built, and checks its size.
    pub(super) fn spend_text(&mut self, bytes: usize) -> Result<()> {
        self.check_bytes(bytes)?;
        self.spend(bytes / BYTES_A_STEP)
    }

    /// Pays for comparing or searching that value.
    pub(super) fn spend_value(&mut self, value: ValueRef<'_>) -> Result<()> {
        match value {
            ValueRef::Document(_) | ValueRef::Array(_) => {
                let measure = measure(value);
                self.spend(measure.values / ELEMENTS_A_STEP + measure.bytes / BYTES_A_STEP)
            }
            ValueRef::String(text) => self.spend(text.len() / BYTES_A_STEP),
            _ => Ok(()),
        }
    }

    /// Copies the answer out, paying for it; missing becomes null.
    pub(super) fn own(&mut self, answer: Answer<'a>) -> Result<Value> {
        Ok(self.own_if_there(answer)?.unwrap_or(Value::Null))
    }

    /// Copies the answer out, paying for it.
    pub(super) fn own_if_there(&mut self, answer: Answer<'a>) -> Result<Option<Value>> {
        if let Answer::Borrowed(value) = &answer {
            self.check_bytes(measure(*value).bytes)?;
            self.spend_value(*value)?;
        } else if let Answer::Shared(value) = &answer {
            self.spend_value(value.view())?;
        }
        Ok(answer.into_value())
    }

    /// The elements, if this is an array, paying where that copies them.
    pub(super) fn elements(&mut self, answer: Answer<'a>) -> Result<Option<Vec<Answer<'a>>>> {
        if let Answer::Shared(value) = &answer {
            self.spend_value(value.view())?;
        }
        Ok(answer.elements())
    }

    /// Refuses a value nested too deep. Only what loops can build needs it: what is shared has been
    /// checked when it was built.
    pub(super) fn check_depth(&self, answer: &Answer<'_>) -> Result<()> {
        let most = self.limits.document_depth;
        let Answer::Owned(value) = answer else { return Ok(()) };
        if deeper_than(value.view(), most) {
            return Err(Error::limit("document_depth", most));
        }
        Ok(())
    }

    /// The value of the first argument.
    pub(super) fn first(&mut self, arguments: &'a [Node]) -> Result<Answer<'a>> {
        self.argument(arguments, 0)
    }

    /// The values of the first two arguments.
    pub(super) fn pair(&mut self, arguments: &'a [Node]) -> Result<(Answer<'a>, Answer<'a>)> {
        Ok((self.argument(arguments, 0)?, self.argument(arguments, 1)?))
    }

    /// The value of that argument; missing if it was not given.
    pub(super) fn argument(&mut self, arguments: &'a [Node], index: usize) -> Result<Answer<'a>> {
        match arguments.get(index) {
            Some(node) => evaluate(node, self),
            None => Ok(Answer::Missing),
        }
    }

    fn check_bytes(&self, bytes: usize) -> Result<()> {
        if bytes > self.limits.expression_bytes {
            return Err(Error::limit("expression_bytes", self.limits.expression_bytes));
        }
        Ok(())
    }
}

/// Whether that argument was given.
pub(super) fn is_given(arguments: &[Node], index: usize) -> bool {
    arguments.get(index).is_some_and(|node| !matches!(node, Node::Absent))
}

fn measure(value: ValueRef<'_>) -> Measure {
    let mut total = Measure::default();
    add_measure(value, &mut total);
    total
}

fn add_measure(value: ValueRef<'_>, total: &mut Measure) {
    total.values +=
        if matches!(value, ValueRef::Decimal(_)) { DECIMAL_STEPS * ELEMENTS_A_STEP } else { 1 };
    total.bytes += BYTES_AN_ELEMENT;
    match value {
        ValueRef::String(text) | ValueRef::Symbol(text) | ValueRef::Code(text) => {
            total.bytes += text.len();
        }
        ValueRef::Binary { bytes, .. } => total.bytes += bytes.len(),
        ValueRef::Document(document) => document.iter().for_each(|(name, value)| {
            total.bytes += name.len();
            add_measure(value, total);
        }),
        ValueRef::Array(array) => array.iter().for_each(|value| add_measure(value, total)),
        _ => {}
    }
}

fn deeper_than(value: ValueRef<'_>, most: usize) -> bool {
    let inner = |value| most == 0 || deeper_than(value, most - 1);
    match value {
        ValueRef::Document(document) => document.iter().any(|(_, value)| inner(value)),
        ValueRef::Array(array) => array.iter().any(inner),
        _ => false,
    }
}
