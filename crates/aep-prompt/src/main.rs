//! The program; see the library beside it.

#![cfg_attr(all(direct_start, not(test)), no_main)]

program_start::main!(aep_cli::main_silently(aep_prompt::run), 0);
