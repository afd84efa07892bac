"""Writes every lock file again: hashed, for all supported Pythons on all platforms, naming no host.

What is pinned stays where it still fits; with `--upgrade` everything moves to the newest that fits.
"""

import json
import sys
from pathlib import Path
from typing import Any

from scripts.envs import REQUIREMENTS, ROOT, BuildError, run, say, uv
from scripts.peers import npm

_COMPILE = [
    *("pip", "compile", "--quiet", "--custom-compile-command=make lock"),
    *("--universal", "--python-version=3.11", "--fork-strategy=fewest"),
    *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
]
_NPM_PROJECT = ROOT / "tests" / "peers" / "node"


def lock_python(source: list[str], lock: Path, *, upgrade: bool) -> None:
    """Resolve `source` (arguments of `uv pip compile`, relative to the root) into `lock`."""
    command = [uv(), *_COMPILE, *(["--upgrade"] if upgrade else []), *source]
    command += ["--output-file", str(lock.relative_to(ROOT))]
    run(command)
    _refuse_hosts(lock)


def lock_npm(*, upgrade: bool) -> None:
    """Resolve `package.json` of the TypeScript peers; keep what is needed to install."""
    lock = _NPM_PROJECT / "package-lock.json"
    verb = "update" if upgrade else "install"
    run([*npm(), verb, "--package-lock-only", "--ignore-scripts"], cwd=_NPM_PROJECT)
    content: dict[str, Any] = json.loads(lock.read_bytes())
    for package in content["packages"].values():
        for key in ("resolved", "funding"):  # addresses: of a host, of a sponsor's page
            package.pop(key, None)
    lock.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _refuse_hosts(lock)


def _refuse_hosts(lock: Path) -> None:
    """A lock that names where packages come from would bind every user to that place."""
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), 1):
        if "://" in line or str(ROOT) in line:
            place = f"{lock.relative_to(ROOT)}:{number}"
            raise BuildError(f"{place} names a host or a path: {line.strip()[:120]}")


def main(arguments: list[str]) -> None:
    """Write all locks, or say which one failed and why."""
    upgrade = arguments == ["--upgrade"]
    if arguments and not upgrade:
        sys.exit("usage: python -m scripts.lock [--upgrade]")
    try:
        for source in (REQUIREMENTS / "uv.in", *sorted((REQUIREMENTS / "peers").glob("*.in"))):
            name = str(source.relative_to(ROOT))
            say(f"locking {name}")
            lock_python([name], source.with_suffix(".txt"), upgrade=upgrade)
        say("locking pyproject.toml")
        project = ["pyproject.toml", "--all-extras", "--group=dev"]
        lock_python(project, REQUIREMENTS / "dev.txt", upgrade=upgrade)
        say("locking tests/peers/node/package.json")
        lock_npm(upgrade=upgrade)
    except BuildError as failure:
        sys.exit(f"interlock: {failure}")


if __name__ == "__main__":
    main(sys.argv[1:])
