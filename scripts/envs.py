"""Private Python environments, each built from a hashed lock file with nothing prepared before.

`python -m scripts.envs` builds `.venv`, with the package installed in it for editing. `ensure`
builds any other. An environment is built once, and again when its lock, the interpreter or the
place of the checkout changes; a stamp file tells. Builders exclude each other by a file lock, so
parallel makes and parallel test workers are safe.

uv does the installing: the one on PATH where it is new enough, else one that pip installs into
`.venv` from `requirements/uv.txt`. Only the standard library is imported: this runs before there
is anything else.
"""

import contextlib
import fcntl
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Generator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
STAMP = ".ready"

_RECIPE = 1  # raise it when the way of building changes, so that what stands is built again
_OLDEST_UV = (0, 8)
_TIMEOUT = 900.0  # seconds for one step; a cold download of the largest environment takes about ten
_TAIL = 4000  # characters of a failed command's output that are shown
_NOT_INHERITED = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX", "MAKEFLAGS", "MFLAGS")


class BuildError(Exception):
    """An environment could not be built; the message names the command and what it printed last."""


def say(text: str) -> None:
    """One line to standard error: standard output may belong to a protocol or to a result."""
    print(f"interlock: {text}", file=sys.stderr, flush=True)


def run(command: list[str], *, cwd: Path = ROOT, extra: dict[str, str] | None = None) -> str:
    """Run a command without input and return what it printed.

    Raises:
        BuildError: it could not start, ended with another status than 0, or took too long.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    environment.update(extra or {})
    shown = " ".join(command)
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except OSError as error:
        raise BuildError(f"could not start `{shown}`: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`{shown}` was not done after {_TIMEOUT:.0f} seconds") from error
    if done.returncode != 0:
        printed = done.stdout[-_TAIL:].rstrip()
        raise BuildError(f"`{shown}` ended with status {done.returncode}:\n{printed}")
    return done.stdout


def base_python() -> Path:
    """The interpreter that environments are made of: never one of an environment itself."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix, "bin", name)
    return base if base.exists() else Path(sys.executable)


def digest(*parts: bytes | str) -> str:
    """What an environment depends on: `parts`, the interpreter, the place of the checkout."""
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    value = hashlib.sha256()
    for part in (str(_RECIPE), str(ROOT), interpreter, platform.machine(), *parts):
        data = part.encode() if isinstance(part, str) else part
        value.update(len(data).to_bytes(8, "big") + data)
    return value.hexdigest()


def is_ready(target: Path, wanted: str) -> bool:
    """Whether the environment in `target` was built whole from exactly what `wanted` stands for."""
    try:
        return (target / STAMP).read_text(encoding="utf-8") == f"{ROOT}\n{wanted}\n"
    except OSError:
        return False


def mark_ready(target: Path, wanted: str) -> None:
    """Write the stamp, whole or not at all. Its first line is read by the Makefile."""
    fresh = target / f"{STAMP}.{os.getpid()}"
    fresh.write_text(f"{ROOT}\n{wanted}\n", encoding="utf-8")
    fresh.replace(target / STAMP)


@contextlib.contextmanager
def exclusively(lock: Path) -> Generator[None]:
    """Hold the lock file itself, so that only one process at a time builds from it."""
    with lock.open("r+b") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that builds from {lock.relative_to(ROOT)}")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


@functools.cache
def uv() -> str:
    """The path of a usable uv, installed first where there is none.

    Raises:
        BuildError: there is none and pip could not install it.
    """
    found = shutil.which("uv")
    if found is not None and _uv_version(found) >= _OLDEST_UV:
        return found
    lock = REQUIREMENTS / "uv.txt"
    target = VENV / "tools" / "uv"
    wanted = digest(lock.read_bytes())
    with exclusively(lock):
        if not is_ready(target, wanted):
            say("installing uv with pip")
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            command = [str(base_python()), "-m", "pip", "install", "--quiet", f"--target={target}"]
            command += ["--no-deps", "--require-hashes", "--only-binary=:all:", f"-r{lock}"]
            run(command, extra={"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
            mark_ready(target, wanted)
    return str(target / "bin" / "uv")


def _uv_version(path: str) -> tuple[int, ...]:
    """Major and minor version, or nothing for one that does not run (a shim without its tool)."""
    try:
        words = run([path, "--version"]).split()
        return tuple(int(part) for part in words[1].split(".")[:2])
    except (BuildError, IndexError, ValueError):
        return ()


def install(target: Path, lock: Path) -> Path:
    """Make `target` an environment that holds exactly what `lock` says; return its interpreter."""
    python = target / "bin" / "python"
    command = [uv(), "venv", "--quiet", "--no-project", "--allow-existing"]
    command += [f"--python={base_python()}", str(target)]
    run(command, extra={"UV_PYTHON_DOWNLOADS": "never"})
    run([uv(), "pip", "sync", "--quiet", "--require-hashes", f"--python={python}", str(lock)])
    return python


def ensure(target: Path, lock: Path) -> Path:
    """The interpreter of the environment in `target`, built from `lock` where it is not there yet.

    Raises:
        BuildError: it could not be built.
    """
    python = target / "bin" / "python"
    wanted = digest(lock.read_bytes())
    if is_ready(target, wanted) and python.exists():
        return python
    with exclusively(lock):
        if not (is_ready(target, wanted) and python.exists()):
            say(f"building {target.relative_to(ROOT)} from {lock.relative_to(ROOT)}")
            shutil.rmtree(target, ignore_errors=True)
            install(target, lock)
            mark_ready(target, wanted)
    return python


def ensure_development() -> Path:
    """The interpreter of `.venv`, which holds the package and all that work on it needs.

    Raises:
        BuildError: it could not be built.
    """
    lock = REQUIREMENTS / "dev.txt"
    python = VENV / "bin" / "python"
    with exclusively(lock):
        wanted = digest(lock.read_bytes(), _packaging())
        keep = _runs_this_version(python)
        if not (keep and is_ready(VENV, wanted)):
            say(f"building .venv from {lock.relative_to(ROOT)}")
            if not (keep and _made_for_this_place()):
                _empty(VENV)
            (VENV / STAMP).unlink(missing_ok=True)
            install(VENV, lock)
            command = [uv(), "pip", "install", "--quiet", f"--python={python}", "--no-deps"]
            command += ["--no-build-isolation", "--reinstall-package=interlock", "--editable", "."]
            run(command)
        mark_ready(VENV, wanted)  # also where nothing was done: make looks at its time
    return python


def _packaging() -> str:
    """The parts of the project's own metadata that an editable installation copies."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    tool = settings.get("tool", {}).get("hatch")
    version = (ROOT / "src" / "interlock" / "_version.py").read_text(encoding="utf-8")
    return repr([settings.get("build-system"), settings.get("project"), tool, version])


def _made_for_this_place() -> bool:
    """Whether `.venv` was built here, as its scripts hold absolute paths; without a stamp: yes."""
    try:
        return (VENV / STAMP).read_text(encoding="utf-8").split("\n", 1)[0] == str(ROOT)
    except FileNotFoundError:
        return True


def _runs_this_version(python: Path) -> bool:
    print_version = "import platform; print(platform.python_version())"
    try:
        printed = run([str(python), "-I", "-S", "-c", print_version])
    except BuildError:
        return False
    return printed.strip() == platform.python_version()


def _empty(folder: Path) -> None:
    """Remove what is in `folder`; the folder itself may be a mount or a link to another disk."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


if __name__ == "__main__":
    try:
        ensure_development()
    except BuildError as failure:
        sys.exit(f"interlock: {failure}")
