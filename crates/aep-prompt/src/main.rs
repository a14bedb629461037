//! The state of the cached access token, for a shell prompt

fn main() {}
