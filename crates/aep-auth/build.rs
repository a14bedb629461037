//! Asks for the link settings that all binaries share.

fn main() {
    link_settings::print();
}
