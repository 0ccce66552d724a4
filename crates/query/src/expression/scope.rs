//! What one evaluation carries: the document, the variables, and a budget.
//!
//! The budget is what keeps a stranger's expression from running on. Every node costs a step; work
//! on many elements or bytes costs more. What is paid here is paid to the request's account too, and so
//! are the bytes of what is built: an operator says so before it builds. What was built for a document is
//! given back when the document is done with. This file knows no operator.

use std::rc::Rc;

use super::answer::Answer;
use super::evaluate::evaluate;
use super::node::Node;
use super::random::Random;
use crate::copy::{ELEMENT, Footprint, copy};
use crate::{Account, ArrayRef, Collation, DocumentRef, Error, Limits, Result, Value, ValueRef};

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
/// What an element of an array counts for, beside its own bytes, under `expression_bytes`.
const BYTES_AN_ELEMENT: usize = 16;
/// Steps that may be owed while a value is gone through.
const STEPS_AT_ONCE: usize = 64;

/// What the long arithmetic of a decimal costs, in steps.
pub(super) const DECIMAL_STEPS: usize = 32;

pub(super) struct Scope<'a> {
    pub(super) root: DocumentRef<'a>,
    pub(super) limits: &'a Limits,
    /// How texts compare.
    pub(super) collation: &'a Collation,
    pub(super) account: &'a Account,
    pub(super) random: Random,
    slots: Vec<Answer<'a>>,
    steps_left: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        root: DocumentRef<'a>,
        (limits, collation): (&'a Limits, &'a Collation),
        account: &'a Account,
        slots: usize,
        seed: u64,
    ) -> Scope<'a> {
        let steps_left = limits.expression_steps;
        let slots = vec![Answer::Missing; slots];
        let random = Random::new(seed);
        Scope { root, limits, collation, account, random, slots, steps_left }
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
        self.spend_apart(steps)?;
        self.account.work(steps as u64)
    }

    /// Pays for work that the account has heard of.
    pub(super) fn spend_apart(&mut self, steps: usize) -> Result<()> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(Error::limit("expression_steps", self.limits.expression_steps)),
        }
    }

    /// Pays for bytes about to be built, beside those that the functions here pay for.
    pub(super) fn hold(&self, bytes: usize) -> Result<()> {
        self.account.hold(bytes)
    }

    /// Pays for room for that many values.
    pub(super) fn hold_elements(&self, elements: usize) -> Result<()> {
        self.account.hold(elements.saturating_mul(ELEMENT))
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

    /// Tells the account of letters that are passed over, whose steps are paid for already.
    pub(super) fn pass_letters(&self, bytes: usize) -> Result<()> {
        self.account.work((bytes / LETTER_BYTES_A_STEP) as u64)
    }

    /// Pays for looking at text letter by letter.
    pub(super) fn spend_letters(&mut self, bytes: usize) -> Result<()> {
        self.spend(bytes / LETTER_BYTES_A_STEP)
    }

    /// Pays for work on an array that is built, and checks its size.
    pub(super) fn spend_array(&mut self, elements: usize) -> Result<()> {
        self.check_bytes(elements.saturating_mul(BYTES_AN_ELEMENT))?;
        self.spend_elements(elements)
    }

    /// Pays for an array about to be built, and checks its size.
    pub(super) fn build_array(&mut self, elements: usize) -> Result<()> {
        self.spend_array(elements)?;
        self.hold_elements(elements)
    }

    /// Pays for looking at text as a whole.
    pub(super) fn spend_text(&mut self, bytes: usize) -> Result<()> {
        self.check_bytes(bytes)?;
        self.spend(bytes / BYTES_A_STEP)
    }

    /// Pays for text about to be built, and checks its size.
    pub(super) fn build_text(&mut self, bytes: usize) -> Result<()> {
        self.spend_text(bytes)?;
        // A text that grows has room for as much again.
        self.hold(bytes.saturating_mul(2))
    }

    /// Pays for comparing or searching that value.
    pub(super) fn spend_value(&mut self, value: ValueRef<'_>) -> Result<()> {
        match value {
            ValueRef::Document(_) | ValueRef::Array(_) => self.spend_footprint(value).map(drop),
            ValueRef::String(text) => self.spend(text.len() / BYTES_A_STEP),
            _ => Ok(()),
        }
    }

    /// Pays for putting the elements in order, each compared with some of the others.
    pub(super) fn spend_ordering(&mut self, value: ValueRef<'_>) -> Result<()> {
        let before = self.steps_left;
        self.spend_value(value)?;
        let ValueRef::Array(array) = value else { return Ok(()) };
        let rounds = self.length(array)?.checked_ilog2().unwrap_or(0);
        self.account.work((before - self.steps_left) as u64 * u64::from(rounds) / 2)
    }

    /// Copies the answer out, paying for it; missing becomes null.
    pub(super) fn own(&mut self, answer: Answer<'a>) -> Result<Value> {
        Ok(self.own_if_there(answer)?.unwrap_or(Value::Null))
    }

    /// Copies the answer out, paying for it.
    pub(super) fn own_if_there(&mut self, answer: Answer<'a>) -> Result<Option<Value>> {
        match answer {
            Answer::Missing => Ok(None),
            Answer::Borrowed(value) => self.copy(value).map(Some),
            Answer::Owned(value) => Ok(Some(value)),
            Answer::Shared(value) => self.unshare(value).map(Some),
        }
    }

    /// Copies a value, paying for it.
    pub(super) fn copy(&mut self, value: ValueRef<'_>) -> Result<Value> {
        let bytes = match value {
            ValueRef::Document(_) | ValueRef::Array(_) => {
                let footprint = self.spend_footprint(value)?;
                footprint.values * BYTES_AN_ELEMENT + footprint.bytes
            }
            ValueRef::String(text) => {
                self.spend(text.len() / BYTES_A_STEP)?;
                text.len()
            }
            _ => 0,
        };
        self.check_bytes(bytes)?;
        copy(value, self.account)
    }

    /// The elements, if this is an array, paying where that copies them.
    pub(super) fn elements(&mut self, answer: Answer<'a>) -> Result<Option<Vec<Answer<'a>>>> {
        let Some(array) = answer.array() else { return Ok(None) };
        self.hold_elements(self.length(array)?)?;
        let value = match answer {
            Answer::Shared(value) => self.unshare(value)?,
            Answer::Owned(value) => value,
            Answer::Borrowed(ValueRef::Array(array)) => {
                return self.borrow_elements(array).map(Some);
            }
            _ => return Ok(None),
        };
        Ok(match value {
            Value::Array(array) => Some(array.into_iter().map(Answer::Owned).collect()),
            _ => None,
        })
    }

    /// How many elements there are: a stored array is walked.
    pub(super) fn length(&self, array: ArrayRef<'_>) -> Result<usize> {
        let mut length = 0_usize;
        for _ in array.iter() {
            length += 1;
            self.pass(length)?;
        }
        Ok(length)
    }

    /// Tells the account, now and then, of elements that are passed over.
    pub(super) fn pass(&self, passed: usize) -> Result<()> {
        const AT_ONCE: usize = 1024;
        if !passed.is_multiple_of(AT_ONCE) {
            return Ok(());
        }
        self.account.work((AT_ONCE / PASSED_A_STEP) as u64)
    }

    fn borrow_elements(&self, array: ArrayRef<'a>) -> Result<Vec<Answer<'a>>> {
        let mut elements = Vec::new();
        for element in array.iter() {
            elements.push(Answer::Borrowed(element));
            self.pass(elements.len())?;
        }
        Ok(elements)
    }

    /// The value of a variable, copied if the variable may be read again.
    fn unshare(&mut self, value: Rc<Value>) -> Result<Value> {
        match Rc::try_unwrap(value) {
            Ok(value) => {
                self.spend_value(value.view())?;
                Ok(value)
            }
            Err(value) => self.copy(value.view()),
        }
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

    /// Pays for going through a value, while it is gone through.
    fn spend_footprint(&mut self, value: ValueRef<'_>) -> Result<Footprint> {
        let (mut footprint, mut paid) = (Footprint::default(), 0);
        footprint.add(value, &mut |footprint| {
            let owed = price_of(footprint) - paid;
            if owed < STEPS_AT_ONCE {
                return Ok(());
            }
            paid += owed;
            self.spend(owed)
        })?;
        self.spend(price_of(&footprint) - paid)?;
        Ok(footprint)
    }

    pub(super) fn check_bytes(&self, bytes: usize) -> Result<()> {
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

/// Steps of going through so much.
fn price_of(footprint: &Footprint) -> usize {
    let Footprint { values, decimals, bytes, .. } = *footprint;
    let bytes = bytes + values * BYTES_AN_ELEMENT;
    values / ELEMENTS_A_STEP + decimals * DECIMAL_STEPS + bytes / BYTES_A_STEP
}

fn deeper_than(value: ValueRef<'_>, most: usize) -> bool {
    let inner = |value| most == 0 || deeper_than(value, most - 1);
    match value {
        ValueRef::Document(document) => document.iter().any(|(_, value)| inner(value)),
        ValueRef::Array(array) => array.iter().any(inner),
        _ => false,
    }
}
