//! What is no product: building the programs, their pages, the packages, the quick start and the figures.
//!
//! Each is a command of the binary beside this library; the stories use [`build_programs`].

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "what is no product takes the machine as it is")]

pub mod bench;
pub mod dist;
pub mod pages;
pub mod pictures;
mod programs;
pub mod quickstart;
pub mod wheel;

pub use programs::{build_programs, build_programs_in_sight, program_names, system_variables};
