//! `filedex scan`: a directory tree into a store, one record a file.
//!
//! This file knows how a scan goes into a store and what is gone since the last one. What a record
//! looks like is [`record`]'s, what is walked [`walk`]'s.

mod record;
mod walk;

use std::path::{Path, PathBuf};

use clap::Args;
use filedex::{Filedex, Tally};

use crate::failure::Failure;
use crate::session::Session;
use walk::{Walk, Walked};

/// Indexes a directory tree: one record for every regular file.
///
/// The room of a file is its directory, its user the owner, `uploadedAt` its modification time. The
/// `_id` comes from the path, so that scanning again updates what changed and removes what is gone.
/// Symbolic links are not followed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  filedex scan --db files.filedex .
  filedex find --db files.filedex --query '{size: {$gt: 1000000}}' --sort '{size: -1}'")]
pub(crate) struct Arguments {
    /// The directory of the store, made if it is not there.
    #[arg(long, value_name = "DIR")]
    db: PathBuf,
    /// The directory to scan.
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let path = &arguments.path;
    let root = path.canonicalize().map_err(|error| Failure::at(path.display(), error))?;
    if !root.is_dir() {
        return Err(Failure::at(path.display(), "not a directory"));
    }
    let index = Filedex::options().create(true).open(&arguments.db)?;
    // A store inside the tree would change with every scan of it.
    let store = arguments.db.canonicalize().unwrap_or_default();

    let progress = &mut session.progress;
    let mut walk = Walk::new(&root, &store, |files| progress.step("files", files, None));
    let tally = index.put_many(walk.by_ref());
    let left = walk.end();
    session.progress.end();
    let Tally { inserted, replaced, unchanged, .. } = tally?;
    left.unreadable.iter().for_each(|(place, why)| session.tell(format_args!("{place}: {why}")));
    let removed = remove_gone(&index, &root, &left)?;
    writeln!(
        session.out,
        "{inserted} inserted, {replaced} replaced, {unchanged} unchanged, {removed} removed; \
         {} symbolic links, {} special files and {} unreadable places left out",
        left.links,
        left.special,
        left.unreadable.len()
    )?;
    index.close()?;
    if left.unreadable.is_empty() { Ok(()) } else { Err(Failure::Incomplete) }
}

/// Removes the records of an earlier scan of this tree whose files were not met again. What lies
/// under an unreadable place may be there still and stays.
fn remove_gone(index: &Filedex, root: &Path, walk: &Walked) -> Result<u64, Failure> {
    let root = record::place(root);
    let scanned = format!(r#"{{"store":"{}"}}"#, record::STORE);
    let mut gone = Vec::new();
    for document in index.all().query(&scanned)?.fields(r#"{"path":1}"#)?.iter()? {
        let document = document?;
        let (Some(id), Some(path)) = (document.get_str("_id"), document.get_str("path")) else {
            continue;
        };
        let unknown = || walk.unreadable.iter().any(|(place, _)| lies_under(path, place));
        if !walk.met.contains(id) && lies_under(path, &root) && !unknown() {
            gone.push(id.to_owned());
        }
    }
    Ok(index.remove_many(gone)?)
}

fn lies_under(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
