//! One record as a tree, each value with its path and a way to the files that share it.

use filedex::{Document, Value, ejson};
use maud::{Markup, html};

use super::frame::Frame;
use super::{cell, part};
use crate::ask::{Question, equals};
use crate::figure;

/// Levels that are drawn; below them is text.
const DEPTH: usize = 12;
/// Letters of a value that are shown, and of one that is worth narrowing by.
const SHOWN: usize = 4_000;
const NARROWING: usize = 400;

pub(crate) fn record(
    frame: &Frame<'_>,
    id: &str,
    record: &Document,
    question: &Question,
) -> Markup {
    let name = record.get_str("name").filter(|name| !name.trim().is_empty()).unwrap_or(id);
    let mut json = Vec::new();
    ejson::write_document(record.view(), ejson::Form::Relaxed, &mut json);
    let json = String::from_utf8_lossy(&json);
    let main = html! {
        p.back { a href=(question.address("/files")) { "‹ Back to the files" } }
        h1 { (part::icon(record.get_str("typeGroup"))) (part::middle(name)) }
        (tree(record, "", question, DEPTH))
        details.json {
            summary { "As JSON" }
            pre tabindex="0" data-copy { (json) }
        }
    };
    frame.around("record", &main)
}

fn tree(document: &Document, prefix: &str, question: &Question, depth: usize) -> Markup {
    html! {
        ul.tree {
            @for (name, value) in document.iter() {
                @let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
                li { (node(name, &path, value, question, depth)) }
            }
        }
    }
}

fn node(name: &str, path: &str, value: &Value, question: &Question, depth: usize) -> Markup {
    match value {
        Value::Document(inner) if depth > 0 && !inner.is_empty() => html! {
            details open {
                summary { span.key title=(path) { (name) } span.kind { "object" } }
                (tree(inner, path, question, depth - 1))
            }
        },
        Value::Array(items) if depth > 0 && !items.is_empty() => html! {
            details open {
                summary { span.key title=(path) { (name) } span.kind { "array of " (items.len()) } }
                ul.tree {
                    @for (at, item) in items.iter().enumerate().take(SHOWN) {
                        li { (node(&at.to_string(), &format!("{path}.{at}"), item, question, depth - 1)) }
                    }
                }
            }
        },
        value => leaf(name, path, value, question),
    }
}

fn leaf(name: &str, path: &str, value: &Value, question: &Question) -> Markup {
    let text = match value {
        Value::String(text) => text.clone(),
        value => ejson::to_text(value.view(), ejson::Form::Plain),
    };
    let shown: String = text.chars().take(SHOWN).collect();
    let to = (text.len() <= NARROWING).then(|| question.and(equals(path, value)).address("/files"));
    html! {
        div.leaf {
            span.key title=(path) data-copy=(path) { (name) }
            span.value.(kind(value)) {
                @match value {
                    Value::Date(date) => {
                        time datetime=[figure::machine(*date)] { (figure::exactly(*date)) }
                        " " span.kind { (figure::when(*date, part::now())) }
                    },
                    Value::String(text) if text.is_empty() => em { "empty" },
                    _ => (shown),
                }
                @if let Some(bytes) = cell::whole(value).filter(|_| path == "size") {
                    span.kind { (figure::bytes(bytes)) }
                }
                @if shown.len() < text.len() { " …" }
            }
            @if let Some(to) = to { a.narrow href=(to) aria-label=(format!("Files with the same {path}")) { "same " (name) } }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) | Value::Symbol(_) => "text",
        Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Decimal(_) => "amount",
        Value::Bool(_) => "truth",
        Value::Date(_) | Value::Timestamp(_) => "moment",
        Value::Null | Value::Undefined => "none",
        _ => "other",
    }
}
