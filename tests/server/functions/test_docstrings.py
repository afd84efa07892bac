"""Docstrings of the three styles: what is the description, what belongs to a parameter."""

import subprocess
import sys
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from interlock.server.functions.docstrings import read_docstring
from tests.server.functions.compiling import compiled


def google(city: str, days: int = 3) -> str:
    """Forecast the weather.

    Looks ahead a few days.

    Args:
        city (str): The city's name,
            as its people write it.
        days: How many days: 1 to 14.

    Returns:
        One line a day.
    """
    return ""


def numpy(city: str, days: int = 3) -> str:
    """Forecast the weather.

    Looks ahead a few days.

    Parameters
    ----------
    city : str
        The city's name,
        as its people write it.
    days : int, optional
        How many days: 1 to 14.

    Returns
    -------
    str
        One line a day.
    """
    return ""


def sphinx(city: str, days: int = 3) -> str:
    """Forecast the weather.

    Looks ahead a few days.

    :param city: The city's name,
        as its people write it.
    :type city: str
    :param int days: How many days: 1 to 14.
    :returns: One line a day.
    """
    return ""


@pytest.mark.parametrize(
    ("fn", "rest"),
    [
        (google, "Returns:\n    One line a day."),
        (numpy, "Returns\n-------\nstr\n    One line a day."),
        (sphinx, ":returns: One line a day."),
    ],
)
def test_styles(fn: Callable[..., Any], rest: str) -> None:
    function = compiled(fn)
    assert function.description == f"Forecast the weather.\n\nLooks ahead a few days.\n\n{rest}"
    assert [parameter.description for parameter in function.parameters] == [
        "The city's name, as its people write it.",
        "How many days: 1 to 14.",
    ]


@pytest.mark.parametrize(
    ("text", "description", "parameters"),
    [
        ("One line.", "One line.", {}),
        ("Args: are no section here.", "Args: are no section here.", {}),
        ("X\n\nArgs:", "X\n\nArgs:", {}),
        ("X\n\nArgs:\n    no colon here\n", "X\n\nArgs:\n    no colon here", {}),
        ("X\n\nArgs:\n    *args: rest\n    **kw: more", "X", {"args": "rest", "kw": "more"}),
        ("X\n\nArgs:\n    a: b\n\nY", "X\n\nY", {"a": "b"}),
        ("X\n\nArguments:\n    a: b\nParameters:\n    c: d", "X", {"a": "b", "c": "d"}),
        ("Parameters\n----------\na, b : int\n    Both.", None, {"a": "Both.", "b": "Both."}),
        (":param a: b", None, {"a": "b"}),
        (":type a: int\n\nX", "X", {}),
        ("Keyword Args:\n    a: b", None, {"a": "b"}),
        ("X :param a: inside", "X :param a: inside", {}),
    ],
)
def test_pieces(text: str, description: str | None, parameters: dict[str, str]) -> None:
    assert read_docstring(text) == (description, parameters)


def test_a_description_in_the_annotation_goes_first() -> None:
    def fn(a: Annotated[int, "from the annotation"], b: int) -> None:
        """X.

        Args:
            a: from the docstring
            b: from the docstring
            c: of nothing
        """

    assert [parameter.description for parameter in compiled(fn).parameters] == [
        "from the annotation",
        "from the docstring",
    ]


def test_no_docstring() -> None:
    def fn(a: int) -> None: ...

    assert compiled(fn).description is None


def test_short_docstrings_import_nothing() -> None:
    code = """
import sys
from interlock.server.functions import compile_function
def fn(text: str, n: int = 1) -> list[int]:
    "Says it.

Args are not described."
function = compile_function(fn, is_context=lambda _: None, is_content=lambda _: False)
function.bind(b'{"text": "x"}')
function.output.encode([1])
function.input_schema
heavy = {"docstring_parser", "jsonschema_rs", "pydantic", "dataclasses"}
print(sorted(heavy & set(sys.modules)))
""".replace(
        '"Says it.\n\nArgs are not described."', '"""Says it.\n\n    Args are not described."""'
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
