//! Integers as bincode 2 writes them in its standard configuration: one byte for most.

use bincode::config::Configuration;

const FORM: Configuration = bincode::config::standard();

/// Appends a number.
pub(crate) fn put(out: &mut Vec<u8>, number: u64) {
    match u8::try_from(number) {
        // Below 251 a number is its one byte.
        Ok(byte) if byte < 251 => out.push(byte),
        _ => put_large(out, u128::from(number)),
    }
}

/// Appends a number that may be larger.
pub(crate) fn put_large(out: &mut Vec<u8>, number: u128) {
    // Writing to memory does not fail.
    let _written = bincode::encode_into_std_write(number, out, FORM);
}

/// The number at the start of the bytes, and the bytes behind it. It is read by hand: each entry that is looked
/// at has some.
#[inline]
pub(crate) fn take(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    Some(match first {
        0..251 => (u64::from(*first), rest),
        251 => {
            let (number, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_le_bytes(*number)), rest)
        }
        252 => {
            let (number, rest) = rest.split_first_chunk()?;
            (u64::from(u32::from_le_bytes(*number)), rest)
        }
        253 => {
            let (number, rest) = rest.split_first_chunk()?;
            (u64::from_le_bytes(*number), rest)
        }
        _ => {
            let (number, rest) = take_larger(bytes)?;
            (u64::try_from(number).ok()?, rest)
        }
    })
}

/// The same for a number that may be larger, which hardly any is.
#[inline]
pub(crate) fn take_large(bytes: &[u8]) -> Option<(u128, &[u8])> {
    match *bytes.first()? {
        254.. => take_larger(bytes),
        _ => take(bytes).map(|(number, rest)| (u128::from(number), rest)),
    }
}

#[cold]
fn take_larger(bytes: &[u8]) -> Option<(u128, &[u8])> {
    let (number, read) = bincode::decode_from_slice::<u128, _>(bytes, FORM).ok()?;
    Some((number, bytes.get(read..)?))
}

/// The bytes behind their length, and what follows them.
#[inline]
pub(crate) fn take_sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = take(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// Appends bytes behind their length.
pub(crate) fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The little-endian number of four bytes at that place.
pub(crate) fn fixed(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_know_their_end() {
        for number in [0, 1, 250, 251, 65_535, 65_536, u64::from(u32::MAX) + 1, u64::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            bytes.push(7);
            assert_eq!(take(&bytes), Some((number, &[7][..])));
            assert_eq!(take_large(&bytes), Some((u128::from(number), &[7][..])));
            let length = bytes.len() - 1;
            assert!((0..length).all(|length| take(&bytes[..length]).is_none()));
        }
        let mut bytes = Vec::new();
        put_large(&mut bytes, u128::MAX);
        assert_eq!(take_large(&bytes), Some((u128::MAX, &[][..])));
        assert_eq!(take(&bytes), None);
        assert_eq!(take(&[]), None);
    }
}
