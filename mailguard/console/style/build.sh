#!/bin/sh
# Makes ../static/mailguard.css again. Needs npm and a network; nothing of that is needed to install or run mailguard.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null)
"$work/node_modules/.bin/sass" --style=compressed --no-source-map --quiet-deps --load-path="$work/node_modules" \
    mailguard.scss ../static/mailguard.css
