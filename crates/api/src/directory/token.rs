//! Login tokens, as they are kept: hashed, and compared in constant time.
//!
//! This file knows no users; the raw token is never stored, shown or logged.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// SHA-256 over the bytes of a token; as text, standard base64 with padding.
///
/// ```
/// use filedex::TokenHash;
/// let hash = TokenHash::of("RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f");
/// assert_eq!(hash.to_string().len(), 44);
/// assert_eq!(hash.to_string().parse(), Ok(hash));
/// ```
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

/// The text is no base64 of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHash;

impl TokenHash {
    /// The hash of that token.
    pub fn of(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }

    /// A hash that is no token's, for the comparison made where there is none to make.
    pub(super) const NONE: TokenHash = TokenHash([0; 32]);

    /// Whether the two are the same; takes the same time wherever they differ.
    pub(super) fn ct_eq(&self, other: &TokenHash) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &TokenHash) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for TokenHash {}

impl FromStr for TokenHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<TokenHash, NotAHash> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| NotAHash)?;
        bytes.try_into().map(TokenHash).map_err(|_| NotAHash)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

/// Hashes of tokens open doors in some hosts: debug output doesn't show them.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

impl fmt::Display for NotAHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token is kept as the base64 text of its SHA-256, 44 characters")
    }
}

impl std::error::Error for NotAHash {}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TokenHash, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
