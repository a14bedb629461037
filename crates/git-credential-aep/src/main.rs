//! Answers git credential requests with an Experience Platform access token

fn main() {}
