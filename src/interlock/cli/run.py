"""``interlock run``: serve a server that a file or module holds."""

import os
import sys
from collections.abc import Sequence

from interlock.protocol.errors import InterlockError

_HELP = """\
usage: interlock run TARGET [--reload] [--env-file FILE] [-- ARGS...]

Serve TARGET over standard input and output until the input ends.

  TARGET           file.py[:name] or package.module[:name]
  --reload         start again whenever a file below the target's folder changes
  --env-file FILE  read environment variables from FILE first; set ones win
  -- ARGS...       arguments for the target, as its sys.argv

What the target prints goes to standard error. Exit status: 0 at the end of input,
2 where the target cannot be served.
"""


class UsageError(InterlockError):
    """The command line is wrong; the message says what it takes."""


class Options:
    """What the command line asks for."""

    def __init__(self) -> None:
        self.target = ""
        self.reload = False
        self.env_file: str | None = None
        self.arguments: list[str] = []


def parse(given: Sequence[str]) -> Options:
    """The options of a command line. Raises :class:`UsageError`."""
    options = Options()
    rest = list(given)
    while rest:
        word = rest.pop(0)
        if word == "--":
            options.arguments = rest
            break
        if word == "--reload":
            options.reload = True
        elif word == "--env-file" or word.startswith("--env-file="):
            value = word.partition("=")[2] if "=" in word else (rest.pop(0) if rest else "")
            if not value:
                raise UsageError("--env-file takes a file's path")
            options.env_file = value
        elif word.startswith("-"):
            raise UsageError(f"unknown option {ascii(word)[:60]}")
        elif options.target:
            raise UsageError(f"one TARGET is served, and {ascii(word)[:60]} is a second")
        else:
            options.target = word
    if not options.target:
        raise UsageError("TARGET is missing: name a file.py or a package.module")
    return options


def run(given: Sequence[str]) -> int:
    """Serve as the command line says. Returns the exit status."""
    if any(word in ("-h", "--help") for word in given[: _end_of_options(given)]):
        sys.stdout.write(_HELP)
        return 0
    try:
        options = parse(given)
    except UsageError as error:
        sys.stderr.write(f"interlock run: {error}\n\n{_HELP}")
        return 2
    try:
        if options.env_file is not None:
            _read_environment(options.env_file)
        if options.reload:
            from interlock.cli.reload import run_reloading

            return run_reloading(options.target, options.arguments)
        from interlock.transport.stdio.descriptors import claim

        claim()
        from interlock.cli.target import load

        server = load(options.target, options.arguments)
    except InterlockError as error:
        sys.stderr.write(f"interlock run: {error}\n")
        return 2
    try:
        from interlock.transport.stdio.serve import run as serve

        serve(server.started, bounds=server.bounds, owns_process=True)
        if server.threads.statistics().stuck:  # daemon threads can break the exit while they print
            sys.stderr.flush()
            os._exit(0)
    except InterlockError as error:
        sys.stderr.write(f"interlock run: {error}\n")
        return 2
    return 0


def _end_of_options(given: Sequence[str]) -> int:
    return list(given).index("--") if "--" in given else len(given)


def _read_environment(path: str) -> None:
    try:
        from dotenv import dotenv_values
    except ImportError:
        raise UsageError(
            "--env-file needs python-dotenv; install it with: pip install 'interlock[cli]'"
        ) from None
    if not os.path.isfile(path):
        raise UsageError(f"--env-file {path}: no such file")
    for name, value in dotenv_values(path).items():
        if value is not None:
            os.environ.setdefault(name, value)
