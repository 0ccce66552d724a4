//! An embedded index of file metadata.

mod directory;

pub use directory::{
    Answer, Directory, DirectoryError, FileDirectory, MemoryDirectory, Role, Room, RoomKind, Tag,
    TokenHash, User,
};
