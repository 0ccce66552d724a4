//! Where a question is put: room, user and type, the query with sort and fields, what was added by clicks.

use maud::{Markup, html};

use super::operators::operators;
use super::part;
use crate::ask::{Fault, Part, Question, Tabs};
use crate::figure;

/// The form of a question, with what is wrong at its place.
pub(super) fn form(question: &Question, tabs: Option<&Tabs>, fault: Option<&Fault>) -> Markup {
    let at = |part: Part| fault.filter(|fault| fault.part == part);
    let (query, sort, fields) = (at(Part::Query), at(Part::Sort), at(Part::Fields));
    html! {
        form.ask #ask method="get" action="/files" {
            div.scope {
                (text("room", "Room", question.room.as_deref(), "/rooms"))
                (text("user", "User", question.user.as_deref(), "/users"))
                (types(question, tabs))
            }
            div.question {
                div.query {
                    label for="query" { "Query" }
                    textarea #query name="query" rows="1" spellcheck="false" autocomplete="off" autocapitalize="off"
                        placeholder="{size: {$gt: 1000000}, name: /logo/i}"
                        aria-invalid=[query.map(|_| "true")]
                        aria-describedby=[query.map(|_| "query-fault")] { (question.query) }
                    @if let Some(fault) = query { (part::fault_words(fault, "query-fault")) }
                }
                div.sort {
                    label for="sort" { "Sort" }
                    input #sort name="sort" value=(question.sort) placeholder="newest first" list="sorts"
                        spellcheck="false" autocomplete="off" autocapitalize="off"
                        aria-invalid=[sort.map(|_| "true")] aria-describedby=[sort.map(|_| "sort-fault")];
                    (sorts())
                    @if let Some(fault) = sort { (part::fault_words(fault, "sort-fault")) }
                }
                div.fields {
                    label for="fields" { "Fields" }
                    input #fields name="fields" value=(question.fields) placeholder="everything"
                        spellcheck="false" autocomplete="off" autocapitalize="off"
                        aria-invalid=[fields.map(|_| "true")] aria-describedby=[fields.map(|_| "fields-fault")];
                    @if let Some(fault) = fields { (part::fault_words(fault, "fields-fault")) }
                }
                button.run type="submit" title="Ctrl and Enter" { "Run" }
            }
            (kept(question))
            (chips(question, fault))
            (operators())
        }
    }
}

/// A field for an id, beside a way to the list of all.
fn text(name: &str, label: &str, value: Option<&str>, list: &str) -> Markup {
    html! {
        div.field {
            span.labels { label for=(name) { (label) } a.quiet href=(list) aria-label=(format!("All {name}s")) { "all" } }
            input #(name) name=(name) value=(value.unwrap_or_default()) placeholder="any"
                spellcheck="false" autocomplete="off" autocapitalize="off";
        }
    }
}

fn sorts() -> Markup {
    let known = [
        ("{uploadedAt: -1}", "newest first"),
        ("{uploadedAt: 1}", "oldest first"),
        ("{size: -1}", "largest first"),
        ("{name: 1}", "by name"),
    ];
    html! {
        datalist #sorts { @for (value, label) in known { option value=(value) { (label) } } }
    }
}

/// The type groups there are, each with its number of files.
fn types(question: &Question, tabs: Option<&Tabs>) -> Markup {
    let to = |group: Option<&str>| {
        let group = group.map(str::to_owned);
        Question { type_group: group, ..question.restart() }.address("/files")
    };
    let chosen = question.type_group.as_deref();
    let is_known =
        |group: &str| tabs.is_some_and(|tabs| tabs.groups.iter().any(|(name, _)| *name == group));
    html! {
        nav.types aria-label="Types" {
            a href=(to(None)) aria-current=[chosen.is_none().then_some("true")] {
                "all" @if let Some(tabs) = tabs { " " span.count { (figure::count(tabs.all)) } }
            }
            @for (group, files) in tabs.iter().flat_map(|tabs| &tabs.groups) {
                a href=(to(Some(group))) aria-current=[(chosen == Some(*group)).then_some("true")] {
                    (group) " " span.count { (figure::count(*files)) }
                }
            }
            @if let Some(group) = chosen.filter(|group| !is_known(group)) {
                a href=(to(Some(group))) aria-current="true" { (group) }
            }
        }
    }
}

/// What the form keeps though it does not show it.
fn kept(question: &Question) -> Markup {
    let parameters = question.parameters();
    let shown = ["room", "user", "query", "sort", "fields", "offset"];
    let kept = parameters.iter().filter(|(name, _)| !shown.contains(name));
    part::hidden(kept.map(|(name, value)| (*name, value.as_str())))
}

/// What was added by clicks, each to be taken away again.
fn chips(question: &Question, fault: Option<&Fault>) -> Markup {
    let whole = fault.filter(|fault| matches!(fault.part, Part::Whole | Part::Condition(_)));
    html! {
        @if !question.conditions.is_empty() {
            ul.chips aria-label="Added conditions" {
                @for (number, condition) in question.conditions.iter().enumerate() {
                    li {
                        code { (condition) }
                        a href=(question.without(number).address("/files")) aria-label=(format!("Take away {condition}")) { "×" }
                    }
                }
            }
        }
        @if let Some(fault) = whole { (part::fault_words(fault, "fault")) }
    }
}
