//! What the server writes to standard error: what went wrong, and where it is asked for each request and slow
//! ones.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, fmt};

use crate::failure::Failure;

#[derive(Args, Debug)]
pub(crate) struct LogOptions {
    /// Write a line to standard error for each request: who asked which endpoint, the status, bytes and time.
    #[arg(long)]
    access_log: bool,
    /// Write a line to standard error, with the whole query, for each request that takes so many milliseconds.
    #[arg(long, value_name = "MILLISECONDS")]
    slow_log: Option<u64>,
    /// The form of those lines.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Text)]
    log_format: Form,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The target of lines about requests.
pub(super) const ACCESS: &str = "filedex::access";

/// The target of lines about slow requests.
pub(super) const SLOW: &str = "filedex::slow";

impl LogOptions {
    /// What is slow enough for a line.
    pub(super) fn slow(&self) -> Option<Duration> {
        self.slow_log.map(Duration::from_millis)
    }

    pub(super) fn shows_access(&self) -> bool {
        self.access_log
    }
}

/// From here on lines are written.
pub(super) fn begin(options: &LogOptions) -> Result<(), Failure> {
    // What libraries have to say is for their authors, but for what goes wrong.
    let targets =
        Targets::new().with_default(LevelFilter::WARN).with_target("filedex", LevelFilter::INFO);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let set = match options.log_format {
        Form::Text => {
            tracing::subscriber::set_global_default(Registry::default().with(targets).with(lines))
        }
        Form::Json => {
            let lines = lines.json().flatten_event(true);
            tracing::subscriber::set_global_default(Registry::default().with(targets).with(lines))
        }
    };
    set.map_err(|error| Failure::at("log", error))
}
