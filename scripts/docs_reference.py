"""Writes what the documentation takes from the code: `make docs`.

`docs/reference.md` is written whole, from the signatures and docstrings of what `interlock.__all__`
names. In other pages the lines between `<!-- generated: NAME -->` and `<!-- end -->` are: the
bounds, the revisions, the methods, the error tree, the command's help. With `--check` nothing is
written; the status is 1 where a page is stale.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import interlock
from scripts.docs_source import annotated, definition, prose
from scripts.docs_tables import REGIONS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference.md"

_GROUPS = {
    "Serving": ("Server", "Bounds"),
    "What a handler gets": ("Context", "SyncContext", "Call"),
    "What a handler returns": (
        *("ToolResult", "Message", "Image", "Audio", "TextContent", "EmbeddedResource"),
        *("ResourceLink", "ResourceContents"),
    ),
    "What a definition says of itself": ("ToolAnnotations", "Annotations", "Icon"),
    "Errors": ("InterlockError", "ToolError", "ProtocolError", "DefinitionError", "ContentError"),
}
"""The order of the reference; a name that stands in no group comes under *More*."""

_REGION = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_GENERATOR = re.compile(r"(.+) -> Async(?:Generator|Iterator)\[(\w+).*\]", re.DOTALL)
_WIDTH = 88


# The reference


class Member(NamedTuple):
    """A method, property or field of a class."""

    title: str
    text: str


def public_homes() -> dict[str, str]:
    """The module that defines each public name, in the order of `interlock.__all__`.

    Read from the imports that `interlock/__init__.py` shows to type checkers.
    """
    tree = ast.parse(Path(interlock.__file__).read_text(encoding="utf-8"))
    homes = {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    return {name: homes[name] for name in interlock.__all__ if not name.startswith("__")}


def reference() -> str:
    """`docs/reference.md`."""
    homes = public_homes()
    groups = {title: [name for name in names if name in homes] for title, names in _GROUPS.items()}
    placed = {name for names in groups.values() for name in names}
    rest = [name for name in homes if name not in placed]
    if rest:
        groups["More"] = rest
    parts = [
        "# Reference",
        "<!-- Written by scripts/docs_reference.py from the docstrings: make docs -->",
        "Every public name, imported from `interlock`. `interlock.__version__` is the version.",
    ]
    for title, names in groups.items():
        parts.append(f"## {title}")
        for name in names:
            parts += _described(name, homes[name])
    return "\n\n".join(parts) + "\n"


def _described(name: str, home: str) -> Iterator[str]:
    """The parts of one public name."""
    yield f"### `{name}`"
    value: Any = getattr(interlock, name)
    if not isinstance(value, type):
        node = definition(home, name)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _code([_signature(node, name)])
        documented = inspect.getdoc(value)
        yield prose(documented) if documented else f"Defined in `{home}`."
        return
    cls: type[Any] = value
    yield _code([_class_signature(cls, name)])
    if Exception in cls.__mro__:
        bases = " and ".join(f"`{base.__name__}`" for base in cls.__bases__)
        yield f"Derived from {bases}."
    documented = cls.__dict__.get("__doc__")
    yield prose(inspect.cleandoc(documented)) if documented else "No more than its base says."
    values = [*_fields(cls), *_properties(cls)]
    if values:
        yield "\n".join(f"- {item.title}{item.text and ': ' + item.text}" for item in values)
    for method in _methods(cls, name):
        yield method.title
        yield method.text


def _class_nodes(cls: type) -> Iterator[ast.ClassDef]:
    """The class and those of its private bases, from the class upward."""
    for base in cls.__mro__:
        if base is not cls and not base.__name__.startswith("_"):
            continue
        if base.__module__.startswith("interlock."):
            node = definition(base.__module__, base.__name__)
            if isinstance(node, ast.ClassDef):
                yield node


def _class_signature(cls: type, name: str) -> str:
    if hasattr(cls, "__struct_fields__"):
        return _struct_signature(cls, name)
    for node in _class_nodes(cls):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return _signature(item, name, returns=False)
    if issubclass(cls, Exception):
        return f"{name}(message)"
    return name


def _struct_signature(cls: type, name: str) -> str:
    shown: list[str] = []
    star = False
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            star = True
            shown.append("*")
        optional = parameter.default is not parameter.empty
        shown.append(f"{parameter.name}=..." if optional else parameter.name)
    return _wrapped(name, shown, "")


def _fields(cls: type) -> list[Member]:
    """The fields of a Struct with their types, defaults and docstrings."""
    names: tuple[str, ...] = getattr(cls, "__struct_fields__", ())
    if not names:
        return []
    said: dict[str, Member] = {}
    for base in cls.__mro__:
        if not base.__module__.startswith("interlock."):
            continue
        node = definition(base.__module__, base.__name__)
        if not isinstance(node, ast.ClassDef):
            continue
        for item, text in annotated(node):
            target = item.target
            if isinstance(target, ast.Name) and target.id not in said:
                default = _default(cls, target.id)
                title = f"`{target.id}: {_type(item.annotation)}`"
                said[target.id] = Member(title + (f" = `{default}`" if default else ""), text)
    return [said[name] for name in names]


def _type(annotation: ast.expr) -> str:
    return ast.unparse(annotation).replace(" | UnsetType", "")


def _default(cls: type, field: str) -> str:
    """A field's default as source, `unset` for a member that is left out, empty where needed."""
    import msgspec

    for info in msgspec.structs.fields(cls):
        if info.name == field:
            if info.default is msgspec.UNSET:
                return "unset"
            if info.default is not msgspec.NODEFAULT:
                return repr(info.default)
            if info.default_factory is not msgspec.NODEFAULT:
                return f"{getattr(info.default_factory, '__name__', '...')}()"
    return ""


def _functions(cls: type) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, set[str]]]:
    """The public functions of a class with the names of their decorators, as written."""
    for node in _class_nodes(cls):
        for item in node.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name[0] != "_":
                yield item, {ast.unparse(mark).split("(")[0] for mark in item.decorator_list}


def _properties(cls: type) -> Iterator[Member]:
    for item, marks in _functions(cls):
        if "property" in marks:
            returns = "" if item.returns is None else f": {ast.unparse(item.returns)}"
            yield Member(f"`{item.name}{returns}`", prose(ast.get_docstring(item) or ""))


def _methods(cls: type, owner: str) -> Iterator[Member]:
    overloads: dict[str, list[str]] = {}
    for item, marks in _functions(cls):
        if "property" in marks:
            continue
        if "overload" in marks:
            overloads.setdefault(item.name, []).append(_signature(item, item.name))
            continue
        forms = overloads.get(item.name) or [_signature(item, item.name)]
        if "classmethod" in marks:
            forms = [f"{owner}.{form}" for form in forms]
        if "asynccontextmanager" in marks:
            forms = [_GENERATOR.sub(r"async with \1 as \2", form) for form in forms]
        text = prose(ast.get_docstring(item) or "")
        yield Member(f"#### `{owner}.{item.name}`", f"{_code(forms)}\n\n{text}".rstrip())


def _signature(
    node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, *, returns: bool = True
) -> str:
    """One call form, on one line where it fits in 88 characters, else a parameter a line."""
    given = node.args
    shown: list[str] = []
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    for at, (arg, default) in enumerate(zip(positional, [*defaults, *given.defaults], strict=True)):
        if arg.arg not in ("self", "cls"):
            shown.append(_parameter(arg, default))
        if given.posonlyargs and at == len(given.posonlyargs) - 1 and shown:
            shown.append("/")
    if given.vararg is not None:
        shown.append("*" + _parameter(given.vararg, None))
    elif given.kwonlyargs:
        shown.append("*")
    for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        shown.append(_parameter(arg, default))
    if given.kwarg is not None:
        shown.append("**" + _parameter(given.kwarg, None))
    end = f" -> {ast.unparse(node.returns)}" if returns and node.returns is not None else ""
    start = "async " if isinstance(node, ast.AsyncFunctionDef) and "Generator" not in end else ""
    return _wrapped(start + name, shown, end)


def _wrapped(start: str, shown: list[str], end: str) -> str:
    line = f"{start}({', '.join(shown)}){end}"
    if len(line) <= _WIDTH:
        return line
    return f"{start}(\n" + "".join(f"    {part},\n" for part in shown) + f"){end}"


def _parameter(arg: ast.arg, default: ast.expr | None) -> str:
    text = arg.arg
    if arg.annotation is not None:
        text += f": {ast.unparse(arg.annotation)}"
    if default is not None:
        text += (" = " if arg.annotation is not None else "=") + ast.unparse(default)
    return text


def _code(lines: list[str]) -> str:
    return "```text\n" + "\n".join(lines) + "\n```"


def with_regions(text: str) -> str:
    """A page with its generated lines as they ought to be. Raises `KeyError` on another name."""
    return _REGION.sub(lambda found: f"{found[1]}{REGIONS[found[2]]()}\n{found[4]}", text)


def without_regions(text: str) -> str:
    """A page without its generated lines: what people wrote."""
    return _REGION.sub("", text)


def pages() -> dict[Path, str]:
    """Every page that holds generated text, as it ought to be."""
    found = {REFERENCE: reference()}
    for path in sorted(DOCS.rglob("*.md")):
        if path != REFERENCE:
            text = path.read_text(encoding="utf-8")
            if _REGION.search(text):
                found[path] = with_regions(text)
    return found


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` say which are stale."""
    stale = [
        path
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is stale; run: make docs")
        else:
            path.write_text(pages()[path], encoding="utf-8")
            print(f"{path.relative_to(ROOT)} written")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
