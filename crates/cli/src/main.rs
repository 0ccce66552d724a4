//! The program `filedex`.

fn main() {}
