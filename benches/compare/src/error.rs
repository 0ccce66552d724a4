//! One error for whatever a peer, the disk or a child process says.

/// What went wrong, as text for whoever runs the comparison.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
