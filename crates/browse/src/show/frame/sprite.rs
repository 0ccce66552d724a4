//! The icons of type groups, drawn once a page and used by name.

use maud::{Markup, html};

/// Name and outline of each icon, in a square of 16.
const ICONS: [(&str, &str); 7] = [
    ("image", "M2.5 3h11v10h-11zM2.5 11l3-3.5 2.5 2.5 2-1.5 3.5 3M10 6.2h.01"),
    ("thumb", "M4.5 4.5h7v7h-7zM4.5 10l2.2-2.2 1.8 1.7 1-.8 2 1.8"),
    ("video", "M2.5 4h11v8h-11zM7 6.2v3.6l3-1.8z"),
    (
        "audio",
        "M6 11.5V4l6-1.5V10M6 11.5a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0zM12 10a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0z",
    ),
    ("text", "M3.5 2.5h6l3 3v8h-9zM9.500 2.5v3h3M5.500 8h5M5.500 10.500h5"),
    ("application", "M3.5 2.5h9v11h-9zM6 2.500v3.500h4v-3.500M6 9.500h4"),
    ("other", "M3.5 2.5h6l3 3v8h-9zM9.500 2.5v3h3"),
];

/// All icons, for `use`.
pub(super) fn sprite() -> Markup {
    html! {
        svg.sprite aria-hidden="true" {
            @for (name, path) in ICONS {
                symbol #(format!("i-{name}")) viewBox="0 0 16 16" { path d=(path) {} }
            }
        }
    }
}
