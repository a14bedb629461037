//! Access tokens for Adobe Experience Platform, on the command line

fn main() {}
