//! Asks for the link settings that all binaries share.

fn main() {
    build_settings::print();
}
