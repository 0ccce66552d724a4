//! What a JSON object is that is no file's record, in one sentence.
//!
//! By the names of its fields: refusals of servers, messages, listings of other systems, the
//! collections and tables beside the right one.

use filedex_query::{Document, Value};

/// Fields that tell what an object is, and the sentence.
const SIGNS: &[(&[&str], &str)] = &[
    (
        &["chunkSize", "length"],
        "these are GridFS's own records (length, chunkSize), without names, rooms or users; export the collection rocketchat_uploads",
    ),
    (
        &["files_id", "n", "data"],
        "these are GridFS's chunks, the bytes of files; export the collection rocketchat_uploads",
    ),
    (
        &["Contents"],
        "this is a listing of an S3 bucket (Contents, Key); its records have no _id, name, room or user",
    ),
    (
        &["SourceFile"],
        "these records have no _id; they look like exiftool's (SourceFile, FileSize): filedex scan DIR indexes the directory itself",
    ),
    (
        &["Path", "IsDir"],
        "these records have no _id; they look like rclone's (Path, IsDir): filedex scan DIR indexes a directory itself",
    ),
    (
        &["indexes", "options"],
        "this is mongodump's description of a collection (metadata.json); import the .bson file beside it",
    ),
    (
        &["indexes", "collectionName"],
        "this is mongodump's description of a collection (metadata.json); import the .bson file beside it",
    ),
    (
        &["msg", "ts", "u"],
        "these are Rocket.Chat's messages, no list of files; export the collection rocketchat_uploads",
    ),
    (
        &["t", "usersCount"],
        "these are Rocket.Chat's rooms, no list of files; export the collection rocketchat_uploads",
    ),
    (
        &["username", "services"],
        "these are Rocket.Chat's users, no list of files; export the collection rocketchat_uploads",
    ),
    (&["username", "role"], "these are Zipline's users, no list of files"),
    (&["destination", "code"], "these are Zipline's short URLs, no list of files"),
    (&["allowUploads", "public"], "these are Zipline's folders, no list of files"),
    (
        &["chunksTotal", "chunksComplete"],
        "these are Zipline's unfinished uploads, no list of files",
    ),
    (&["filesUploaded", "storageUsed"], "these are Zipline's statistics, no list of files"),
    (&["errmsg", "ok"], "this is a refusal of MongoDB, no list of files"),
];

/// Words that a message of Meteor's protocol has in `msg`.
const DDP: [&str; 9] =
    ["added", "changed", "removed", "ready", "connected", "ping", "sub", "result", "nosub"];

/// The sentence for an object that belongs to something else; nothing where it may be a record.
pub(super) fn sentence(document: &Document) -> Option<String> {
    if let Some(refusal) = refusal(document) {
        return Some(format!("this is a refusal of the server ({refusal}), no list of files"));
    }
    if !document.contains("_id") && document.get_str("msg").is_some_and(|msg| DDP.contains(&msg)) {
        let sentence = "these are DDP messages, not documents; each file is in `fields` with its `id` beside it";
        return Some(sentence.to_owned());
    }
    if is_mattermost(document) {
        return Some(
            "this is a Mattermost bulk export (teams, posts), no list of files".to_owned(),
        );
    }
    let has = |names: &[&str]| names.iter().all(|name| document.contains(name));
    SIGNS.iter().find(|(names, _)| has(names)).map(|(_, sentence)| (*sentence).to_owned())
}

/// The sentence for records none of which has an id.
pub(super) fn unnamed(first: &Document) -> String {
    let names: Vec<&str> = first.iter().map(|(name, _)| name).take(6).collect();
    let more = if first.len() > names.len() { ", .." } else { "" };
    match names.is_empty() {
        true => "these are empty objects, no records of files".to_owned(),
        false => format!("these records have no _id (they have {}{more})", names.join(", ")),
    }
}

/// The code or words of a refusal.
fn refusal(document: &Document) -> Option<String> {
    let error = document.get("error")?;
    let refused = document.get("success") == Some(&Value::Bool(false))
        || document.contains("statusCode")
        || document.get_str("status") == Some("error");
    if !refused || document.contains("_id") {
        return None;
    }
    let text = document.get_str("errorType").or_else(|| error.as_str()).unwrap_or("error");
    Some(text.chars().take(100).collect())
}

/// `{"type": "team", "team": {..}}`, led by a line of the version.
fn is_mattermost(document: &Document) -> bool {
    let Some(kind) = document.get_str("type") else { return false };
    document.len() <= 3 && !document.contains("_id") && document.contains(kind)
}
