//! Where the endpoints differ from the servers they follow: one test for each number of
//! docs/differences.md from 101 on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::world;

use filedex::{Collation, Date, Document, EndpointOptions, Endpoints, File, Filedex};
use serde_json::Value;
use world::{directory, encode, endpoints, get, summary, uploads};

const GROUPS: &str = "/api/v1/groups.files";
const IM: &str = "/api/v1/im.files";
const IMAGES: &str = "/api/v1/rooms.images";
const USER: &str = "/api/user/files";

fn ask(path: &str, parameters: &str) -> (u16, String) {
    let endpoints = match path {
        USER => Endpoints::new(uploads(), directory()),
        _ => endpoints(),
    };
    get(&endpoints, "u1", &format!("{path}?{}", encode(parameters)))
}

fn listed(path: &str, parameters: &str) -> String {
    let (status, body) = ask(path, parameters);
    assert_eq!(status, 200, "{parameters}: {body}");
    summary(&body)
}

fn refused(path: &str, parameters: &str) -> String {
    let (status, body) = ask(path, parameters);
    assert_eq!(status, 400, "{parameters}: {body}");
    let reply: Value = serde_json::from_str(&body).unwrap();
    reply["error"].as_str().unwrap().to_owned()
}

fn uploaded(parameters: &str) -> (Vec<String>, Value) {
    let (status, body) = ask(USER, parameters);
    assert_eq!(status, 200, "{parameters}: {body}");
    let reply: Value = serde_json::from_str(&body).unwrap();
    let ids = reply["page"].as_array().unwrap().iter();
    (ids.map(|file| file["id"].as_str().unwrap().to_owned()).collect(), reply)
}

#[test]
fn difference_101_asking_creates_nothing() {
    let endpoints = endpoints();
    let before = endpoints.index().stats().unwrap().records;
    let (status, body) = get(&endpoints, "u1", &format!("{IM}?username=dan"));
    assert_eq!((status, summary(&body).as_str()), (200, " | 0 0 0"));
    assert_eq!(endpoints.directory().direct_room("u1", "u4").unwrap(), None);
    assert_eq!(endpoints.index().stats().unwrap().records, before);
}

#[test]
fn difference_102_type_group_all_lists_every_type() {
    assert_eq!(listed(GROUPS, "roomId=G1 typeGroup=all"), listed(GROUPS, "roomId=G1"));
}

#[test]
fn difference_103_a_name_is_a_literal_text() {
    assert_eq!(listed(GROUPS, "roomId=G1 name=bravo(1).PDF"), "b | 1 0 1");
    assert_eq!(listed(GROUPS, "roomId=G1 name=a.pha"), " | 0 0 0");
    assert_eq!(listed(GROUPS, "roomId=G1 name=("), "b | 1 0 1");
}

#[test]
fn difference_104_a_query_only_narrows() {
    assert_eq!(listed(GROUPS, r#"roomId=G1 query={"rid":"G2"}"#), " | 0 0 0");
    assert_eq!(listed(GROUPS, r#"roomId=G1 query={"typeGroup":"thumb"}"#), " | 0 0 0");
    assert_eq!(listed(GROUPS, r#"roomId=G1 query={"_hidden":true}"#), " | 0 0 0");
}

#[test]
fn difference_105_no_part_of_a_query_is_dropped() {
    assert_eq!(listed(GROUPS, r#"roomId=G1 query={"$nor":[{"size":{"$gt":9}}]}"#), "n | 1 0 1");
    refused(GROUPS, r#"roomId=G1 query={"$where":"true"}"#);
    assert!(refused(GROUPS, "roomId=G1 query=[]").contains("[error-invalid-query]"));
}

#[test]
fn difference_106_fields_are_honoured_everywhere_in_the_whole_language() {
    let (_, body) = ask(IM, r#"roomId=D12 count=1 fields={"tagged":{"$slice":1},"name":1}"#);
    assert!(
        body.starts_with(r#"{"files":[{"_id":"m1","name":"mike.png","tagged":["x"]}]"#),
        "{body}"
    );
}

#[test]
fn difference_107_tokens_show_and_can_not_be_asked_for() {
    let (_, body) = ask(GROUPS, "roomId=G1 name=alpha");
    assert!(body.contains(r#""token":"tk-a""#), "{body}");
    for parameters in [r#"query={"token":"tk-a"}"#, r#"sort={"token":1}"#, r#"fields={"token":1}"#]
    {
        let error = refused(GROUPS, &format!("roomId=G1 {parameters}"));
        assert!(error.contains("the field `token` may not be asked for"), "{error}");
    }
    let (status, body) = ask(GROUPS, r#"roomId=G1 fields={"token":0}"#);
    assert_eq!(status, 200);
    assert!(!body.contains("tk-"), "{body}");
}

#[test]
fn difference_108_the_start_of_images_stands_once() {
    assert_eq!(listed(IMAGES, "roomId=G1 startingFromId=e count=1"), "e | 1 0 2");
    assert_eq!(listed(IMAGES, "roomId=G1 startingFromId=e count=1 offset=1"), "a | 1 1 2");
    assert_eq!(listed(IMAGES, "roomId=G1 startingFromId=h"), "e a | 50 0 2");
    assert_eq!(listed(IMAGES, "roomId=G1 startingFromId=x1"), "e a | 50 0 2");
    let endpoints = endpoints();
    let old = File::new("old").unwrap().with_room("G1").with_media_type("image/png");
    endpoints.index().put(&old.with_uploaded_at(Date(0)).with_hidden(true)).unwrap();
    let (_, body) = get(&endpoints, "u1", &format!("{IMAGES}?roomId=G1&startingFromId=old"));
    assert_eq!(summary(&body), "e a | 50 0 2");
    // One without a date or without a type group leads the first page, too.
    let two_step = File::new("two").unwrap().with_room("G1").with_type("image/png");
    endpoints.index().put(&two_step.with_uploaded_at(Date(1_704_200_000_000))).unwrap();
    let dateless = File::new("no").unwrap().with_room("G1").with_media_type("image/png");
    endpoints.index().put(&dateless).unwrap();
    for (asked, wanted) in [
        ("two", "two a | 50 0 1"),
        ("two&count=1", "two a | 1 0 1"),
        ("two&count=1&offset=1", " | 1 1 1"),
        ("no", "no e a | 50 0 3"),
        ("no&count=1", "no | 1 0 3"),
        ("no&count=1&offset=1", "e | 1 1 3"),
        ("no&count=2&offset=1", "e a | 2 1 3"),
    ] {
        let uri = format!("{IMAGES}?roomId=G1&startingFromId={asked}");
        assert_eq!(summary(&get(&endpoints, "u1", &uri).1), wanted, "{asked}");
    }
}

#[test]
fn difference_109_odd_page_sizes_are_refused() {
    assert_eq!(refused(GROUPS, "roomId=G1 count=-5"), "must be >= 0 [invalid-params]");
    assert_eq!(refused(GROUPS, "roomId=G1 offset=-1"), "must be >= 0 [invalid-params]");
    let great = "must be <= 9007199254740991 [invalid-params]";
    assert_eq!(refused(GROUPS, "roomId=G1 offset=1e300"), great);
    let (_, body) = get(&endpoints(), "u1", &format!("{GROUPS}?roomId=G1&count=%20&offset=%09"));
    assert_eq!(summary(&body), listed(GROUPS, "roomId=G1"));
}

#[test]
fn difference_110_odd_sorts_are_refused() {
    for sort in ["2", "true", "[1]", r#"{"a":{"$meta":"textScore"}}"#] {
        let error = refused(GROUPS, &format!("roomId=G1 sort={sort}"));
        assert!(error.ends_with("[error-invalid-sort]"), "{error}");
    }
    assert_eq!(listed(GROUPS, "roomId=G1 sort="), listed(GROUPS, "roomId=G1"));
}

#[test]
fn difference_111_the_owner_stands_in_the_place_of_his_id() {
    let (_, body) = ask(GROUPS, r#"roomId=G1 name=alpha fields={"rid":1,"userId":1,"size":1}"#);
    let file =
        r#"{"_id":"a","rid":"G1","user":{"_id":"u1","username":"ada","name":"Ada"},"size":10}"#;
    assert!(body.starts_with(&format!(r#"{{"files":[{file}]"#)), "{body}");
}

#[test]
fn difference_112_ties_have_an_order() {
    assert_eq!(listed(GROUPS, r#"roomId=G1 sort={"rid":1}"#), "a b c d e n | 6 0 6");
    assert_eq!(listed(GROUPS, r#"roomId=G1 sort={"rid":-1}"#), "n e d c b a | 6 0 6");
}

#[test]
fn difference_113_refusals_look_as_published() {
    let error = refused(GROUPS, "roomId=G1 count=x");
    assert!(error.ends_with(" [invalid-params]"), "{error}");
    let (status, body) = get(&endpoints(), "stranger", &format!("{GROUPS}?roomId=G1"));
    assert_eq!(status, 401);
    assert_eq!(body, r#"{"status":"error","message":"You must be logged in to do this."}"#);
}

#[test]
fn difference_114_more_parameters_than_any_client_sends_are_refused() {
    let many: String = (0..1001).map(|n| format!("&p{n}=")).collect();
    let (status, body) = get(&endpoints(), "u1", &format!("{GROUPS}?roomId=G1{many}"));
    assert_eq!((status, body.contains("Invalid query parameters")), (400, true));
}

#[test]
fn difference_115_ties_of_one_moment_have_an_order_from_the_start_on() {
    let index = Filedex::temporary().unwrap();
    for id in ["i1", "i2", "i3"] {
        let file = File::new(id).unwrap().with_room("G1").with_media_type("image/png");
        index.put(&file.with_uploaded_at(Date(0))).unwrap();
    }
    let endpoints = Endpoints::new(index, directory());
    let uri = format!("{IMAGES}?roomId=G1&startingFromId=i1");
    assert_eq!(summary(&get(&endpoints, "u1", &uri).1), "i1 i3 i2 | 50 0 3");
}

#[test]
fn difference_116_a_fault_of_the_host_is_a_500() {
    let endpoints = Endpoints::new(world::index(), world::Away);
    let (status, body) = get(&endpoints, "u1", &format!("{GROUPS}?roomId=G1"));
    assert_eq!(status, 500);
    assert_eq!(body, r#"{"success":false,"error":"Internal Server Error"}"#);
}

#[test]
fn difference_117_known_fields_hold_their_types_and_object_ids_ask_for_digits() {
    let endpoints = endpoints();
    let hex = "5a9f1b2c3d4e5f6071829304";
    let line = format!(
        r#"{{"_id":{{"$oid":"{hex}"}},"rid":"G1","name":"typed","size":"7","uploadedAt":"2024-01-01"}}"#
    );
    let options = filedex::ImportOptions::default();
    assert_eq!(endpoints.index().import(line.as_bytes(), &options).unwrap().bad, 0);
    let query = format!(r#"roomId=G1 query={{"_id":{{"$oid":"{hex}"}},"size":7}}"#);
    let (status, body) = get(&endpoints, "u1", &format!("{GROUPS}?{}", encode(&query)));
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(&format!("\"_id\":\"{hex}\"")), "{body}");
    assert!(body.contains(r#""uploadedAt":"2024-01-01T00:00:00.000Z""#), "{body}");
}

#[test]
fn difference_118_a_name_is_trimmed_and_found_in_any_normal_form_and_case() {
    let endpoints = endpoints();
    for (id, name) in [
        ("nfc", "Caf\u{e9}.pdf"),
        ("nfd", "Cafe\u{301}.pdf"),
        ("sharp", "Stra\u{df}e.pdf"),
        ("wide", "STRASSE.pdf"),
        ("ligature", "\u{fb01}le.pdf"),
    ] {
        let file = File::new(id).unwrap().with_room("C1").with_name(name);
        endpoints.index().put(&file).unwrap();
    }
    for (name, wanted) in [
        ("%20CAF%C3%89.PDF%20", "nfd nfc | 2 0 2"),
        ("cafe%CC%81", "nfd nfc | 2 0 2"),
        ("strasse", "wide sharp | 2 0 2"),
        ("Stra%C3%9Fe", "wide sharp | 2 0 2"),
        ("file.p", "ligature | 1 0 1"),
        ("%EF%AC%81le", "ligature | 1 0 1"),
        ("%20%20", "nfd nfc wide sharp k1 k2 ligature | 7 0 7"),
    ] {
        let uri = format!("/api/v1/channels.files?roomId=C1&name={name}");
        assert_eq!(summary(&get(&endpoints, "u1", &uri).1), wanted, "{name}");
    }
}

#[test]
fn difference_119_owners_are_asked_for_as_replies_show_them() {
    for (query, wanted) in [
        (r#"{"user.username":"ben"}"#, "b c | 2 0 2"),
        (r#"{"user.name":"Ada"}"#, "a e n | 3 0 3"),
        (r#"{"user._id":"u2"}"#, "b c | 2 0 2"),
        (r#"{"user.username":{"$regex":"^B","$options":"i"}}"#, "b c | 2 0 2"),
        (r#"{"user.username":{"$in":["ada","ben"]},"size":{"$gt":20}}"#, "c e | 2 0 2"),
        (r#"{"user.username":{"$ne":"ada"}}"#, "b c d | 3 0 3"),
        (r#"{"user":{"$exists":false}}"#, "d | 1 0 1"),
        (r#"{"$or":[{"user.username":"ben"},{"name":"delta.txt"}]}"#, "b c d | 3 0 3"),
        (r#"{"user.username":"cyd"}"#, " | 0 0 0"),
    ] {
        let asked = format!(r#"roomId=G1 sort={{"_id":1}} query={query}"#);
        assert_eq!(listed(GROUPS, &asked), wanted, "{query}");
    }
    let sorted = |sort: &str, more: &str| listed(GROUPS, &format!("roomId=G1 sort={sort} {more}"));
    assert_eq!(sorted(r#"{"user.username":1,"size":-1}"#, ""), "d e a n c b | 6 0 6");
    assert_eq!(sorted(r#"{"user.username":-1,"size":1}"#, ""), "b c n a e d | 6 0 6");
    assert_eq!(sorted(r#"{"user.username":1}"#, "count=2 offset=1"), "a e | 2 1 6");
    let shown = |fields: &str| {
        let (_, body) = ask(GROUPS, &format!("roomId=G1 name=alpha fields={fields}"));
        let reply: Value = serde_json::from_str(&body).unwrap();
        reply["files"][0].to_string()
    };
    assert_eq!(shown(r#"{"user.username":1}"#), r#"{"_id":"a","user":{"username":"ada"}}"#);
    assert_eq!(
        shown(r#"{"user":1,"size":1,"_id":0}"#),
        r#"{"size":10,"user":{"_id":"u1","name":"Ada","username":"ada"}}"#
    );
    assert!(!shown(r#"{"user":0}"#).contains("user"));
    assert!(shown(r#"{"user.name":0}"#).contains(r#""user":{"_id":"u1","username":"ada"}"#));
    assert_eq!(
        refused(GROUPS, r#"roomId=G1 query={"user.token":"x"}"#),
        "Invalid query parameter provided: the field `token` may not be asked for [error-invalid-query]"
    );
}

#[test]
fn difference_121_a_page_is_always_required() {
    assert_eq!(refused(USER, "searchQuery=one"), "Page is required");
}

#[test]
fn difference_122_odd_pages_are_refused() {
    for number in ["0", "-1", "1.5", "Infinity"] {
        let error = refused(USER, &format!("page={number}"));
        assert_eq!(error, "Page must be a whole number from 1");
        let error = refused(USER, &format!("page=1 perpage={number}"));
        assert_eq!(error, "Perpage must be a whole number from 1");
    }
    assert_eq!(uploaded("page=9007199254740991 perpage=9007199254740991").0, [""; 0]);
}

#[test]
fn difference_123_a_missing_value_is_greatest_in_two_sorts() {
    assert_eq!(uploaded("page=1 sortBy=deletesAt").0, ["z5", "z3", "z1", "z2", "z4"]);
    assert_eq!(uploaded("page=1 sortBy=deletesAt order=asc").0, ["z4", "z2", "z1", "z3", "z5"]);
    let endpoints = Endpoints::new(uploads(), directory());
    let dateless = File::new("z0").unwrap().with_user("u1").with_name("dateless");
    endpoints.index().put(&dateless).unwrap();
    let (_, body) = get(&endpoints, "u1", &format!("{USER}?page=1&order=asc&perpage=1"));
    assert!(body.contains(r#""createdAt":null,"#) && body.contains(r#""id":"z0""#), "{body}");
}

#[test]
fn difference_124_a_search_is_a_literal_text() {
    assert_eq!(uploaded("page=1 searchField=originalName searchQuery=_").0, ["z3"]);
    assert_eq!(uploaded("page=1 searchField=originalName searchQuery=%").0, ["z1"]);
}

#[test]
fn difference_125_a_search_is_decoded_again_where_it_can_be() {
    let (ids, reply) = uploaded("page=1 searchField=originalName searchQuery=day%20100");
    assert_eq!((ids, &reply["search"]["query"]), (vec!["z1".to_owned()], &Value::from("day 100")));
    let (ids, reply) = uploaded("page=1 searchField=originalName searchQuery=100%");
    assert_eq!((ids, &reply["search"]["query"]), (vec!["z1".to_owned()], &Value::from("100%")));
}

#[test]
fn difference_126_a_search_for_no_tag_finds_nothing() {
    let (ids, reply) = uploaded("page=1 searchField=tags searchQuery=,");
    assert_eq!((ids.len(), &reply["search"]["query"]), (0, &Value::Array(Vec::new())));
}

#[test]
fn difference_127_a_repeated_parameter_is_refused() {
    assert_eq!(refused(USER, "page=1 searchQuery=a searchQuery=b"), "Invalid searchQuery value");
    assert_eq!(refused(USER, "page=1 id=a id=b"), "Invalid id value");
    assert_eq!(refused(USER, "page=1 page=1"), "Page must be a number");
    assert_eq!(refused(USER, "page=1 order=asc order=asc"), "Invalid order value");
}

#[test]
fn difference_128_whoever_is_not_known_gets_one_401() {
    for headers in [&[][..], &[("Authorization", "wrong")], &[("X-User-Id", "u1")]] {
        let mut request = http::Request::get(format!("{USER}?page=1"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = endpoints().handle(request.body("").unwrap());
        assert_eq!(response.body(), br#"{"error":"not logged in","statusCode":401}"#);
    }
}

#[test]
fn difference_129_texts_sort_by_their_bytes() {
    assert_eq!(uploaded("page=1 sortBy=name order=asc").0, ["z4", "z5", "z1", "z3", "z2"]);
    // Unless the host names the language.
    let mut options = EndpointOptions::default();
    let language = Document::new().with("locale", "en");
    options.collation = Collation::parse(&language).unwrap();
    let endpoints = Endpoints::with_options(uploads(), directory(), options);
    let uri = format!("{USER}?page=1&sortBy=name&order=asc");
    let reply: Value = serde_json::from_str(&get(&endpoints, "u1", &uri).1).unwrap();
    let ids = reply["page"].as_array().unwrap().iter().map(|file| file["id"].as_str().unwrap());
    assert_eq!(ids.collect::<Vec<_>>(), ["z5", "z4", "z1", "z3", "z2"]);
}

#[test]
fn difference_130_hidden_records_and_thumbs_are_no_uploads() {
    let endpoints = endpoints();
    let (_, body) = get(&endpoints, "u1", &format!("{USER}?page=1&perpage=100"));
    let reply: Value = serde_json::from_str(&body).unwrap();
    let ids = reply["page"].as_array().unwrap().iter().map(|file| file["id"].as_str().unwrap());
    let ids: Vec<&str> = ids.collect();
    assert!(ids.contains(&"a") && !ids.contains(&"h") && !ids.contains(&"t"), "{ids:?}");
}

#[test]
fn difference_131_a_folder_narrows_the_list() {
    assert_eq!(uploaded("page=1 folder=f1").0, ["z3"]);
    assert_eq!(uploaded("page=1 folder=f1 searchQuery=one").0, [""; 0]);
    assert_eq!(uploaded("page=1 folder=nowhere").0, [""; 0]);
    assert_eq!(uploaded("page=1 folder=").0.len(), 5);
    assert_eq!(refused(USER, "page=1 folder=a folder=b"), "Invalid folder value");
}

#[test]
fn difference_132_a_search_finds_every_normal_form_and_case() {
    let endpoints = Endpoints::new(uploads(), directory());
    for (id, name) in [("nfc", "Caf\u{e9}"), ("nfd", "Cafe\u{301}"), ("sharp", "Ma\u{df}")] {
        let file = File::new(id).unwrap().with_user("u1").with_name(name);
        endpoints.index().put(&file).unwrap();
    }
    for (search, number) in [("CAFE%CC%81", 2), ("caf%C3%A9", 2), ("MASS", 1)] {
        let (_, body) = get(&endpoints, "u1", &format!("{USER}?page=1&searchQuery={search}"));
        assert_eq!(body.matches("createdAt").count(), number, "{search}: {body}");
    }
}

fn single(endpoints: &Endpoints, user: &str, path: &str) -> (u16, Value) {
    let (status, body) = get(endpoints, user, path);
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn difference_133_one_file_is_found_by_id_before_names_and_the_newest_of_a_name() {
    let endpoints = Endpoints::new(uploads(), directory());
    for (id, name, day) in [("n1", "z1", 1), ("n2", "same", 2), ("n3", "same", 3)] {
        let file = File::new(id).unwrap().with_user("u1").with_name(name);
        endpoints.index().put(&file.with_uploaded_at(Date(day))).unwrap();
    }
    let hidden = File::new("hid").unwrap().with_user("u1").with_hidden(true);
    endpoints.index().put(&hidden).unwrap();
    for (asked, found) in
        [("z1", Some("z1")), ("same", Some("n3")), ("z7", Some("z7")), ("hid", None), ("y1", None)]
    {
        let (status, file) = single(&endpoints, "u1", &format!("{USER}/{asked}"));
        assert_eq!(status == 200, found.is_some(), "{asked}");
        assert_eq!(file["id"].as_str(), found, "{asked}");
        assert!(file.get("password").is_none() && file.get("url").is_none());
    }
}

#[test]
fn difference_134_a_take_that_is_no_number_is_refused() {
    let recent = "/api/user/recent";
    for take in ["x", "-", "take=1 take=2"] {
        assert_eq!(refused(recent, &format!("take={take}")), "Take must be a number");
    }
    let endpoints = Endpoints::new(uploads(), directory());
    for (take, number) in
        [("2.5", 2), ("", 3), ("1e3", 1), ("-1", 1), ("99", 6), ("99999999999999999999", 6)]
    {
        let (_, files) = single(&endpoints, "u1", &format!("{recent}?take={take}"));
        assert_eq!(files.as_array().map_or(0, Vec::len), number, "{take}");
    }
}

fn with_folders() -> Endpoints {
    let mut directory = directory();
    for (id, owner, public, allow_uploads, parent_id) in [
        ("f1", "u1", true, false, None),
        ("f2", "u1", false, true, Some("f1")),
        ("f3", "u2", false, false, None),
    ] {
        let folder = filedex::Folder::new(id, owner);
        let parent_id = parent_id.map(str::to_owned);
        directory.add_folder(filedex::Folder { public, allow_uploads, parent_id, ..folder });
    }
    Endpoints::new(uploads(), directory)
}

#[test]
fn difference_135_folders_are_the_callers_or_those_of_lower_rank() {
    let endpoints = with_folders();
    let path = "/api/user/folders";
    let ids = |user: &str, parameters: &str| {
        let (status, body) = single(&endpoints, user, &format!("{path}?{parameters}"));
        let folders = body.as_array().into_iter().flatten();
        (
            status,
            folders.map(|folder| folder["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(ids("u1", ""), (200, vec!["f2".to_owned(), "f1".to_owned()]));
    assert_eq!(ids("u1", "user=u2"), (403, vec![]));
    assert_eq!(ids("u3", "user=u2"), (200, vec!["f3".to_owned()]));
    assert_eq!(ids("u1", "root=true"), (200, vec!["f1".to_owned()]));
    assert_eq!(ids("u1", "parentId=f1"), (200, vec!["f2".to_owned()]));
    assert_eq!(ids("u1", "parentId=f3"), (200, vec![]));
}

#[test]
fn difference_136_a_folder_for_everybody_shows_neither_owner_nor_what_was_dropped_there() {
    let endpoints = with_folders();
    let path = "/api/server/folder";
    let (status, folder) = single(&endpoints, "stranger", &format!("{path}/f1"));
    assert_eq!((status, folder["files"].as_array().map(Vec::len)), (200, Some(1)));
    assert!(folder.get("userId").is_none());
    let (status, folder) = single(&endpoints, "stranger", &format!("{path}/f2?uploads=1"));
    assert_eq!((status, folder["files"].as_array().map(Vec::len)), (200, Some(0)));
    for closed in ["f2", "f1?uploads=1", "f3", "nowhere"] {
        assert_eq!(single(&endpoints, "u1", &format!("{path}/{closed}")).0, 404, "{closed}");
    }
}

#[test]
fn difference_137_the_version_is_the_one_whose_answers_are_given() {
    let (status, version) = single(&endpoints(), "u1", "/api/version");
    assert_eq!((status, version["details"]["version"].as_str()), (200, Some("4.2.0")));
    assert_eq!(version["data"]["isLatest"], true);
}

#[test]
fn difference_138_what_the_server_leaves_in_any_order_has_one() {
    let (_, stats) = get(&Endpoints::new(uploads(), directory()), "u1", "/api/user/stats");
    let types = stats.split_once("\"sortTypeCount\":").unwrap().1;
    let types = types.trim_end_matches('}').trim_start_matches('{');
    let names: Vec<&str> = types.split(',').map(|one| one.split(':').next().unwrap()).collect();
    assert!(names.len() > 3 && names.is_sorted(), "{names:?}");
    let (_, tags) = single(&Endpoints::new(uploads(), directory()), "u1", "/api/user/tags");
    assert_eq!(tags[0]["files"].to_string(), r#"[{"id":"z1"},{"id":"z2"}]"#);
}

#[test]
fn difference_139_statistics_of_the_server_are_not_kept() {
    let (status, body) = get(&endpoints(), "u4", "/api/stats");
    assert_eq!(
        (status, body.as_str()),
        (403, r#"{"error":"metrics are disabled","statusCode":403}"#)
    );
}

#[test]
fn difference_140_a_field_of_another_kind_shows_as_if_it_were_missing() {
    let endpoints = Endpoints::new(uploads(), directory());
    let odd = r#"{"_id":"odd","userId":"u1","name":7,"type":["x"],"size":"big","views":{"a":1},
        "favorite":"yes","maxViews":true,"folderId":{"$oid":"5a9f1b2c3d4e5f6071829304"},"thumbnail":"x",
        "tags":"t1","uploadedAt":7}"#;
    let odd = filedex::ejson::read_document(odd, &Default::default()).unwrap();
    endpoints.index().put(&filedex::AsIs(odd)).unwrap();
    let (_, body) = get(&endpoints, "u1", &format!("{USER}?page=1&searchField=id&searchQuery=odd"));
    let shown = r#"{"createdAt":null,"updatedAt":null,"deletesAt":null,"favorite":false,"id":"odd","originalName":null,"name":null,"size":0,"type":null,"views":0,"maxViews":null,"folderId":null,"thumbnail":null,"tags":[],"url":"/u/"}"#;
    assert!(body.contains(shown), "{body}");
}

#[test]
fn difference_141_a_page_has_as_many_files_as_the_host_lets_it_at_most() {
    let mut options = EndpointOptions::default();
    assert_eq!(options.most_per_page.get(), 1000);
    options.most_per_page = 2.try_into().unwrap();
    let endpoints = Endpoints::with_options(uploads(), directory(), options);
    let files = |perpage: u64| {
        let (status, body) = get(&endpoints, "u1", &format!("{USER}?page=1&perpage={perpage}"));
        assert_eq!(status, 200, "{body}");
        let reply: Value = serde_json::from_str(&body).unwrap();
        let (total, pages) = (reply["total"].as_u64().unwrap(), reply["pages"].as_u64().unwrap());
        (reply["page"].as_array().unwrap().len(), pages == total.div_ceil(perpage.min(2)))
    };
    assert_eq!(
        [files(1), files(2), files(3), files(1000)],
        [(1, true), (2, true), (2, true), (2, true)]
    );
}

#[test]
fn the_document_numbers_what_is_tested_here() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/differences.md");
    let text = std::fs::read_to_string(path).unwrap();
    let numbered = text.lines().filter_map(|line| line.split_once(". ")?.0.parse::<u32>().ok());
    let documented: Vec<u32> = numbered.filter(|number| *number > 100).collect();
    let source = include_str!("differences.rs");
    let tested = source.lines().filter_map(|line| {
        let name = line.strip_prefix("fn difference_")?;
        name.split('_').next()?.parse::<u32>().ok()
    });
    assert_eq!(documented, tested.collect::<Vec<u32>>());
}
