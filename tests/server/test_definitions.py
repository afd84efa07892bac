"""Definitions read once: own copies of what was given, and names that are told apart."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import Annotations, DefinitionError, Icon, Server, ToolAnnotations
from interlock.server.definitions import (
    Described,
    json_copy,
    listed,
    listed_annotations,
    tool_name,
)
from tests.server.driving import Serve


class TestNames:
    @pytest.mark.spec("TOOLS-24", "L1125-TOOL-01")
    @given(st.text(max_size=140))
    def test_are_what_every_client_takes(self, name: str) -> None:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
        if 1 <= len(name) <= 128 and set(name) <= set(letters):
            assert tool_name(name) == name
        else:
            with pytest.raises(DefinitionError):
                tool_name(name)

    def test_errors_do_not_echo_all(self) -> None:
        with pytest.raises(DefinitionError) as caught:
            tool_name("x" * 10_000)
        assert len(str(caught.value)) < 300


class TestCopies:
    def test_what_is_given_may_be_changed_afterwards(self, serve: Serve) -> None:
        meta: dict[str, Any] = {"com.example/a": {"b": 1}}
        annotations: dict[str, Any] = {"readOnlyHint": True, "x-list": [1]}
        icons = [Icon("https://example.com/i.png")]
        server = Server("t")
        server.tool(name="t", meta=meta, annotations=annotations, icons=icons)(lambda: "ok")
        meta["com.example/a"]["b"] = 2
        annotations["x-list"].append(2)
        icons.clear()
        (tool,) = serve(server).entries()
        assert tool["_meta"] == {"com.example/a": {"b": 1}}
        assert tool["annotations"] == {"readOnlyHint": True, "x-list": [1]}
        assert len(tool["icons"]) == 1

    @pytest.mark.parametrize("make", [dict[str, Any], MappingProxyType[str, Any]])
    def test_any_mapping_will_do(self, make: Any) -> None:
        given: Mapping[str, Any] = make({"a": 1})
        assert json_copy(given, "x") == {"a": 1}
        assert listed_annotations(given, ToolAnnotations) == {"a": 1}
        assert listed(Described(meta=given), required={})["_meta"] == {"a": 1}

    def test_errors_say_what_and_where(self) -> None:
        with pytest.raises(DefinitionError, match=r"the thing: \$\.a\[1\]: a value of type object"):
            json_copy({"a": [1, object()]}, "the thing")


class TestTexts:
    @pytest.mark.parametrize("option", ["title", "description"])
    def test_are_text(self, option: str) -> None:
        wrong: dict[str, Any] = {option: 5}
        with pytest.raises(DefinitionError, match=f"{option}= is text, not int"):
            Server("t", **wrong)

    def test_show_half_characters(self) -> None:
        assert Server("t", title="caf\udce9").info["title"] == "caf\\udce9"

    def test_empty_ones_are_left_out(self) -> None:
        assert listed(Described(title="", description="", icons=(), meta={}), required={}) == {}


class TestHints:
    def test_structs_and_mappings_say_the_same(self) -> None:
        struct = Annotations(audience=["user"], priority=1, last_modified="2026-07-28T12:00:00Z")
        mapping = {
            "audience": ["user"],
            "priority": 1,
            "lastModified": "2026-07-28T12:00:00Z",
        }
        assert listed_annotations(struct, Annotations) == mapping
        assert listed_annotations(mapping, Annotations) == mapping

    @pytest.mark.spec("RES-19", "L0618-ANN-01")
    @pytest.mark.parametrize("priority", [-0.1, 1.1, 100])
    def test_out_of_range(self, priority: float) -> None:
        for given_ in (Annotations(priority=priority), {"priority": priority}):
            with pytest.raises(DefinitionError, match="priority is from 0 to 1, not"):
                listed_annotations(given_, Annotations)

    def test_of_the_wrong_kind(self) -> None:
        def tool() -> None: ...

        with pytest.raises(DefinitionError, match="a mapping or ToolAnnotations, not Annotations"):
            Server("t").tool(annotations=Annotations())(tool)  # pyright: ignore[reportArgumentType]  # the mistake under test
