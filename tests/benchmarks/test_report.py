import msgspec
import pytest

from benchmarks import gate, report
from benchmarks.__main__ import main
from benchmarks.arithmetic import Spread
from benchmarks.candidates import CANDIDATES, select
from benchmarks.machine import Machine
from benchmarks.run import Figures, Plan
from benchmarks.startup import Startup, base_packages
from benchmarks.wire import ERAS, LEGACY

ONE = Spread(1.0, 1.0, 1.0)
MACHINE = Machine("Example 3000", 2, 8.0, "Linux 6", "3.11.7", 0.1)
STARTUP = Startup(10.0, 15.0, 50.0, 60.0, 80.0, ["msgspec", "uvloop"])


def figures(candidate: str, era: str, *, ratio: float | None = 1.5, cold: float = 90.0) -> Figures:
    return Figures(
        candidate=candidate,
        era=era,
        calls=1000,
        cpu_us=Spread(1234.56789, 9.87654, 20000.0),
        p50_us=ONE,
        p99_us=ONE,
        burst_cpu_us=ONE,
        cold_start_ms=Spread(cold, 1.0, 500.0),
        resident_mib=Spread(30.0, 29.0, 31.0),
        notifications=0,
        cpu_to_floor=None if ratio is None else Spread(ratio, 0.1, 99.0),
        burst_cpu_to_floor=None,
    )


def record(found: list[Figures], verdicts: list[gate.Verdict]) -> report.Record:
    return report.Record(
        date="2026-01-01",
        machine=MACHINE,
        plan=Plan(),
        versions={"floor": {"python": "3.11.7"}},
        missing=["ts1"],
        figures=found,
        startup=STARTUP,
        verdicts=verdicts,
        seconds=1.0,
    )


def test_all_aims_are_judged_and_met() -> None:
    verdicts = gate.judge([figures("interlock", era) for era in ERAS], STARTUP)
    assert len(verdicts) == 3 * len(ERAS) + 4
    assert all(found.met for found in verdicts)


@pytest.mark.parametrize(
    ("found", "startup", "missed"),
    [
        (figures("interlock", LEGACY, ratio=2.01), STARTUP, "CPU per call, 2025-11-25"),
        (figures("interlock", LEGACY, cold=151.0), STARTUP, "cold start, 2025-11-25"),
        (
            figures("interlock", LEGACY),
            msgspec.structs.replace(STARTUP, package_ms=20.1),
            "`import interlock`",
        ),
        (
            figures("interlock", LEGACY),
            msgspec.structs.replace(STARTUP, server_ms=70.1),
            "`from interlock import Server`",
        ),
        (
            figures("interlock", LEGACY),
            msgspec.structs.replace(STARTUP, help_ms=110.1),
            "`interlock --help`",
        ),
        (
            figures("interlock", LEGACY),
            msgspec.structs.replace(STARTUP, packages=list("abcdefghi")),
            "base installation",
        ),
    ],
)
def test_each_aim_can_be_missed(found: Figures, startup: Startup, missed: str) -> None:
    assert [verdict.aim for verdict in gate.judge([found], startup) if not verdict.met] == [missed]


def test_there_is_no_judgement_without_interlock_or_the_floor() -> None:
    with pytest.raises(ValueError, match="no figures"):
        gate.judge([figures("floor", LEGACY)], STARTUP)
    with pytest.raises(ValueError, match="need the floor"):
        gate.judge([figures("interlock", LEGACY, ratio=None)], STARTUP)


def test_a_record_can_be_read_back_rounded() -> None:
    verdicts = gate.judge([figures("interlock", LEGACY, ratio=3.0)], STARTUP)
    written = report.to_json(record([figures("interlock", LEGACY)], verdicts))
    found = msgspec.json.decode(written, type=report.Record)
    assert found.figures[0].cpu_us == Spread(1234.568, 9.877, 20000.0)
    assert found.verdicts == verdicts
    assert found.machine == MACHINE


def test_tables_have_a_row_for_each_server_and_say_what_was_missed() -> None:
    verdicts = gate.judge([figures("interlock", LEGACY, ratio=3.0)], STARTUP)
    text = report.to_markdown(
        record([figures("interlock", LEGACY), figures("floor", LEGACY, ratio=None)], verdicts)
    )
    assert "| Interlock | 1,235 (9.88 to 20,000) | 1.50    |" in text
    assert "| floor     | 1,235 (9.88 to 20,000) | –       |" in text
    assert text.count("MISSED") == 1
    assert "Not run: TypeScript SDK 1." in text
    assert "## 2026-07-28" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_candidates_are_selected_by_name_in_the_order_of_the_table() -> None:
    assert [found.name for found in select(["ts2", "floor"])] == ["floor", "ts2"]
    assert select([]) == list(CANDIDATES)
    with pytest.raises(ValueError, match="no candidate is named 'other'"):
        select(["floor", "other"])


def test_arguments_that_allow_no_run_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "other"]) == 2
    assert main(["--gate", "--only", "floor"]) == 2
    assert main(["--core", "100000"]) == 2
    assert "no core 100000" in capsys.readouterr().err


def test_packages_are_counted_through_their_requirements_without_extras() -> None:
    assert base_packages("msgspec") == []
    assert "pluggy" in base_packages("pytest")
    found = base_packages("interlock")
    assert {"msgspec", "cffi", "pycparser"} <= set(found)
    assert not {"interlock", "watchfiles", "pytest"} & set(found)
