//! Who may look: whoever has the one-time token that the host hands out, and then the cookie got for it.
//!
//! Tokens and cookies are random, of 256 bits, and end with the process.

use data_encoding::BASE64URL_NOPAD;
use parking_lot::Mutex;
use subtle::ConstantTimeEq as _;

/// Browsers at once; the one that came first goes for one more.
const MOST_SESSIONS: usize = 64;

/// The token that may be used next, and who is in.
pub(super) struct Pass(Mutex<State>);

struct State {
    token: String,
    sessions: Vec<String>,
}

impl Pass {
    pub(super) fn new() -> Pass {
        Pass(Mutex::new(State { token: secret(), sessions: Vec::new() }))
    }

    /// The token that may be used next, once.
    pub(super) fn token(&self) -> String {
        self.0.lock().token.clone()
    }

    /// Takes a token and gives what a cookie then holds; another token takes its place.
    pub(super) fn redeem(&self, token: &str) -> Option<String> {
        let mut state = self.0.lock();
        // Where the system has no randomness nobody gets in.
        if state.token.is_empty() || !is_same(&state.token, token) {
            return None;
        }
        state.token = secret();
        let session = secret();
        if session.is_empty() {
            return None;
        }
        if state.sessions.len() >= MOST_SESSIONS {
            state.sessions.remove(0);
        }
        state.sessions.push(session.clone());
        Some(session)
    }

    /// Whether that is what a cookie of somebody who is in holds.
    pub(super) fn admits(&self, session: &str) -> bool {
        let state = self.0.lock();
        state.sessions.iter().fold(false, |found, kept| found | is_same(kept, session))
    }
}

/// A new secret: 43 letters and digits, `-` and `_`. Empty where the system has no randomness.
pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => BASE64URL_NOPAD.encode(&bytes),
        Err(_) => String::new(),
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_once_and_its_cookie_from_then_on() {
        let pass = Pass::new();
        let token = pass.token();
        assert!(token.len() == 43 && !pass.admits(&token));
        assert!(pass.redeem("").is_none() && pass.redeem(&format!("{token}A")).is_none());
        let session = pass.redeem(&token).unwrap();
        assert!(pass.redeem(&token).is_none());
        assert!(pass.admits(&session) && !pass.admits("") && !pass.admits(&pass.token()));
    }

    #[test]
    fn there_are_no_more_sessions_than_a_bound() {
        let pass = Pass::new();
        let first = pass.redeem(&pass.token()).unwrap();
        let last: Vec<String> =
            (0..MOST_SESSIONS).map(|_| pass.redeem(&pass.token()).unwrap()).collect();
        assert!(!pass.admits(&first) && last.iter().all(|session| pass.admits(session)));
    }
}
