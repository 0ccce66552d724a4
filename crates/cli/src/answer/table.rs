//! Rows as a table for people, as wide as their terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::rows::{Cell, Rows};

/// Columns of a terminal that a text of a cell takes at most.
const WIDEST: usize = 48;

/// Columns of a terminal that is none.
const USUAL_WIDTH: u16 = 160;

pub(super) fn print(rows: &Rows, width: Option<u16>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width.unwrap_or(USUAL_WIDTH))
        .set_header(rows.columns.iter().map(|name| shown(name)));
    for row in &rows.rows {
        table.add_row(row.iter().map(cell));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim())?;
    }
    Ok(())
}

fn cell(cell: &Cell) -> comfy_table::Cell {
    let alignment = if cell.is_number { CellAlignment::Right } else { CellAlignment::Left };
    comfy_table::Cell::new(shown(&cell.text)).set_alignment(alignment)
}

/// A text on one line, without what a terminal would obey: names of files come from strangers.
fn shown(text: &str) -> Cow<'_, str> {
    let plain: String = text.chars().flat_map(plain).collect();
    cut(&plain).map_or(Cow::Owned(plain), Cow::Owned)
}

/// Control characters, and those that turn the direction of what follows, as they are written in JSON.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let escaped = letter.is_control() || turns || matches!(letter, '\u{2028}' | '\u{2029}');
    let text = if escaped { format!("\\u{:04x}", u32::from(letter)) } else { letter.to_string() };
    text.chars().collect::<Vec<_>>().into_iter()
}

/// A long text cut in the middle, so that the end of a name still shows what kind of file it is.
fn cut(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let behind = WIDEST / 3;
    let start = letters.get(..WIDEST - behind - 1).filter(|_| letters.len() > WIDEST)?;
    let end = letters.get(letters.len() - behind..)?;
    Some(start.iter().chain(['…'].iter()).chain(end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(names: &[&str]) -> String {
        let cell = |text: &str, is_number| Cell { text: text.to_owned(), is_number };
        let rows = names
            .iter()
            .zip([7, 78_441])
            .map(|(name, size)| vec![cell(name, false), cell(&size.to_string(), true)]);
        let rows = Rows { columns: vec!["name".into(), "size".into()], rows: rows.collect() };
        let mut out = Vec::new();
        print(&rows, Some(80), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_stand_to_the_right_and_wide_letters_take_two_columns() {
        let expected = "name    size\n図.png      7\na.jpeg  78441\n";
        assert_eq!(text(&["図.png", "a.jpeg"]), expected);
    }

    #[test]
    fn long_names_are_cut_in_the_middle_and_nothing_reaches_the_terminal_as_a_command() {
        let long = "x".repeat(60) + ".png";
        let printed = text(&[&long, "a\u{1b}[2J\u{202e}gnp.exe\n"]);
        assert!(printed.contains("xxxx…") && printed.contains("x.png"), "{printed}");
        assert!(printed.contains(r"a\u001b[2J\u202egnp.exe\u000a"), "{printed}");
        assert_eq!(printed.lines().count(), 3);
    }
}
