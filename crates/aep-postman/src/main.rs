//! Postman environment, script and collection for Experience Platform

fn main() {}
