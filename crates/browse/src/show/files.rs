//! The view of files: the form, with places for the table and for what has to be counted.

use maud::html;

use super::form::form;
use super::frame::{Frame, cut, pieces};
use super::part;
use crate::ask::{Fault, Question, Tabs};

/// The view in three texts: results come behind the first, facets behind the second. With a fault
/// nothing comes between.
pub(crate) fn files(
    frame: &Frame<'_>,
    question: &Question,
    tabs: Option<&Tabs>,
    fault: Option<&Fault>,
) -> [String; 3] {
    let main = html! {
        h1 {
            "Files"
            @if let Some(room) = &question.room { " " span.of { "in " (part::middle(room)) } }
            @if let Some(user) = &question.user { " " span.of { "of " (part::middle(user)) } }
        }
        (form(question, tabs, fault))
        @if fault.is_none() {
            div.found {
                section.results aria-label="Files found" { (cut()) }
                aside.facets aria-label="What they have in common" { (cut()) }
            }
        } @else {
            (cut()) (cut())
        }
    };
    pieces(frame.around("files", &main))
}
