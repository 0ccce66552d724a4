//! What passes at the admin socket: frames of a kind, a length and that many bytes.
//!
//! This file knows no command.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Bytes of a frame at most.
const MOST: u32 = 1 << 20;

/// Bytes of a file that go into one frame.
pub(super) const PART: usize = 64 << 10;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To the server, first: an [`Ask`].
    Ask,
    /// To the server: a part of the file that the command reads, empty at its end.
    Input,
    /// To the client: standard output.
    Out,
    /// To the client: standard error.
    Err,
    /// To the client: a [`Step`].
    Step,
    /// To the client, last: the exit status.
    End,
}

const KINDS: [(u8, Kind); 6] = [
    (b'A', Kind::Ask),
    (b'I', Kind::Input),
    (b'O', Kind::Out),
    (b'E', Kind::Err),
    (b'S', Kind::Step),
    (b'Z', Kind::End),
];

/// A command.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Ask {
    pub(super) arguments: Vec<String>,
    /// Where it was given.
    pub(super) directory: String,
    /// Columns of the terminal that shows its output.
    pub(super) columns: Option<u16>,
}

/// How far it has come; of nothing once it is done.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Step {
    pub(super) what: String,
    pub(super) done: u64,
    pub(super) all: Option<u64>,
}

/// Writes one frame.
pub(super) fn write(to: &mut impl Write, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let letter = KINDS.iter().find(|(_, known)| *known == kind).map_or(0, |(letter, _)| *letter);
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = Vec::with_capacity(bytes.len() + 5);
    frame.push(letter);
    frame.extend_from_slice(&length);
    frame.extend_from_slice(bytes);
    to.write_all(&frame)
}

/// Reads one frame; `None` where there is no more.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut letter = [0];
    if from.read(&mut letter)? == 0 {
        return Ok(None);
    }
    let [letter] = letter;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "not what a Filedex says");
    let (_, kind) = KINDS.iter().find(|(known, _)| *known == letter).ok_or_else(broken)?;
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MOST {
        return Err(broken());
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok(Some((*kind, bytes)))
}

/// Standard output or standard error of a command, as frames.
pub(super) struct Framed<W> {
    pub(super) to: W,
    pub(super) kind: Kind,
}

impl<W: Write> Write for Framed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = bytes.get(..PART.min(bytes.len())).unwrap_or(bytes);
        write(&mut self.to, self.kind, part)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_out_as_it_went_in_and_nothing_else_is_taken_for_one() {
        let mut bytes = Vec::new();
        for (_, kind) in KINDS {
            write(&mut bytes, kind, b"text").unwrap();
        }
        let mut from = bytes.as_slice();
        for (_, kind) in KINDS {
            assert_eq!(read(&mut from).unwrap(), Some((kind, b"text".to_vec())));
        }
        assert_eq!(read(&mut from).unwrap(), None);
        for wrong in [&b"GET / HTTP/1.1\r\n"[..], b"O\xff\xff\xff\xff", b"O\0\0\0\x05abc"] {
            assert!(read(&mut &*wrong).is_err());
        }
    }

    #[test]
    fn long_output_comes_in_parts() {
        let mut bytes = Vec::new();
        Framed { to: &mut bytes, kind: Kind::Out }.write_all(&vec![7; PART + 1]).unwrap();
        let mut from = bytes.as_slice();
        let lengths: Vec<usize> =
            std::iter::from_fn(|| read(&mut from).unwrap()).map(|(_, part)| part.len()).collect();
        assert_eq!(lengths, [PART, 1]);
    }
}
