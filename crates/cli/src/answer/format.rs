//! The forms that answers have.

use clap::ValueEnum;

use crate::session::Session;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people; long texts are cut in the middle.
    Table,
    /// One JSON value, dates as ISO 8601 text. Of `find` {"files":[..],"count":..,"offset":..,"total":..}.
    #[value(alias = "page")]
    Json,
    /// One document a line, Extended JSON where JSON cannot say it.
    #[value(aliases = ["lines", "ndjson"])]
    Jsonl,
    /// A line of names, then values divided by commas.
    Csv,
    /// A line of names, then values divided by tabs.
    Tsv,
}

impl Format {
    /// The format that was asked for; else a table for people at a terminal and JSON for programs.
    pub(crate) fn of(asked: Option<Format>, session: &Session<'_>) -> Format {
        let usual = if session.terminal.is_some() { Format::Table } else { Format::Json };
        asked.unwrap_or(usual)
    }
}
