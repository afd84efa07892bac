"""Nothing public is undocumented, nothing documented is gone, and every link leads somewhere."""

import ast
import contextlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

import interlock
from interlock import Bounds, Context, Server, SyncContext
from scripts import docs_reference
from tests.docs.documents import DOCS, GUIDES, PAGES, README, ROOT, anchors, links, prose, read

_SPANS = [
    span
    for page in GUIDES
    for span in re.findall(r"`([^`\n]+)`", docs_reference.without_regions(prose(page)))
]


def _named(name: str) -> bool:
    """Whether the text of a guide names something in code, by itself or in an example of use."""
    return any(re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", span) for span in _SPANS)


def test_what_is_generated_is_up_to_date() -> None:
    for page, text in docs_reference.pages().items():
        name = page.relative_to(ROOT)
        assert page.is_file(), f"{name} is missing; run: make docs"
        assert page.read_text(encoding="utf-8") == text, f"{name} is stale; run: make docs"


def test_a_stale_page_is_found_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- generated: bounds -->\nold\n<!-- end -->\n")
    monkeypatch.setattr(docs_reference, "ROOT", tmp_path)
    monkeypatch.setattr(docs_reference, "DOCS", tmp_path)
    monkeypatch.setattr(docs_reference, "REFERENCE", tmp_path / "reference.md")
    assert docs_reference.main(["--check"]) == 1
    assert "page.md is stale" in capsys.readouterr().out
    assert page.read_text() == "<!-- generated: bounds -->\nold\n<!-- end -->\n"
    assert docs_reference.main([]) == 0
    assert "| `message_bytes` | 4,194,304" in page.read_text()
    assert docs_reference.main(["--check"]) == 0


def test_a_region_of_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        docs_reference.with_regions("<!-- generated: nothing -->\n<!-- end -->\n")


def test_the_reference_holds_every_public_name_with_a_docstring() -> None:
    text = read(DOCS / "reference.md")
    homes = docs_reference.public_homes()
    assert set(homes) == set(interlock.__all__) - {"__version__"}
    for name in homes:
        assert f"\n### `{name}`\n" in text
        assert inspect.getdoc(getattr(interlock, name)), f"{name} has no docstring"
    for match in re.finditer(r"^#### `(.+)`\n\n```text\n.*?\n```\n\n(.)", text, re.M | re.S):
        assert match[2] not in "#`", f"{match[1]} has no docstring"
    for match in re.finditer(r"^- `(\w+: \w.*)`$", text, re.MULTILINE):
        assert "unset" in match[1] or match[1], match[0]


@pytest.mark.parametrize("name", [name for name in interlock.__all__ if name != "__version__"])
def test_every_public_name_stands_in_a_guide(name: str) -> None:
    assert _named(name), f"{name} is public; a page beside reference.md has to name it"


def _parameters(function: Callable[..., object]) -> set[str]:
    """The names that a call of `function`, in any of its overloads, may use."""
    import typing

    forms = typing.get_overloads(function) or [function]
    return {
        name
        for form in forms
        for name, parameter in inspect.signature(form).parameters.items()
        if name not in ("self", "function")
        and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }


_SETTINGS = sorted(
    _parameters(Server.__init__)
    | _parameters(Server.tool)
    | _parameters(Server.add_tool)
    | _parameters(Server.resource)
    | _parameters(Server.prompt)
    | _parameters(Server.middleware)
    | _parameters(Server.mount)
    | set(Bounds.__struct_fields__)
)


@pytest.mark.parametrize("setting", _SETTINGS)
def test_every_setting_stands_in_a_guide(setting: str) -> None:
    assert _named(setting), f"{setting} is a setting; a page beside reference.md has to name it"


@pytest.mark.parametrize("owner", [Server, Context, SyncContext])
def test_every_method_stands_in_a_guide(owner: type) -> None:
    for name in vars(owner):
        if not name.startswith("_"):
            assert _named(name), f"{owner.__name__}.{name} is public; a guide has to name it"


def _command_words() -> set[str]:
    """Every command and option that the sources of the command compare a word with."""
    found: set[str] = set()
    for path in (ROOT / "src" / "interlock" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found.add(part.value)
    options = {word for word in found if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    main = ast.parse((ROOT / "src" / "interlock" / "cli" / "main.py").read_text(encoding="utf-8"))
    for node in ast.walk(main):
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == "command":
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    options.add(part.value)
    return options


def test_every_command_and_option_stands_in_the_page_of_the_command() -> None:
    text = read(DOCS / "cli.md")
    words = _command_words()
    assert {"run", "--reload", "--env-file", "--version"} <= words
    for word in words:
        assert re.search(rf"`(?:interlock )?{re.escape(word)}[` =]", text), word
    for name in re.findall(r"--[a-z-]+", prose(DOCS / "cli.md")):
        assert name in words, f"{name} is documented and gone"


def test_every_make_target_is_documented_and_every_documented_one_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) - {"help"}
    text = read(ROOT / "CONTRIBUTING.md")
    assert targets == set(re.findall(r"`make ([a-z]+)`", text))
    for page in PAGES:
        for name in re.findall(r"`make ([a-z-]+)[` ]", read(page)):
            assert name in targets, f"{page.name}: make {name} does not exist"


def test_documented_settings_of_the_server_and_its_bounds_exist() -> None:
    """Keyword arguments in prose, as in `page_size=`, are of something public."""
    known = set(_SETTINGS) | _parameters(Server.__init__)
    for name in interlock.__all__:
        with contextlib.suppress(TypeError, ValueError):  # no class, or one without a signature
            known |= set(inspect.signature(getattr(interlock, name)).parameters)
    known |= {"log_level", "wire", "on_notice", "client", "retry_after", "code", "data", "logger"}
    for page in GUIDES:
        for name in re.findall(r"`([a-z_]+)=`", prose(page)):
            assert name in known, f"{page.name}: {name}= is no setting"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        path, _, fragment = target.partition("#")
        where = (page.parent / unquote(path)).resolve() if path else page
        assert where.exists(), f"{page.name}: {target}"
        assert where.is_relative_to(ROOT), f"{page.name}: {target}"
        if fragment:
            assert fragment in anchors(where), f"{page.name}: {target}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [README]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in links(page):
            path = (page.parent / target.partition("#")[0]).resolve()
            if path.suffix == ".md" and path.is_file():
                waiting.append(path)
    assert set(PAGES) <= seen, sorted(str(page) for page in set(PAGES) - seen)


_HOSTS = re.compile(
    r"pypi|pythonhosted|npmjs|registry\.|deb\.debian|crates\.io|proxy\.golang|localhost:\d+/simple"
)
_PLACES = re.compile(r"(?<![\w.~:/])/(?:work|home|root|Users|tmp|opt|mnt|srv|var)/")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_registry_or_a_place_on_a_machine(page: Path) -> None:
    for number, line in enumerate(read(page).split("\n"), 1):
        assert not _HOSTS.search(line), f"{page.name}:{number}"
        assert not _PLACES.search(line), f"{page.name}:{number}"


def test_the_decisions_are_numbered_and_say_what_they_must() -> None:
    pages = sorted((DOCS / "decisions").glob("0*.md"))
    for number, page in enumerate(pages, 1):
        assert page.name.startswith(f"{number:04}-")
        text = read(page)
        assert text.startswith(f"# {number:04} ")
        for heading in ("## Decision", "## Why", "## Price"):
            assert heading in text, f"{page.name}: {heading}"
