//! A page over a small index, asked as a browser asks.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use filedex::{Admission, AdmissionOptions, Date, Document, Filedex, Value};
use filedex_browse::Browser;
use http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\" onload=x '.png";

pub(crate) struct Site {
    pub(crate) index: Filedex,
    pub(crate) browser: Browser,
    pub(crate) told: Arc<Mutex<Vec<String>>>,
    router: Router,
}

/// A reply as far as tests look at it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text, its parts between which no line stands.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }
}

impl Site {
    /// 300 files of two rooms and three users, and one whose every text is an attack.
    pub(crate) fn new() -> Site {
        let index = Filedex::temporary().unwrap();
        index.put_many((0..300).map(file)).unwrap();
        let hostile = Document::new()
            .with("_id", "<id>&\"")
            .with("name", HOSTILE)
            .with("rid", "<room>")
            .with("userId", "<user>")
            .with("size", 7)
            .with("typeGroup", "<group>")
            .with("extension", "<ext>")
            .with("<field>", Document::new().with("<inner>", "<value>"))
            .with("uploadedAt", Date(1_750_000_000_000));
        index.put(&hostile).unwrap();
        Site::over(index)
    }

    pub(crate) fn over(index: Filedex) -> Site {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (gate, tell) = (Admission::new(AdmissionOptions::default()), told.clone());
        let browser = Browser::new(index.clone(), gate, "test <store>", move |token: &str| {
            tell.lock().unwrap().push(token.to_owned());
        });
        let router = browser.router();
        Site { index, browser, told, router }
    }

    /// What somebody gets who has that cookie.
    pub(crate) async fn with_cookie(&self, address: &str, cookie: &str) -> Reply {
        let request = Request::get(address).header(HOST, "127.0.0.1:3001").header(COOKIE, cookie);
        let response =
            self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let text = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Reply { status: head.status, headers: head.headers, text: String::from_utf8(text).unwrap() }
    }

    /// The cookie of somebody who came with the token.
    pub(crate) async fn cookie(&self) -> String {
        let reply = self.with_cookie(&format!("/?token={}", self.browser.token()), "").await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER);
        assert_eq!(reply.header(LOCATION.as_str()), "/");
        reply.header(SET_COOKIE.as_str()).split(';').next().unwrap().to_owned()
    }

    /// What somebody gets who is in.
    pub(crate) async fn get(&self, address: &str) -> Reply {
        let cookie = self.cookie().await;
        self.with_cookie(address, &cookie).await
    }
}

fn file(number: i64) -> Document {
    let (group, extension) = if number % 3 == 0 { ("video", "mp4") } else { ("image", "png") };
    Document::new()
        .with("_id", format!("f{number:03}"))
        .with("name", format!("file {number}.{extension}"))
        .with("size", Value::integer(number * 1000))
        .with("type", format!("{group}/{extension}"))
        .with("typeGroup", group)
        .with("extension", extension)
        .with("rid", if number % 2 == 0 { "A" } else { "B" })
        .with("userId", format!("user{}", number % 3))
        .with(
            "identify",
            Document::new().with("size", Document::new().with("width", Value::integer(number))),
        )
        .with("uploadedAt", Date(1_700_000_000_000 + number * 86_400_000))
}

/// A text as part of an address.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
