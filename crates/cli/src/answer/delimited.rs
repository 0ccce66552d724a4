//! Rows as text divided by commas or tabs, as spreadsheets and `filedex import` read it.

use std::io::{self, Write};

use super::rows::{Cell, Rows};

pub(super) fn print(rows: &Rows, delimiter: u8, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::begin(&rows.columns, delimiter, out)?;
    rows.rows.iter().try_for_each(|row| lines.add(row))?;
    lines.end()
}

/// Lines being written, the names first.
pub(crate) struct Lines<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> Lines<W> {
    pub(crate) fn begin(columns: &[String], delimiter: u8, out: W) -> io::Result<Lines<W>> {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
        // Without names there is nothing to write, and no line.
        if !columns.is_empty() {
            writer.write_record(columns)?;
        }
        Ok(Lines { writer })
    }

    pub(crate) fn add(&mut self, row: &[Cell]) -> io::Result<()> {
        Ok(self.writer.write_record(row.iter().map(|cell| &cell.text))?)
    }

    pub(crate) fn end(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
