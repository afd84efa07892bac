"""Environments: built once, built again when they must be, by one process at a time."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts import envs


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The environments that were built, in a checkout where building is instant."""
    done: list[Path] = []

    def install(target: Path, lock: Path) -> Path:
        done.append(target)
        python = target / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_bytes(lock.read_bytes())
        return python

    monkeypatch.setattr(envs, "ROOT", tmp_path)
    monkeypatch.setattr(envs, "install", install)
    (tmp_path / "peer.txt").write_text("a==1\n")
    return done


def test_an_environment_is_built_once(tmp_path: Path, built: list[Path]) -> None:
    for _ in range(3):
        python = envs.ensure(tmp_path / "peer", tmp_path / "peer.txt")
        assert python == tmp_path / "peer" / "bin" / "python"
    assert built == [tmp_path / "peer"]


def test_another_lock_builds_it_again_from_nothing(tmp_path: Path, built: list[Path]) -> None:
    envs.ensure(tmp_path / "peer", tmp_path / "peer.txt")
    (tmp_path / "peer" / "left over").touch()
    (tmp_path / "peer.txt").write_text("a==2\n")
    python = envs.ensure(tmp_path / "peer", tmp_path / "peer.txt")
    assert python.read_text() == "a==2\n"
    assert not (tmp_path / "peer" / "left over").exists()
    assert len(built) == 2


def test_a_lost_interpreter_or_another_place_builds_it_again(
    tmp_path: Path, built: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    envs.ensure(tmp_path / "peer", tmp_path / "peer.txt").unlink()
    envs.ensure(tmp_path / "peer", tmp_path / "peer.txt")
    assert len(built) == 2
    (tmp_path / "moved").mkdir()
    (tmp_path / "peer").rename(tmp_path / "moved" / "peer")
    (tmp_path / "peer.txt").rename(tmp_path / "moved" / "peer.txt")
    monkeypatch.setattr(envs, "ROOT", tmp_path / "moved")
    envs.ensure(tmp_path / "moved" / "peer", tmp_path / "moved" / "peer.txt")
    assert len(built) == 3


def test_an_interrupted_build_counts_for_nothing(
    tmp_path: Path, built: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(target: Path, lock: Path) -> Path:
        (target / "bin").mkdir(parents=True)
        (target / "bin" / "python").touch()
        raise envs.BuildError("no network")

    with monkeypatch.context() as patch:
        patch.setattr(envs, "install", fail)
        with pytest.raises(envs.BuildError, match="no network"):
            envs.ensure(tmp_path / "peer", tmp_path / "peer.txt")
    assert envs.ensure(tmp_path / "peer", tmp_path / "peer.txt").read_text() == "a==1\n"
    assert built == [tmp_path / "peer"]


def test_of_several_at_once_one_builds(tmp_path: Path, built: list[Path]) -> None:
    barrier = threading.Barrier(4)

    def ask(_: int) -> Path:
        barrier.wait(timeout=10)
        return envs.ensure(tmp_path / "peer", tmp_path / "peer.txt")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert built == [tmp_path / "peer"]


def test_a_failed_command_shows_what_it_said() -> None:
    command = [sys.executable, "-c", "import sys; print('the reason'); sys.exit(3)"]
    with pytest.raises(envs.BuildError, match=r"(?s)status 3.*the reason"):
        envs.run(command)
    with pytest.raises(envs.BuildError, match="could not start"):
        envs.run(["/nonexistent/tool"])


def test_a_uv_that_does_not_run_is_none(tmp_path: Path) -> None:
    assert envs._uv_version(str(tmp_path / "uv")) == ()
    shim = tmp_path / "shim"
    shim.write_text("#!/bin/sh\necho 'uv: not installed'\nexit 127\n")
    shim.chmod(0o755)
    assert envs._uv_version(str(shim)) == ()
    shim.write_text("#!/bin/sh\necho 'uv 0.9.1 (a platform)'\n")
    assert envs._uv_version(str(shim)) == (0, 9)
