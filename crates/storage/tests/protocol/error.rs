//! Errors, of which the model has one kind.

#[derive(Debug)]
pub(crate) struct Error(#[expect(dead_code, reason = "shown when a check fails")] String);

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn damaged(what: impl std::fmt::Display) -> Error {
        Error(what.to_string())
    }
}
