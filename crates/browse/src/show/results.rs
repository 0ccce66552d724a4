//! What was found: the total, the table, its pages, and below it how it was found and how to take it along.

use maud::{Markup, html};

use super::cell;
use super::column::{Column, columns};
use super::{explain, part, take};
use crate::ask::{Fault, Found, PAGE_SIZES, Question, Snippets};
use crate::figure;

pub(crate) fn results(
    question: &Question,
    found: Result<&Found, &Fault>,
    all: Option<u64>,
    snippets: Option<&Snippets>,
) -> Markup {
    let found = match found {
        Ok(found) => found,
        Err(fault) => return part::fault_words(fault, "fault"),
    };
    let columns = columns(question, &found.page.files);
    html! {
        div.line {
            (total(question, found, all))
            (tools(question, found, &columns))
        }
        @if found.page.files.is_empty() {
            (nothing(question, found))
        } @else {
            (table(question, found, &columns))
            (pages(question, found.page.total))
        }
        (explain::explain(question, &found.explain))
        @if let Some(snippets) = snippets { (take::take(snippets)) }
    }
}

fn total(question: &Question, found: &Found, all: Option<u64>) -> Markup {
    let total = found.page.total;
    let all = all.filter(|all| *all != total);
    html! {
        p.total role="status" {
            strong { (figure::count(total)) }
            @if let Some(all) = all { " of " (figure::of(all, "file", "files")) }
            @else { " " (if total == 1 { "file" } else { "files" }) }
            @if question.offset > 0 { ", from " (figure::count(question.offset + 1)) " on" }
            " " a.quiet href="#how" { (figure::took(found.explain.nanoseconds)) }
        }
    }
}

fn nothing(question: &Question, found: &Found) -> Markup {
    html! {
        p.nothing {
            @if question.offset > 0 && found.page.total > 0 {
                "There is nothing so far behind. " a href=(question.restart().address("/files")) { "To the first page" }
            } @else if question.is_asked() || question.type_group.is_some() {
                "No file is like that."
            } @else {
                "There are no files here."
            }
        }
    }
}

/// Downloads, columns, the size of a page.
fn tools(question: &Question, found: &Found, columns: &[Column]) -> Markup {
    html! {
        div.tools {
            (chooser(question, found, columns))
            nav.sizes aria-label="Files a page" {
                @for size in PAGE_SIZES {
                    a href=(Question { count: size, ..question.restart() }.address("/files"))
                        aria-current=[(size == question.count).then_some("true")] { (size) }
                }
                " a page"
            }
            nav.downloads aria-label="Download all of them" {
                @for (name, path) in [("JSON", "/download.json"), ("NDJSON", "/download.ndjson"), ("CSV", "/download.csv")] {
                    a href=(question.restart().address(path)) { (name) }
                }
            }
        }
    }
}

/// A form of the fields that occur.
fn chooser(question: &Question, found: &Found, columns: &[Column]) -> Markup {
    let kept = Question { columns: Vec::new(), ..question.clone() }.parameters();
    let is_shown = |path: &str| columns.iter().any(|column| column.path == path);
    let others = found.fields.iter().map(String::as_str).filter(|path| !is_shown(path));
    html! {
        details.menu {
            summary { "Columns" }
            form method="get" action="/files" {
                (part::hidden(kept.iter().map(|(name, value)| (*name, value.as_str()))))
                ul #occurring {
                    @for path in columns.iter().map(|column| column.path.as_str()).chain(others) {
                        li { label { input type="checkbox" name="column" value=(path) checked[is_shown(path)]; " " (path) } }
                    }
                }
                button type="submit" { "Show these" }
                @if !question.columns.is_empty() {
                    " " a href=(Question { columns: Vec::new(), ..question.clone() }.address("/files")) { "The usual ones" }
                }
            }
        }
    }
}

fn table(question: &Question, found: &Found, columns: &[Column]) -> Markup {
    let sorted = question.sort_keys();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Table of files" {
            table.list #list {
                thead { tr { @for column in columns { (head(question, column, sorted.first())) } } }
                tbody {
                    @for file in &found.page.files {
                        tr {
                            @for (number, column) in columns.iter().enumerate() {
                                @if number == 0 { (cell::first(file, column, question)) }
                                @else { (cell::cell(file, column, question)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A head that sorts by its column, and the other way round where it does already.
fn head(question: &Question, column: &Column, sorted: Option<&(String, bool)>) -> Markup {
    let ascending =
        sorted.filter(|(path, _)| *path == column.path).map(|(_, ascending)| *ascending);
    let next_ascending = ascending.map_or(!column.begins_descending(), |ascending| !ascending);
    let sort = sort_by(&column.path, next_ascending);
    let to = Question { sort, ..question.restart() }.address("/files");
    let state = ascending.map(|ascending| if ascending { "ascending" } else { "descending" });
    html! {
        th scope="col" .number[column.is_number()] aria-sort=[state] {
            a href=(to) title=(format!("Sort by {}", column.path)) {
                (column.name())
                @if let Some(ascending) = ascending { span.arrow aria-hidden="true" { (if ascending { "▲" } else { "▼" }) } }
            }
        }
    }
}

/// A sort by one field; nothing for the usual one.
fn sort_by(path: &str, ascending: bool) -> String {
    if path == "uploadedAt" && !ascending {
        return String::new();
    }
    let is_name = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let direction = if ascending { "1" } else { "-1" };
    let path = if is_name { path.to_owned() } else { serde_json::Value::from(path).to_string() };
    format!("{{{path}: {direction}}}")
}

/// The pages around this one, the first and the last.
fn pages(question: &Question, total: u64) -> Markup {
    let count = question.count.max(1);
    let (this, last) = (question.offset / count, total.saturating_sub(1) / count);
    if last == 0 && question.offset == 0 {
        return html! {};
    }
    let to = |page: u64| Question { offset: page * count, ..question.clone() }.address("/files");
    let near = this.saturating_sub(2)..=(this + 2).min(last);
    html! {
        nav.pages aria-label="Pages" {
            @if this > 0 { a.step href=(to(this - 1)) rel="prev" { "‹ Back" } }
            @if *near.start() > 0 { a href=(to(0)) { "1" } }
            @if *near.start() > 1 { span { "…" } }
            @for page in near.clone() {
                a href=(to(page)) aria-current=[(page == this).then_some("page")] { (figure::count(page + 1)) }
            }
            @if near.end() + 1 < last { span { "…" } }
            @if *near.end() < last { a href=(to(last)) { (figure::count(last + 1)) } }
            @if this < last { a.step href=(to(this + 1)) rel="next" { "Next ›" } }
        }
    }
}
