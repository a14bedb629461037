#!/bin/sh
# Makes a release archive for this system, with its checksum: packaging/archive.sh [FOLDER]
set -eu
cd "$(dirname "$0")/.."
out=${1:-target/package}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=aep-auth-$version-$(rustc -vV | sed -n 's/^host: //p')
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root PREFIX=/$name ./install.sh > /dev/null
rm "$root/$name/share/aep-auth/installed"
cp README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE "$root/$name"
mkdir -p "$out"
tar -C "$root" -czf "$out/$name.tar.gz" "$name"
cd "$out"
if command -v sha256sum > /dev/null; then sum=sha256sum; else sum="shasum -a 256"; fi
$sum "$name.tar.gz" > "$name.tar.gz.sha256"
echo "$out/$name.tar.gz"
