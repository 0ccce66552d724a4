//! One generated record: the fields of the endpoints' examples, in their order.

use fastrand::Rng;
use filedex_query::{Date, Document, Value};

use crate::name;

/// 2019-01-01T00:00:00Z, when the first file was uploaded.
const BEGIN: i64 = 1_546_300_800_000;
/// Mean milliseconds between two uploads: a million files in three years.
const STEP: i64 = 97_000;
const HOUR: i64 = 3_600_000;

/// A kind of file: media type, extension and largest size in bytes.
struct Kind {
    media: &'static str,
    extension: &'static str,
    largest: f64,
}

const fn kind(media: &'static str, extension: &'static str, largest: f64) -> Kind {
    Kind { media, extension, largest }
}

const IMAGES: &[Kind] = &[
    kind("image/png", "png", 4e6),
    kind("image/jpeg", "jpg", 8e6),
    kind("image/jpeg", "jpeg", 8e6),
    kind("image/gif", "gif", 2e6),
    kind("image/webp", "webp", 1e6),
];
const APPLICATIONS: &[Kind] = &[
    kind("application/pdf", "pdf", 2e7),
    kind("application/zip", "zip", 1e8),
    kind("application/json", "json", 1e6),
    PLAIN,
];
const TEXTS: &[Kind] = &[
    kind("text/plain", "txt", 1e5),
    kind("text/csv", "csv", 5e6),
    kind("text/markdown", "md", 5e4),
];
const VIDEOS: &[Kind] = &[kind("video/mp4", "mp4", 5e8), kind("video/webm", "webm", 2e8)];
const AUDIOS: &[Kind] = &[kind("audio/mpeg", "mp3", 2e7), kind("audio/ogg", "ogg", 1e7)];

const PLAIN: Kind = kind("application/octet-stream", "bin", 5e7);

/// The record of that number, with the id, room and user already drawn.
pub(crate) fn generate(
    random: &mut Rng,
    number: usize,
    id: &str,
    room: &str,
    user: &str,
) -> Document {
    let (group, kinds) = draw_group(random);
    let Kind { media, extension, largest } = random.choice(kinds).unwrap_or(&PLAIN);
    let name = name::generate(random, extension);
    let uploaded = draw_time(random, number);
    let path = format!("/ufs/GridFS:Uploads/{id}/{}", name.replace(' ', "%20"));
    // The exponent makes small files common and large ones rare.
    let size = 64 + (random.f64().powi(4) * largest) as i64;

    let mut record = Document::new()
        .with("_id", id)
        .with("name", name)
        .with("size", Value::integer(size))
        .with("type", *media)
        .with("rid", room)
        .with("userId", user)
        .with("description", if random.f64() < 0.2 { "as discussed in the meeting" } else { "" })
        .with("store", "GridFS:Uploads");
    record.push("_updatedAt", Date(uploaded + random.i64(0..200)));
    if group == "image" {
        record.push("identify", identify(random, media));
    }
    record.push("complete", true);
    record.push("uploading", false);
    record.push("extension", *extension);
    record.push("progress", 1);
    record.push("instanceId", "uZG54xuoKauKHykbQ");
    record.push("etag", crate::identifier(random));
    record.push("url", format!("https://files.example.org{path}"));
    record.push("path", path);
    record.push("token", format!("{:010x}", random.u64(0..1 << 40)));
    record.push("uploadedAt", Date(uploaded));
    finish(random, record, group)
}

/// Out of 100 files 55 are images, 20 of the application group, 10 texts, 8 videos, 7 audios.
fn draw_group(random: &mut Rng) -> (&'static str, &'static [Kind]) {
    match random.u8(0..100) {
        0..55 => ("image", IMAGES),
        55..75 => ("application", APPLICATIONS),
        75..85 => ("text", TEXTS),
        85..93 => ("video", VIDEOS),
        _ => ("audio", AUDIOS),
    }
}

/// Uploads come about in the order of their numbers; one in five is rounded to the hour, so that
/// equal times happen.
fn draw_time(random: &mut Rng, number: usize) -> i64 {
    let number = i64::try_from(number).unwrap_or(i64::MAX / (2 * STEP));
    let time = BEGIN + number * STEP + random.i64(-6 * HOUR..6 * HOUR);
    if random.f64() < 0.2 { time - time.rem_euclid(HOUR) } else { time }
}

fn identify(random: &mut Rng, media: &str) -> Document {
    let format = media.trim_start_matches("image/");
    let size =
        Document::new().with("width", random.i32(16..4_000)).with("height", random.i32(16..3_000));
    Document::new().with("format", format).with("size", size)
}

/// One image in fifty is the thumbnail of another, one file in a hundred is hidden.
fn finish(random: &mut Rng, mut record: Document, group: &str) -> Document {
    if group == "image" && random.u8(0..50) == 0 {
        record.push("typeGroup", "thumb");
        record.push("originalFileId", crate::identifier(random));
    } else {
        record.push("typeGroup", group);
    }
    if random.u8(0..100) == 0 {
        record.push("_hidden", true);
    }
    record
}
