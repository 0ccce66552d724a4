//! The first view: how much there is, of what, whose, and what came last.

use maud::{Markup, html};

use super::column::columns;
use super::frame::Frame;
use super::holders::row;
use super::{cell, part};
use crate::ask::{Kind, Listing, Overview, Question};
use crate::figure::{bytes, count, of, share};

pub(crate) fn overview(frame: &Frame<'_>, overview: &Overview) -> Markup {
    let main = html! {
        h1 { (frame.label) }
        (figures(overview))
        @if overview.stats.records > 0 {
            (types(overview))
            div.pair {
                (largest("Largest rooms", Kind::Rooms, &overview.rooms))
                (largest("Largest users", Kind::Users, &overview.users))
            }
            (newest(overview))
        } @else {
            p.nothing { "There are no files yet: " code { "filedex import" } " or " code { "filedex scan" } " brings some." }
        }
    };
    frame.around("overview", &main)
}

fn figures(overview: &Overview) -> Markup {
    let figure = |name: &str, number: &Markup| html! { div { dt { (name) } dd { (number) } } };
    let stats = &overview.stats;
    html! {
        dl.figures {
            (figure("files", &html! { a href="/files" { (count(stats.records)) } }))
            (figure("size", &html! { span title=(format!("{} bytes", count(overview.bytes()))) { (bytes(overview.bytes())) } }))
            (figure("rooms", &html! { a href="/rooms" { (count(overview.rooms.all)) } }))
            (figure("users", &html! { a href="/users" { (count(overview.users.all)) } }))
            (figure("index on disk", &html! { (bytes(stats.disk_bytes)) }))
        }
    }
}

/// The type groups as a bar, and what it is made of.
fn types(overview: &Overview) -> Markup {
    let stats = &overview.stats;
    let mut groups: Vec<(&str, u64, u64)> = stats
        .type_groups
        .iter()
        .map(|(group, files)| {
            let bytes = stats.type_group_bytes.get(group).copied().unwrap_or(0);
            (group.as_str(), *files, bytes)
        })
        .collect();
    groups.sort_by_key(|(_, files, _)| std::cmp::Reverse(*files));
    let parts: Vec<(&str, u64)> =
        groups.iter().map(|(group, files, _)| (class(group), *files)).collect();
    html! {
        section.kinds aria-labelledby="kinds-title" {
            h2 #kinds-title { "Types" }
            (part::bar("Files by type, as in the list below", &parts))
            ul.legend {
                @for (group, files, size) in &groups {
                    li { a href=(of_group(group).address("/files")) {
                        span.swatch.(class(group)) {}
                        span.name { (group) }
                        span.count { (count(*files)) }
                        span.more { (share(*files, stats.records)) " · " (bytes(*size)) }
                    } }
                }
            }
        }
    }
}

fn class(group: &str) -> &str {
    match group {
        "image" | "video" | "audio" | "text" | "application" | "thumb" => group,
        "(none)" => "without",
        _ => "other",
    }
}

fn of_group(group: &str) -> Question {
    let condition = match group {
        "(none)" => r#"{"typeGroup": {"$exists": false}}"#,
        "(other)" => {
            r#"{"typeGroup": {"$exists": true, "$nin": ["image", "video", "audio", "text", "application", "thumb"]}}"#
        }
        group => return Question { type_group: Some(group.to_owned()), ..Question::default() },
    };
    Question::default().and(condition.to_owned())
}

fn largest(title: &str, kind: Kind, listing: &Listing) -> Markup {
    let most = listing.rows.iter().map(|row| row.bytes).max().unwrap_or(0);
    let (one, many) = super::holders::words(kind);
    html! {
        section {
            h2 { (title) }
            @if listing.rows.is_empty() { p.nothing { "There are none." } }
            @else {
                table.list {
                    thead { tr {
                        th scope="col" { (one) }
                        th.number scope="col" { "files" }
                        th.number scope="col" { "size" }
                        th scope="col" { span.unseen { "Share of the largest" } }
                    } }
                    tbody { @for each in &listing.rows { (row(each, most, false)) } }
                }
                p.more { a href=(kind.path()) { "All " (of(listing.all, one, many)) } }
            }
        }
    }
}

fn newest(overview: &Overview) -> Markup {
    let question = Question::default();
    let columns = columns(&question, &overview.newest);
    html! {
        section.newest {
            h2 { "Newest files" }
            div.scroll tabindex="0" role="region" aria-label="Newest files" {
                table.list {
                    thead { tr { @for column in &columns { th scope="col" .number[column.is_number()] { (column.name()) } } } }
                    tbody {
                        @for file in &overview.newest {
                            tr {
                                @for (number, column) in columns.iter().enumerate() {
                                    @if number == 0 { (cell::first(file, column, &question)) }
                                    @else { (cell::cell(file, column, &question)) }
                                }
                            }
                        }
                    }
                }
            }
            p.more { a href="/files" { "All files" } }
        }
    }
}
