//! Which endpoint a path names: one row each.
//!
//! This file knows paths, nothing of what is answered.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::Style;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Im,
    Groups,
    Channels,
    RoomsImages,
    ChannelsImages,
    UserFiles,
    UserIncomplete,
    UserFile,
    UserRecent,
    UserStats,
    UserFolders,
    UserFolder,
    UserTags,
    UserTag,
    ServerFolder,
    ServerStats,
    Version,
    Description,
}

/// Every path there is; a text in braces stands for one segment. Earlier rows win.
const ROUTES: &[(&str, Route, Style)] = &[
    ("/api/v1/im.files", Route::Im, Style::Chat),
    ("/api/v1/dm.files", Route::Im, Style::Chat),
    ("/api/v1/groups.files", Route::Groups, Style::Chat),
    ("/api/v1/channels.files", Route::Channels, Style::Chat),
    ("/api/v1/rooms.images", Route::RoomsImages, Style::Chat),
    ("/api/v1/channels.images", Route::ChannelsImages, Style::Chat),
    ("/api/user/files", Route::UserFiles, Style::Zipline),
    ("/api/user/files/incomplete", Route::UserIncomplete, Style::Zipline),
    ("/api/user/files/{id}", Route::UserFile, Style::Zipline),
    ("/api/user/recent", Route::UserRecent, Style::Zipline),
    ("/api/user/stats", Route::UserStats, Style::Zipline),
    ("/api/user/folders", Route::UserFolders, Style::Zipline),
    ("/api/user/folders/{id}", Route::UserFolder, Style::Zipline),
    ("/api/user/tags", Route::UserTags, Style::Zipline),
    ("/api/user/tags/{id}", Route::UserTag, Style::Zipline),
    ("/api/server/folder/{id}", Route::ServerFolder, Style::Zipline),
    ("/api/stats", Route::ServerStats, Style::Zipline),
    ("/api/version", Route::Version, Style::Zipline),
    ("/api/openapi.json", Route::Description, Style::Chat),
];

/// A path, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found<'p> {
    pub(super) route: Route,
    pub(super) style: Style,
    /// The row's path.
    pub(super) pattern: &'static str,
    /// The segment in braces, decoded; empty where there is none.
    pub(super) id: Cow<'p, str>,
}

impl Route {
    /// The route of a path. Zipline's server takes a slash behind its paths.
    pub(super) fn of(path: &str) -> Option<Found<'_>> {
        ROUTES.iter().find_map(|(pattern, route, style)| {
            let path = match style {
                Style::Zipline => path.strip_suffix('/').unwrap_or(path),
                Style::Chat => path,
            };
            let id = match pattern.split_once('{') {
                None => (path == *pattern).then_some("")?,
                Some((start, _)) => {
                    let id = path.strip_prefix(start)?;
                    (!id.is_empty() && !id.contains('/')).then_some(id)?
                }
            };
            // A name that is no UTF-8 once decoded is nobody's.
            let id = percent_decode_str(id).decode_utf8().unwrap_or(Cow::Borrowed(id));
            Some(Found { route: *route, style: *style, pattern, id })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_first_row_it_fits() {
        let of = |path| Route::of(path).map(|found| (found.route, found.id.into_owned()));
        let plain = |route| Some((route, String::new()));
        assert_eq!(of("/api/user/files"), plain(Route::UserFiles));
        assert_eq!(of("/api/user/files/"), plain(Route::UserFiles));
        assert_eq!(of("/api/user/files/incomplete"), plain(Route::UserIncomplete));
        assert_eq!(of("/api/user/files/a%20b%2Fc"), Some((Route::UserFile, "a b/c".into())));
        assert_eq!(of("/api/user/files/%ff"), Some((Route::UserFile, "%ff".into())));
        for none in
            ["/api/user/files/a/b", "/api/v1/im.files/", "/api/user", "/", "", "/api/user/tags//"]
        {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
