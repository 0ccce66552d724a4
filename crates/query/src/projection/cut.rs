//! Running the JSON text of a record through a projection that leaves out whole fields: what stays is copied, and
//! nothing is read or written anew.
//!
//! What has to look into a field is left to the record itself.

use super::apply::Projection;
use crate::ejson::Marked;
use crate::redaction::{Left, Level};

/// Room for what is left of a text.
#[derive(Debug, Default)]
pub struct Cut {
    text: Vec<u8>,
    marks: Vec<u8>,
}

impl Projection {
    /// Whether it may be enough to cut the texts of records: nothing but whole fields is left out, and what is
    /// redacted.
    pub fn cuts(&self) -> bool {
        self.shows_all() || self.level().is_some()
    }

    /// The text of the record as it is shown; `None` where the record itself has to be looked at.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
    /// use filedex::language::{Account, Cut, Projection, ejson};
    /// use filedex::{Document, Environment};
    /// let (mut text, mut marks) = (Vec::new(), Vec::new());
    /// let record = Document::new().with("_id", "a").with("size", 7).with("name", "logo.png");
    /// let account = Account::default();
    /// ejson::write_marked_within(record.view(), (&mut text, &mut marks), 100, &account)?;
    /// let fields = Projection::parse_text(r#"{"size": 1}"#, &Environment::default())?;
    /// let (marked, mut room) = (ejson::Marked::new(&text, &marks), Cut::default());
    /// let shown = fields.cut(marked, &mut room).map(|shown| shown.text());
    /// assert_eq!(shown, Some(br#"{"_id":"a","size":7}"#.as_slice()));
    /// # Ok::<(), filedex_query::Error>(())
    /// ```
    pub fn cut<'t>(&self, record: Marked<'t>, room: &'t mut Cut) -> Option<Marked<'t>> {
        let Some(level) = self.level() else { return self.shows_all().then_some(record) };
        room.clear();
        let mut fields = record.fields();
        let beginning = fields.place();
        // Fields that follow one another and stay are copied together, once one is left out.
        let mut first = Some(beginning);
        loop {
            let here = fields.place();
            let Some(field) = fields.next() else { break };
            match (level.leaves(field), first) {
                (Left::Part, _) => return None,
                (Left::All, None) => first = Some(here),
                (Left::Nothing, Some(kept)) => {
                    room.add(record.part(kept, here));
                    first = None;
                }
                _ => {}
            }
        }
        if first == Some(beginning) {
            return Some(record);
        }
        if let Some(kept) = first {
            room.add(record.part(kept, fields.place()));
        }
        Some(room.end())
    }

    /// What is left out, where that is whole fields and what is redacted; nothing where it is neither.
    fn level(&self) -> Option<&Level> {
        match (&self.left_out, &self.redaction) {
            (Some(level), _) => Some(level),
            (None, Some(redaction)) if self.shows_all() => Some(redaction.shown_level()),
            (None, _) => None,
        }
    }
}

impl Cut {
    fn clear(&mut self) {
        self.text.clear();
        self.marks.clear();
    }

    /// Adds fields that follow one another, the first of them behind its brace or its comma.
    fn add(&mut self, fields: Marked<'_>) {
        let start = self.text.len();
        self.text.extend_from_slice(fields.text());
        if let Some(first) = self.text.get_mut(start) {
            *first = if start == 0 { b'{' } else { b',' };
        }
        self.marks.extend_from_slice(fields.marks());
    }

    fn end(&mut self) -> Marked<'_> {
        if self.text.is_empty() {
            self.text.push(b'{');
        }
        self.text.push(b'}');
        Marked::new(&self.text, &self.marks)
    }
}
