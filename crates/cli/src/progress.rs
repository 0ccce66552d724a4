//! How far work has come, on standard error, drawn only where that is a terminal.
//!
//! This file knows how progress looks, not what is counted.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

/// Somebody who is told how far work has come.
pub(crate) trait Progress {
    /// So many things are done, of how many where that is known.
    fn step(&mut self, what: &str, done: u64, all: Option<u64>);

    /// The work is done.
    fn end(&mut self);
}

/// A line that is drawn anew as the work goes on.
#[derive(Default)]
pub(crate) struct Drawn {
    bar: Option<ProgressBar>,
}

impl Progress for Drawn {
    fn step(&mut self, what: &str, done: u64, all: Option<u64>) {
        let bar = self.bar.get_or_insert_with(|| draw(what, all));
        if let Some(all) = all {
            bar.set_length(all);
        }
        bar.set_position(done);
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

const COUNTING: &str = "{spinner} {human_pos} {msg} in {elapsed} ({rate} a second)";
const NEARING: &str = "{bar:40} {human_pos} of {human_len} {msg}, {eta} to go";

fn draw(what: &str, all: Option<u64>) -> ProgressBar {
    let bar = match all {
        Some(all) => ProgressBar::new(all),
        None => ProgressBar::new_spinner(),
    };
    let bar = bar.with_message(what.to_owned());
    // A hidden bar needs no timer.
    if !bar.is_hidden() {
        bar.set_style(style(if all.is_some() { NEARING } else { COUNTING }));
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    // The crate's own key writes a fraction of many digits.
    style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _shorter_line = write!(out, "{}", HumanCount(state.per_sec().round() as u64));
    })
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    #[test]
    fn a_rate_is_a_whole_number() {
        let terminal = InMemoryTerm::new(4, 100);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar = ProgressBar::with_draw_target(None, target).with_message("records");
        bar.set_style(style(COUNTING));
        bar.set_position(1_234_567);
        std::thread::sleep(Duration::from_millis(30));
        bar.tick();
        let line = terminal.contents();
        assert!(line.contains("1,234,567 records in 0s ("), "{line}");
        assert!(!line.contains('.') && line.ends_with(" a second)"), "{line}");
    }
}
