"""The aims for Interlock, and whether a run met them."""

from collections.abc import Iterable

from msgspec import Struct

from benchmarks.run import Figures
from benchmarks.startup import Startup

CPU_TO_FLOOR = 2.0
COLD_START_MS = 150.0
RESIDENT_MIB = 40.0
IMPORT_TO_BARE = 2.0
SERVER_TO_LOOP = 1.4
HELP_OVER_BARE_MS = 100.0
PACKAGES = 8


class Verdict(Struct, frozen=True):
    """One aim: what was measured and what it may be at most."""

    aim: str
    measured: float
    limit: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the measured value is within the limit."""
        return self.measured <= self.limit


def judge(figures: Iterable[Figures], startup: Startup) -> list[Verdict]:
    """Hold Interlock's figures against the aims: those of each era, then those of starting.

    Raises:
        ValueError: there are no figures of Interlock, or the floor was not run.
    """
    verdicts: list[Verdict] = []
    for found in figures:
        if found.candidate != "interlock":
            continue
        if found.cpu_to_floor is None:
            raise ValueError("the aims need the floor in the same run")
        verdicts += [
            Verdict(
                f"CPU per call, {found.era}", found.cpu_to_floor.median, CPU_TO_FLOOR, "× floor"
            ),
            Verdict(f"cold start, {found.era}", found.cold_start_ms.median, COLD_START_MS, "ms"),
            Verdict(f"resident memory, {found.era}", found.resident_mib.max, RESIDENT_MIB, "MiB"),
        ]
    if not verdicts:
        raise ValueError("there are no figures of Interlock")
    import_ratio = startup.package_ms / startup.bare_ms
    server_ratio = startup.server_ms / startup.loop_ms
    return [
        *verdicts,
        Verdict("`import interlock`", import_ratio, IMPORT_TO_BARE, "× bare Python"),
        Verdict(
            "`from interlock import Server`",
            server_ratio,
            SERVER_TO_LOOP,
            "× asyncio, msgspec, inspect, typing",
        ),
        Verdict(
            "`interlock --help`",
            startup.help_ms - startup.bare_ms,
            HELP_OVER_BARE_MS,
            "ms over bare Python",
        ),
        Verdict("base installation", len(startup.packages), PACKAGES, "packages besides our own"),
    ]
