#!/usr/bin/env bash
# Builds the wheel from the programs that are built already, installs it into a fresh environment and tests it there:
# python/check.sh [FOLDER OF THE PROGRAMS]. Without a folder it builds them for debugging, into target/debug.
set -euo pipefail
cd "$(dirname "$0")/.."

# What a person's machine may set must not decide here.
unset "${!AEP_@}" "${!IMS_@}" PYTHONPATH

programs=${1:-}
if [ -z "$programs" ]; then
  cargo build --quiet --locked --package aep-auth --package aep-postman --package aep-prompt \
    --package bazel-credential-aep --package git-credential-aep --package ims-emulator --package kube-credential-aep
  programs=target/debug
fi

# The libraries are kept while what is asked for is the same; the wheel is always new.
work=target/python
wanted=$(python3 --version; sed -n '/^\[dependency-groups\]/,/^$/p' python/pyproject.toml)
if [ "$(cat "$work/wanted" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$work"
  for group in test lint; do
    python3 -m venv "$work/$group"
    "$work/$group/bin/pip" install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
    (cd python && "../$work/$group/bin/pip" install --quiet --disable-pip-version-check --group "$group")
  done
  printf '%s\n' "$wanted" > "$work/wanted"
fi

(
  cd python
  "../$work/lint/bin/ruff" check --quiet .
  "../$work/lint/bin/ruff" format --quiet --check .
  "../$work/lint/bin/mypy" --no-error-summary
  # mypy knows the types of 3.9; this knows the rest of it.
  "../$work/lint/bin/vermin" --quiet --no-tips --target=3.9- --violations src
)

rm -rf "$work/wheel"
case $(uname -s) in
  Linux) tag=linux_$(uname -m) ;;
  # For this machine alone: the tag that its own interpreter puts first.
  *) tag=$("$work/test/bin/python" -c 'import sysconfig; print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))') ;;
esac
wheel=$(cargo run --quiet --locked --package xtask -- wheel --programs "$programs" --tag "$tag" --out "$work/wheel")
"$work/test/bin/pip" install --quiet --disable-pip-version-check --no-index --force-reinstall "$wheel"
"$work/test/bin/pytest" --quiet python
