"""The package's face: every public name is importable, typed, documented, and costs nothing."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import interlock

NAMES = [name for name in interlock.__all__ if name != "__version__"]
SOURCE = ast.parse(Path(inspect.getfile(interlock)).read_text(encoding="utf-8"))
HEAVY = ("asyncio", "msgspec", "typing", "inspect", "jsonschema_rs", "cryptography", "uvloop")


def under_type_checking() -> dict[str, str]:
    """The imports that type checkers see, as name to module."""
    (block,) = [
        node for node in SOURCE.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)
    ]
    return {
        alias.asname or alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def in_a_fresh_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", NAMES)
class TestEveryName:
    def test_is_importable_and_kept(self, name: str) -> None:
        value = getattr(interlock, name)
        assert getattr(interlock, name) is value
        assert vars(interlock)[name] is value, "the second access is an ordinary one"

    def test_is_documented(self, name: str) -> None:
        value = getattr(interlock, name)
        assert inspect.isclass(value)
        doc = vars(value).get("__doc__")
        assert isinstance(doc, str)
        assert len(doc.split()) >= 2
        for member, found in vars(value).items():
            if not member.startswith("_") and (
                inspect.isfunction(found) or type(found) is property
            ):
                assert found.__doc__, f"{name}.{member} has no docstring"

    def test_is_typed(self, name: str) -> None:
        value: type[Any] = getattr(interlock, name)
        members: dict[str, Any] = {"__init__": value.__init__, **vars(value)}
        for member, found in members.items():
            if (member.startswith("_") and member != "__init__") or not inspect.isfunction(found):
                continue
            for parameter in list(inspect.signature(found).parameters.values())[1:]:
                assert parameter.annotation is not parameter.empty, f"{name}.{member}: {parameter}"
            assert "return" in found.__annotations__, f"{name}.{member} says no return type"

    def test_type_checkers_see_the_same(self, name: str) -> None:
        module = under_type_checking()[name]
        assert getattr(import_module(module), name) is getattr(interlock, name)

    def test_is_at_home_where_it_is_said_to_be(self, name: str) -> None:
        assert getattr(interlock, name).__module__.startswith("interlock.")


class TestTheModule:
    def test_all_is_sorted_and_whole(self) -> None:
        assert list(interlock.__all__) == sorted(interlock.__all__)
        assert len(set(interlock.__all__)) == len(interlock.__all__)
        assert set(NAMES) == set(under_type_checking())
        assert set(NAMES) == set(vars(interlock)["_HOMES"])

    def test_dir_is_complete(self) -> None:
        assert dir(interlock) == sorted(interlock.__all__)

    @pytest.mark.parametrize("name", ["Sever", "server_", "TYPE", "connect"])
    def test_other_names_are_an_error(self, name: str) -> None:
        with pytest.raises(AttributeError, match=f"module 'interlock' has no attribute {name!r}"):
            getattr(interlock, name)

    def test_a_star_import_brings_every_name(self) -> None:
        code = (
            "from interlock import *\n"
            "import interlock\n"
            "missing = [n for n in interlock.__all__ if n not in globals()]\n"
            "print(missing)"
        )
        assert in_a_fresh_process(code) == "[]"

    def test_has_a_version(self) -> None:
        assert interlock.__version__.split(".")[0].isdigit()

    def test_is_marked_as_typed(self) -> None:
        assert (Path(inspect.getfile(interlock)).parent / "py.typed").exists()


class TestImporting:
    def test_loads_nothing_heavy(self) -> None:
        code = (
            "import sys; before = set(sys.modules); import interlock;"
            "print(sorted(set(sys.modules) - before))"
        )
        assert in_a_fresh_process(code) == str(["interlock", "interlock._version"])

    def test_not_even_by_a_look_around(self) -> None:
        code = (
            "import sys; before = set(sys.modules);"
            "import interlock; dir(interlock); interlock.__version__;"
            "hasattr(interlock, 'nothing'); interlock.__all__;"
            f"print([m for m in {HEAVY!r} if m in set(sys.modules) - before])"
        )
        assert in_a_fresh_process(code) == "[]"

    @pytest.mark.parametrize(
        ("name", "spared"),
        [
            ("Server", ("jsonschema_rs", "cryptography", "docstring_parser", "uvloop", "pydantic")),
            ("Image", ("jsonschema_rs", "cryptography", "PIL", "matplotlib", "uvloop")),
            ("ToolError", ("asyncio", "jsonschema_rs", "cryptography", "uvloop")),
        ],
    )
    def test_a_name_loads_no_more_than_it_needs(self, name: str, spared: tuple[str, ...]) -> None:
        code = (
            f"import sys; from interlock import {name};"
            f"print([m for m in {spared!r} if m in sys.modules])"
        )
        assert in_a_fresh_process(code) == "[]"

    def test_a_tool_by_its_signature_needs_no_schema_engine(self) -> None:
        code = (
            "import sys\n"
            "from interlock import Server\n"
            "server = Server('t')\n"
            "@server.tool\n"
            "async def add(a: int, b: int = 2) -> int: return a + b\n"
            "print([m for m in ('jsonschema_rs', 'cryptography', 'docstring_parser') "
            "if m in sys.modules])"
        )
        assert in_a_fresh_process(code) == "[]"


def test_error_classes_form_one_tree() -> None:
    errors: list[type[Any]] = [
        value
        for name in NAMES
        if isinstance(value := getattr(interlock, name), type) and issubclass(value, Exception)
    ]
    assert {error.__name__ for error in errors} == {
        "ContentError",
        "DefinitionError",
        "InterlockError",
        "ProtocolError",
        "ToolError",
    }
    assert all(issubclass(error, interlock.InterlockError) for error in errors)
