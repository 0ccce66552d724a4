//! What a condition looks for in texts, so that it can be looked for in many of them at once.
//!
//! How texts lie one behind the other this file does not know.

use crate::Pattern;

/// A row of letters without which a condition holds for no text, or holds for every one.
#[derive(Clone, Copy, Debug)]
pub struct Needle<'p> {
    pattern: &'p Pattern,
    /// What the condition says of a text without it.
    without: bool,
}

impl<'p> Needle<'p> {
    pub(super) fn new(pattern: &'p Pattern, without: bool) -> Needle<'p> {
        Needle { pattern, without }
    }

    /// Where it begins next in these bytes, at that place or behind it.
    pub fn find(&self, bytes: &[u8], start: usize) -> Option<usize> {
        self.pattern.find_row(bytes, start)
    }

    /// What the condition says of a text, as [`Path::narrow`](crate::Path::narrow) gave it, in whose bytes it is not found. Any
    /// other value has to be asked.
    pub fn without(&self) -> bool {
        self.without
    }
}
