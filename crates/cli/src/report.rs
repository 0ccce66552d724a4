//! How reports are printed: as JSON for programs, as names and values for people.

use filedex_query::{Limits, ejson};
use serde::Serialize;

use crate::answer::{Format, Rows, indented};
use crate::failure::Failure;
use crate::session::Session;

/// Prints the report.
pub(crate) fn print(
    session: &mut Session<'_>,
    asked: Option<Format>,
    report: &impl Serialize,
) -> Result<(), Failure> {
    let json = serde_json::to_string(report).map_err(|error| Failure::at("report", error))?;
    match Format::of(asked, session) {
        Format::Json => indented(json.as_bytes(), session.out)?,
        Format::Jsonl => writeln!(session.out, "{json}")?,
        format => {
            let document = ejson::read_document(&json, &Limits::default())?;
            Rows::of_fields(&document).print(format, session)?;
        }
    }
    Ok(())
}
