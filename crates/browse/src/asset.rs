//! The style sheet, the script and the icon: parts of the program, under names that say which version.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

/// The folder of addresses that anybody may read.
pub(crate) const FOLDER: &str = "/-/";

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/script.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// A file of the program.
pub(crate) struct Asset {
    address: String,
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("style.css", "text/css; charset=utf-8", STYLE),
        asset("script.js", "text/javascript; charset=utf-8", SCRIPT),
        asset("icon.svg", "image/svg+xml", ICON),
    ]
});

fn asset(name: &str, media_type: &'static str, text: &'static str) -> Asset {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Asset { address: format!("{FOLDER}{:016x}/{name}", hasher.finish()), media_type, text }
}

/// The addresses of style sheet, script and icon.
pub(crate) fn addresses() -> [&'static str; 3] {
    ASSETS.each_ref().map(|asset| asset.address.as_str())
}

/// The file at that address.
pub(crate) fn at(address: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.address == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_small() {
        assert!(SCRIPT.len() < 10_000, "{} bytes", SCRIPT.len());
    }
}
