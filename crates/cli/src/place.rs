//! Where records are, as the command line names it: a store, a database of MongoDB's, a file.
//!
//! This file opens places; what is done with their records is the commands'.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use filedex::{AsIs, Document, Filedex, OpenOptions, each_document};

use crate::failure::Failure;
use crate::session::Session;

/// A place of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Store(PathBuf),
    /// The address of servers and of a database.
    Servers(String),
    /// JSON lines; `-` is standard input.
    File(String),
}

impl Place {
    /// What a word of the command line means: an address, a directory, a file. What is not there yet is a
    /// file if its name ends as one of JSON does, else a store.
    pub(crate) fn of(word: &str) -> Place {
        let path = Path::new(word);
        let ends_as_json =
            path.extension().is_some_and(|end| end == "jsonl" || end == "json" || end == "ndjson");
        if word.starts_with("mongodb://") || word.starts_with("mongodb+srv://") {
            Place::Servers(word.to_owned())
        } else if word == "-" || path.is_file() || (!path.is_dir() && ends_as_json) {
            Place::File(word.to_owned())
        } else {
            Place::Store(path.to_owned())
        }
    }

    /// The index there. Records of a file are put into one that goes when it is closed.
    pub(crate) fn open(
        &self,
        collection: Option<&str>,
        access: Access,
        session: &mut Session<'_>,
    ) -> Result<Filedex, Failure> {
        match self {
            Place::Store(path) => {
                Ok(Filedex::options().create(access == Access::Write).open(path)?)
            }
            Place::Servers(address) => servers(address, collection, access, &Filedex::options()),
            Place::File(name) => read(name, session),
        }
    }
}

/// What is done with an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// An index over the servers of that address.
#[cfg(feature = "mongodb")]
pub(crate) fn servers(
    address: &str,
    collection: Option<&str>,
    access: Access,
    asked: &OpenOptions,
) -> Result<Filedex, Failure> {
    let mut options = filedex_mongo::MongoOptions::new(address);
    if let Some(collection) = collection {
        options = options.collection(collection);
    }
    if access == Access::Read {
        options = options.read_only();
    }
    Ok(asked.over(std::sync::Arc::new(options.connect()?)))
}

/// An index over the servers of that address.
#[cfg(not(feature = "mongodb"))]
pub(crate) fn servers(
    _: &str,
    _: Option<&str>,
    _: Access,
    _: &OpenOptions,
) -> Result<Filedex, Failure> {
    let sentence = "this program was built without MongoDB; build it with the feature `mongodb`";
    Err(Failure::Other(sentence.to_owned()))
}

fn read(name: &str, session: &mut Session<'_>) -> Result<Filedex, Failure> {
    let index = Filedex::temporary()?;
    let (mut batch, mut failure) = (Vec::new(), None);
    each_document(session.read(name)?, &mut |_, found| {
        match found {
            Ok(document) => batch.push(AsIs(document)),
            Err(fault) => failure = Some(Failure::Other(format!("{name}: {fault}"))),
        }
        if batch.len() >= 1000 && failure.is_none() {
            failure = index.put_many(batch.drain(..)).err().map(Into::into);
        }
        failure.is_none()
    })?;
    match failure {
        Some(failure) => Err(failure),
        None => {
            index.put_many(batch)?;
            Ok(index)
        }
    }
}

/// Writes a small file whole or not at all.
pub(crate) fn write_whole(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let told = |error| Failure::at(path.display(), error);
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let mut file = std::fs::File::create(&new).map_err(told)?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(told)?;
    std::fs::rename(&new, path).map_err(told)
}

/// All records behind that id, in the order of ids.
pub(crate) fn by_id(
    index: &Filedex,
    after: Option<&str>,
) -> Result<impl Iterator<Item = Result<Document, Failure>> + use<>, Failure> {
    let mut lookup = index.all().sort(r#"{"_id":1}"#)?;
    if let Some(after) = after {
        let behind = Document::new().with("_id", Document::new().with("$gt", after));
        lookup = lookup.query(&behind)?;
    }
    Ok(lookup.iter()?.map(|record| record.map_err(Failure::from)))
}
