#!/usr/bin/env bash
# From a fresh Debian 12 or Ubuntu 24.04 (or newer) with python3 and a network to a running demo, in one command.
#   ./deploy/quickstart.sh             runs `mailguard demo`
#   ./deploy/quickstart.sh --once      ends when the demo has shown its samples; arguments go to `mailguard demo`
# It makes an environment of its own (.venv-quickstart in this folder, or below ~/.cache where this folder is not
# writable), changes nothing else as an ordinary user, and may be run again: what is installed is not installed twice.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

find_python() {
    local python
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$python"
            return
        fi
    done
    fail "mailguard needs Python 3.11 or newer; install the package python3."
}

environment_folder() {
    local cache
    if [ -w "$root" ]; then
        echo "$root/.venv-quickstart"
    else
        cache="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/mailguard"
        mkdir -p "$cache" 2>/dev/null \
            || fail "Neither $root nor $cache can be written; name a folder that can: XDG_CACHE_HOME=FOLDER $0"
        echo "$cache/venv-quickstart"
    fi
}

# Debian's bare python3 has no ensurepip. As root its package is installed. As an ordinary user an installed pip, or the
# pip that Debian keeps as a wheel, can install into an environment that has none.
make_environment() {
    say "Making the environment $environment"
    rm -rf "$environment"
    if ! has_ensurepip && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        install_venv_package
    fi
    if has_ensurepip; then
        "$python" -m venv "$environment"
    else
        "$python" -m venv --without-pip "$environment" \
            || fail "This python3 cannot make environments; install the package python3-venv."
    fi
}

has_ensurepip() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

install_venv_package() {
    say "Installing the Debian package python3-venv"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
}

# pip for the environment: its own, else one of this computer told to work on it.
pip() {
    local wheel
    if "$environment/bin/python" -m pip --version >/dev/null 2>&1; then
        "$environment/bin/python" -m pip --disable-pip-version-check "$@"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip --python "$environment/bin/python" --disable-pip-version-check "$@"
    elif wheel=$(pip_wheel); then
        "$environment/bin/python" "$wheel/pip" --disable-pip-version-check "$@"
    else
        rm -rf "$environment"
        fail "This python3 has neither ensurepip nor pip; as root: apt-get install python3-venv"
    fi
}

pip_wheel() {
    local wheel
    for wheel in /usr/share/python-wheels/pip-*.whl; do
        [ -e "$wheel" ] && echo "$wheel" && return
    done
    return 1
}

# What is installed is named by what it was made of: the lock, and this checkout.
fingerprint() {
    (cd "$root" && find mailguard policies pyproject.toml requirements.lock -type f ! -name '*.pyc' -print0 \
        | sort -z | xargs -0 sha256sum | sha256sum)
}

install() {
    local lock="$root/requirements.lock" stamp="$environment/.mailguard-lock" made="$environment/.mailguard-made"
    if ! cmp -s "$lock" "$stamp"; then
        pip --version >/dev/null
        say "Installing $(grep -c '==' "$lock") Python packages, each checked against its hash (requirements.lock)"
        pip install -q --require-hashes -r "$lock" \
            || fail "The packages could not be installed; pip says why above. They come from the network."
        cp "$lock" "$stamp"
    fi
    if [ "$(fingerprint)" != "$(cat "$made" 2>/dev/null)" ]; then
        say "Installing mailguard from $root"
        install_mailguard
        fingerprint > "$made"
    fi
}

# Built from a copy: a checkout that belongs to somebody else stays as it is.
install_mailguard() {
    local copy
    copy=$(mktemp -d)
    trap "rm -rf '$copy'" EXIT
    (cd "$root" && cp -R mailguard policies pyproject.toml README.md LICENSE "$copy")
    chmod -R u+rwX "$copy"
    pip install -q --no-deps --no-build-isolation --force-reinstall "$copy" \
        || fail "mailguard could not be installed; pip says why above."
    rm -rf "$copy"
    trap - EXIT
}

python=$(find_python)
environment=$(environment_folder)
"$environment/bin/python" -c 'import sys' 2>/dev/null || make_environment
install
exec "$environment/bin/python" -P -m mailguard demo "$@"
