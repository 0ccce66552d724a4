//! What stands around every view: head, bar, icons; and the views that have little else.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::sprite::sprite;
use super::part;
use crate::ask::Fault;
use crate::asset::addresses;

mod sprite;

/// What a view is, and what its reply allows to be loaded.
pub(crate) struct Frame<'f> {
    /// What the index is called.
    pub(crate) label: &'f str,
    pub(crate) nonce: &'f str,
    pub(crate) title: &'f str,
    /// The path of the view in the bar.
    pub(crate) at: &'f str,
}

const VIEWS: [(&str, &str); 5] = [
    ("/", "Overview"),
    ("/files", "Files"),
    ("/rooms", "Rooms"),
    ("/users", "Users"),
    ("/health", "Health"),
];

/// Where a view that is sent in parts is cut: no text of a record can be this, for `<` is escaped in it.
const CUT: &str = "<!---->";

impl Frame<'_> {
    /// The whole page.
    pub(super) fn around(&self, class: &str, main: &Markup) -> Markup {
        let title = format!("{} · {}", self.title, self.label);
        html! {
            (head(&title, self.nonce))
            body {
                a.skip href="#main" { "Skip to the content" }
                (sprite())
                header.bar {
                    a.brand href="/" { (logo()) "Filedex" }
                    span.label title=(self.label) { (self.label) }
                    nav aria-label="Views" {
                        @for (path, name) in VIEWS {
                            a href=(path) aria-current=[(path == self.at).then_some("page")] { (name) }
                        }
                    }
                }
                main #main class=(class) tabindex="-1" { (main) }
            }
        }
    }
}

/// The place where a part is to come.
pub(super) fn cut() -> Markup {
    PreEscaped(CUT.to_owned())
}

/// The texts between the cuts of a page.
pub(super) fn pieces<const N: usize>(page: Markup) -> [String; N] {
    let text = page.into_string();
    let mut pieces = text.split(CUT).map(str::to_owned);
    std::array::from_fn(|_| pieces.next().unwrap_or_default())
}

/// A view that could not be answered.
pub(crate) fn fault(frame: &Frame<'_>, fault: &Fault) -> Markup {
    frame
        .around("narrow", &html! { h1 { "That did not work" } (part::fault_words(fault, "fault")) })
}

/// An address with nothing behind it.
pub(crate) fn missing(frame: &Frame<'_>, words: &str) -> Markup {
    frame.around(
        "narrow",
        &html! { h1 { "Not here" } p { (words) " " a href="/" { "Back to the overview" } } },
    )
}

/// What somebody sees who is not let in yet; the address that he wanted is kept.
pub(crate) fn sign_in(
    nonce: &str,
    path: &str,
    parameters: &[(String, String)],
    is_wrong: bool,
) -> Markup {
    let kept = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    html! {
        (head("Filedex", nonce))
        body {
            main #main.narrow.sign-in {
                h1 { (logo()) "Filedex" }
                form method="get" action=(path) {
                    (part::hidden(kept))
                    label for="token" { "Token" }
                    input #token type="password" name="token" autocomplete="off" autofocus required
                        aria-describedby="help" aria-invalid=[is_wrong.then_some("true")];
                    button type="submit" { "Look in" }
                }
                @if is_wrong {
                    p.fault role="alert" { "That token was used already, or is another one's." }
                }
                p #help {
                    "The program prints its address with a token that lets one browser in. Another one is printed \
                     once it was used."
                }
            }
        }
    }
}

fn head(title: &str, nonce: &str) -> Markup {
    let [style, script, icon] = addresses();
    html! {
        (DOCTYPE)
        html lang="en";
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            link rel="icon" href=(icon) type="image/svg+xml";
            link rel="stylesheet" href=(style) nonce=(nonce);
            script src=(script) nonce=(nonce) defer {}
        }
    }
}

fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 24 24" aria-hidden="true" {
            rect.one x="3" y="3" width="18" height="4" rx="1.5" {}
            rect.two x="3" y="10" width="13" height="4" rx="1.5" {}
            rect.three x="3" y="17" width="8" height="4" rx="1.5" {}
        }
    }
}
