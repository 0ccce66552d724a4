//! Which part of an answer is wanted.

/// A part of an answer.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
/// use filedex::store::Window;
/// let second_page = Window { offset: 50, count: Some(50) };
/// let everything = Window::all();
/// assert_eq!(everything.count, None);
/// # let _ = second_page;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many records are passed over.
    pub offset: u64,
    /// How many are given at most; `None` for all that are left.
    pub count: Option<u64>,
}

impl Window {
    /// Everything from the first record on.
    pub fn all() -> Window {
        Window { offset: 0, count: None }
    }

    /// How many records an answer has before the end of the window.
    pub(crate) fn end(self) -> Option<usize> {
        let end = self.offset.saturating_add(self.count?);
        Some(usize::try_from(end).unwrap_or(usize::MAX))
    }
}
