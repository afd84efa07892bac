"""The entry point of the ``interlock`` command. Sub-commands are imported when they are run."""

import sys
from collections.abc import Sequence

_HELP = """\
usage: interlock COMMAND ...

The production stack for the Model Context Protocol.

commands:
  run TARGET     serve TARGET over standard input and output

TARGET is file.py[:name] or package.module[:name]; name is the server's variable
(by default the one server that the module holds).

Each command has its own help: interlock COMMAND --help

options:
  -h, --help     show this help
  --version      show the version
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status: 0 done, 2 wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given[0] if given else ""
    if command in ("-h", "--help"):
        sys.stdout.write(_HELP)
        return 0
    if command == "--version":
        from interlock import __version__

        sys.stdout.write(f"interlock {__version__}\n")
        return 0
    if command == "run":
        from interlock.cli.run import run

        return run(given[1:])
    if not command:
        sys.stderr.write(_HELP)
        return 2
    sys.stderr.write(f"interlock: no command {ascii(command)[:60]}; see: interlock --help\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
