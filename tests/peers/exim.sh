#!/usr/bin/env bash
# Unpacks Debian's Exim into .run/exim4, because its package and Postfix's exclude each other. Nothing is installed or started
# but the libraries that it needs. May be run twice.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .run/exim4/usr/sbin/exim4 ] && ! ldd .run/exim4/usr/sbin/exim4 | grep -q 'not found' && exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Exim is unpacked by root: run $0" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
(cd "$folder" && apt-get download -qq exim4-daemon-light 2>/dev/null)
archive=$(echo "$folder"/exim4-daemon-light_*.deb)
libraries=$(dpkg -f "$archive" Depends | tr ',' '\n' | sed 's/^ *//' | grep '^lib' | paste -sd, -)
DEBIAN_FRONTEND=noninteractive apt-get satisfy -y -qq --no-install-recommends "$libraries" >/dev/null
mkdir -p .run/exim4
dpkg -x "$archive" .run/exim4
chmod u-s .run/exim4/usr/sbin/exim4
