//! How many files the process may have open, connections among them.

/// Raises the bound to what the system allows: the usual one of 1,024 is below what a server is asked
/// to hold.
#[cfg(unix)]
pub(super) fn raise() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where that is refused the bound stays, and connections past it are waited with.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

#[cfg(not(unix))]
pub(super) fn raise() {}
