#!/usr/bin/env bash
# Installs what the tests need and runs them, on a fresh Debian 12 or Ubuntu 24.04 (or newer) with python3 and a network.
#   ./tests/run.sh                 everything
#   ./tests/run.sh core edges      some parts: core, edges, browser, faults, bench
#   ./tests/run.sh --soak PART     with the long runs
# What it starts listens on loopback ports of its own and is stopped by process id. A missing component is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    postgresql pgbouncer haproxy postfix swaks libnet-ssleay-perl strace curl msmtp s-nail openssl gnupg procps util-linux ca-certificates systemd logrotate
    dovecot-core dovecot-imapd libsasl2-modules nodejs node-nodemailer php-cli libphp-phpmailer
    libemail-sender-perl libauthen-sasl-perl libio-socket-ssl-perl
    tnef ytnef-tools libemail-outlook-message-perl libemail-address-perl linux-libc-dev gcc libc6-dev prometheus
)
all_parts=(core edges browser faults bench)

say() { printf '== %s\n' "$*"; }

soak=()
parts=()
for argument in "$@"; do
    case "$argument" in
        --soak) soak=(--soak) ;;
        core | edges | browser | faults | bench) parts+=("$argument") ;;
        *) echo "usage: $0 [--soak] [core|edges|browser|faults|bench]..." >&2; exit 2 ;;
    esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${all_parts[@]}")

missing_packages() {
    for package in "${packages[@]}" "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s\n' "$package"
    done
}

install_packages() {
    local extra=() missing
    python3 -c 'import ensurepip, venv' 2>/dev/null || extra+=(python3-venv)
    missing=$(missing_packages "${extra[@]}")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "These Debian packages are missing; install them as root: apt-get install $(echo $missing)" >&2
        exit 1
    fi
    say "installing Debian packages: $(echo $missing)"
    # No service is started: the tests start their own on ports of their own.
    local policy=/usr/sbin/policy-rc.d made=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod 755 "$policy"; made=yes
    fi
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    [ "$made" = no ] || rm -f "$policy"
}

install_python() {
    local stamp=.venv/.mailguard-lock
    if [ ! -x .venv/bin/python ]; then
        say "making the environment .venv"
        python3 -m venv .venv
    fi
    if ! cmp -s requirements-test.lock "$stamp"; then
        say "installing Python packages from requirements-test.lock"
        .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-test.lock
        cp requirements-test.lock "$stamp"
    fi
    say "installing mailguard from this checkout"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
    # Thousands of processes start from this checkout: each would compile hundreds of modules anew where none may be kept.
    .venv/bin/python -m compileall -q mailguard tests
}

# What fails does not keep the rest from being run: one run tells all that is wrong, and its last lines say what.
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
failed=0
check() { "$@" || { failed=1; echo "$*" >> "$reports/failed-commands"; }; }
pytest() { check .venv/bin/python -m pytest -q "${soak[@]}" "$@" > >(tee -a "$reports/output-$BASHPID"); }
tell_what_failed() {
    local each
    for each in "$reports"/output-*; do
        # The sections of the failures, each line cut, and the end of a run that never came to its summary.
        sed -n '/^=* \(FAILURES\|ERRORS\) =*$/,/^=* short test summary/p' "$each" | cut -c1-200 | tail -n 60
    done
    cat "$reports"/output-* | grep -E '^(FAILED|ERROR|INTERNALERROR>) ' | cut -c1-400 || true
    [ ! -e "$reports/failed-commands" ] || sed 's/^/failed: /' "$reports/failed-commands"
}

run_core() {
    check .venv/bin/ruff check .
    check .venv/bin/ruff format --check .
    check .venv/bin/mypy
    check env PYTHONPATH=. .venv/bin/lint-imports
    pytest tests/test_*.py tests/core tests/fuzz tests/guard tests/cases tests/docs
}
# Several runs, so that the report of one that dies has lost little; one test may take what tests/conftest.py gives it.
run_edges_inner() {
    pytest tests/inspection
    pytest tests/peers tests/smtp tests/dialogues
    pytest tests/store tests/serve tests/oidc
    pytest tests/console
    pytest tests/cli tests/editor tests/incidents tests/places tests/replay
}
run_edges_outer() {
    pytest tests/end_to_end/test_[a-h]*.py
    pytest tests/end_to_end/test_[i-m]*.py
    pytest tests/end_to_end/test_[n-z]*.py
    # Once more with several processes that accept mail (docs/decisions/workers.md).
    MAILGUARD_TEST_WORKERS=2 pytest tests/end_to_end/test_clients_{sign_in,extensions}.py
    pytest tests/clients tests/deploy
}
run_browser() { pytest tests/browser; }
run_faults() { pytest tests/faults; }
run_bench() { pytest -s tests/bench; }

export PATH="/usr/sbin:/sbin:$PATH"
[[ " ${parts[*]} " != *" browser "* ]] || packages+=(chromium)
command -v npm >/dev/null || packages+=(npm)
install_packages
tests/peers/exim.sh
install_python
started=$(date +%s)

# A lane runs its parts one after the other. All but the bench wait more than they compute: two lanes share two cores.
lane() {
    local name=$1 part
    shift
    set -m  # a process group of its own, so that an interrupt can end all of it
    (
        set -e
        for part in "$@"; do
            say "$part"
            "run_$part"
        done
        exit "$failed"
    ) < /dev/null > >(sed -u "s/^/$name | /") 2>&1 &
    lanes+=($!)
    set +m
}
stop_lanes() {
    local each
    for each in "${lanes[@]}"; do kill -- "-$each" 2>/dev/null || true; done
    exit 130
}
trap stop_lanes INT TERM
wait_for_lanes() {
    local each
    for each in "${lanes[@]}"; do wait "$each" || failed=1; done
    lanes=()
}
lanes=()
wanted() { [[ " ${parts[*]} " == *" $1 "* ]]; }

first=() second=()
! wanted core || first+=(core)
! wanted edges || { first+=(edges_inner); second+=(edges_outer); }
! wanted browser || second+=(browser)
! wanted faults || second+=(faults)
[ ${#first[@]} -eq 0 ] || lane A "${first[@]}"
[ ${#second[@]} -eq 0 ] || lane B "${second[@]}"
wait_for_lanes
! wanted bench || { say bench; run_bench; }
[ "$failed" -eq 0 ] || { tell_what_failed; say "a part failed"; exit 1; }
say "all parts passed in $(($(date +%s) - started)) s: ${parts[*]}"
