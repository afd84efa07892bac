"""The lock files: everything pinned by hash, no place named where packages come from."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.envs import REQUIREMENTS, ROOT

LOCKS = sorted(REQUIREMENTS.rglob("*.txt"))
NPM_LOCK = ROOT / "tests" / "peers" / "node" / "package-lock.json"


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_source_has_a_lock() -> None:
    sources = {path.with_suffix(".txt") for path in REQUIREMENTS.rglob("*.in")}
    assert sources | {REQUIREMENTS / "dev.txt"} == set(LOCKS)


@pytest.mark.parametrize("lock", [*LOCKS, NPM_LOCK], ids=short)
def test_a_lock_names_no_host_and_no_path(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"--(index|extra-index|find-links)|registry|(^|\s)/[a-z]+/", text)


@pytest.mark.parametrize("lock", LOCKS, ids=short)
def test_every_package_is_pinned_by_version_and_hash(lock: Path) -> None:
    text = re.sub(r"^ *#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    packages = text.replace("\\\n", " ").splitlines()
    assert packages
    pinned = re.compile(r"[a-z0-9-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [package for package in packages if not pinned.fullmatch(package)] == []


def test_every_npm_package_has_a_digest_and_no_address() -> None:
    content: dict[str, Any] = json.loads(NPM_LOCK.read_bytes())
    packages = {name: package for name, package in content["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
