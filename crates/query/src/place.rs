//! Where in a text a fault is: line, column, and the line drawn with a caret under the place.

use std::fmt;

/// A place in a text that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted in characters from 1.
    pub column: usize,
    shown: String,
}

/// Characters of a line that are shown on either side of the place.
const AROUND: usize = 38;

impl Place {
    /// The place of that byte.
    pub(crate) fn of(text: &str, at: usize) -> Place {
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let whole = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Place { line, column, shown: draw(whole, column) }
    }

    /// The line, or the part of it around the place, and a caret under the place.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

fn draw(line: &str, column: usize) -> String {
    let skipped = column.saturating_sub(AROUND + 1);
    let part: String = line.chars().skip(skipped).take(2 * AROUND).collect();
    // What a terminal would not show as one column is shown as a blank.
    let part: String = part.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{part}\n{}^", " ".repeat(column - 1 - skipped))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
