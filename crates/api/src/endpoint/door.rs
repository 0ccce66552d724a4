//! The one door: an HTTP request in, an HTTP response out.
//!
//! It finds the endpoint, the caller and the parameters, makes the typed call and writes the reply;
//! when it does so is [`super::call`]'s. Sockets, TLS and sessions are the host's.

use http::{Method, Request, Response, StatusCode, Uri};

use super::call::Call;
use super::error::{ApiError, Style};
use super::parameters::Parameters;
use super::params::{FilesParams, ImagesParams, RoomKey};
use super::route::{Found, Route};
use super::schema::{Accepted, Kind, Schema};
use super::user::text;
use super::{Endpoints, reply};
use crate::User;
use crate::admission::Pace;

macro_rules! files_schema {
    ($room:literal, $name:literal, $open:literal) => {
        Schema {
            one_of: Some([$room, $name]),
            required: None,
            known: &[
                ($room, Kind::Text),
                ($name, Kind::Text),
                ("offset", Kind::Number),
                ("count", Kind::Number),
                ("sort", Kind::Text),
                ("query", Kind::Text),
                ("fields", Kind::Text),
                ("name", Kind::Text),
                ("typeGroup", Kind::Text),
                ("onlyConfirmed", Kind::Truth),
            ],
            open: $open,
        }
    };
}

const IM: Schema = files_schema!("roomId", "username", false);
const GROUPS: Schema = files_schema!("roomId", "roomName", true);
const CHANNELS: Schema = files_schema!("roomId", "roomName", false);
const IMAGES: Schema = Schema {
    one_of: None,
    required: Some("roomId"),
    known: &[
        ("roomId", Kind::Text),
        ("startingFromId", Kind::Text),
        ("offset", Kind::Number),
        ("count", Kind::Number),
    ],
    open: false,
};

/// The description of the endpoints, OpenAPI 3.1.
const DESCRIPTION: &str = include_str!("../../openapi.json");

/// A request whose caller is known, to be answered when it is its turn.
pub(super) struct Asked {
    pub(super) endpoints: Endpoints,
    pub(super) call: Call,
    /// Who asks; nobody where that is no matter.
    caller: Option<User>,
    uri: Uri,
    style: Style,
    is_head: bool,
}

impl Asked {
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// The name under which whoever asks takes his turn.
    pub(super) fn asker(&self) -> &str {
        self.caller.as_ref().map_or("", |caller| &caller.id)
    }

    /// The answer; where the call is quick, perhaps only that it takes longer.
    pub(super) fn answer(&self, pace: Pace) -> Result<Response<Vec<u8>>, ApiError> {
        let missing = || ApiError::plain(StatusCode::NOT_FOUND, "Not Found");
        let found = Route::of(self.uri.path()).ok_or_else(missing)?;
        let query = self.uri.query().unwrap_or_default();
        let given = Parameters::parse(query, self.style).map_err(|_| too_many(self.style))?;
        let endpoints = self.endpoints.under(&self.call, pace);
        let body = match &self.caller {
            Some(caller) => endpoints.call(&found, caller, &given)?,
            None => endpoints.server_folder(&found.id, text::is_set(&given, "uploads"))?.to_json(),
        };
        Ok(reply::json(StatusCode::OK, body))
    }

    /// The response without its body, if only the head is asked for.
    pub(super) fn trim(&self, mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
        if self.is_head {
            response.body_mut().clear();
        }
        response
    }
}

/// What a request comes to at the door.
pub(super) enum Read {
    /// A caller asks for something.
    Asked(Box<Asked>),
    /// There is no more to say.
    Told(Response<Vec<u8>>),
}

impl Endpoints {
    /// Finds out what is asked and by whom; what needs no more is answered.
    pub(super) fn read<B>(&self, request: &Request<B>, call: &Call) -> Read {
        let is_head = request.method() == Method::HEAD;
        self.try_read(request, call, is_head).unwrap_or_else(|error| {
            let mut response = reply::error(&error);
            if is_head {
                response.body_mut().clear();
            }
            Read::Told(response)
        })
    }

    fn try_read<B>(
        &self,
        request: &Request<B>,
        call: &Call,
        is_head: bool,
    ) -> Result<Read, ApiError> {
        let missing = || ApiError::plain(StatusCode::NOT_FOUND, "Not Found");
        let found = Route::of(request.uri().path()).ok_or_else(missing)?;
        if !is_head && *request.method() != Method::GET {
            return Err(ApiError::plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"));
        }
        let style = found.style;
        let caller = match found.route {
            Route::Description => {
                let body = if is_head { Vec::new() } else { DESCRIPTION.as_bytes().to_vec() };
                return Ok(Read::Told(reply::json(StatusCode::OK, body)));
            }
            // The one lookup that asks nobody who he is.
            Route::ServerFolder => None,
            _ => Some(self.caller(request, style)?),
        };
        let (uri, endpoints, call) = (request.uri().clone(), self.clone(), call.clone());
        Ok(Read::Asked(Box::new(Asked { endpoints, call, caller, uri, style, is_head })))
    }

    fn call(
        &self,
        found: &Found<'_>,
        caller: &User,
        given: &Parameters,
    ) -> Result<Vec<u8>, ApiError> {
        let files = |schema: &Schema, name| schema.accept(given).map(|given| files(&given, name));
        match found.route {
            Route::Im => self.im_text(caller, &files(&IM, "username")?),
            Route::Groups => self.groups_text(caller, &files(&GROUPS, "roomName")?),
            Route::Channels => self.channels_text(caller, &files(&CHANNELS, "roomName")?),
            // The same list under two names.
            Route::RoomsImages | Route::ChannelsImages => {
                self.images_text(caller, &images(&IMAGES.accept(given)?))
            }
            _ => self.call_user(found, caller, given),
        }
    }

    /// The lookups in Zipline's style.
    fn call_user(
        &self,
        found: &Found<'_>,
        caller: &User,
        given: &Parameters,
    ) -> Result<Vec<u8>, ApiError> {
        Ok(match found.route {
            Route::UserFiles => {
                let owner = self.owner_of(caller, text::owner_id(given)?)?;
                self.files_text(&owner, &text::read(given)?)?
            }
            Route::UserFile => reply::document(&self.user_file(caller, &found.id)?),
            Route::UserRecent => reply::documents(&self.user_recent(caller, text::take(given)?)?),
            Route::UserStats => reply::document(&self.user_stats(caller)?.to_document()),
            Route::UserIncomplete => reply::documents(&self.user_incomplete(caller)?),
            Route::UserFolders => {
                reply::folders(&self.user_folders(caller, &text::folders(given)?)?)
            }
            Route::UserFolder => self.user_folder(caller, &found.id)?.to_json(),
            Route::UserTags => reply::documents(&self.user_tags(caller)?),
            Route::UserTag => reply::document(&self.user_tag(caller, &found.id)?),
            Route::Version => reply::document(&self.version()),
            Route::ServerStats => {
                return Err(ApiError::zipline(StatusCode::FORBIDDEN, "metrics are disabled"));
            }
            _ => return Err(ApiError::plain(StatusCode::NOT_FOUND, "Not Found")),
        })
    }

    /// Who asks. Whatever is missing or wrong about it, the answer is the same.
    fn caller<B>(&self, request: &Request<B>, style: Style) -> Result<User, ApiError> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let fault = |error| ApiError::directory(style, &error);
        if let (Style::Zipline, Some(token)) = (style, header("authorization"))
            && let Some(user) = self.directory.authenticate_token(token).map_err(fault)?
        {
            return Ok(user);
        }
        let (id, token) = (header("x-user-id"), header("x-auth-token"));
        let user = match (id, token) {
            (Some(id), Some(token)) => self.directory.authenticate(id, token).map_err(fault)?,
            _ => None,
        };
        user.ok_or_else(|| ApiError::logged_out(style))
    }
}

fn too_many(style: Style) -> ApiError {
    let text = "Invalid query parameters";
    match style {
        Style::Chat => ApiError::bad(text),
        Style::Zipline => ApiError::zipline(StatusCode::BAD_REQUEST, text),
    }
}

fn files(given: &Accepted, name: &str) -> FilesParams {
    // The schema lets exactly one of the two through.
    let room = match (given.text("roomId"), given.text(name)) {
        (Some(id), _) => RoomKey::Id(id),
        (None, name) => RoomKey::Name(name.unwrap_or_default()),
    };
    FilesParams {
        room,
        offset: given.number("offset").unwrap_or_default(),
        count: given.number("count"),
        sort: given.text("sort"),
        query: given.text("query"),
        fields: given.text("fields"),
        name: given.text("name"),
        type_group: given.text("typeGroup"),
        only_confirmed: given.truth("onlyConfirmed"),
    }
}

fn images(given: &Accepted) -> ImagesParams {
    ImagesParams {
        room_id: given.text("roomId").unwrap_or_default(),
        starting_from_id: given.text("startingFromId"),
        offset: given.number("offset").unwrap_or_default(),
        count: given.number("count"),
    }
}
