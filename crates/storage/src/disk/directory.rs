//! A directory, opened once: its files are made, removed and listed through it.
//!
//! It knows names, not what is in the files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::names::Numbered;
use crate::error::{Error, ErrorKind, Result};

/// An opened directory.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    file: File,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Directory> {
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        Ok(Directory { path: path.to_owned(), file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the file of that name.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether the path still leads to this directory.
    pub(crate) fn check(&self) -> Result<()> {
        let is_here = match (fs::metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(here)) => is_same(&there, &here),
            _ => false,
        };
        if is_here {
            return Ok(());
        }
        let message = format!(
            "{} was moved or replaced while it was open; close every handle and open the store where it \
             is now",
            self.path.display()
        );
        Err(Error::new(ErrorKind::Io, message))
    }

    /// Makes a file that is not there yet, to be written from its start and read.
    pub(crate) fn create(&self, name: &str) -> Result<File> {
        self.check()?;
        let path = self.at(name);
        let file = private().read(true).append(true).create_new(true).open(&path);
        file.map_err(|error| Error::io("create", &path, error))
    }

    /// Makes a file of these bytes, on the disk when this returns but for its name. Nothing is left of one
    /// that could not be made.
    pub(crate) fn create_with(&self, name: &str, bytes: &[u8]) -> Result<File> {
        let mut file = self.create(name)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        match written {
            Ok(()) => Ok(file),
            Err(error) => {
                let _half_a_file = self.remove(name);
                Err(Error::io("write", &self.at(name), error))
            }
        }
    }

    /// Puts these bytes of a file, as they are read, on the disk. They are written once more: a process may
    /// have ended before it synced them, and those that a sync failed on the system takes for clean.
    pub(crate) fn settle(&self, name: &str, bytes: Range<u64>) -> Result<()> {
        self.check()?;
        let path = self.at(name);
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let settled = file.and_then(|file| write_again(file, bytes));
        settled.map_err(|error| Error::io("write", &path, error))
    }

    /// Opens a file that is there, to be read and appended to.
    pub(crate) fn file(&self, name: &str) -> Result<File> {
        let path = self.at(name);
        let file = OpenOptions::new().read(true).append(true).open(&path);
        file.map_err(|error| Error::io("open", &path, error))
    }

    /// What is in a file; `None` where there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.at(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path, error)),
        }
    }

    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        self.check()?;
        let path = self.at(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Removes a directory in this one, with all that is in it, if it is there.
    pub(crate) fn remove_directory(&self, name: &str) -> Result<()> {
        self.check()?;
        let path = self.at(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Hands the names in it to the disk.
    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| Error::io("sync", &self.path, error))
    }

    /// The names in it.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let failed = |error| Error::io("read", &self.path, error);
        let entries = fs::read_dir(&self.path).map_err(failed)?;
        let names = entries
            .map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    /// The numbers of the files of that kind, least first.
    pub(crate) fn numbers(&self, kind: Numbered) -> Result<Vec<u64>> {
        let names = self.names()?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| kind.number(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Bytes of all files in it.
    pub(crate) fn bytes(&self) -> Result<u64> {
        bytes_in(&self.path).map_err(|error| Error::io("read", &self.path, error))
    }
}

/// Bytes that are written again at once.
const AT_ONCE: u64 = 64 << 10;

fn write_again(mut file: File, bytes: Range<u64>) -> io::Result<()> {
    let (mut at, mut piece) = (bytes.start, Vec::new());
    while at < bytes.end {
        piece.resize(AT_ONCE.min(bytes.end - at) as usize, 0);
        read_at(&file, &mut piece, at)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&piece)?;
        at += piece.len() as u64;
    }
    file.sync_all()
}

/// Makes a directory with all it lies in, each with its name on the disk.
pub(crate) fn make(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = parent_of(path);
    make(parent)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("create", path, error))
        }
        _ => sync(parent),
    }
}

/// Hands the name of a directory to the disk, and those of the directories that it lies in. One that may not be read is
/// taken for somebody else's work.
pub(crate) fn sync_above(path: &Path) -> Result<()> {
    let parent = parent_of(path);
    match Directory::open(parent) {
        Ok(parent) => parent.sync()?,
        Err(error) if is_denied(&error) => {}
        Err(error) => return Err(error),
    }
    parent.ancestors().skip(1).filter(|above| above.is_dir()).for_each(|above| {
        let _most_likely_there_for_long = sync(above);
    });
    Ok(())
}

fn is_denied(error: &Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Hands the names in a directory to the disk.
pub(crate) fn sync(path: &Path) -> Result<()> {
    Directory::open(path)?.sync()
}

/// The directory that a path lies in.
pub(crate) fn parent_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Lets nobody but its owner into a directory.
pub(crate) fn make_private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let owner = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, owner).map_err(|error| Error::io("write", path, error))?;
    }
    Ok(())
}

/// Opens files that nobody but their owner reads.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        one.is_dir() && other.is_dir()
    }
}

fn bytes_in(path: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(path)?.flatten() {
        // What is gone by now takes no space.
        let Ok(metadata) = entry.metadata() else { continue };
        let inside = || match bytes_in(&entry.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            inside => inside,
        };
        bytes += if metadata.is_dir() { inside()? } else { metadata.len() };
    }
    Ok(bytes)
}

/// Fills the buffer from that offset of a file on.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
    }
    #[cfg(windows)]
    {
        let (mut rest, mut at) = (buffer, offset);
        while !rest.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(file, rest, at)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => (rest, at) = (rest.split_at_mut(read).1, at + read as u64),
            }
        }
        Ok(())
    }
}
