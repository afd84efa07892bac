"""The record of a run: one JSON document, and the same as Markdown tables."""

from collections.abc import Sequence
from typing import cast

import msgspec
from msgspec import Struct

from benchmarks.arithmetic import Spread
from benchmarks.candidates import CANDIDATES
from benchmarks.gate import Verdict
from benchmarks.machine import Machine
from benchmarks.run import Figures, Plan
from benchmarks.startup import Startup
from benchmarks.wire import ERAS

_NONE = "–"


class Record(Struct, frozen=True):
    """Everything that is written down of a run. `format` rises when a field changes its meaning."""

    date: str
    machine: Machine
    plan: Plan
    versions: dict[str, dict[str, str]]
    missing: list[str]
    figures: list[Figures]
    startup: Startup | None
    verdicts: list[Verdict]
    seconds: float
    format: int = 1


def to_json(record: Record) -> bytes:
    """The record as indented JSON, numbers rounded to three places."""
    return (
        msgspec.json.format(msgspec.json.encode(_rounded(msgspec.to_builtins(record))), indent=2)
        + b"\n"
    )


def to_markdown(record: Record) -> str:
    """The record as tables for people."""
    machine = record.machine
    parts = [
        "# stdio benchmark",
        f"{record.date}, {machine.cpu}, {machine.cores} cores, {machine.memory_gib:g} GiB, "
        f"{machine.kernel}, Python {machine.python}; load before the run {machine.load_before:g}; "
        f"{record.seconds:.0f} s. "
        f"{record.plan.processes} processes of each server, {record.plan.rounds} turns each, "
        f"{record.plan.cold_starts} cold starts. What the columns mean: [README](../README.md).",
    ]
    for era in ERAS:
        rows = [_row(found) for found in record.figures if found.era == era]
        if rows:
            parts += [f"## {era}", _table(_HEAD, rows)]
    if record.startup is not None:
        parts += ["## Starting", _startup(record.startup)]
    if record.verdicts:
        parts += ["## Aims", verdict_table(record.verdicts)]
    parts += [
        "## Versions",
        "\n".join(_versions(name, found) for name, found in record.versions.items()),
    ]
    if record.missing:
        parts.append(f"Not run: {', '.join(_title(name) for name in record.missing)}.")
    return "\n\n".join(parts) + "\n"


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """The aims, a line each."""
    rows = [
        [
            found.aim,
            f"{found.measured:.3g}",
            f"{found.limit:g}",
            found.unit,
            "met" if found.met else "MISSED",
        ]
        for found in verdicts
    ]
    return _table(["aim", "measured", "at most", "unit", ""], rows)


_HEAD = [
    "server",
    "CPU per call, µs",
    "× floor",
    "median, µs",
    "p99, µs",
    "CPU per call in bursts, µs",
    "× floor",
    "cold start, ms",
    "resident, MiB",
]


def _row(found: Figures) -> list[str]:
    return [
        _title(found.candidate),
        _with_ends(found.cpu_us),
        _ratio(found.cpu_to_floor),
        _short(found.p50_us.median),
        _short(found.p99_us.median),
        _short(found.burst_cpu_us.median),
        _ratio(found.burst_cpu_to_floor),
        _short(found.cold_start_ms.median),
        _short(found.resident_mib.median),
    ]


def _startup(found: Startup) -> str:
    rows = [
        ["bare Python", f"{found.bare_ms:.1f}"],
        ["`import interlock`", f"{found.package_ms:.1f}"],
        ["`import asyncio, msgspec, inspect, typing`", f"{found.loop_ms:.1f}"],
        ["`from interlock import Server`", f"{found.server_ms:.1f}"],
        ["`interlock --help`", f"{found.help_ms:.1f}"],
    ]
    packages = f"Packages of the base installation: {', '.join(found.packages)}."
    return _table(["program", "shortest, ms"], rows) + "\n\n" + packages


def _versions(name: str, found: dict[str, str]) -> str:
    return f"- {_title(name)}: " + ", ".join(
        f"{package} {version}" for package, version in found.items()
    )


def _title(name: str) -> str:
    return next(candidate.title for candidate in CANDIDATES if candidate.name == name)


def _short(value: float) -> str:
    """Three digits that count, never an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _with_ends(found: Spread) -> str:
    return f"{_short(found.median)} ({_short(found.min)} to {_short(found.max)})"


def _ratio(found: Spread | None) -> str:
    return _NONE if found is None else _short(found.median)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (head, *rows)
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_rounded(item) for item in cast("list[object]", value)]
    return value
