"""What Linux says of a process from outside: its processor time, its resident memory, its children.

Sources: proc(5); clock_getcpuclockid(3), whose clock id is computed here as the kernel does.
"""

import os
import time
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2  # the kernel's scheduler clock of a process, all threads summed, in nanoseconds


class Stat(Struct, frozen=True):
    """The fields of `/proc/PID/stat` that are used; times in clock ticks."""

    pid: int
    parent: int
    user: int
    system: int
    children_user: int
    children_system: int


def parse_stat(text: str) -> Stat:
    """Read a line of `/proc/PID/stat`. The name in parentheses may hold spaces and parentheses.

    Raises:
        ValueError: the line does not have that form.
    """
    head, found, tail = text.rpartition(")")
    pid, opened, _ = head.partition("(")
    fields = tail.split()
    if not found or not opened or len(fields) < 15:
        raise ValueError(f"not a line of /proc/PID/stat: {text[:80]!r}")
    # `fields` begins with the third field of proc(5), the state.
    user, system, children_user, children_system = (int(field) for field in fields[11:15])
    return Stat(int(pid), int(fields[1]), user, system, children_user, children_system)


def parse_kib(text: str, name: str) -> int:
    """Bytes of the line `name: N kB` in a file such as `/proc/PID/status` or `smaps_rollup`.

    Raises:
        ValueError: there is no such line, or it has another unit.
    """
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == name:
            number, _, unit = value.strip().partition(" ")
            if unit != "kB":
                raise ValueError(f"{name} is not in kB: {line!r}")
            return int(number) * 1024
    raise ValueError(f"there is no line {name!r}")


def tree(pid: int) -> list[int]:
    """The process and its living descendants, the process first."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            found = parse_stat((entry / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        children.setdefault(found.parent, []).append(found.pid)
    found_pids = [pid]
    for parent in found_pids:
        found_pids.extend(children.get(parent, ()))
    return found_pids


def cpu_clock(pid: int) -> int:
    """The processor time of a process, all its threads, user and system, in nanoseconds."""
    return time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED)


def cpu_ns(pids: list[int]) -> int:
    """The processor time of processes and of their children that have ended, in nanoseconds.

    The time of children that have ended is known in ticks only, 10 ms as a rule. No server here
    starts any, so it adds nothing.
    """
    total = 0
    for pid in pids:
        found = parse_stat((PROC / str(pid) / "stat").read_text())
        total += (found.children_user + found.children_system) * _TICK_NS + cpu_clock(pid)
    return total


def resident_bytes(pids: list[int]) -> int:
    """The resident memory of processes, pages shared with others included, in bytes.

    From `smaps_rollup`, which is exact; `VmRSS` of `status` may be some hundred KiB off (proc(5)).
    """
    return sum(parse_kib((PROC / str(pid) / "smaps_rollup").read_text(), "Rss") for pid in pids)
