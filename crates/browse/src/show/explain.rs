//! How a page was found, drawn: the way to the records, what was passed over and what was read, and where the
//! total came from.

use filedex::Explain;
use maud::{Markup, html};

use super::{hint, part};
use crate::ask::Question;
use crate::figure::{count, of, share, took};

pub(super) fn explain(question: &Question, explain: &Explain) -> Markup {
    let hints = hint::hints(question, explain);
    let json = serde_json::to_string_pretty(explain).unwrap_or_default();
    html! {
        section.how #how aria-labelledby="how-title" {
            h2 #how-title { "How it was found " span.took { (took(explain.nanoseconds)) } }
            div.picture {
                ol.steps { (way(explain)) (blocks(explain)) (judged(explain)) (order(explain)) (total(explain)) }
                details.json {
                    summary { "As JSON" }
                    pre tabindex="0" { (json) }
                    p { a href=(question.address("/explain.json")) { "explain.json" } }
                }
            }
            @for hint in &hints { p.hint { (hint) } }
        }
    }
}

fn step(title: &str, figure: &Markup, more: &Markup) -> Markup {
    html! { li { div.title { (title) } div.figure { (figure) } div.more { (more) } } }
}

fn way(explain: &Explain) -> Markup {
    let title = match explain.access_path {
        "room" => "The list of a room",
        "user" => "The list of a user",
        "id" => "Records by their ids",
        "everything" => "The list of everything",
        other => other,
    };
    let (one, many) = if explain.access_path == "id" { ("id", "ids") } else { ("list", "lists") };
    let others = explain.ways.iter().filter(|way| way.access_path != explain.access_path);
    let bounds = html! {
        @if explain.bounds.is_empty() { "nothing narrows it" }
        @for bound in &explain.bounds { code { (bound) } " " }
        @for way in others {
            span.other { "rather than " (way.access_path) ", " (of(way.records, "record", "records")) }
        }
    };
    step(title, &html! { (of(explain.lists, one, many)) }, &bounds)
}

fn blocks(explain: &Explain) -> Markup {
    let (read, passed) = (explain.blocks_read, explain.blocks_passed);
    let words = format!(
        "{} passed over by their counts, {} read",
        of(passed, "block", "blocks"),
        count(read)
    );
    let more = html! {
        @if read + passed > 0 { (part::bar(&words, &[("passed", passed), ("read", read)])) }
        span.key.passed { (count(passed)) " passed by counts" }
        span.key.read { (count(read)) " read" }
    };
    step("Blocks", &html! { (count(read + passed)) }, &more)
}

fn judged(explain: &Explain) -> Markup {
    let (columns, decoded) = (explain.records_in_columns, explain.records_decoded);
    let others = explain.records_examined.saturating_sub(columns);
    let words = format!("{} judged in columns, {} one by one", count(columns), count(others));
    let more = html! {
        @if let Some(residual) = &explain.residual { p { "left to be asked of each: " code { (residual) } } }
        @if explain.records_examined > 0 { (part::bar(&words, &[("columns", columns), ("decoded", others)])) }
        span.key.columns { (count(columns)) " in columns, in memory" }
        span.key.decoded { (count(others)) " one by one" }
        span.key { (count(decoded)) " decoded" }
    };
    step("Records looked at", &html! { (count(explain.records_examined)) }, &more)
}

fn order(explain: &Explain) -> Markup {
    let (title, words) = match explain.sort {
        "list" => ("Order of the list", "as it is kept: nothing to sort"),
        "heap" => ("Sorted", "the best of them kept while they pass"),
        _ => ("In no order", "none was asked for"),
    };
    step(title, &html! { (of(explain.returned, "shown", "shown")) }, &html! { (words) })
}

fn total(explain: &Explain) -> Markup {
    let examined = explain.records_examined;
    let more = html! {
        @if explain.total == "counts" { "known from counts that are kept" }
        @else { "counted while looking: " (share(explain.matched, examined)) " of what was looked at" }
    };
    step("Total", &html! { (count(explain.matched)) }, &more)
}
