#!/bin/sh
# Builds every program and installs it with its manual page and completions.
#   ./install.sh                 below ~/.local (or PREFIX=/usr/local ./install.sh)
#   ./install.sh --uninstall     removes what it installed
# DESTDIR is put before PREFIX, for packages.
set -eu
cd "$(dirname "$0")"
prefix=${PREFIX:-$HOME/.local}
root=${DESTDIR:-}$prefix
helpers="git-credential-aep kube-credential-aep bazel-credential-aep aep-postman aep-prompt"
programs="aep-auth ims-emulator $helpers"
list=$root/share/aep-auth/installed

if [ "${1:-}" = --uninstall ]; then
  [ -f "$list" ] || { echo "error: nothing is installed below $root" >&2; exit 1; }
  while IFS= read -r file; do rm -f "$root/$file"; done < "$list"
  rm -f "$list"
  find "$root/share/aep-auth" -depth -type d -exec rmdir {} + 2>/dev/null || :
  echo "removed from $root"
  exit 0
fi
[ $# -eq 0 ] || { echo "error: unknown argument $1; expected --uninstall or nothing" >&2; exit 2; }

target=$(cargo metadata --format-version 1 --no-deps --offline | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
host=$(rustc -vV | sed -n 's/^host: //p')

# aep-auth resolves names, by the C library of this machine. The others resolve none, and carry theirs along: that starts
# faster by a fifth.
cargo build --release --locked --package aep-auth --package ims-emulator
dynamic=$target/release
case $host in
  *-linux-gnu)
    packages=
    for program in $helpers; do packages="$packages --package $program"; done
    # shellcheck disable=SC2086 -- one word for each option
    RUSTFLAGS="-C target-feature=+crt-static" \
      cargo build --release --locked $packages --target "$host" --target-dir "$target/static"
    static=$target/static/$host/release
    ;;
  *)
    packages=
    for program in $helpers; do packages="$packages --package $program"; done
    # shellcheck disable=SC2086 -- one word for each option
    cargo build --release --locked $packages
    static=$dynamic
    ;;
esac

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
cargo run --quiet --locked --package xtask -- pages "$pages"
mkdir -p "$root/bin" "$root/share/aep-auth"
: > "$list"
for program in $programs; do
  case " $helpers " in *" $program "*) from=$static/$program ;; *) from=$dynamic/$program ;; esac
  # By a new file, since a running program cannot be written over.
  cp "$from" "$root/bin/.$program.new"
  chmod 755 "$root/bin/.$program.new"
  mv -f "$root/bin/.$program.new" "$root/bin/$program"
  echo "bin/$program" >> "$list"
done
(cd "$pages" && find share -type f) | while IFS= read -r file; do
  mkdir -p "$root/$(dirname "$file")"
  cp "$pages/$file" "$root/$file"
  chmod 644 "$root/$file"
  echo "$file" >> "$list"
done
find integrations -type f | while IFS= read -r file; do
  mkdir -p "$root/share/aep-auth/$(dirname "$file")"
  cp "$file" "$root/share/aep-auth/$file"
  echo "share/aep-auth/$file" >> "$list"
done
echo "installed below $root: $programs"
case :$PATH: in
  *:"$root/bin":*) ;;
  *) echo "note: $root/bin is not on the PATH" ;;
esac
