//! HTTP/1.1 by hand, as far as an attacker needs it: half a request, or a whole one and no reading.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::server::{TOKEN, World};

/// How long an attacker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(50);

/// A text as a part of a query string.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'(' | b')' | b'*' | b'?' | b':' | b',' | b'.' | b'-' | b'_' => {
                out.push(char::from(byte))
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The parameters of a listing of the room.
pub(super) fn parameters(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect()
}

/// The head of a request for a page of the room.
pub(super) fn head(world: &World, caller: &str, parameters: &str) -> String {
    format!(
        "GET /api/v1/groups.files?roomId={}{parameters} HTTP/1.1\r\nHost: h\r\n\
         X-User-Id: {caller}\r\nX-Auth-Token: {TOKEN}\r\n\r\n",
        world.room
    )
}

/// A connection over which that was sent; none if the server takes no more.
pub(super) fn sent(address: &str, text: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(text.as_bytes()).ok()?;
    Some(stream)
}

/// The status and the body of the answer; 0 if there is none.
pub(super) fn answer(stream: &mut TcpStream) -> (u16, String) {
    let (mut text, mut part) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        if let Some(answer) = whole(&text) {
            return answer;
        }
        match stream.read(&mut part) {
            Ok(read) if read > 0 => text.extend_from_slice(part.get(..read).unwrap_or_default()),
            _ => return (0, String::new()),
        }
    }
}

/// The answer, if it is there to its end.
fn whole(text: &[u8]) -> Option<(u16, String)> {
    let end = text.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(text.get(..end)?).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let body = text.get(end + 4..end + 4 + length)?;
    Some((status, String::from_utf8_lossy(body).into_owned()))
}
