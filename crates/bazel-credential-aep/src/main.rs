//! Answers Bazel credential helper requests with Experience Platform headers

fn main() {}
