//! The views of rooms and of users.

use maud::{Markup, html};

use super::frame::Frame;
use super::part;
use crate::ask::{By, HolderQuestion, Kind, Listing, ROWS, Row};
use crate::figure;

pub(crate) fn holders(frame: &Frame<'_>, question: &HolderQuestion, listing: &Listing) -> Markup {
    let (one, many) = words(question.kind);
    let main = html! {
        h1 { (if question.kind == Kind::Rooms { "Rooms" } else { "Users" }) }
        form.filter method="get" action=(question.kind.path()) role="search" {
            label for="match" { "Id contains" }
            input #match type="search" name="match" value=(question.matching) spellcheck="false" autocomplete="off";
            @if question.by != By::default() { input type="hidden" name="by" value=(question.by.name()); }
            button type="submit" { "Filter" }
            p.total role="status" {
                strong { (figure::count(listing.matching)) }
                @if listing.matching == listing.all { " " (if listing.all == 1 { one } else { many }) }
                @else { " of " (figure::of(listing.all, one, many)) }
            }
        }
        @if listing.rows.is_empty() { p.nothing { "There are none." } }
        @else { (table(question, listing)) }
        @if listing.is_partial {
            p.counted { "Those of the newest 20\u{202f}000 files; older ones are left out. Sorted otherwise, all are there." }
        }
        (pages(question, listing))
    };
    frame.around("holders", &main)
}

pub(super) fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Rooms => ("room", "rooms"),
        Kind::Users => ("user", "users"),
    }
}

fn table(question: &HolderQuestion, listing: &Listing) -> Markup {
    let most = listing.rows.iter().map(|row| row.bytes).max().unwrap_or(0);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table" {
            table.list #list {
                thead { tr {
                    (head(question, "id", By::Id, false))
                    (head(question, "files", By::Files, true))
                    (head(question, "size", By::Bytes, true))
                    th scope="col" { span.unseen { "Share of the largest" } }
                    (head(question, "newest file", By::Newest, false))
                } }
                tbody { @for row in &listing.rows { (self::row(row, most, true)) } }
            }
        }
    }
}

/// A room or user with a link to its files.
pub(super) fn row(row: &Row, most: u64, with_newest: bool) -> Markup {
    html! {
        tr {
            th scope="row" { a.file href=(row.question.address("/files")) { (name(row)) } }
            td.number { (figure::count(row.files)) }
            td.number { (part::size(row.bytes)) }
            td.share { (part::bar("", &[("some", row.bytes), ("rest", most.saturating_sub(row.bytes))])) }
            @if with_newest { td { @if let Some(date) = row.newest { (part::moment(date)) } } }
        }
    }
}

fn name(row: &Row) -> Markup {
    match &row.id {
        Some(id) => part::middle(id),
        None => html! { em { "without one" } },
    }
}

fn head(question: &HolderQuestion, name: &str, by: By, is_number: bool) -> Markup {
    let is_sorted = question.by == by;
    let to = HolderQuestion { by, offset: 0, ..question.clone() }.address();
    let state = if by == By::Id { "ascending" } else { "descending" };
    html! {
        th scope="col" .number[is_number] aria-sort=[is_sorted.then_some(state)] {
            a href=(to) {
                (name)
                @if is_sorted { span.arrow aria-hidden="true" { (if by == By::Id { "▲" } else { "▼" }) } }
            }
        }
    }
}

fn pages(question: &HolderQuestion, listing: &Listing) -> Markup {
    let to = |offset| HolderQuestion { offset, ..question.clone() }.address();
    let next = question.offset + ROWS;
    html! {
        @if question.offset > 0 || next < listing.matching {
            nav.pages aria-label="Pages" {
                @if question.offset > 0 { a.step href=(to(question.offset.saturating_sub(ROWS))) rel="prev" { "‹ Back" } }
                span { (figure::count(question.offset + 1)) "–" (figure::count(question.offset + listing.rows.len() as u64)) }
                @if next < listing.matching && !listing.rows.is_empty() { a.step href=(to(next)) rel="next" { "Next ›" } }
            }
        }
    }
}
