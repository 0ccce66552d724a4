//! The JSON text of a page, as all peers write it.

use crate::error::Result;

/// Records on a page.
pub(crate) const COUNT: usize = 50;

/// A page being written: `{"files":[..],"count":..,"offset":..,"total":..}`.
pub(crate) struct PageText {
    text: Vec<u8>,
    count: usize,
}

impl PageText {
    pub(crate) fn new() -> PageText {
        let mut text = Vec::with_capacity(32 << 10);
        text.extend_from_slice(b"{\"files\":[");
        PageText { text, count: 0 }
    }

    /// Adds a record's JSON text.
    pub(crate) fn add(&mut self, record: &[u8]) {
        self.next().extend_from_slice(record);
    }

    /// The text, for the next record to be added to.
    pub(crate) fn next(&mut self) -> &mut Vec<u8> {
        if self.count > 0 {
            self.text.push(b',');
        }
        self.count += 1;
        &mut self.text
    }

    pub(crate) fn finish(mut self, offset: u64, total: u64) -> Result<Vec<u8>> {
        use std::io::Write as _;
        write!(self.text, "],\"count\":{},\"offset\":{offset},\"total\":{total}}}", self.count)?;
        Ok(self.text)
    }
}
