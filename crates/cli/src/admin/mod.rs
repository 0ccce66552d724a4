//! The admin socket: a Unix socket at which a server runs commands for whoever may open it, on the store that
//! it has open.
//!
//! Gives out: [`client`] (a command sent to the server), [`server`] (commands run for others). Who may open the
//! socket, its owner alone, may do all that the server's user may do to the store.

pub(crate) mod client;
#[cfg(unix)]
mod frame;
#[cfg(unix)]
pub(crate) mod server;
