//! What can be typed: the one definition behind `--help`, the completions and the manual page.

use aep_cli::SelectionArguments;
use clap::{Parser, ValueEnum};

/// Print an ExecCredential with an Experience Platform access token
///
/// kubectl and other client-go programs run it, as a kubeconfig says; what they want to know comes in the variable
/// KUBERNETES_EXEC_INFO.
#[derive(Debug, Default, Parser)]
#[command(name = "kube-credential-aep", version = env!("AEP_VERSION"), term_width = aep_cli::HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,

    /// Version to answer in where the caller names none [env: KUBERNETES_EXEC_INFO] [default: v1]
    #[arg(long, value_enum, value_name = "VERSION")]
    pub(crate) api_version: Option<ApiVersion>,
}

/// The versions of `client.authentication.k8s.io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ApiVersion {
    /// client.authentication.k8s.io/v1
    #[default]
    #[value(name = "v1")]
    V1,
    /// client.authentication.k8s.io/v1beta1
    #[value(name = "v1beta1")]
    V1Beta1,
}

const EXAMPLES: &str = "\
Examples:
  kubectl config set-credentials aep --exec-command=kube-credential-aep \\
    --exec-api-version=client.authentication.k8s.io/v1 --exec-interactive-mode=Never
  kube-credential-aep --profile prod | jq .status.expirationTimestamp

Exit codes: those of aep-auth.";
