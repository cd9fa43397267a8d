//! The `rollcall` program: parses the command line, nothing else.

fn main() {}
