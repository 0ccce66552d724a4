//! Records as JSON texts with marks of where their fields end, so that a reply may leave some of them out.
//!
//! The text of a single record lies before its marks; the length of it comes last, in four bytes. Those of a stretch
//! lie one behind the other as in an array, so that a reply may take any that follow one another at once. This file
//! does not know what is shown.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use filedex_query::ejson::{Marked, write_marked_within};
use filedex_query::{Account, DocumentRef};

use crate::error::Result;
use crate::format::Class;

/// A record as the JSON text of a reply, with its marks.
#[derive(Debug)]
pub(crate) enum Text {
    Kept(Arc<[u8]>),
    Whole(Vec<u8>),
}

/// The texts of the records of a stretch, or of the first ones of it, in order, with their marks and their classes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// Each with a comma after it.
    text: Vec<u8>,
    marks: Vec<u8>,
    ends: Vec<Ends>,
    classes: Vec<Class>,
}

/// Where what belongs to a record ends. A block has far fewer bytes than 4 GiB.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    text: u32,
    marks: u32,
}

/// Bytes that most texts have at most, and most marks of one.
const USUAL: usize = 1024;
const USUAL_MARKS: usize = 64;

/// Bytes that stay of the memory that texts are written to.
const MOST_KEPT: usize = 64 << 10;

thread_local! {
    /// What a thread writes texts to before they are kept.
    static WRITTEN: RefCell<Texts> = const { RefCell::new(Texts::NONE) };
}

impl Text {
    /// The text of a record; the account is told of the work. Whoever shows it has a bound of his own.
    pub(crate) fn of(record: DocumentRef<'_>, account: &Account) -> Result<Vec<u8>> {
        let (mut bytes, mut marks) = (Vec::with_capacity(USUAL), Vec::with_capacity(USUAL_MARKS));
        write_marked_within(record, (&mut bytes, &mut marks), usize::MAX, account)?;
        // A record has far fewer bytes than 4 GiB.
        let length = bytes.len() as u32;
        bytes.extend_from_slice(&marks);
        bytes.extend_from_slice(&length.to_le_bytes());
        Ok(bytes)
    }

    pub(crate) fn marked(&self) -> Marked<'_> {
        match self {
            Text::Kept(bytes) => marked(bytes),
            Text::Whole(bytes) => marked(bytes),
        }
    }
}

impl Texts {
    const NONE: Texts =
        Texts { text: Vec::new(), marks: Vec::new(), ends: Vec::new(), classes: Vec::new() };

    /// Adds the text of the next record; the account is told of the work.
    pub(crate) fn push(
        &mut self,
        class: Class,
        record: DocumentRef<'_>,
        account: &Account,
    ) -> Result<()> {
        write_marked_within(record, (&mut self.text, &mut self.marks), usize::MAX, account)?;
        self.text.push(b',');
        self.ends.push(Ends { text: self.text.len() as u32, marks: self.marks.len() as u32 });
        self.classes.push(class);
        Ok(())
    }

    /// What somebody adds to these, or to none, in no more memory than it takes; nothing if he says so.
    pub(crate) fn written(
        before: Option<&Texts>,
        write: impl FnOnce(&mut Texts) -> Result<bool>,
    ) -> Result<Option<Texts>> {
        WRITTEN.with_borrow_mut(|texts| {
            texts.copy(before.unwrap_or(&Texts::NONE));
            let written = write(texts).map(|is_kept| is_kept.then(|| texts.clone()));
            if texts.text.capacity() > MOST_KEPT {
                *texts = Texts::NONE;
            }
            written
        })
    }

    /// Puts others in place of these, into memory that is there.
    fn copy(&mut self, other: &Texts) {
        self.text.clone_from(&other.text);
        self.marks.clone_from(&other.marks);
        self.ends.clone_from(&other.ends);
        self.classes.clone_from(&other.classes);
    }

    pub(crate) fn get(&self, at: usize) -> Marked<'_> {
        let marks = self.start(at).marks as usize..self.start(at + 1).marks as usize;
        Marked::new(self.run(at..at + 1), self.marks.get(marks).unwrap_or_default())
    }

    /// The texts of some that follow one another, with commas between them.
    pub(crate) fn run(&self, run: Range<usize>) -> &[u8] {
        let (start, end) = (self.start(run.start).text, self.start(run.end).text);
        self.text.get(start as usize..(end as usize).saturating_sub(1)).unwrap_or_default()
    }

    /// Where what belongs to that record begins.
    fn start(&self, at: usize) -> Ends {
        at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The class of that record.
    pub(crate) fn class(&self, at: usize) -> Option<Class> {
        self.classes.get(at).copied()
    }

    /// Bytes of memory that they take.
    pub(crate) fn memory(&self) -> usize {
        self.text.len()
            + self.marks.len()
            + self.ends.len() * (size_of::<Ends>() + size_of::<Class>())
    }
}

fn marked(bytes: &[u8]) -> Marked<'_> {
    let parts = bytes
        .split_last_chunk::<4>()
        .and_then(|(parts, length)| parts.split_at_checked(u32::from_le_bytes(*length) as usize));
    let (text, marks) = parts.unwrap_or_default();
    Marked::new(text, marks)
}
