//! Stories that cross binaries, told with the real tools.
