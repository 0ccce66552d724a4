//! Progress on standard error, drawn only where that is a terminal.
//!
//! This file knows how progress looks, not what is counted.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Counts things whose number nobody knows beforehand.
pub(crate) fn counter(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    draw(bar, "{spinner} {human_pos} {msg} in {elapsed} ({per_sec})")
}

/// Shows how far work on records has come, which tells how many of how many are done.
pub(crate) fn of_records<T>(work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
    let bar = bar("records", 0);
    let done = work(&mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    done
}

/// Counts towards a known number, 0 where it is not known yet.
pub(crate) fn bar(what: &str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(what.to_owned());
    draw(bar, "{bar:40} {human_pos} of {human_len} {msg}, {eta} to go")
}

fn draw(bar: ProgressBar, template: &str) -> ProgressBar {
    // A hidden bar needs no timer.
    if !bar.is_hidden() {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}
