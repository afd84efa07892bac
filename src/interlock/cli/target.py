"""Targets: from ``file.py:name`` or ``package.module:name`` to the server it means."""

import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType

from interlock.protocol.errors import InterlockError
from interlock.server.server import Server

_TEXT_LIMIT = 1000


class TargetError(InterlockError):
    """The target cannot be served; the message says why and what would do."""


def load(target: str, arguments: Sequence[str] = ()) -> Server:
    """Import what ``target`` names and return its server. Raises :class:`TargetError`.

    The target sees ``arguments`` as its ``sys.argv[1:]``. A callable that returns a server is
    called.
    """
    place, name = split(target)
    sys.argv = [place, *arguments]
    module = _import_file(place) if _is_file(place) else _import_module(place)
    return _find(module, place, name)


def split(target: str) -> tuple[str, str | None]:
    """The module's place and the variable's name; a Windows drive is no separator."""
    match = re.fullmatch(r"(.+):([A-Za-z_][\w.]*)", target)
    return (match[1], match[2]) if match else (target, None)


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or os.sep in place


def _import_file(place: str) -> ModuleType:
    path = os.path.abspath(place)
    if not os.path.isfile(path):
        raise TargetError(f"{place}: no such file")
    folder, file = os.path.split(path)
    sys.path.insert(0, folder)
    name = file.removesuffix(".py")
    if name in sys.modules:  # a target called json.py must not stand in for the library's
        name = f"interlock_target_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{place}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _failed(place, error) from error
    return module


def _import_module(place: str) -> ModuleType:
    if not all(part.isidentifier() for part in place.split(".")):
        raise TargetError(f"{place!a}: neither a .py file nor the name of a module")
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(error.name + ".")):
            raise TargetError(
                f"{place!a}: no such module here; for a file, name it with its .py"
            ) from None
        raise _failed(place, error) from error
    except (Exception, SystemExit) as error:
        raise _failed(place, error) from error


def _made(factory: Callable[..., object], target: str) -> Server:
    """What a callable of the target makes."""
    try:
        server = factory()
    except (Exception, SystemExit) as error:
        raise _failed(target, error, "cannot be called") from error
    if isinstance(server, Server):
        return server
    if inspect.iscoroutine(server):
        server.close()
        raise TargetError(f"{target} is an async function; write a plain one that returns a server")
    raise TargetError(f"{target} returned {type(server).__name__}, not an interlock.Server")


def _failed(place: str, error: BaseException, what: str = "does not import") -> TargetError:
    """One message for a target that raised: what, and where in its own code."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "importlib" not in f.filename and f.filename != __file__]
    where = f" ({os.path.basename(own[-1].filename)}:{own[-1].lineno})" if own else ""
    text = str(error).strip() or "no message"
    if len(text) > _TEXT_LIMIT:
        text = text[:_TEXT_LIMIT] + "…"
    return TargetError(f"{place} {what}: {type(error).__name__}: {text}{where}")


def _find(module: ModuleType, place: str, name: str | None) -> Server:
    if name is not None:
        value: object = module
        for part in name.split("."):
            if not hasattr(value, part):
                raise TargetError(f"{place} has no {name!r}")
            value = getattr(value, part)
        if isinstance(value, Server):
            return value
        if callable(value):
            return _made(value, f"{place}:{name}")
        raise TargetError(f"{place}:{name} is {type(value).__name__}, not an interlock.Server")
    found = {key: value for key, value in vars(module).items() if isinstance(value, Server)}
    servers = {id(value): key for key, value in found.items()}
    if len(servers) == 1:
        return next(iter(found.values()))
    if "server" in found:
        return found["server"]
    if not found:
        raise TargetError(
            f"{place} holds no server; put one in a variable: server = interlock.Server('name')"
        )
    names = ", ".join(sorted(servers.values()))
    raise TargetError(f"{place} holds several servers; choose one as {place}:NAME of {names}")
