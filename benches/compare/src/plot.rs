//! The plot of several comparisons: for each row a panel with cost against size, both logarithmic, so
//! that what costs the same at every size is a level line.

use crate::comparison::Outcome;
use crate::peer::Family;
use crate::report;
use crate::row::{Row, Unit};
use crate::svg::{Anchor, Svg};

/// In pixels.
const PANEL: (f64, f64) = (300.0, 210.0);
const LEFT: f64 = 74.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 30.0;
const HEADER: f64 = 40.0;
const COLUMNS: usize = 3;

const LINES: &[(&str, Family, &str)] = &[
    ("Filedex", Family::Filedex, "#2a7f62"),
    ("best SQLite", Family::Sqlite, "#3b6ea8"),
    ("with an index for it", Family::Indexed, "#8fb3d9"),
    ("sled", Family::Sled, "#b58a2a"),
    ("memory floor", Family::Memory, "#999"),
];
const RULE: &str = "#ddd";

/// Outcomes by number of records.
pub(crate) fn draw(sizes: &[(usize, Vec<Outcome>)]) -> String {
    let rows: Vec<Row> = sizes
        .first()
        .into_iter()
        .flat_map(|(_, outcomes)| outcomes)
        .map(|outcome| outcome.row)
        .collect();
    let lines = rows.len().div_ceil(COLUMNS) as f64;
    let mut svg = Svg::new(PANEL.0 * COLUMNS as f64, HEADER + PANEL.1 * lines + 8.0);
    for (position, (name, _, color)) in LINES.iter().enumerate() {
        let x = 16.0 + 130.0 * position as f64;
        svg.path(&[(x, 20.0), (x + 20.0, 20.0)], color, 2.0);
        svg.text((x + 26.0, 24.0), Anchor::Start, name);
    }
    for (position, row) in rows.iter().enumerate() {
        let (column, line) = (position % COLUMNS, position / COLUMNS);
        let corner = (PANEL.0 * column as f64, HEADER + PANEL.1 * line as f64);
        panel(&mut svg, corner, *row, sizes);
    }
    svg.finish()
}

fn panel(svg: &mut Svg, corner: (f64, f64), row: Row, sizes: &[(usize, Vec<Outcome>)]) {
    let lines: Vec<(&str, Vec<(f64, f64)>)> =
        LINES.iter().map(|(_, family, color)| (*color, points(row, *family, sizes))).collect();
    let all = || lines.iter().flat_map(|(_, points)| points);
    let (low, high) = range(all().map(|point| point.1));
    let (first, last) = range(sizes.iter().map(|(records, _)| (*records as f64).log10()));
    let place = |(x, y): (f64, f64)| {
        let across = (x - first) / (last - first).max(1e-9) * (PANEL.0 - LEFT - RIGHT);
        let down = (high - y) / (high - low).max(1e-9) * (PANEL.1 - TOP - BOTTOM);
        (corner.0 + LEFT + across, corner.1 + TOP + down)
    };
    svg.text((corner.0 + LEFT, corner.1 + 22.0), Anchor::Start, &row.name());
    for power in low as i32..=high as i32 {
        let (left, y) = place((first, f64::from(power)));
        svg.line((left, y), (corner.0 + PANEL.0 - RIGHT, y), RULE);
        svg.text((left - 6.0, y + 4.0), Anchor::End, &unit(row.unit(), power));
    }
    for (records, _) in sizes {
        let (x, bottom) = place(((*records as f64).log10(), low));
        svg.text((x, bottom + 18.0), Anchor::Middle, &short(*records));
    }
    for (color, points) in &lines {
        let points: Vec<(f64, f64)> = points.iter().copied().map(place).collect();
        svg.path(&points, color, 2.0);
        points.iter().for_each(|point| svg.circle(*point, color));
    }
}

/// Logarithms of sizes and figures.
fn points(row: Row, family: Family, sizes: &[(usize, Vec<Outcome>)]) -> Vec<(f64, f64)> {
    let figure = |outcomes: &[Outcome]| {
        let outcome = outcomes.iter().find(|outcome| outcome.row == row)?;
        outcome.best(family).map(|(_, figure)| figure).filter(|figure| *figure > 0.0)
    };
    let point = |(records, outcomes): &(usize, Vec<Outcome>)| {
        Some(((*records as f64).log10(), figure(outcomes)?.log10()))
    };
    sizes.iter().filter_map(point).collect()
}

/// The whole powers of ten around the logarithms.
fn range(logs: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        logs.fold((f64::MAX, f64::MIN), |(low, high), log| (low.min(log), high.max(log)));
    if low > high { (0.0, 1.0) } else { (low.floor(), high.ceil().max(low.floor() + 1.0)) }
}

fn unit(unit: Unit, power: i32) -> String {
    match unit {
        // Powers of ten of bytes are not whole MiB.
        Unit::Bytes if power >= 9 => format!("{} GB", 10_i64.pow(power.unsigned_abs() - 9)),
        Unit::Bytes if power >= 6 => format!("{} MB", 10_i64.pow(power.unsigned_abs() - 6)),
        Unit::Bytes if power >= 3 => format!("{} kB", 10_i64.pow(power.unsigned_abs() - 3)),
        unit => report::figure(unit, 10_f64.powi(power)).replace(".00", "").replace(".0", ""),
    }
}

fn short(records: usize) -> String {
    match records {
        1_000_000.. => format!("{}M", records as f64 / 1e6),
        1_000.. => format!("{}k", records as f64 / 1e3),
        _ => records.to_string(),
    }
}
