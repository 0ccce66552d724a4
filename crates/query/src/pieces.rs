//! Long texts, piece by piece: between two of them an account is asked, so that nothing that is done letter by
//! letter goes on for long once it is told to stop.
//!
//! This file knows texts, nothing of what is done with them.

/// Bytes of a piece, at most: read letter by letter that takes a tenth of a millisecond.
pub(crate) const PIECE: usize = 32 << 10;

/// The text in order in pieces, none of which is empty or ends within a letter; from either end.
pub(crate) fn pieces(text: &str) -> Pieces<'_> {
    Pieces(text)
}

/// What is left of a text that is taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<'t>(&'t str);

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    #[inline]
    fn next(&mut self) -> Option<&'t str> {
        let mut end = PIECE.min(self.0.len());
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        (!piece.is_empty()).then_some(piece)
    }
}

impl<'t> DoubleEndedIterator for Pieces<'t> {
    fn next_back(&mut self) -> Option<&'t str> {
        let mut start = self.0.len().saturating_sub(PIECE);
        while !self.0.is_char_boundary(start) {
            start += 1;
        }
        let (rest, piece) = self.0.split_at_checked(start)?;
        self.0 = rest;
        (!piece.is_empty()).then_some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_text_and_none_is_long_or_ends_within_a_letter() {
        for letter in ["", "a", "é", "€", "𝄞", "a€"] {
            let text = letter.repeat(3 * PIECE / letter.len().max(1) + 5);
            assert_eq!(pieces(&text).collect::<String>(), text);
            let backwards: Vec<&str> = pieces(&text).rev().collect();
            assert_eq!(backwards.into_iter().rev().collect::<String>(), text);
            assert!(pieces(&text).chain(pieces(&text).rev()).all(|piece| piece.len() <= PIECE));
        }
        let (front, back) = (pieces("ab").next(), pieces("ab").next_back());
        assert_eq!((front, back, pieces("").next()), (Some("ab"), Some("ab"), None));
    }
}
