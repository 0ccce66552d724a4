//! An administrator's chores: a quota that holds, a user who leaves, files that expire, a room that goes, what
//! is where, and a backup while the server runs.
//!
//! `cargo run --example admin`

use filedex::{Change, Date, File, Filedex, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let index = Filedex::temporary()?;
    for number in 0..3_000 {
        let room = if number % 3 == 0 { "random" } else { "GENERAL" };
        let file = File::new(format!("f{number}"))?.with_room(room).with_size(1_000);
        let file = file.with_user(if number % 2 == 0 { "ada" } else { "bob" });
        let file = file.with_type_group("image").with_uploaded_at(Date(number));
        index.put(&if number < 100 { file.with_deletes_at(Date(number)) } else { file })?;
    }

    println!("ada uses {:?} bytes", index.user("ada").sum("size")?);
    assert!(!upload(&index, &File::new("x")?.with_user("ada").with_size(9_000_000), 9_000_000)?);

    println!("{} files expired", index.expire("deletesAt", Date(99))?);

    // A moderator deletes a file but keeps the history; bob's files become ada's; a room goes.
    index.update_with("f500", r#"{"$set": {"_hidden": true}}"#)?;
    let moved = index.user("bob").update_all(r#"{"$set": {"userId": "ada"}}"#)?;
    println!("{} files of bob's are ada's", moved.changed);
    let removed =
        index.room("random").remove_all_with(&mut |sweep| println!("  {} gone", sweep.changed))?;
    println!("the room had {removed} files");

    // One change counts where there is nothing yet.
    index.update_with("counter", Change::new(r#"{"$inc": {"runs": 1}}"#).upsert())?;

    // Reports of one state, whoever writes meanwhile.
    let state = index.snapshot()?;
    println!("{:?} by room", state.all().counts_by("rid")?);
    println!("users {:?}", state.all().distinct("userId")?);

    let site = std::env::temp_dir().join(format!("filedex-admin-{}.jsonl", std::process::id()));
    let backup = index.backup(&site, &mut |_, _| ())?;
    println!("{} records in {}", backup.records, site.display());
    std::fs::remove_file(site)?;
    Ok(())
}

/// Puts a file in, unless its user would have more than the quota: nobody uploads in between.
fn upload(index: &Filedex, file: &File, quota: i32) -> Result<bool, filedex::Error> {
    index.write(|batch| {
        batch.put(file)?;
        let used = batch.user(file.user().unwrap_or_default())?.sum("size")?;
        let fits = matches!(used, Value::Int(used) if used <= quota);
        if !fits {
            batch.remove(file.id())?;
        }
        Ok(fits)
    })
}
