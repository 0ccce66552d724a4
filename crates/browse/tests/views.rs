//! Every view: what it shows of an index, what it leads to, and that nothing in a record gets out of its place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, unreachable_pub, reason = "tests")]

mod site;

use filedex::Filedex;
use http::StatusCode;
use site::{HOSTILE, Reply, Site, encoded};

/// The addresses that a page leads to.
fn links(reply: &Reply) -> Vec<String> {
    let parts = reply.text.split("href=\"").skip(1).map(|part| part.split('"').next().unwrap());
    parts
        .map(|part| part.replace("&amp;", "&"))
        .filter(|part| part.starts_with('/') && !part.starts_with("/-/"))
        .collect()
}

/// The usual limits but for one.
fn limits(change: impl Fn(&mut filedex::Limits)) -> filedex::Limits {
    let mut limits = filedex::Limits::default();
    change(&mut limits);
    limits
}

/// The total that a page of files tells.
fn total(reply: &Reply) -> u64 {
    let text =
        reply.text.split("role=\"status\"><strong>").nth(1).unwrap().split('<').next().unwrap();
    text.replace('\u{202f}', "").parse().unwrap()
}

#[tokio::test]
async fn the_first_view_tells_how_much_there_is_and_of_whom() {
    let site = Site::new();
    let reply = site.get("/").await;
    assert_eq!(reply.status, StatusCode::OK);
    for part in [">301<", "45\u{a0}MB", "Largest rooms", "Largest users", "Newest files", "(other)"]
    {
        assert!(reply.has(part), "{part}");
    }
    let links = links(&reply);
    for link in ["/rooms", "/users", "/files?room=A", "/files?user=user1", "/files?type=image"] {
        assert!(links.iter().any(|other| other == link), "{link}");
    }
}

#[tokio::test]
async fn every_link_of_every_view_leads_to_a_view() {
    let site = Site::new();
    let cookie = site.cookie().await;
    let (mut seen, mut left) = (std::collections::BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(address) = left.pop().filter(|_| seen.len() < 600) {
        if !seen.insert(address.clone()) || address.contains("verify=") {
            continue;
        }
        let reply = site.with_cookie(&address, &cookie).await;
        assert_eq!(reply.status, StatusCode::OK, "{address}");
        left.extend(links(&reply).into_iter().filter(|link| !seen.contains(link)));
    }
    assert!(seen.len() > 300, "{}", seen.len());
}

#[tokio::test]
async fn rooms_and_users_are_sorted_and_filtered() {
    let site = Site::new();
    let rooms = site.get("/rooms").await;
    assert!(rooms.has("<strong>3</strong>"));
    let at = |reply: &Reply, part: &str| reply.text.find(part).unwrap_or_else(|| panic!("{part}"));
    assert!(
        at(&rooms, ">A<") < at(&rooms, "&lt;room&gt;")
            && at(&rooms, ">B<") < at(&rooms, "&lt;room&gt;")
    );
    let newest = site.get("/rooms?by=newest").await;
    assert!(
        at(&newest, "&lt;room&gt;") < at(&newest, ">B<") && at(&newest, ">B<") < at(&newest, ">A<")
    );
    let first = site.get("/users?by=id&match=USER1").await;
    assert!(
        first.has("<strong>1</strong> of 4")
            && first.has("/files?user=user1")
            && !first.has("user2")
    );
    assert!(first.has("100"), "files of user1");
}

#[tokio::test]
async fn files_are_found_by_the_syntax_of_the_shell_and_by_json() {
    let site = Site::new();
    for query in ["{size: {$gte: 290000}}", r#"{"size": {"$gte": 290000}} // large"#] {
        let reply = site.get(&format!("/files?room=A&query={}", encoded(query))).await;
        assert_eq!((reply.status, total(&reply)), (StatusCode::OK, 5));
        assert!(reply.has("of 150"), "all of the room");
    }
}

#[tokio::test]
async fn a_total_is_exact_and_types_are_counted_without_looking() {
    let site = Site::new();
    let reply = site.get("/files?room=B&type=video").await;
    assert_eq!(total(&reply), 50);
    for part in [
        "all <span class=\"count\">150",
        "video <span class=\"count\">50",
        "image <span class=\"count\">100",
    ] {
        assert!(reply.has(part), "{part}");
    }
}

#[tokio::test]
async fn heads_sort_and_the_sorted_one_says_so() {
    let site = Site::new();
    let newest = site.get("/files").await;
    assert!(newest.has("aria-sort=\"descending\"") && newest.has("sort=%7Bsize%3A+-1%7D"));
    let sorted = site.get("/files?sort=%7Bsize%3A+-1%7D").await;
    assert!(sorted.has("sort=%7Bsize%3A+1%7D"), "the other way round");
    assert!(sorted.text.find("file 299").unwrap() < sorted.text.find("file 298").unwrap());
}

#[tokio::test]
async fn pages_lead_on_and_back() {
    let site = Site::new();
    let first = site.get("/files?count=20").await;
    assert!(links(&first).iter().any(|link| link == "/files?offset=20&count=20"));
    let last = site.get("/files?count=20&offset=300").await;
    assert!(last.has("from 301 on") && last.has("aria-current=\"page\">16<"));
    let behind = site.get("/files?offset=5000").await;
    assert!(behind.has("nothing so far behind") && total(&behind) == 301);
}

#[tokio::test]
async fn a_fault_stands_at_its_place_with_what_to_do() {
    let site = Site::new();
    for (parameter, text, id, words) in [
        ("query", "{size: {gt: 5}}", "query-fault", "did you mean"),
        ("query", "{size: }", "query-fault", "^"),
        ("sort", "{size: 2}", "sort-fault", "must be 1 or -1"),
        ("fields", "{a: 1, b: 0}", "fields-fault", "Location"),
        ("and", "{size: {$bigger: 1}}", "fault", "$bigger"),
    ] {
        let reply = site.get(&format!("/files?{parameter}={}", encoded(text))).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{text}");
        let fault = reply.text.split(&format!("id=\"{id}\" role=\"alert\"")).nth(1);
        let fault = fault.unwrap_or_else(|| panic!("{text}: {}", reply.text));
        assert!(fault.split("</div>").next().unwrap().contains(words), "{text}: {fault}");
        // What was typed is still there.
        assert!(reply.text.contains(&text.replace('"', "&quot;")), "{text}");
    }
    let limited = Filedex::options().limits(limits(|limits| limits.documents_examined = 10));
    let small = Site::over(limited.temporary().unwrap());
    small
        .index
        .put_many(
            (0..50)
                .map(|n| filedex::File::new(format!("f{n}")).unwrap().with_room("r").with_size(n)),
        )
        .unwrap();
    let reply = small.get("/files?query=%7Bsize%3A+%7B%24gt%3A+3%7D%7D").await;
    assert!(reply.has("documents_examined") && reply.has("fewer files are looked at"));
}

#[tokio::test]
async fn facets_are_counts_of_what_was_found_and_each_narrows_it() {
    let site = Site::new();
    let reply = site.get("/files?room=A").await;
    assert!(reply.has("Counted in all 150\u{a0}files"));
    for link in ["/files?room=A&type=video", "/files?room=A&user=user1"] {
        assert!(links(&reply).iter().any(|other| other == link), "{link}");
    }
    let narrowed = links(&reply).into_iter().find(|link| link.contains("extension")).unwrap();
    let narrowed = site.get(&narrowed).await;
    assert_eq!(total(&narrowed), 100);
    assert!(narrowed.has("class=\"chips\""));
    let month = links(&reply).into_iter().find(|link| link.contains("%24gte")).unwrap();
    assert!(total(&site.get(&month).await) > 0);
}

#[tokio::test]
async fn explain_is_drawn_and_is_there_as_json() {
    let site = Site::new();
    let address = "/files?room=A&query=%7Bsize%3A+%7B%24gt%3A+5%7D%7D";
    let drawn = site.get(address).await;
    for part in [
        "The list of a room",
        "Blocks",
        "Records looked at",
        "left to be asked of each",
        "&quot;accessPath&quot;: &quot;room&quot;",
    ] {
        assert!(drawn.has(part), "{part}");
    }
    let json = site.get(&address.replace("/files", "/explain.json")).await;
    assert_eq!(json.header("content-type"), "application/json");
    assert!(json.has("\"accessPath\": \"room\""));
}

#[tokio::test]
async fn a_record_is_a_tree_whose_values_lead_to_files_that_share_them() {
    let site = Site::new();
    let reply = site.get("/record?id=f007&room=B").await;
    assert!(reply.has("file 7.png") && reply.has("identify") && reply.has("Back to the files"));
    let width =
        links(&reply).into_iter().find(|link| link.contains("identify.size.width")).unwrap();
    assert_eq!(total(&site.get(&width).await), 1);
    let group = links(&reply).into_iter().find(|link| link.contains("typeGroup")).unwrap();
    assert!(group.contains("room=B"), "{group}");
    assert_eq!(total(&site.get(&group).await), 100);
    assert_eq!(site.get("/record?id=nobody").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_lookup_can_be_taken_along_whatever_is_in_it() {
    let site = Site::new();
    let query = "{name: 'it\\'s \"#'}";
    let reply = site
        .get(&format!("/files?room=A&query={}&sort={}", encoded(query), encoded("{size: -1}")))
        .await;
    for part in [
        "filedex find --db DIR",
        r#"--query '{&quot;name&quot;:&quot;it'\''s \&quot;#&quot;}'"#,
        r###".query(r##&quot;{&quot;name&quot;:&quot;it's \&quot;#&quot;}&quot;##)?"###,
        "groups.files",
        "--data-urlencode 'roomId=A'",
        "/download.ndjson?token=TOKEN&amp;room=A",
    ] {
        assert!(reply.has(part), "{part}");
    }
}

#[tokio::test]
async fn downloads_have_all_that_is_found() {
    let site = Site::new();
    let lines = site.get("/download.ndjson?room=A&count=20&offset=40").await;
    assert_eq!(
        (lines.text.lines().count(), lines.header("content-type")),
        (150, "application/x-ndjson")
    );
    assert!(lines.text.lines().next().unwrap().contains(r#""uploadedAt":{"$date":"#));
    assert_eq!(lines.header("content-disposition"), "attachment; filename=\"files.ndjson\"");
    let json = site.get("/download.json?type=video").await;
    assert_eq!(
        (json.text.matches("\"_id\"").count(), json.text.trim_end().ends_with(']')),
        (100, true)
    );
    let table = site.get("/download.csv?room=%3Croom%3E&column=_id&column=name&column=identify.size.width&column=uploadedAt").await;
    let name = HOSTILE.replace('"', "\"\"");
    let expected = format!(
        "_id,name,identify.size.width,uploadedAt\r\n\"<id>&\"\"\",\"{name}\",,2025-06-15T15:06:40.000Z\r\n"
    );
    assert_eq!(table.text, expected);
    assert_eq!(site.get("/download.json?query=%7Ba").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_download_past_the_limit_is_broken_off_and_never_looks_whole() {
    let limited = Filedex::options().limits(limits(|limits| limits.reply_bytes = 20_000));
    let site = Site::over(limited.temporary().unwrap());
    let files = (0..900).map(|n| {
        filedex::File::new(format!("f{n}")).unwrap().with_room("r").with_name("x".repeat(40))
    });
    site.index.put_many(files).unwrap();
    // A body that ends with an error is given up whole by the test's reader.
    assert_eq!(site.get("/download.ndjson").await.text, "");
}

#[tokio::test]
async fn health_tells_what_was_put_right_and_verifies_when_asked() {
    let site = Site::new();
    let quiet = site.get("/health").await;
    assert!(quiet.has("There was nothing to put right") && !quiet.has("as it should be"));
    site.get("/files?room=A").await;
    let asked = site.get("/health").await;
    for part in
        ["Asked since it was opened", ">slow ones<", ">columns<", "may hold", "written since"]
    {
        assert!(asked.has(part), "{part}");
    }
    let asked = site.get("/health?verify=yes").await;
    assert!(
        asked.has("301\u{a0}records in") && asked.has("everything is as it should be"),
        "{}",
        asked.text
    );
}

#[tokio::test]
async fn what_a_form_sends_becomes_an_address_that_says_no_more_than_it_must() {
    let site = Site::new();
    let reply = site.get("/files?room=A&user=&query=&sort=&fields=&count=50").await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/files?room=A"));
}

#[tokio::test]
async fn no_text_of_a_record_is_markup_anywhere() {
    let site = Site::new();
    let (id, room) = (encoded("<id>&\""), encoded("<room>"));
    for address in [
        "/".to_owned(),
        "/rooms".to_owned(),
        "/users".to_owned(),
        format!("/files?room={room}"),
        format!("/files?room={room}&column={}", encoded("<field>.<inner>")),
        format!("/record?id={id}"),
        format!("/files?query={}", encoded("{a: \"<script>\"}")),
        format!("/files?query={}", encoded("{<script>")),
        format!("/rooms?match={}", encoded("<room>")),
        format!("/{}", encoded("<script>")),
    ] {
        let reply = site.get(&address).await;
        for tag in [
            "<id>", "<room>", "<user>", "<group>", "<ext>", "<field>", "<inner>", "<value>",
            "<script>", "<store>",
        ] {
            assert!(!reply.has(tag), "{address}: {tag}");
        }
        assert!(reply.has("&lt;"), "{address}");
    }
}

#[tokio::test]
async fn an_empty_index_says_what_to_do() {
    let site = Site::over(Filedex::temporary().unwrap());
    assert!(site.get("/").await.has("filedex import"));
    assert!(site.get("/files").await.has("no files here"));
    assert!(site.get("/rooms").await.has("There are none"));
}
