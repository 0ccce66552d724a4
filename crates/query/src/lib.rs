//! MongoDB's find language as a pure library.
