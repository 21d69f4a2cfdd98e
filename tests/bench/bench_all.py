"""All of issue 7's figures by one command: the guard beside Postfix, Haraka and others, in interleaved rounds.

    .venv/bin/python tests/bench/bench_all.py [--rounds N] [--workers 1,2] [--json FILE] [--write]

Five to ten minutes a round (rounds.py). It prints tables and, as its last line, all values as JSON; --json writes them
to a file too, --write renews its part of docs/performance.md. --short: few messages, one round, no Haraka, which tells
nothing about speed. --only WORD: the ways with this word in their names, for somebody who works on one.

It asserts no time. It asserts, after each run, that decisions, ledger entries, log lines and messages at the sink equal
the messages sent, and ends with 1 where they do not. As root, with Debian's postfix; a way that cannot be started is
named, and the others go on.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.machine import ROOT
from tests.bench.report import as_json, as_text, write_page
from tests.bench.rounds import AIMS, SHORT, Bench, Plan, tables

PAGE = ROOT / "docs" / "performance.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=float, default=Plan.seconds, help="about what a run takes")
    parser.add_argument("--workers", default="1,2", help="one guard for each number of workers")
    parser.add_argument("--short", action="store_true", help="few messages, one round, no Haraka")
    parser.add_argument("--only", default="", metavar="WORD", help="ways with this in their names, and the direct one")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--write", action="store_true", help="renew docs/performance.md")
    options = parser.parse_args()
    if options.write and (options.short or options.only):
        parser.error("the page takes all of it: neither --short nor --only")
    workers = tuple(int(each) for each in options.workers.split(","))
    plan = SHORT if options.short else Plan(options.rounds, options.seconds, workers=workers)
    plan = replace(plan, only=options.only)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all that was started is stopped then, too
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mg-bench-") as folder:
        results = Bench(plan, Path(folder), lambda said: print(said, file=sys.stderr, flush=True)).run()
    text = as_text(results, AIMS, tables(plan))
    found = json.dumps(as_json(results, AIMS))
    print(text)
    print(f"{time.monotonic() - begun:.0f} s")
    print(found)
    if options.json:
        options.json.write_text(found + "\n")
    if options.write:
        write_page(PAGE, text)  # with what failed: a load that the guard did not carry belongs on the page
    sys.exit(1 if results.failures else 0)


if __name__ == "__main__":
    main()
