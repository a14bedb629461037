//! Walks the tutorial against a local stand-in for Adobe IMS

fn main() {}
