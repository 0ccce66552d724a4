//! The figures as a table for people and as JSON lines for programs.

use serde_json::{Map, Value};

use crate::comparison::Outcome;
use crate::peer::Family;
use crate::row::Unit;

/// The columns, in their order. `indexed` is SQLite with an index for just the question.
const FAMILIES: &[(&str, Family)] = &[
    ("filedex", Family::Filedex),
    ("sqlite", Family::Sqlite),
    ("indexed", Family::Indexed),
    ("sled", Family::Sled),
    ("polodb", Family::Polodb),
    ("memory", Family::Memory),
];

/// A table in Markdown. What a peer can't answer is `-`.
pub(crate) fn table(records: usize, outcomes: &[Outcome]) -> String {
    let mut header = vec![format!("{records} records")];
    header.extend(FAMILIES.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(["times SQLite".to_owned(), "best SQLite".to_owned()]);
    let mut lines = vec![header];
    lines.extend(outcomes.iter().map(cells));
    let columns = FAMILIES.len() + 3;
    let widest = |column: usize| {
        let cells = lines.iter().filter_map(|cells| cells.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    lines.insert(1, rule);
    lines.iter().map(|cells| line(cells, &widths)).collect()
}

/// One JSON line a row: `{"row":..,"filedex_ns":..,"sqlite_ns":..,..,"times_sqlite":..,"kinds":{..}}`,
/// null for what a peer can't answer. `kinds` has every set-up by its name.
pub(crate) fn json(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|outcome| format!("{}\n", json_line(outcome))).collect()
}

/// A figure with its unit.
pub(crate) fn figure(unit: Unit, figure: f64) -> String {
    let (scales, last): (&[(f64, &str)], &str) = match unit {
        Unit::Nanoseconds => (&[(1e9, "s"), (1e6, "ms"), (1e3, "us")], "ns"),
        Unit::PerSecond => (&[(1e6, "M/s"), (1e3, "k/s")], "/s"),
        Unit::Bytes => (&[((1 << 30) as f64, "GiB"), ((1 << 20) as f64, "MiB")], "B"),
        Unit::BytesPerSecond => (&[(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")], "B/s"),
        Unit::Times => (&[], "times"),
        Unit::Share => (&[], "%"),
    };
    let figure = if unit == Unit::Share { figure * 100.0 } else { figure };
    let fits = scales.iter().find(|(scale, _)| figure >= *scale);
    let (scale, name) = fits.copied().unwrap_or((1.0, last));
    let scaled = figure / scale;
    let decimals = if scaled < 10.0 { 2 } else { usize::from(scaled < 100.0) };
    format!("{scaled:.decimals$} {name}")
}

fn cells(outcome: &Outcome) -> Vec<String> {
    let dash = || "-".to_owned();
    let unit = outcome.row.unit();
    let mut cells = vec![outcome.row.name()];
    for (_, family) in FAMILIES {
        let best = outcome.best(*family);
        cells.push(best.map_or_else(dash, |(_, best)| figure(unit, best)));
    }
    cells.push(outcome.times_sqlite().map_or_else(dash, |times| format!("{times:.2}x")));
    cells.push(outcome.best_sqlite().map_or_else(dash, |(kind, _)| kind.name()));
    cells
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let pad = |(position, (cell, room)): (usize, (&String, &usize))| {
        let spaces = " ".repeat(room.saturating_sub(width(cell)));
        let named = position == 0 || position + 1 == widths.len();
        if named { format!(" {cell}{spaces} |") } else { format!(" {spaces}{cell} |") }
    };
    let cells: String = cells.iter().zip(widths).enumerate().map(pad).collect();
    format!("|{cells}\n")
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

fn json_line(outcome: &Outcome) -> Value {
    let unit = match outcome.row.unit() {
        Unit::Nanoseconds => "ns",
        Unit::PerSecond => "per_cpu_second",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes_per_second",
        Unit::Times => "times",
        Unit::Share => "share",
    };
    let is_whole = !matches!(outcome.row.unit(), Unit::Times | Unit::Share);
    let rounded = |figure: f64| match is_whole {
        true => Value::from(figure.round() as u64),
        false => Value::from((figure * 1e3).round() / 1e3),
    };
    let mut line = Map::new();
    line.insert("row".to_owned(), outcome.row.name().into());
    for (name, family) in FAMILIES {
        let best = outcome.best(*family).map(|(_, figure)| rounded(figure));
        line.insert(format!("{name}_{unit}"), best.into());
    }
    let times = outcome.times_sqlite().map(|times| (times * 1e3).round() / 1e3);
    line.insert("times_sqlite".to_owned(), times.into());
    let kinds = outcome.figures.iter().map(|(kind, figure)| (kind.name(), rounded(*figure)));
    line.insert("kinds".to_owned(), Value::Object(kinds.collect()));
    Value::Object(line)
}
