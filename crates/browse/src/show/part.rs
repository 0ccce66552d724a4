//! Small parts that several views share: figures, moments, bars, icons, faults.

use std::time::{SystemTime, UNIX_EPOCH};

use filedex::Date;
use maud::{Markup, html};

use crate::ask::Fault;
use crate::figure;

/// The moment that "ago" is counted from.
pub(super) fn now() -> Date {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Date(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

/// A size for people, exact on hover.
pub(super) fn size(bytes: u64) -> Markup {
    html! { data.size value=(bytes) title=(format!("{} bytes", figure::count(bytes))) { (figure::bytes(bytes)) } }
}

/// A moment for people, exact on hover.
pub(super) fn moment(date: Date) -> Markup {
    html! {
        time datetime=[figure::machine(date)] title=(figure::exactly(date)) { (figure::when(date, now())) }
    }
}

/// A text that is cut in its middle where there is no room, so that its end shows.
pub(super) fn middle(text: &str) -> Markup {
    let (start, end) = figure::halves(text);
    if end.is_empty() {
        return html! { span.whole { (start) } };
    }
    html! { span.cut title=(text) { span.start { (start) } span.end { (end) } } }
}

/// The icon of a type group.
pub(super) fn icon(group: Option<&str>) -> Markup {
    let known = ["image", "video", "audio", "text", "application", "thumb"];
    let name = group.filter(|group| known.contains(group)).unwrap_or("other");
    html! { svg.icon.(name) aria-hidden="true" { use href=(format!("#i-{name}")) {} } }
}

/// A bar of parts, each a class and its weight. Without words it repeats what stands beside it.
pub(super) fn bar(words: &str, parts: &[(&str, u64)]) -> Markup {
    let whole = parts.iter().map(|(_, weight)| weight).sum::<u64>().max(1) as f64;
    let mut at = 0.0;
    let placed = parts.iter().filter(|(_, weight)| *weight > 0).map(|(class, weight)| {
        let (x, width) = (at, *weight as f64 * 100.0 / whole);
        at += width;
        (*class, x, width)
    });
    let placed: Vec<(&str, f64, f64)> = placed.collect();
    let is_told = !words.is_empty();
    html! {
        svg.bar role=[is_told.then_some("img")] aria-label=[is_told.then_some(words)]
            aria-hidden=[(!is_told).then_some("true")] viewBox="0 0 100 1" preserveAspectRatio="none" {
            @for (class, x, width) in placed {
                rect class=(class) x=(format!("{x:.3}")) y="0" width=(format!("{width:.3}")) height="1" {}
            }
        }
    }
}

/// What is wrong, with the line that it stands in.
pub(super) fn fault_words(fault: &Fault, id: &str) -> Markup {
    html! {
        div.fault #(id) role="alert" {
            p { (fault.words) }
            @if let Some(shown) = &fault.shown { pre { (shown) } }
            @if let Some(advice) = fault.advice { p.advice { (advice) } }
        }
    }
}

/// What a form keeps beside the fields that show.
pub(super) fn hidden<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Markup {
    html! {
        @for (name, value) in parameters { input type="hidden" name=(name) value=(value); }
    }
}
