//! What a file is, seen by how it begins; and of those that hold no records that can be read, the one
//! sentence that says so.
//!
//! This file looks at bytes and lines. What a JSON object without records is, [`super::foreign`] says.

use super::{archive, bson};

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    Bson,
    Archive,
    /// Rows under a line of names, with that byte between their cells.
    Table(u8),
    /// Not at all: what it is, in a sentence.
    Refused(String),
}

impl Kind {
    /// In a few words.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Kind::Json => "JSON",
            Kind::Bson => "BSON (mongodump)",
            Kind::Archive => "a mongodump archive",
            Kind::Table(b'\t') => "rows with tabs between",
            Kind::Table(_) => "CSV",
            Kind::Refused(_) => "no records",
        }
    }

    /// Looks at the first bytes of a file, unpacked.
    pub(super) fn of(head: &[u8]) -> Kind {
        if head.starts_with(archive::BEGINNING) {
            return Kind::Archive;
        }
        if let Some(sentence) = binary(head) {
            return refused(sentence);
        }
        if bson::is_beginning(head) {
            return Kind::Bson;
        }
        if head.iter().take(4096).any(|byte| *byte == 0) {
            return refused(
                "this is a binary file of a kind that nobody here knows, no list of files",
            );
        }
        text(&String::from_utf8_lossy(head))
    }
}

fn refused(sentence: impl Into<String>) -> Kind {
    Kind::Refused(sentence.into())
}

/// Files that programs know by their first bytes.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (
        b"PK\x03\x04",
        "this is a ZIP archive (or an office document); unpack it and import what is in it",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "this is packed with zstd; unpack it first: zstd -dc FILE | filedex import --db DIR -",
    ),
    (
        b"\xfd7zXZ\0",
        "this is packed with xz; unpack it first: xz -dc FILE | filedex import --db DIR -",
    ),
    (
        b"BZh",
        "this is packed with bzip2; unpack it first: bzip2 -dc FILE | filedex import --db DIR -",
    ),
    (b"7z\xbc\xaf", "this is a 7-Zip archive; unpack it and import what is in it"),
    (b"Rar!", "this is a RAR archive; unpack it and import what is in it"),
    (b"\x1f\x8b", "this is packed with gzip more often than anybody does; unpack it first"),
    (
        b"SQLite format 3",
        "this is an SQLite database; print its table of files as CSV or JSON (sqlite3 -json)",
    ),
    (
        b"PGDMP",
        "this is a PostgreSQL dump (pg_dump -Fc); export the table with psql's \\copy .. csv header",
    ),
    (b"PAR1", "this is a Parquet file; convert it to JSON lines or CSV"),
    (b"%PDF", "this is a PDF document, no list of files"),
    (b"\x89PNG", "this is a picture (PNG), no list of files"),
    (b"\xff\xd8\xff", "this is a picture (JPEG), no list of files"),
    (b"GIF8", "this is a picture (GIF), no list of files"),
    (b"\x7fELF", "this is a program, no list of files"),
    (
        b"filedex",
        "this is a file of a store; import reads exports and backups, not the store's own files",
    ),
];

fn binary(head: &[u8]) -> Option<&'static str> {
    if head.get(257..262) == Some(b"ustar") {
        return Some("this is a tar archive; unpack it and import what is in it");
    }
    BEGINNINGS.iter().find(|(bytes, _)| head.starts_with(bytes)).map(|(_, sentence)| *sentence)
}

/// Text, by its first lines.
fn text(head: &str) -> Kind {
    let lines: Vec<&str> =
        head.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let first = lines.first().copied().unwrap_or_default().trim_start();
    let second = lines.get(1).copied().unwrap_or_default();
    if first.is_empty() {
        return Kind::Json;
    }
    if let Some(sentence) = shell(&lines) {
        return refused(sentence);
    }
    if is_json(first) {
        return Kind::Json;
    }
    if second.len() > 2 && second.bytes().all(|byte| b"-+ ".contains(&byte)) {
        return refused(PSQL);
    }
    if lines.iter().any(|line| is_json(line)) {
        return Kind::Json;
    }
    table(first).or_else(|| sentence(first, &lines).map(refused)).unwrap_or_else(|| {
        refused(
            "this is text, no JSON, CSV or BSON: the import reads what mongoexport, mongodump, the servers' \
             replies and Zipline's export are",
        )
    })
}

const PSQL: &str = "this is psql's table for people; print rows only (psql -At -c 'select row_to_json(f) \
                    from \"File\" f') or \\copy .. csv header";

/// Whether the line begins as JSON does: an object's first name or end, a list's first element.
fn is_json(line: &str) -> bool {
    let between = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '\x1e');
    let line = line.trim_start_matches(between);
    let Some(rest) = line.strip_prefix(['{', '[']) else { return false };
    match rest.trim_start().chars().next() {
        None => true,
        Some(letter) => matches!(letter, '"' | '{' | '}' | '[' | ']') || letter.is_ascii_digit(),
    }
}

/// Output of the mongo shell looks like JSON and is none.
fn shell(lines: &[&str]) -> Option<&'static str> {
    let shell = |line: &&str| {
        let value = |call: &str| line.contains(&format!(": {call}("));
        value("ObjectId") || value("ISODate") || value("NumberLong") || value("Long")
    };
    let led = lines.first()?.trim_start();
    let opens = led.starts_with(['{', '[']) || lines.iter().any(|line| line.starts_with('{'));
    (opens && lines.iter().any(shell)).then_some(
        "this is output of the mongo shell (ISODate, ObjectId(..)), not JSON; use mongoexport, or print \
         EJSON.stringify(..)",
    )
}

/// Names that a table of files has: `_id` or `id`, and one of these.
const NAMES: [&str; 14] = [
    "name",
    "size",
    "type",
    "rid",
    "userId",
    "uploadedAt",
    "createdAt",
    "originalName",
    "url",
    "path",
    "mimetype",
    "views",
    "favorite",
    "store",
];

/// A table, by the first of its lines.
fn table(first: &str) -> Option<Kind> {
    for delimiter in ['\t', ',', ';', '|'] {
        let cells: Vec<&str> =
            first.split(delimiter).map(|cell| cell.trim().trim_matches('"')).collect();
        if cells.len() < 2 {
            continue;
        }
        let id = cells.iter().any(|cell| matches!(*cell, "_id" | "id"));
        if id && cells.iter().any(|cell| NAMES.contains(cell)) {
            return u8::try_from(delimiter).ok().map(Kind::Table);
        }
    }
    let cells = |delimiter: char| first.split(delimiter).count();
    if first.contains("\\N") || cells('\t') >= 5 {
        return Some(refused(
            "these are rows of a table without names of columns; export with row_to_json, or with \
             COPY .. (FORMAT csv, HEADER)",
        ));
    }
    let timed = first.starts_with(|letter: char| letter.is_ascii_digit()) && first.contains(' ');
    (cells(',') >= 5 && !timed).then(|| {
        refused(
            "this looks like CSV without a line of field names (_id and the like); export again without \
             --noHeaderLine, or as JSON",
        )
    })
}

/// Other texts that people mistake for a list of files.
fn sentence(first: &str, lines: &[&str]) -> Option<&'static str> {
    let lower = first.to_ascii_lowercase();
    let any = |start: &str| lines.iter().any(|line| line.starts_with(start));
    if lower.starts_with('<') {
        let listing = lines.iter().any(|line| line.contains("<ListBucketResult"));
        return Some(match (listing, lower.starts_with("<?xml")) {
            (true, _) => {
                "this is a listing of an S3 bucket (XML); its entries have no _id, name, room or user"
            }
            (false, true) => "this is XML, not JSON",
            (false, false) => "this is a web page (HTML), not JSON",
        });
    }
    if any("INSERT INTO") || any("CREATE TABLE") || any("COPY ") || lower.contains("database dump")
    {
        return Some(
            "this is a dump in SQL; export the table of files with \\copy .. csv header, or as JSON",
        );
    }
    if is_listing(first, lines) {
        return Some(
            "this is a listing of a directory in text, not JSON; filedex scan DIR indexes the directory itself",
        );
    }
    if first == "---" || (first.ends_with(':') && !first.contains(' ')) {
        return Some("this is YAML, not JSON");
    }
    if first.contains("connected to") || lines.iter().all(|line| line.contains("mongo")) {
        return Some("these are messages of mongoexport without any record");
    }
    None
}

/// `ls -l`, `ls -lR`, `find -ls`: modes, or `total` and a path with a colon.
fn is_listing(first: &str, lines: &[&str]) -> bool {
    let mode = |line: &&str| {
        let field = line.split_whitespace().find(|field| field.len() >= 10).unwrap_or_default();
        field.starts_with(['-', 'd', 'l'])
            && field.bytes().skip(1).take(9).all(|byte| b"rwxsStT-".contains(&byte))
    };
    first.starts_with("total ") || lines.iter().take(20).any(mode)
}
