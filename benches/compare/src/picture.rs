//! The picture of one comparison: for each row a bar that says how many times SQLite Filedex is, on a
//! logarithmic scale. Bars to the left are rows where Filedex loses.

use crate::comparison::Outcome;
use crate::peer::{Family, Kind};
use crate::report;
use crate::svg::{Anchor, Svg};

/// Heights and widths in pixels.
const LINE: f64 = 26.0;
const TOP: f64 = 64.0;
const LABELS: f64 = 200.0;
const SCALE: f64 = 460.0;
const FIGURES: f64 = 190.0;

const AHEAD: &str = "#2a7f62";
const BEHIND: &str = "#b5483a";
const RULE: &str = "#ddd";

pub(crate) fn draw(records: usize, outcomes: &[Outcome]) -> String {
    let bars: Vec<(&Outcome, f64)> = outcomes
        .iter()
        .filter_map(|outcome| Some((outcome, outcome.times_sqlite().filter(|times| *times > 0.0)?)))
        .collect();
    let logs = bars.iter().map(|(_, times)| times.log10());
    let (low, high) = logs
        .fold((-1.0_f64, 1.0_f64), |(low, high), log| (low.min(log.floor()), high.max(log.ceil())));
    let place = |log: f64| LABELS + (log - low) / (high - low) * SCALE;
    let bottom = TOP + LINE * bars.len() as f64;
    let mut svg = Svg::new(LABELS + SCALE + FIGURES, bottom + 16.0);
    let title = format!("Filedex, times the best SQLite, {records} records");
    svg.text((16.0, 24.0), Anchor::Start, &title);
    svg.text((LABELS + SCALE + 10.0, 24.0), Anchor::Start, "Filedex / SQLite");
    for power in low as i32..=high as i32 {
        let x = place(f64::from(power));
        svg.line((x, TOP - 8.0), (x, bottom), RULE);
        svg.text((x, TOP - 14.0), Anchor::Middle, &format!("{}x", 10_f64.powi(power)));
    }
    for (position, (outcome, times)) in bars.iter().enumerate() {
        let y = TOP + LINE * position as f64;
        let color = if *times >= 1.0 { AHEAD } else { BEHIND };
        svg.rectangle((place(0.0), y + 4.0), (place(times.log10()), y + LINE - 4.0), color);
        svg.text((LABELS - 10.0, y + 18.0), Anchor::End, &outcome.row.name());
        svg.text((LABELS + SCALE + 10.0, y + 18.0), Anchor::Start, &figures(outcome, *times));
    }
    svg.finish()
}

fn figures(outcome: &Outcome, times: f64) -> String {
    let text = |best: Option<(Kind, f64)>| {
        best.map(|(_, best)| report::figure(outcome.row.unit(), best)).unwrap_or_default()
    };
    let (filedex, sqlite) = (outcome.best(Family::Filedex), outcome.best_sqlite());
    format!("{times:.2}x: {} / {}", text(filedex), text(sqlite))
}
