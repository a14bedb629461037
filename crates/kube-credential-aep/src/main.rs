//! `kube-credential-aep`: an exec credential plugin for kubectl and every client-go program.
//!
//! The protocol: <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>.

use std::process::ExitCode;

mod cli;
mod parent;
mod repeat;
mod request;
mod run;

fn main() -> ExitCode {
    aep_core::process::run(|call| run::run(call, parent::mark()))
}
