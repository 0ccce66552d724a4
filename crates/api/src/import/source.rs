//! The bytes of a file as readers want them: unpacked, in UTF-8, with the beginning looked at.
//!
//! This file knows packings and encodings, no format.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use encoding_rs::{Decoder, Encoding};
use flate2::bufread::MultiGzDecoder;

/// A file with its beginning held, so that it can be looked at before it is read.
pub(super) struct Source<'a> {
    /// The first bytes, at most [`HEAD_BYTES`]: all of a shorter file.
    pub(super) head: Vec<u8>,
    rest: Box<dyn Read + 'a>,
}

/// How much of a file tells what it is.
pub(super) const HEAD_BYTES: usize = 64 << 10;

const GZIP: &[u8] = b"\x1f\x8b";

/// A file packed more often than this is nobody's export.
const PACKINGS: usize = 3;

impl<'a> Source<'a> {
    /// Reads the beginning, takes gzip off, and makes UTF-16 and byte order marks go.
    pub(super) fn open(input: impl Read + 'a) -> io::Result<Source<'a>> {
        let mut source = Source::of(Box::new(input))?;
        for _ in 0..PACKINGS {
            if !source.head.starts_with(GZIP) {
                break;
            }
            source = Source::of(Box::new(MultiGzDecoder::new(source.into_reader())))?;
        }
        match encoding(&source.head) {
            Some(encoding) => Source::of(Box::new(Decoded::new(source.into_reader(), encoding))),
            None => Ok(source),
        }
    }

    fn of(mut input: Box<dyn Read + 'a>) -> io::Result<Source<'a>> {
        let mut head = Vec::new();
        match input.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head) {
            Err(error) if head.is_empty() => Err(error),
            // What came before is worth reading; the fault is told where it is reached.
            Err(error) => Ok(Source { head, rest: Box::new(Failing(Some(error))) }),
            Ok(_) => Ok(Source { head, rest: input }),
        }
    }

    /// Everything, from the beginning.
    pub(super) fn into_reader(self) -> Box<dyn BufRead + 'a> {
        Box::new(BufReader::with_capacity(HEAD_BYTES, Cursor::new(self.head).chain(self.rest)))
    }
}

/// What the text is in, if it is not plain UTF-8: its byte order mark tells, or every second byte.
fn encoding(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    match head {
        [b'{' | b'[' | b'_' | b'i', 0, next, 0, ..] if *next != 0 => Some(encoding_rs::UTF_16LE),
        [0, b'{' | b'[' | b'_' | b'i', 0, next, ..] if *next != 0 => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// A reader that has failed already.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// A reader of UTF-8 over one of another encoding. What is malformed is read as U+FFFD.
struct Decoded<R> {
    input: R,
    decoder: Decoder,
    ready: Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: BufRead> Decoded<R> {
    fn new(input: R, encoding: &'static Encoding) -> Decoded<R> {
        let decoder = encoding.new_decoder_with_bom_removal();
        Decoded { input, decoder, ready: Cursor::default(), ended: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        let bytes = self.input.fill_buf()?;
        self.ended = bytes.is_empty();
        let mut text = String::new();
        let room = self.decoder.max_utf8_buffer_length(bytes.len());
        text.reserve(room.unwrap_or(bytes.len()));
        let (_, taken, _) = self.decoder.decode_to_string(bytes, &mut text, self.ended);
        self.input.consume(taken);
        self.ready = Cursor::new(text.into_bytes());
        Ok(())
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let taken = self.ready.read(into)?;
            if taken > 0 || into.is_empty() || self.ended {
                return Ok(taken);
            }
            self.fill()?;
        }
    }
}
