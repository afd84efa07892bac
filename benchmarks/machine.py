"""What a record says of its machine: enough to judge the figures by, nothing that names it."""

import os
import platform

from msgspec import Struct

from benchmarks import proc


class Machine(Struct, frozen=True):
    """Processor, cores, system, and how busy the machine was."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    load_before: float
    """Processes that wanted to run, averaged over the minute before the run."""


def cpu_model(cpuinfo: str) -> str:
    """The processor's name in the text of `/proc/cpuinfo`; some architectures give none."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def describe() -> Machine:
    """Describe this machine as it is now."""
    memory = proc.parse_kib((proc.PROC / "meminfo").read_text(), "MemTotal")
    return Machine(
        cpu=cpu_model((proc.PROC / "cpuinfo").read_text()),
        cores=os.cpu_count() or 0,
        memory_gib=round(memory / 2**30, 1),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load_before=round(os.getloadavg()[0], 2),
    )
