//! A store takes the place of another, in the same directory, whatever kill comes between.
//!
//! ```text
//! uploads.filedex/
//!   rebuilding/         what is needed meanwhile
//!     store/            the new store while it is being made
//!   rebuilt/            the new store, whole: from here on it is the store
//! ```
//!
//! The new store is on the disk before one rename makes it count. Until then whoever opens the directory
//! removes what was begun; from then on, what stood before. Either can be interrupted and done again: the
//! manifest of the new store moves first, so that as long as it has not, nothing has. The directory's marker
//! stays, and the lock on it is held all the while. Nothing here knows what is in a store.

use std::fs;
use std::path::PathBuf;

use super::directory::{self, Directory};
use super::names::{MARKER, Numbered, OPENED, REBUILDING, REBUILT, TREE};
use crate::error::{Error, Result};

/// Makes the directory in which a store is rebuilt; it is removed in the end. Gives where the new store is
/// to be made.
pub(crate) fn prepare(home: &Directory) -> Result<PathBuf> {
    home.remove_directory(REBUILDING)?;
    let site = home.at(REBUILDING);
    directory::make(&site)?;
    Ok(site.join("store"))
}

/// Puts the new store, which is whole and which nobody has open, in the place of the old one, which
/// nobody has open either.
pub(crate) fn commit(home: &Directory) -> Result<()> {
    let (from, to) = (home.at(REBUILDING).join("store"), home.at(REBUILT));
    directory::sync(&from)?;
    fs::rename(&from, &to).map_err(|error| Error::io("move", &from, error))?;
    home.sync()?;
    settle(home).map(drop)
}

/// Ends what was interrupted: a store that was being made is removed, one that was whole takes its
/// place. Tells what there was to end.
pub(crate) fn settle(home: &Directory) -> Result<Option<&'static str>> {
    let told = if home.at(REBUILT).exists() {
        Some("put a rebuilt store, which was whole, in its place")
    } else if home.at(REBUILDING).exists() {
        Some("removed what an interrupted repair had begun")
    } else {
        return Ok(None);
    };
    // What is seen of a rename need not be on the disk, and what follows counts on it.
    home.sync()?;
    home.remove_directory(REBUILDING)?;
    if home.at(REBUILT).exists() {
        take_place(home, &Directory::open(&home.at(REBUILT))?)?;
    }
    Ok(told)
}

fn take_place(home: &Directory, new: &Directory) -> Result<()> {
    if !new.numbers(Numbered::Manifest)?.is_empty() {
        remove_old(home)?;
        // Sorted, so that the manifest moves first of all.
        let mut names = new.names()?;
        names.sort_by_key(|name| Numbered::Manifest.number(name).is_none());
        move_all(home, new, &names)?;
    } else {
        move_all(home, new, &new.names()?)?;
    }
    home.sync()?;
    home.remove_directory(REBUILT)?;
    home.sync()
}

fn move_all(home: &Directory, new: &Directory, names: &[String]) -> Result<()> {
    for name in names.iter().filter(|name| *name != MARKER) {
        let from = new.at(name);
        fs::rename(&from, home.at(name)).map_err(|error| Error::io("move", &from, error))?;
        if Numbered::Manifest.number(name).is_some() {
            home.sync()?;
        }
    }
    Ok(())
}

/// Removes the store that the new one stands for. No file of the new one has been moved yet.
fn remove_old(home: &Directory) -> Result<()> {
    let of_a_store = [Numbered::Log, Numbered::Blocks, Numbered::Columns, Numbered::Manifest];
    for name in home.names()? {
        if of_a_store.iter().any(|kind| kind.number(&name).is_some()) || name == OPENED {
            home.remove(&name)?;
        }
    }
    home.remove_directory(TREE)?;
    home.sync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_old_store_nothing_is_left_that_the_new_one_could_take_for_its_own() {
        let site = tempfile::tempdir().unwrap();
        let home = Directory::open(site.path()).unwrap();
        let kinds = [Numbered::Log, Numbered::Blocks, Numbered::Columns, Numbered::Manifest];
        for kind in kinds {
            fs::write(home.at(&kind.name(1)), b"old").unwrap();
            fs::write(home.at(&kind.name(2)), b"old").unwrap();
        }
        fs::write(home.at(MARKER), b"marker").unwrap();
        let new = prepare(&home).unwrap();
        fs::create_dir(&new).unwrap();
        for kind in [Numbered::Log, Numbered::Blocks, Numbered::Manifest] {
            fs::write(new.join(kind.name(1)), b"new").unwrap();
        }
        commit(&home).unwrap();
        let mut names = home.names().unwrap();
        names.sort_unstable();
        assert_eq!(names, ["blocks.1", MARKER, "log.1", "manifest.1"]);
        assert_eq!(home.read("blocks.1").unwrap().unwrap(), b"new");
    }
}
