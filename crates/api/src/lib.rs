//! An embedded index of file metadata.
