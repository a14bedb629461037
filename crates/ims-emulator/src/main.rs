//! A strict local stand-in for Adobe IMS and the platform gateway

fn main() {}
