//! The same lookup as text to take along.

use maud::{Markup, html};

use crate::ask::Snippets;

pub(super) fn take(snippets: &Snippets) -> Markup {
    let mut ways = vec![("Command line", &snippets.command), ("Rust", &snippets.rust)];
    if let Some(call) = &snippets.rocket_chat {
        ways.push(("Rocket.Chat", call));
    }
    ways.push(("curl", &snippets.curl));
    html! {
        section.take aria-labelledby="take-title" {
            h2 #take-title { "Take it along" }
            @for (name, text) in ways {
                details name="take" {
                    summary { (name) }
                    pre tabindex="0" data-copy { (text) }
                }
            }
        }
    }
}
