//! What a trial is held over: the engine, the seed of everything random, and where what broke is kept.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::engine::Kind;
use crate::files;

#[derive(Args, Debug)]
pub(crate) struct Subject {
    #[arg(long, value_enum, default_value = "filedex")]
    pub(crate) engine: Kind,
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A directory to which stores that broke a promise are copied.
    #[arg(long)]
    pub(crate) keep: Option<PathBuf>,
}

impl Subject {
    /// Copies a store aside, if that is asked for, and says where.
    pub(crate) fn keep(&self, store: &Path, round: u64) -> String {
        let Some(to) = &self.keep else { return String::new() };
        let to = to.join(round.to_string());
        match files::copy(store, &to) {
            Ok(()) => format!(" (kept as {})", to.display()),
            Err(error) => format!(" (not kept: {error})"),
        }
    }
}
