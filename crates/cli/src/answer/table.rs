//! Rows as a table for people, as wide as their terminal.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::rows::{Cell, Rows, Shape};

/// Columns of a terminal that a text in a list takes at most.
const WIDEST: usize = 48;

/// As wide as where there is no terminal: nothing is cut off.
const ENDLESS: u16 = u16::MAX;

pub(super) fn print(rows: &Rows, width: Option<u16>, out: &mut dyn Write) -> io::Result<()> {
    let width = width.unwrap_or(ENDLESS);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_width(width);
    table.set_content_arrangement(match rows.shape {
        Shape::Document => ContentArrangement::Disabled,
        Shape::Field => ContentArrangement::Dynamic,
    });
    table.set_header(rows.columns.iter().map(|name| shown(name)));
    for row in &rows.rows {
        table.add_row(row.iter().map(|found| cell(found, rows.shape)));
    }
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    for line in table.lines() {
        let line = line.trim_end();
        // What does not fit is cut off: lines that wrap are read by nobody.
        writeln!(out, "{}", console::truncate_str(line, width.into(), "…"))?;
    }
    Ok(())
}

/// In a list texts are cut and numbers stand to the right.
fn cell(cell: &Cell, shape: Shape) -> comfy_table::Cell {
    let text = shown(&cell.text);
    match shape {
        Shape::Field => comfy_table::Cell::new(text),
        Shape::Document if cell.is_number => {
            comfy_table::Cell::new(text).set_alignment(CellAlignment::Right)
        }
        Shape::Document => comfy_table::Cell::new(cut(&text).unwrap_or(text)),
    }
}

/// A text on one line, without what a terminal would obey: names of files come from strangers.
fn shown(text: &str) -> String {
    text.chars().flat_map(plain).collect()
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
        let columns = vec!["name".into(), "size".into()];
        let rows = Rows { shape: Shape::Document, columns, rows: rows.collect() };
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

    #[test]
    fn a_list_is_cut_at_the_edge_and_a_field_is_shown_whole() {
        let name = "x".repeat(40) + " " + &"y".repeat(40) + ".png";
        let file =
            filedex_query::Document::new().with("_id", "a").with("name", &*name).with("size", 7);
        let printed = |rows: &Rows| {
            let mut out = Vec::new();
            print(rows, Some(30), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let list = printed(&Rows::all(std::slice::from_ref(&file)));
        assert!(list.lines().all(|line| console::measure_text_width(line) <= 30), "{list}");
        assert_eq!(list.lines().count(), 2);
        let fields = printed(&Rows::of_fields(&file));
        let value: String = fields.split_whitespace().collect();
        assert!(value.contains(&name.replace(' ', "")), "{fields}");
        // What a value goes on with stands under it.
        assert!(fields.lines().nth(3).unwrap().starts_with("       "), "{fields}");
    }
}
