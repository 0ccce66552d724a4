//! An importer: takes exports of other servers as they are found, says of each record that is none where it
//! stands and why, and shows what came in.
//!
//! `mongoexport --collection=rocketchat_uploads | cargo run --example importer -- -`, or with names of files;
//! without any it takes a few records of its own.

use std::io::{self, Read};

use filedex::{Filedex, ImportOptions};

const OWN: &str = r#"{"_id": "a", "rid": "GENERAL", "name": "logo.png", "size": 78441, "typeGroup": "image"}
{"_id": "b", "rid": "GENERAL", "name": "cat.png", "size": "large", "typeGroup": "image"}
{"_id": "c", "rid": "random", "name": "notes.txt", "size": 312, "uploadedAt": {"$date": "2024-05-06T07:08:09Z"}}
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let index = Filedex::temporary()?;
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        import(&index, "own", OWN.as_bytes())?;
        assert_eq!(index.all().total()?, 2);
    }
    for name in names {
        match name.as_str() {
            "-" => import(&index, "standard input", io::stdin().lock())?,
            name => import(&index, name, std::fs::File::open(name)?)?,
        }
    }
    // So that what is asked next is found in block files.
    index.checkpoint()?;
    for (room, files) in index.all().counts_by("rid")? {
        println!("{files} files in {room:?}");
    }
    Ok(())
}

fn import(index: &Filedex, name: &str, file: impl Read) -> Result<(), filedex::Error> {
    let report = index.import(file, &ImportOptions::default())?;
    println!("{name}: {}, {} in, {} not", report.format, report.tally.inserted, report.bad);
    for fault in report.faults {
        println!("  {}: {} {}", fault.place, fault.id.as_deref().unwrap_or("-"), fault.reason);
    }
    Ok(())
}
