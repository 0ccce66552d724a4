//! Texts as JSON strings, with what JSON must not show as it is escaped.
//!
//! Nearly all texts need no escape, so that is asked first, eight bytes at a time. This file knows no
//! values.

/// Adds the text, in quotes.
pub(super) fn write(text: &str, out: &mut Vec<u8>) {
    match Marks::of(text.as_bytes()).has_escapes() {
        false => write_as_it_is(text.as_bytes(), out),
        true => write_escaped(text, out),
    }
}

/// Adds what stands between the quotes of a text, or of a part of one.
pub(super) fn write_part(text: &str, out: &mut Vec<u8>) {
    if !Marks::of(text.as_bytes()).has_escapes() {
        return out.extend_from_slice(text.as_bytes());
    }
    // The writer's quotes: one stands where the last byte was, which is put back; the other goes.
    let (before, at) = (out.pop(), out.len());
    write_escaped(text, out);
    out.pop();
    match (before, out.get_mut(at)) {
        (Some(before), Some(quote)) => *quote = before,
        _ => drop(out.drain(..1.min(out.len()))),
    }
}

/// Bytes that [`write_part`] adds for the text.
pub(super) fn length(text: &str) -> usize {
    let marks = Marks::of(text.as_bytes());
    let escapes = |byte: &u8| match byte {
        b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    let more = if marks.has_escapes() { text.as_bytes().iter().map(escapes).sum() } else { 0 };
    text.len() + more
}

/// The same for bytes that ought to be UTF-8. Nothing, and nothing is added, if they are not.
#[inline]
pub(super) fn write_bytes(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let marks = Marks::of(text);
    if marks.is_ascii() && !marks.has_escapes() {
        write_as_it_is(text, out);
        return Some(());
    }
    let checked = std::str::from_utf8(text).ok()?;
    match marks.has_escapes() {
        false => write_as_it_is(text, out),
        true => write_escaped(checked, out),
    }
    Some(())
}

#[inline]
fn write_as_it_is(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

fn write_escaped(text: &str, out: &mut Vec<u8>) {
    // A text is always JSON.
    let written = serde_json::to_writer(out, text);
    debug_assert!(written.is_ok());
}

/// What was seen in a text: each mark is the highest bit of some byte.
#[derive(Clone, Copy, Default)]
struct Marks {
    /// Bytes that have to be escaped: controls, quotes and backslashes.
    escapes: u64,
    /// Bytes of letters beyond ASCII.
    wide: u64,
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = 0x80 * EACH;

impl Marks {
    #[inline]
    fn of(text: &[u8]) -> Marks {
        let mut marks = Marks::default();
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            marks.see(u64::from_le_bytes(*word));
        }
        // What is left over is seen together with bytes before it: seeing them twice is no harm.
        match (text.last_chunk::<8>(), rest) {
            (_, []) => {}
            (Some(last), _) => marks.see(u64::from_le_bytes(*last)),
            (None, rest) => marks.see(short(rest)),
        }
        marks
    }

    /// Takes eight bytes. A mark may also stand on bytes above one that is marked rightly.
    #[inline]
    fn see(&mut self, word: u64) {
        let below_a_blank = word.wrapping_sub(0x20 * EACH);
        let quote = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
        let backslash = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
        self.escapes |= (below_a_blank | quote | backslash) & !word & HIGHEST;
        self.wide |= word & HIGHEST;
    }

    fn has_escapes(self) -> bool {
        self.escapes != 0
    }

    fn is_ascii(self) -> bool {
        self.wide == 0
    }
}

/// All of one to seven bytes, some of them more than once, blanks in the other places.
#[inline]
fn short(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    let blanks = u64::from_le_bytes([b' '; 8]);
    text.iter().fold(blanks, |word, byte| word << 8 | u64::from(*byte))
}
