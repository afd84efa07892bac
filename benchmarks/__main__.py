"""The command: `python -m benchmarks [--quick] [--only NAMES] [--gate] [--record] [--core N]`."""

import argparse
import datetime
import os
import sys
import time
from pathlib import Path

from benchmarks import gate, machine, report, run, startup
from benchmarks.candidates import CANDIDATES, select
from benchmarks.gate import Verdict
from benchmarks.session import ServerError
from benchmarks.startup import Startup, StartupError
from benchmarks.wire import WrongAnswer

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str] | None = None) -> int:
    """Run, print the tables and write them down.

    Returns the exit status: 1 where a server failed or, with `--gate`, an aim was missed; 2 where
    the arguments or the machine do not allow a run.
    """
    options = _parser().parse_args(arguments)
    if not sys.platform.startswith("linux"):
        return _fail("the benchmark reads /proc and pins to a core: it needs Linux", 2)
    names = [name for part in options.only for name in part.split(",") if name]
    if options.gate and not names:
        names = ["floor", "interlock", "control"]
    try:
        chosen = select(names)
    except ValueError as error:
        return _fail(str(error), 2)
    chosen_names = {candidate.name for candidate in chosen}
    if options.gate and not chosen_names >= {"floor", "interlock"}:
        return _fail("--gate needs floor and interlock", 2)
    allowed = os.sched_getaffinity(0)
    core = max(allowed) if options.core is None else options.core
    if core not in allowed:
        return _fail(f"there is no core {core} to run on; there are {sorted(allowed)}", 2)

    described = machine.describe()
    os.sched_setaffinity(0, {core})  # servers inherit it
    begin = time.monotonic()
    plan = run.QUICK if options.quick else run.Plan()
    started: Startup | None = None
    verdicts: list[Verdict] = []
    try:
        outcome = run.run(chosen, plan, _say)
        if "interlock" in outcome.versions:
            _say("starting programs")
            started = startup.measure(7 if options.quick else 20)
            if "floor" in outcome.versions:
                verdicts = gate.judge(outcome.figures, started)
    except (ServerError, WrongAnswer, StartupError) as error:
        return _fail(str(error), 1)

    record = report.Record(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine=described,
        plan=plan,
        versions=outcome.versions,
        missing=list(outcome.missing),
        figures=outcome.figures,
        startup=started,
        verdicts=verdicts,
        seconds=time.monotonic() - begin,
    )
    text = report.to_markdown(record)
    print(text)
    name = "stdio" if options.record else "stdio.local"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_bytes(report.to_json(record))
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    for missing, reason in outcome.missing.items():
        print(f"benchmarks: {missing} was not run: {reason}", file=sys.stderr)
    if outcome.missing:
        return 1
    return 1 if options.gate and not all(found.met for found in verdicts) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="What a call through an MCP server over stdio costs.",
    )
    parser.add_argument("--quick", action="store_true", help="a short run, for a first look")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAMES",
        help=f"candidates, with commas: {', '.join(candidate.name for candidate in CANDIDATES)}",
    )
    parser.add_argument(
        "--gate",
        action="store_true",
        help="status 1 where Interlock misses an aim; without the other implementations by default",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="write results/stdio.* instead of results/stdio.local.*",
    )
    parser.add_argument("--core", type=int, metavar="N", help="the core to run on (the last one)")
    return parser


def _say(text: str) -> None:
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)


def _fail(text: str, status: int) -> int:
    _say(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
