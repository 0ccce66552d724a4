//! A bot that sits in a room: it greets each upload, says what the room holds by now, and goes on where it was
//! when it is started again.
//!
//! `cargo run --example bot`

use std::time::Duration;

use filedex::{Date, File, Filedex, News, Scope, What};

fn main() -> Result<(), filedex::Error> {
    let index = Filedex::temporary()?;
    let mut changes = index.watch(Scope::everything().room("GENERAL"))?;
    std::thread::scope(|scope| {
        let people = scope.spawn(|| upload(&index));
        let greeted = greet(&index, &mut changes, 3)?;
        people.join().unwrap_or(Ok(()))?;
        println!("greeted {greeted} uploads, up to write {}", changes.number());
        assert_eq!(greeted, 3);
        Ok(())
    })
}

/// What people do meanwhile.
fn upload(index: &Filedex) -> Result<(), filedex::Error> {
    for (id, name, size) in
        [("a", "logo.png", 78_441), ("b", "cat.png", 9_778), ("c", "notes.txt", 312)]
    {
        let group = if name.ends_with(".png") { "image" } else { "text" };
        let file = File::new(id)?.with_room("GENERAL").with_name(name).with_size(size);
        index.put(&file.with_type_group(group).with_uploaded_at(Date(size)))?;
    }
    Ok(())
}

/// Greets so many uploads.
fn greet(
    index: &Filedex,
    changes: &mut filedex::Changes,
    uploads: usize,
) -> Result<usize, filedex::Error> {
    let mut greeted = 0;
    while greeted < uploads {
        match changes.wait(Duration::from_secs(10))? {
            Some(News::Commit(commit)) => {
                for change in commit.changes.iter().filter(|change| change.what == What::Added) {
                    let Some(file) = index.get(&change.id)? else { continue };
                    let room = index.room("GENERAL");
                    let (bytes, groups) = (room.sum("size")?, room.counts_by("typeGroup")?);
                    println!(
                        "{} came: {bytes:?} bytes by now, {groups:?}",
                        file.name().unwrap_or("?")
                    );
                    greeted += 1;
                }
            }
            // Some went by unseen: what is there says it all.
            Some(News::Lagged(_)) => {
                greeted = usize::try_from(index.room("GENERAL").total()?).unwrap_or(uploads)
            }
            _ => break,
        }
    }
    Ok(greeted)
}
