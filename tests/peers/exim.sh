#!/usr/bin/env bash
# Unpacks Debian's Exim into .run/exim4, because its package and Postfix's exclude each other. Nothing is installed but the
# libraries that it needs, nothing started; the program does not run without its user. May be run twice.
set -euo pipefail
cd "$(dirname "$0")/../.."

.run/exim4/usr/sbin/exim4 -C /dev/null -bV >/dev/null 2>&1 && exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Exim is unpacked by root: run $0" >&2
    exit 1
fi
getent passwd Debian-exim >/dev/null ||
    useradd --badname --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin Debian-exim
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fetch() { (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq exim4-daemon-light); }
fetch 2>/dev/null || { apt-get update -qq && fetch; }
archive=$(echo "$folder"/exim4-daemon-light_*.deb)
libraries=$(dpkg -f "$archive" Depends | tr ',' '\n' | sed 's/^ *//' | grep '^lib' | paste -sd, -)
DEBIAN_FRONTEND=noninteractive apt-get satisfy -y -qq --no-install-recommends "$libraries" >/dev/null
mkdir -p .run/exim4
dpkg -x "$archive" .run/exim4
chmod u-s .run/exim4/usr/sbin/exim4
