//! Documents as marked texts, one after the other, within a bound for all of them together.

use super::marked::Marked;
use super::write::write_marked_within;
use crate::{Account, DocumentRef, Error, Result};

/// Room for the texts of a reply: each in turn, as many as the bytes are enough for.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::{Account, Document, ejson::MarkedTexts};
/// let (file, account) = (Document::new().with("_id", "a"), Account::default());
/// let mut texts = MarkedTexts::within(16);
/// assert_eq!(texts.write(file.view(), &account)?.text(), br#"{"_id":"a"}"#);
/// let error = texts.write(file.view(), &account).unwrap_err();
/// assert_eq!(error.limit_name(), Some("reply_bytes"));
/// # Ok::<(), filedex_query::Error>(())
/// ```
#[derive(Debug)]
pub struct MarkedTexts {
    most: usize,
    left: usize,
    text: Vec<u8>,
    marks: Vec<u8>,
}

impl MarkedTexts {
    /// Texts of so many bytes together at most.
    pub fn within(most: usize) -> MarkedTexts {
        MarkedTexts { most, left: most, text: Vec::new(), marks: Vec::new() }
    }

    /// Takes so many of the bytes for a text that comes from elsewhere.
    ///
    /// # Errors
    /// The limit `reply_bytes`.
    #[inline]
    pub fn take(&mut self, bytes: usize) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| self.too_long())?;
        Ok(())
    }

    /// The text of a document in the place of the one before; the account is charged for it.
    ///
    /// # Errors
    /// The limit `reply_bytes`; what the account says.
    pub fn write(&mut self, document: DocumentRef<'_>, account: &Account) -> Result<Marked<'_>> {
        self.text.clear();
        self.marks.clear();
        let room = (&mut self.text, &mut self.marks);
        // The limit is that of all texts, not of what is left of it.
        write_marked_within(document, room, self.left, account).map_err(|error| {
            if error.limit_name() == Some("reply_bytes") { self.too_long() } else { error }
        })?;
        self.take(self.text.len())?;
        Ok(Marked::new(&self.text, &self.marks))
    }

    fn too_long(&self) -> Error {
        Error::limit("reply_bytes", self.most)
    }
}
