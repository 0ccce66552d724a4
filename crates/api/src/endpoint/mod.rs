//! The endpoints of the published APIs over an index and a directory.
//!
//! Each endpoint is a typed call ([`Endpoints::im_files`] and its kin); [`Endpoints::handle`] reads a
//! request, makes the call and writes the reply.

#[cfg(feature = "tokio")]
mod answer;
mod call;
mod channels;
mod door;
mod error;
mod groups;
mod im;
mod listing;
mod literal;
mod number;
mod options;
mod owner;
mod owner_terms;
mod parameters;
mod params;
mod password;
mod reply;
mod room_files;
mod rooms;
mod route;
mod schema;
mod shown;
mod user;

use std::sync::Arc;
use std::time::Instant;

pub use call::{Admitted, Call, Step, Waiting};
pub use error::{ApiError, Cause};
pub use options::{DefaultSort, EndpointOptions, OwnerShape, Paging};
pub use params::{
    FilesParams, ImagesParams, Order, RoomKey, SearchField, Shown, SortBy, UserFilesParams,
};
pub use user::{FoldersParams, Searched, SearchedQuery, UserFiles, UserFolder, UserStats};

use crate::admission::{Admission, Pace};
use crate::{Directory, Filedex, Lookup, Room, Scope, User};
use error::Style;
use route::Route;

/// The endpoints, ready to answer. Clones share the index and the directory.
///
/// ```
/// use filedex::{Endpoints, File, Filedex, FilesParams, MemoryDirectory, Room, RoomKind, User};
///
/// let index = Filedex::temporary()?;
/// index.put(&File::new("f1")?.with_room("GENERAL").with_user("u1").with_name("logo.png"))?;
/// let mut directory = MemoryDirectory::new();
/// directory.add_user(User::new("u1", "ada"));
/// directory.add_token("u1", "secret");
/// directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), ["u1"]);
/// let endpoints = Endpoints::new(index, directory);
///
/// // As a call ...
/// let ada = User::new("u1", "ada");
/// assert_eq!(endpoints.groups_files(&ada, &FilesParams::named("general"))?.total, 1);
///
/// // ... and over HTTP, whatever the server.
/// let request = http::Request::get("/api/v1/groups.files?roomName=general")
///     .header("X-User-Id", "u1")
///     .header("X-Auth-Token", "secret")
///     .body("")?;
/// let response = endpoints.handle(request);
/// assert_eq!(response.status(), 200);
/// assert!(response.body().ends_with(br#""count":1,"offset":0,"total":1,"success":true}"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Endpoints {
    index: Filedex,
    directory: Arc<dyn Directory>,
    options: Arc<EndpointOptions>,
    admission: Admission,
    call: Call,
    /// When a quick request has used up its allowance.
    allowed: Option<Instant>,
}

impl Endpoints {
    /// The endpoints with the defaults of the real servers.
    pub fn new(index: Filedex, directory: impl Directory + 'static) -> Endpoints {
        Endpoints::with_options(index, directory, EndpointOptions::default())
    }

    /// The endpoints as the host wants them.
    pub fn with_options(
        index: Filedex,
        directory: impl Directory + 'static,
        options: EndpointOptions,
    ) -> Endpoints {
        let admission = Admission::new(options.admission);
        let (directory, options) = (Arc::new(directory), Arc::new(options));
        let (call, allowed) = (Call::default(), None);
        Endpoints { index, directory, options, admission, call, allowed }
    }

    /// The index behind the endpoints.
    pub fn index(&self) -> &Filedex {
        &self.index
    }

    /// The directory behind the endpoints.
    pub fn directory(&self) -> &dyn Directory {
        &*self.directory
    }

    /// The places that requests take. Work that a host does beside its endpoints may take its turn there.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The pattern of the endpoint that a path names, such as `/api/user/files/{id}`: for a host's figures, of
    /// which there are as many as there are endpoints, whatever is asked.
    pub fn pattern(&self, path: &str) -> Option<&'static str> {
        Route::of(path).map(|found| found.pattern)
    }

    /// The same endpoints, whose typed calls end as that call does. They run at once, whatever else
    /// runs: only requests wait for their turn.
    #[must_use]
    pub fn during(&self, call: &Call) -> Endpoints {
        Endpoints { call: call.clone(), ..self.clone() }
    }

    /// The endpoints for a part of that call: a quick one ends when its allowance is used up.
    fn under(&self, call: &Call, pace: Pace) -> Endpoints {
        let allowance = self.options.admission.allowance;
        let allowed = (pace == Pace::Quick).then(|| Instant::now() + allowance);
        Endpoints { allowed, ..self.during(call) }
    }

    /// A lookup under the host's scope and policy.
    fn lookup(&self, scope: Scope) -> Lookup {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        let lookup = self.index.lookup(scope).policy(&self.options.policy);
        let lookup = lookup.cancel(self.call.cancel.clone()).allowance(self.allowed.map(left));
        match self.call.deadline {
            Some(deadline) => lookup.time(left(deadline)),
            None => lookup,
        }
    }

    /// The room of a group or channel, by id or by exact name.
    fn room_of(&self, key: &RoomKey) -> Result<Option<Room>, ApiError> {
        let (RoomKey::Id(text) | RoomKey::Name(text)) = key;
        if text.is_empty() {
            let text = "The parameter \"roomId\" or \"roomName\" is required";
            return Err(ApiError::coded(text, "error-room-param-not-provided"));
        }
        let room = match key {
            RoomKey::Id(id) => self.directory.room(id),
            RoomKey::Name(name) => self.directory.room_by_name(name),
        };
        room.map_err(|error| ApiError::directory(Style::Chat, &error))
    }

    fn may_access(&self, caller: &User, room: &Room) -> Result<bool, ApiError> {
        let answer = self.directory.may_access(caller, room);
        answer.map_err(|error| ApiError::directory(Style::Chat, &error))
    }
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoints").field("options", &self.options).finish_non_exhaustive()
    }
}
