//! A host on axum: the endpoints beside routes of its own, each call ended where its client hangs up.
//!
//! `cargo run --example axum_host --features tokio`. What else a host that faces the internet sets is told
//! in docs/serving.md.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use filedex::{EndpointOptions, Endpoints, File, Filedex, MemoryDirectory, Room, RoomKind, User};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new()
        .route("/health", get(|| async { "ok" }))
        .fallback(answer)
        .with_state(endpoints()?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}

/// The library's own gate: short requests run at once, long ones wait for their turn, and a future that
/// axum drops ends its call.
async fn answer(State(endpoints): State<Endpoints>, request: Request) -> Response {
    let response = endpoints.answer(request).await;
    // The bytes of a reply count as held until they are sent.
    response.map(|reply| Body::from(Bytes::from_owner(reply)))
}

fn endpoints() -> Result<Endpoints, Box<dyn std::error::Error>> {
    let index = Filedex::temporary()?;
    index.put(&File::new("f1")?.with_room("GENERAL").with_user("u1").with_name("logo.png"))?;
    let mut directory = MemoryDirectory::new();
    directory.add_user(User::new("u1", "ada"));
    directory.add_token("u1", "secret");
    directory.add_room(Room::new("GENERAL", RoomKind::Group).named("general"), ["u1"]);
    let mut options = EndpointOptions::default();
    options.paging.infinite = false;
    Ok(Endpoints::with_options(index, directory, options))
}
