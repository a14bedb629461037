#!/bin/sh
# Builds every program and installs it with its manual pages and completions; `./install.sh --help` tells the rest.
set -eu
cd "$(dirname "$0")"

usage() {
  cat <<'USAGE'
Usage: ./install.sh [--help | --uninstall]

Builds every program and installs it with its manual pages and completions,
below ~/.local. It asks for Rust 1.95 or newer (https://rustup.rs; that of
Debian 12 is too old) and a C compiler.

  --uninstall  remove what was installed, and nothing else; what the programs
               stored is removed by `aep-auth purge`, before that
  --help       show this

Environment:
  PREFIX       install below this folder instead, as /usr/local
  DESTDIR      is put before PREFIX, for packages
USAGE
}

case "${1:-} $#" in
  " 0" | "--uninstall 1") ;;
  "--help 1" | "-h 1") usage; exit 0 ;;
  *) echo "error: unknown arguments: $*; expected --help, --uninstall or nothing" >&2; exit 2 ;;
esac

prefix=${PREFIX:-$HOME/.local}
root=${DESTDIR:-}$prefix
helpers="git-credential-aep kube-credential-aep bazel-credential-aep aep-postman aep-prompt"
programs="aep-auth ims-emulator $helpers"
list=$root/share/aep-auth/installed
progress() { echo "$*" >&2; }

# Removes the files that standard input names, and their folders as far as they are empty, up to the prefix.
remove() {
  while IFS= read -r file; do
    rm -f "$root/$file"
    folder=$(dirname "$file")
    while [ "$folder" != . ] && rmdir "$root/$folder" 2>/dev/null; do folder=$(dirname "$folder"); done
  done
}

if [ "${1:-}" = --uninstall ]; then
  [ -f "$list" ] || { echo "error: nothing is installed below $root" >&2; exit 1; }
  # The last line is the list itself.
  files=$(cat "$list")
  printf '%s\nshare/aep-auth/installed\n' "$files" | grep -vxF . | remove
  ! printf '%s\n' "$files" | grep -qxF . || rmdir "$root" 2>/dev/null || true
  echo "removed from $root"
  left() {
    if [ -e "$2" ]; then
      echo "note: $1 stay in $2; \`aep-auth purge\` removes them, before this; now: rm -r '$2'"
    fi
  }
  configuration=${AEP_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/aep}
  if grep -qs 'keyring *= *true' "$configuration"/profiles/*.toml; then
    clear="secret-tool clear service aep-auth"
    [ "$(uname -s)" != Darwin ] || clear="while security delete-generic-password -s aep-auth; do :; done"
    echo "note: secrets stay in the keyring; \`aep-auth purge\` removes them, before this; now: $clear"
  fi
  left "profiles" "$configuration"
  left "secrets" "${AEP_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/aep}"
  left "tokens" "${AEP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/aep}"
  exit 0
fi

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
cannot_build() {
  echo "error: $1; expected Rust $wanted or newer and a C compiler" >&2
  echo "hint: $2, or a package that is built already: docs/install.md" >&2
  exit 1
}
rustup="rustup brings Rust: https://rustup.rs"
for tool in cargo rustc; do
  command -v "$tool" > /dev/null || cannot_build "$tool is needed to build" "$rustup"
done
found=$(rustc --version | cut -d ' ' -f 2)
minor=${found#*.}
# What rustc is not, or a version with another first number, is for cargo to judge.
case $found in
  1.*) [ "${minor%%.*}" -ge "${wanted#*.}" ] || cannot_build "Rust $found is too old" "$rustup" ;;
esac
command -v cc > /dev/null || cannot_build "cc is needed to build" "a C compiler, as by: sudo apt-get install gcc libc6-dev"

# Others can read what is installed for all, whatever this user's own files are like.
umask 022

target=$(cargo metadata --format-version 1 --no-deps --offline | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
host=$(rustc -vV | sed -n 's/^host: //p')

# aep-auth resolves names, by the C library of this machine. The others resolve none, and carry theirs along: that starts
# faster by a fifth.
progress "1/4 building aep-auth and ims-emulator (some minutes)"
cargo build --release --locked --package aep-auth --package ims-emulator
dynamic=$target/release
packages=
for program in $helpers; do packages="$packages --package $program"; done
progress "2/4 building $helpers"
# Fedora and its kin keep the C library for this in a package of its own.
case $host:$(cc -print-file-name=libc.a) in
  *-linux-gnu:/*)
    # One word for each option.
    # shellcheck disable=SC2086
    RUSTFLAGS="-C target-feature=+crt-static" \
      cargo build --release --locked $packages --target "$host" --target-dir "$target/static"
    static=$target/static/$host/release
    ;;
  *)
    case $host in *-linux-gnu) progress "note: there is no static C library (glibc-static), so these are not static" ;; esac
    # shellcheck disable=SC2086
    cargo build --release --locked $packages
    static=$dynamic
    ;;
esac

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
progress "3/4 writing the manual pages and completions"
cargo run --quiet --locked --package xtask -- pages "$pages"
progress "4/4 installing below $root"
# What this version installs, each with where it is from; and the list of it, with what an older version installed, before
# anything is: an installation that is cut short is removed like any other. A dot is the prefix, where it came with us.
before=$(cat "$list" 2>/dev/null || [ -d "$root" ] || echo .)
{
  for program in $programs; do
    case " $helpers " in *" $program "*) echo "bin/$program	$static/$program" ;; *) echo "bin/$program	$dynamic/$program" ;; esac
  done
  (cd "$pages" && find share -type f) | while IFS= read -r file; do echo "$file	$pages/$file"; done
  find integrations -type f | while IFS= read -r file; do echo "share/aep-auth/$file	$file"; done
} > "$pages/table"
cut -f 1 "$pages/table" > "$pages/new"
mkdir -p "$root/share/aep-auth"
printf '%s\n' "$before" | cat - "$pages/new" | grep . | sort -u > "$pages/all"
cp "$pages/all" "$list"
tab=$(printf '\t')
while IFS=$tab read -r file from; do
  mkdir -p "$root/$(dirname "$file")"
  # By a new file, since a running program cannot be written over.
  new=$root/$(dirname "$file")/.$(basename "$file").new
  cp "$from" "$new"
  if [ -x "$from" ]; then chmod 755 "$new"; else chmod 644 "$new"; fi
  mv -f "$new" "$root/$file"
done < "$pages/table"
# What this version has no more.
grep -vxF -f "$pages/new" "$pages/all" | grep -vxF . | remove
{ grep -xF . "$pages/all" || true; cat "$pages/new"; } > "$list"
echo "installed below $root: $programs"

# Where the shells look by themselves, nothing is left to do.
case :$PATH: in
  *:"$root/bin":*) ;;
  *) echo "note: $root/bin is not on the PATH; in ~/.profile: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
case $prefix in
  /usr | /usr/local) ;;
  *)
    case ${SHELL:-} in
      */zsh) echo "completion: before compinit in ~/.zshrc: fpath=($prefix/share/zsh/site-functions \$fpath)" ;;
      */fish) [ "$prefix" = "$HOME/.local" ] || echo "completion: aep-auth completions fish > ~/.config/fish/completions/aep-auth.fish" ;;
      *) [ "$prefix" = "$HOME/.local" ] || echo "completion: in ~/.bashrc: eval \"\$(aep-auth completions bash)\"" ;;
    esac
    ;;
esac
