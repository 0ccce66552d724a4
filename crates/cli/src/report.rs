//! How reports are printed: as JSON for people and programs.

use std::io::{self, Write};

use serde::Serialize;

/// Prints the report, over several lines.
pub(crate) fn print(out: &mut dyn Write, report: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
