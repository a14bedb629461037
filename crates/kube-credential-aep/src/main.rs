//! `kube-credential-aep`: an exec credential plugin for kubectl and every client-go program.
//!
//! The protocol: <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>.

#![cfg_attr(all(direct_start, not(test)), no_main)]

mod cli;
mod parent;
mod repeat;
mod request;
mod run;

program_start::main!(aep_core::process::run(|call| run::run(call, parent::mark())));
