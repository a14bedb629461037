#!/bin/sh
# Makes a Debian package with the programs, manual pages and completions: packaging/deb.sh [FOLDER]
set -eu
cd "$(dirname "$0")/.."
out=${1:-target/package}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
DESTDIR=$root PREFIX=/usr ./install.sh > /dev/null
rm "$root/usr/share/aep-auth/installed"
find "$root/usr/share/man" -name '*.1' -exec gzip -9n {} +
# zsh looks for the completions of packages here.
mkdir -p "$root/usr/share/zsh" "$root/usr/share/doc/aep-auth" "$root/DEBIAN"
mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
cp README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE "$root/usr/share/doc/aep-auth"
cat > "$root/DEBIAN/control" <<CONTROL
Package: aep-auth
Version: $version
Architecture: $architecture
Maintainer: The aep-auth authors <aep-auth@example.com>
Depends: libc6 (>= 2.36)
Recommends: ca-certificates
Section: utils
Priority: optional
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Description: access tokens for Adobe Experience Platform
 Imports the credential file of the Adobe Developer Console and gives access
 tokens to scripts, git, kubectl, Bazel, Postman and the shell prompt, from a
 cache that any number of processes share.
CONTROL
mkdir -p "$out"
dpkg-deb --root-owner-group --build "$root" "$out/aep-auth_${version}_$architecture.deb" > /dev/null
echo "$out/aep-auth_${version}_$architecture.deb"
