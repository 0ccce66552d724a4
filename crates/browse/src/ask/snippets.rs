//! The same lookup as something to take along: a command line, a program, a request.
//!
//! What is pasted into a shell or a program must mean there what it meant here, whatever is in it.

use std::fmt::Write as _;

use filedex::{Document, Value, ejson};
use filedex_query::{ValueRef, shell};

use super::facets::text_of;
use super::found::environment;
use super::question::Question;

/// One question in the ways to ask it. `None` where a part of it cannot be read.
#[derive(Clone, Debug)]
pub(crate) struct Snippets {
    pub(crate) command: String,
    pub(crate) rust: String,
    /// This page's own download.
    pub(crate) curl: String,
    /// A call of Rocket.Chat's API; a question about one room is one.
    pub(crate) rocket_chat: Option<String>,
}

/// A question with its texts read.
struct Parts<'q> {
    question: &'q Question,
    filter: Option<String>,
    sort: Option<String>,
    fields: Option<String>,
}

impl Snippets {
    pub(crate) fn of(question: &Question, host: &str) -> Option<Snippets> {
        let document = |text: &str| {
            if text.is_empty() {
                return Some(None);
            }
            shell::read_document(text, &environment()).ok().map(Some)
        };
        let parts = Parts {
            question,
            filter: filter(question)?.map(|filter| text_of(&filter)),
            sort: document(&question.sort)?.map(|sort| text_of(&sort)),
            fields: document(&question.fields)?.map(|fields| text_of(&fields)),
        };
        Some(Snippets {
            command: parts.command(),
            rust: parts.rust(),
            curl: parts.curl(host),
            rocket_chat: question
                .room
                .as_ref()
                .filter(|_| question.user.is_none())
                .map(|room| parts.rocket_chat(room)),
        })
    }
}

impl Parts<'_> {
    /// The parts that have values, by the names that commands and calls share.
    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = [("query", &self.filter), ("sort", &self.sort), ("fields", &self.fields)];
        texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)))
    }

    fn command(&self) -> String {
        let Question { room, user, type_group, offset, count, .. } = self.question;
        let mut line = "filedex find --db DIR".to_owned();
        let scope = [("room", room), ("user", user), ("type-group", type_group)];
        for (name, value) in scope {
            if let Some(value) = value {
                let _ = write!(line, " \\\n    --{name} {}", quoted(value));
            }
        }
        for (name, text) in self.named() {
            let _ = write!(line, " \\\n    --{name} {}", quoted(text));
        }
        if self.sort.is_none() {
            line.push_str(" \\\n    --sort '{\"uploadedAt\":-1}'");
        }
        if *offset > 0 {
            let _ = write!(line, " \\\n    --offset {offset}");
        }
        let _ = write!(line, " \\\n    --count {count} --explain");
        line
    }

    fn rust(&self) -> String {
        let Question { room, user, type_group, offset, count, .. } = self.question;
        let mut code = "let page = index\n    .all()".to_owned();
        for (name, value) in [("room", room), ("user", user), ("type_group", type_group)] {
            if let Some(value) = value {
                let _ = write!(code, "\n    .{name}({value:?})");
            }
        }
        for (name, text) in self.named() {
            let _ = write!(code, "\n    .{name}({})?", raw(text));
        }
        if self.sort.is_none() {
            code.push_str("\n    .sort(r#\"{\"uploadedAt\":-1}\"#)?");
        }
        if *offset > 0 {
            let _ = write!(code, "\n    .offset({offset})");
        }
        let _ = write!(code, "\n    .count({count})\n    .page()?;");
        code
    }

    fn curl(&self, host: &str) -> String {
        let address =
            self.question.restart().address_with("/download.ndjson", &[("token", "TOKEN")]);
        format!(
            "curl --location --cookie-jar - --output files.ndjson \\\n    {}",
            quoted(&format!("http://{host}{address}"))
        )
    }

    fn rocket_chat(&self, room: &str) -> String {
        let Question { type_group, offset, count, .. } = self.question;
        let mut line = "curl --get https://SERVER/api/v1/groups.files \\\n    --header 'X-User-Id: USER' --header 'X-Auth-Token: TOKEN'".to_owned();
        let mut add = |name: &str, value: &str| {
            let _ =
                write!(line, " \\\n    --data-urlencode {}", quoted(&format!("{name}={value}")));
        };
        add("roomId", room);
        if let Some(group) = type_group {
            add("typeGroup", group);
        }
        self.named().for_each(|(name, text)| add(name, text));
        if *offset > 0 {
            add("offset", &offset.to_string());
        }
        add("count", &count.to_string());
        line
    }
}

/// Query and conditions as one filter. `None` where one cannot be read; inside, where there are none.
#[expect(
    clippy::option_option,
    reason = "one says whether it can be read, one whether there is any"
)]
fn filter(question: &Question) -> Option<Option<Document>> {
    let mut members = Vec::new();
    let texts = std::iter::once(&question.query).chain(&question.conditions);
    for text in texts.filter(|text| !text.is_empty()) {
        members.push(shell::read_filter(text, &environment()).ok()?);
    }
    Some(match members.len() {
        0 | 1 => members.pop(),
        _ => Some(
            Document::new()
                .with("$and", members.into_iter().map(Value::Document).collect::<Vec<_>>()),
        ),
    })
}

/// A word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A text of Rust, raw where that is shorter to read.
fn raw(text: &str) -> String {
    let fence =
        (1..).map(|length| "#".repeat(length)).find(|fence| !text.contains(&format!("\"{fence}")));
    let has_controls = text.chars().any(|letter| letter.is_control());
    match fence {
        Some(fence) if !has_controls => format!("r{fence}\"{text}\"{fence}"),
        _ => format!("{text:?}"),
    }
}

/// A value as text that is asked for it.
pub(crate) fn equals(path: &str, value: &Value) -> String {
    let is_plain = !matches!(value, Value::Document(_) | Value::Regex(_));
    let value =
        if is_plain { value.clone() } else { Document::new().with("$eq", value.clone()).into() };
    let document = Document::new().with(path, value);
    ejson::to_text(ValueRef::Document(document.view()), ejson::Form::Relaxed)
}
