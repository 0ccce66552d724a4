//! Who gets in, and what every reply says of itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, reason = "tests")]

mod site;

use http::StatusCode;
use site::{Site, encoded};

const VIEWS: [&str; 9] = [
    "/",
    "/files",
    "/rooms",
    "/users",
    "/health",
    "/record?id=f001",
    "/explain.json",
    "/download.csv",
    "/nothing",
];

#[tokio::test]
async fn nobody_sees_anything_without_the_cookie_got_for_the_token() {
    let site = Site::new();
    for cookie in ["", "filedex-3001=", "filedex-3001=guess", "filedex-3002=guess; other=1"] {
        for view in VIEWS {
            let reply = site.with_cookie(view, cookie).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{view}");
            assert!(
                reply.has("one browser in")
                    && !reply.has("test &lt;store&gt;")
                    && !reply.has("f001.png")
            );
        }
    }
}

#[tokio::test]
async fn a_token_is_good_once_and_the_host_is_told_the_next_one() {
    let site = Site::new();
    let token = site.browser.token();
    let first =
        site.with_cookie(&format!("/files?room=A&token={token}&sort=%7Ba%3A+1%7D"), "").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    // The rest of the address is kept.
    assert_eq!(first.header("location"), "/files?room=A&sort=%7Ba%3A+1%7D");
    let cookie = first.header("set-cookie");
    assert!(
        cookie.starts_with("filedex-3001=")
            && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict")
    );
    assert_eq!(*site.told.lock().unwrap(), [site.browser.token()]);
    let again = site.with_cookie(&format!("/?token={token}"), "").await;
    assert_eq!((again.status, again.has("used already")), (StatusCode::UNAUTHORIZED, true));
    // Who is in already goes on to the address, whatever the token is.
    let cookie = cookie.split(';').next().unwrap();
    let inside = site.with_cookie(&format!("/rooms?token={token}"), cookie).await;
    assert_eq!((inside.status, inside.header("location")), (StatusCode::SEE_OTHER, "/rooms"));
    assert_eq!(site.with_cookie("/rooms", cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_leads_nowhere_but_to_this_page() {
    let site = Site::new();
    for path in ["//evil.example", "///evil.example/x", "/%5Cevil.example"] {
        let reply = site.with_cookie(&format!("{path}?token={}", site.browser.token()), "").await;
        let location = reply.header("location");
        assert!(
            location.starts_with('/')
                && !location.starts_with("//")
                && !location.starts_with("/\\"),
            "{location}"
        );
    }
}

#[tokio::test]
async fn every_reply_forbids_what_it_does_not_bring() {
    let site = Site::new();
    let cookie = site.cookie().await;
    let mut nonces = std::collections::BTreeSet::new();
    for (view, cookie) in
        VIEWS.iter().map(|view| (*view, &*cookie)).chain([("/", ""), ("/-/x/style.css", "")])
    {
        let reply = site.with_cookie(view, cookie).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{view}: {policy}");
        for part in
            ["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "img-src 'self'"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), value, "{view}");
        }
        let nonce = policy.split("nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert_eq!(nonce.len(), 43);
        if reply.header("content-type").starts_with("text/html") {
            let whole = reply.text.matches(&format!("nonce=\"{nonce}\"")).count();
            assert_eq!(whole, 2, "{view}: the sheet and the script, nothing else");
            assert_eq!(reply.text.matches("<script").count(), 1, "{view}");
            assert!(!reply.has(" style=") && !reply.has(" onclick="), "{view}");
        }
        assert!(nonces.insert(nonce), "another one in each reply");
    }
}

#[tokio::test]
async fn nothing_is_loaded_from_elsewhere_and_what_is_loaded_is_there_for_good() {
    let site = Site::new();
    let reply = site.get("/files").await;
    let text = reply.text.replace("http://127.0.0.1:3001/", "").replace("https://SERVER/", "");
    assert!(!text.contains("http://") && !text.contains("https://"), "an address of elsewhere");
    let assets: Vec<&str> = reply.text.split('"').filter(|part| part.starts_with("/-/")).collect();
    assert_eq!(assets.len(), 3);
    for asset in assets {
        let kept = site.with_cookie(asset, "").await;
        assert_eq!(kept.status, StatusCode::OK);
        assert!(kept.header("cache-control").contains("immutable") && !kept.text.is_empty());
    }
    assert_eq!(site.with_cookie("/-/0000/style.css", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_can_be_changed_from_here() {
    let site = Site::new();
    let cookie = site.cookie().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let router = site.browser.router();
        let request =
            http::Request::builder().method(method).uri("/files").header("host", "127.0.0.1:3001");
        let request = request.header("cookie", &cookie).body(axum::body::Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(site.get(&format!("/record?id={}", encoded("f001"))).await.status, StatusCode::OK);
}
