//! Choices drawn from bytes, so that a property test and a fuzzer drive the same generators.

/// Bytes that choices are drawn from; past their end every choice is the first one.
pub struct Choices<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Choices<'b> {
        Choices { bytes, at: 0 }
    }

    pub fn is_spent(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// A number below that one.
    pub fn below(&mut self, most: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % most.max(1)
    }

    /// Whether something happens that does so once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 1
    }

    pub fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        let at = self.below(choices.len());
        choices[at].clone()
    }
}
