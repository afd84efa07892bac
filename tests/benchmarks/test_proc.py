import os
import subprocess
import sys
import time

import pytest

from benchmarks import proc
from benchmarks.machine import cpu_model, describe
from benchmarks.proc import Stat, parse_kib, parse_stat

TAIL = "S 7 42 42 0 -1 4194560 1 2 3 4 11 12 13 14 20 0 1 0 99 1000 10 18446744073709551615"

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.mark.parametrize("name", ["node", "a b", "a) S 1 (b", "", "))"])
def test_stat_is_read_whatever_the_process_is_called(name: str) -> None:
    assert parse_stat(f"42 ({name}) {TAIL}\n") == Stat(42, 7, 11, 12, 13, 14)


@pytest.mark.parametrize(
    "text", ["", "42", "42 (node)", "42 node S 7", f"42 {TAIL}", "42 (node) S 7 1"]
)
def test_what_is_no_stat_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a line of /proc/PID/stat"):
        parse_stat(text)


def test_sizes_are_read_by_their_whole_name() -> None:
    text = (
        "7f00-7fff ---p 00000000 00:00 0 [rollup]\nRssAnon:  3 kB\nRss:      1024 kB\nPss: 5 kB\n"
    )
    assert parse_kib(text, "Rss") == 1024 * 1024
    with pytest.raises(ValueError, match="no line 'VmRSS'"):
        parse_kib(text, "VmRSS")
    with pytest.raises(ValueError, match="not in kB"):
        parse_kib("Rss: 5 pages\n", "Rss")


def test_a_processor_without_a_name_is_described_by_its_architecture() -> None:
    assert cpu_model("processor\t: 0\nmodel name\t: Example 3000\n") == "Example 3000"
    assert cpu_model("processor\t: 0\nBogoMIPS\t: 50.00\n")


@linux
def test_the_clock_of_this_process_is_the_one_the_interpreter_reads() -> None:
    before = time.process_time_ns()
    found = proc.cpu_clock(os.getpid())
    assert before <= found <= time.process_time_ns()


@linux
def test_a_tree_holds_the_living_children() -> None:
    child = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        pids = proc.tree(os.getpid())
        assert pids[0] == os.getpid()
        assert process.pid in pids
        assert proc.cpu_ns(pids) > proc.cpu_clock(process.pid) > 0
        assert proc.resident_bytes([process.pid]) > 1 << 20
        process.stdin.close()
    assert process.pid not in proc.tree(os.getpid())


@linux
def test_a_description_has_no_host_name() -> None:
    found = describe()
    assert found.cores >= 1
    assert found.memory_gib > 0
    assert os.uname().nodename not in found.kernel.split()
