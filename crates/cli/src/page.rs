//! The page over an index, with the invitations to it that the program prints.
//!
//! What the page shows is [`filedex_browse`]'s; this file knows neither sockets nor stores.

use std::io::{self, Write};
use std::net::SocketAddr;

use filedex::{Admission, Filedex};
use filedex_browse::Browser;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A page, and the tokens that take the place of used ones.
pub(crate) struct Page {
    browser: Browser,
    tokens: UnboundedReceiver<String>,
}

impl Page {
    /// A page over that index, which takes its turn in the places of `gate`.
    pub(crate) fn new(index: Filedex, gate: Admission, label: &str) -> Page {
        let (tell, tokens) = unbounded_channel();
        let browser = Browser::new(index, gate, label, move |token| {
            // Whoever does not listen any more is about to stop.
            let _ = tell.send(token.to_owned());
        });
        Page { browser, tokens }
    }

    /// The views under their addresses.
    pub(crate) fn router(&self) -> axum::Router {
        self.browser.router()
    }

    /// Prints the address that lets the first browser in, and gives it.
    pub(crate) fn invite(&self, address: SocketAddr, out: &mut dyn Write) -> io::Result<String> {
        let invitation = invitation(address, &self.browser.token());
        writeln!(out, "browse at {invitation}")?;
        out.flush()?;
        Ok(invitation)
    }

    /// Waits until a token was used, and prints the next address. Never ends otherwise.
    pub(crate) async fn invite_others(
        &mut self,
        address: SocketAddr,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(token) = self.tokens.recv().await else { return std::future::pending().await };
        writeln!(out, "for another browser: {}", invitation(address, &token))?;
        out.flush()
    }
}

/// The address that lets one browser in.
fn invitation(address: SocketAddr, token: &str) -> String {
    format!("http://{address}/?token={token}")
}
