//! One value in a table.

use filedex::{Document, Value, ejson};
use maud::{Markup, html};

use super::column::Column;
use super::part;
use crate::ask::{Question, at};

/// Letters of a value that a cell shows.
const MOST: usize = 120;

/// The first cell of a row, which leads to the record.
pub(super) fn first(file: &Document, column: &Column, question: &Question) -> Markup {
    let group = file.get_str("typeGroup");
    let shown =
        at(file, &column.path).map_or_else(|| html! { em { "none" } }, |value| first_value(&value));
    html! {
        th scope="row" {
            @match file.get_str("_id") {
                Some(id) => a.file href=(question.address_with("/record", &[("id", id)])) { (part::icon(group)) (shown) },
                None => span.file { (part::icon(group)) (shown) },
            }
        }
    }
}

fn first_value(value: &Value) -> Markup {
    match value {
        Value::String(text) if text.trim().is_empty() => html! { em { "empty" } },
        Value::String(text) => part::middle(text),
        value => self::value("", value),
    }
}

/// Any other cell.
pub(super) fn cell(file: &Document, column: &Column, question: &Question) -> Markup {
    let found = at(file, &column.path);
    let shown = match (&found, column.path.as_str()) {
        (None, _) => html! {},
        (Some(Value::String(id)), "userId") => {
            let narrowed = Question { user: Some(id.clone()), ..question.restart() };
            html! { a.quiet href=(narrowed.address("/files")) { (part::middle(id)) } }
        }
        (Some(Value::String(id)), "rid") => {
            let narrowed = Question { room: Some(id.clone()), ..question.restart() };
            html! { a.quiet href=(narrowed.address("/files")) { (part::middle(id)) } }
        }
        (Some(found), path) => value(path, found),
    };
    html! { td.number[column.is_number()] { (shown) } }
}

/// A value as people read it, by its kind and, of sizes, by the name of its field.
pub(super) fn value(path: &str, value: &Value) -> Markup {
    match value {
        Value::Null | Value::Undefined => html! { span.none { "null" } },
        Value::Date(date) => part::moment(*date),
        Value::String(text) => clipped(text),
        Value::Int(_) | Value::Long(_) | Value::Double(_) if path == "size" => match whole(value) {
            Some(bytes) => part::size(bytes),
            None => clipped(&text_of(value)),
        },
        value => clipped(&text_of(value)),
    }
}

fn clipped(text: &str) -> Markup {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => html! { span title=(text) { (text.get(..end).unwrap_or_default()) "…" } },
        None => html! { (text) },
    }
}

/// The number of bytes that a size says.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Long(number) => u64::try_from(*number).ok(),
        Value::Double(number) if *number >= 0.0 && number.fract() == 0.0 && *number < 1e18 => {
            Some(*number as u64)
        }
        _ => None,
    }
}

fn text_of(value: &Value) -> String {
    ejson::to_text(value.view(), ejson::Form::Plain)
}
