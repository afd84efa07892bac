"""Resources and templates: what is read, under which URIs, and what is refused."""

import asyncio
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import (
    Audio,
    Context,
    DefinitionError,
    Image,
    ProtocolError,
    ResourceContents,
    Server,
    SyncContext,
    ToolError,
)
from interlock.protocol.errors import PermissionDenied
from interlock.protocol.revisions import REVISIONS
from tests.server.driving import LEGACY, Client, Serve

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Station:
    name: str


def giving(value: Any, returns: Any = None, **options: Any) -> Server:
    """A server whose one resource `a:b` is `value`."""

    def read() -> Any:
        return value

    read.__annotations__ = {} if returns is None else {"return": returns}
    server = Server("t")
    server.resource("a:b", **options)(read)
    return server


def contents(client: Client, uri: str) -> list[dict[str, Any]]:
    return client.request("resources/read", uri=uri)["contents"]


class TestContents:
    @pytest.mark.spec("RES-10", "RES-31", "L1105-RES-07")
    @pytest.mark.parametrize(
        ("value", "returns", "member", "content", "mime_type"),
        [
            ("text\né", str, "text", "text\né", "text/plain"),
            ("", str, "text", "", "text/plain"),
            (b"\x00\xff", bytes, "blob", "AP8=", "application/octet-stream"),
            (bytearray(b"a"), None, "blob", "YQ==", "application/octet-stream"),
            (memoryview(b"a"), None, "blob", "YQ==", "application/octet-stream"),
            (b"", bytes, "blob", "", "application/octet-stream"),
            ({"a": 1}, dict[str, int], "text", '{"a":1}', "application/json"),
            ({"a": 1}, None, "text", '{"a":1}', "application/json"),
            (["a", "b"], list[str], "text", '["a","b"]', "application/json"),
            (["a", "b"], None, "text", '["a","b"]', "application/json"),
            ([], None, "text", "[]", "application/json"),
            (Station("Oslo"), Station, "text", '{"name":"Oslo"}', "application/json"),
            ([Station("Oslo")], None, "text", '[{"name":"Oslo"}]', "application/json"),
            (None, None, "text", "null", "application/json"),
            (3, int, "text", "3", "application/json"),
            (Image(PNG), Image, "blob", "iVBORw0KGgo=", "image/png"),
            (Audio(b"OggS"), Audio, "blob", "T2dnUw==", "audio/ogg"),
        ],
    )
    def test_by_what_is_returned(
        self,
        serve: Serve,
        value: Any,
        returns: Any,
        member: str,
        content: str,
        mime_type: str,
    ) -> None:
        for annotation in (returns, Any):
            (found,) = contents(serve(giving(value, annotation)), "a:b")
            assert found == {"uri": "a:b", member: content, "mimeType": mime_type}

    def test_the_declared_type_counts(self, serve: Serve) -> None:
        for value in ("a,b", b"a,b", ["a"]):
            client = serve(giving(value, mime_type="text/csv; charset=utf-8"))
            (found,) = contents(client, "a:b")
            assert found["mimeType"] == "text/csv; charset=utf-8"
            (listed,) = client.entries("resources/list")
            assert listed["mimeType"] == "text/csv; charset=utf-8"

    @pytest.mark.spec("RES-11")
    def test_contents_go_out_as_they_are(self, serve: Serve) -> None:
        one = ResourceContents("a:other", text="x", mime_type="text/x", meta={"com.example/a": 1})
        two = ResourceContents("a:more", blob="AA==")
        wire = [
            {"uri": "a:other", "text": "x", "mimeType": "text/x", "_meta": {"com.example/a": 1}},
            {"uri": "a:more", "blob": "AA=="},
        ]
        assert contents(serve(giving(one, ResourceContents)), "a:b") == wire[:1]
        for several in ([one, two], (one, two)):
            for returns in (None, list[ResourceContents]):
                assert contents(serve(giving(several, returns)), "a:b") == wire

    @pytest.mark.spec("RES-31")
    @given(st.binary(max_size=300))
    def test_bytes_arrive_as_they_were(self, data: bytes) -> None:
        with Client(giving(data), "2026-07-28") as client:
            (found,) = contents(client, "a:b")
        assert b64decode(found["blob"], validate=True) == data

    def test_half_characters_of_text_are_shown(self, serve: Serve) -> None:
        (found,) = contents(serve(giving("caf\udce9")), "a:b")
        assert found["text"] == "caf\\udce9"

    @pytest.mark.parametrize("value", [{"a": object()}, {"a": float("nan")}, [Image(PNG), 5]])
    @pytest.mark.spec("RES-27")
    def test_what_has_no_json_form_is_our_fault(
        self, serve: Serve, caplog: pytest.LogCaptureFixture, value: Any
    ) -> None:
        error = serve(giving(value)).refused("resources/read", uri="a:b")
        assert error.code == -32603
        assert "$" in caplog.text, "the log names the place"

    def test_what_breaks_the_declared_type_is_our_fault(self, serve: Serve) -> None:
        assert serve(giving(5, Station)).refused("resources/read", uri="a:b").code == -32603

    @pytest.mark.spec("RES-08")
    @pytest.mark.parametrize("revision", REVISIONS)
    def test_caching_is_told_where_it_is_known(self, serve_raw: Serve, revision: str) -> None:
        client = serve_raw(giving("x"), revision=revision)
        for method, params in (
            ("resources/list", {}),
            ("resources/templates/list", {}),
            ("resources/read", {"uri": "a:b"}),
        ):
            result = client.request(method, **params)
            if revision in LEGACY:
                assert "ttlMs" not in result
                assert "cacheScope" not in result
            else:
                assert result["ttlMs"] >= 0
                assert result["cacheScope"] == (
                    "private" if method == "resources/read" else "public"
                )


class TestNotFound:
    @pytest.mark.spec("RES-24", "RES-25", "RES-26", "L1105-RES-05")
    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.parametrize("uri", ["a:missing", "a:gone", "weather://nowhere/now", "http://x/"])
    def test_is_an_error_with_the_uri(self, serve_raw: Serve, revision: str, uri: str) -> None:
        server = giving("x")

        def gone() -> str:
            raise FileNotFoundError("/srv/secret/path")

        server.resource("a:gone")(gone)

        @server.resource("weather://{city}/now")
        async def now(city: str) -> str:
            raise FileNotFoundError(city)

        error = serve_raw(server, revision=revision).refused("resources/read", uri=uri)
        assert error.code == (-32002 if revision in LEGACY else -32602)
        assert error.data == {"uri": uri}
        assert "secret" not in error.message
        assert "List resources" in error.message

    def test_is_no_other_error_of_a_file(self, serve: Serve) -> None:
        server = Server("t")

        @server.resource("a:b")
        def read() -> str:
            raise PermissionError(13, "Permission denied", "/srv/secret")

        error = serve(server).refused("resources/read", uri="a:b")
        assert error.code == -32603
        assert "/srv/secret" not in error.message


class TestUris:
    @pytest.mark.spec("RES-23", "RES-29", "L0618-URI-01", "L1105-RES-07")
    @pytest.mark.parametrize(
        "uri",
        [
            "",
            "a",
            "/etc/passwd",
            "a b:c",
            "a:b c",
            "a:b\n",
            "a:b\x00",
            "a:é",
            "a:%zz",
            "a:\u202e",
            "http://[::1/",
            "a:" + "x" * 100_000,
            "1a:b",
        ],
    )
    def test_that_are_none_are_refused(self, serve: Serve, uri: str) -> None:
        server = giving("x")
        server.resource("a:{+rest}")(lambda_rest)
        error = serve(server).refused("resources/read", uri=uri)
        assert error.code == -32602
        assert "no valid URI" in error.message
        assert len(error.message) < 600

    @pytest.mark.spec("RES-29")
    @pytest.mark.parametrize("uri", [None, 5, ["a:b"], {"uri": "a:b"}])
    def test_that_are_no_text_are_refused(self, serve: Serve, uri: Any) -> None:
        assert serve(giving("x")).refused("resources/read", uri=uri).code == -32602

    @pytest.mark.spec("RES-29")
    @given(st.text(st.characters(codec="utf-8"), max_size=40))
    def test_any_text_is_answered(self, uri: str) -> None:
        server = Server("t")
        server.resource("a:{+rest}")(lambda_rest)
        with Client(server, "memory") as client:
            try:
                assert contents(client, uri)
            except ProtocolError as error:
                assert error.code == -32602

    @pytest.mark.spec("RES-23", "L0618-URI-01")
    @pytest.mark.parametrize(
        ("uri", "message"),
        [
            ("a/b", r"the URI 'a/b': .*expected letters, digits"),
            ("", "the URI is empty; expected a scheme"),
            ("a:b c", "percent-encode it"),
            ("a:é", "percent-encode it"),
            ("a:{b", "has no closing '}'"),
            ("a:b}", "the URI template"),
            ("a:{b}{c}", "the URI template"),
        ],
    )
    def test_that_cannot_be_defined(self, uri: str, message: str) -> None:
        def read(b: str = "", c: str = "") -> str:
            return b

        with pytest.raises(DefinitionError, match=message):
            Server("t").resource(uri)(read)

    @pytest.mark.parametrize(
        "uri", ["a:b", "urn:isbn:0451450523", "git+ssh://h/p?q#f", "x://[::1]"]
    )
    def test_that_can(self, serve: Serve, uri: str) -> None:
        server = Server("t")
        server.add_resource(lambda: "x", uri, name="n")
        assert contents(serve(server), uri)[0]["uri"] == uri


def lambda_rest(rest: str) -> str:
    return rest


class TestDefinitions:
    @pytest.mark.parametrize(
        ("uri", "message"),
        [
            ("a:{city}", r"parameter 'day' needs a value, but 'a:\{city\}' has no such variable.*"),
            ("a:b", r"'a:b' is fixed\. Put \{city\} into the URI or give it a default"),
            ("a:{city}/{day}/{hour}", r"has \{hour\}, but there is no such parameter"),
        ],
    )
    def test_variables_are_parameters(self, uri: str, message: str) -> None:
        def read(city: str, day: int, unit: str = "C") -> str:
            return city

        with pytest.raises(DefinitionError, match=message):
            Server("t").resource(uri)(read)

    @pytest.mark.parametrize("mime_type", ["text", "text/html\r\nX: 1", "", "a/b/c"])
    def test_media_types_that_are_none(self, mime_type: str) -> None:
        with pytest.raises(DefinitionError, match="is no media type; write mime_type="):
            giving("x", mime_type=mime_type)

    def test_sizes_that_are_none(self) -> None:
        with pytest.raises(DefinitionError, match="size= is a number of bytes, not -1"):
            giving("x", size=-1)


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "uri", "expected"),
        [
            ("a://{city}/{day}", "a://Oslo/2", ["Oslo", 2, "C"]),
            ("a://{city}/{day}{?unit}", "a://Oslo/2?unit=F", ["Oslo", 2, "F"]),
            ("a://{city}/{day}{?unit}", "a://Oslo/2", ["Oslo", 2, "C"]),
            ("a://{city}/{day}", "a://New%20York/2", ["New York", 2, "C"]),
            ("a://{city}/{day}", "a://%C3%98rsta/2", ["Ørsta", 2, "C"]),
            ("a://{city}/{day}", "a://123/2", ["123", 2, "C"]),
            ("a://{city}/{day}", "a://true/2", ["true", 2, "C"]),
        ],
    )
    def test_variables_are_read_by_their_types(
        self, serve: Serve, template: str, uri: str, expected: list[Any]
    ) -> None:
        server = Server("t")

        @server.resource(template)
        def read(city: str, day: int, unit: str = "C") -> list[Any]:
            return [city, day, unit]

        (found,) = contents(serve(server), uri)
        assert found["uri"] == uri
        assert found["text"] == str(expected).replace("'", '"').replace(", ", ",")

    @pytest.mark.spec("RES-29")
    def test_values_of_another_type_are_refused(self, serve: Serve) -> None:
        server = Server("t")

        @server.resource("a:{day}")
        def read(day: int) -> str:
            return str(day)

        client = serve(server)
        assert contents(client, "a:7")[0]["text"] == "7"
        for wrong in ("a:seven", "a:1.5", "a:null", "a:%22"):
            error = client.refused("resources/read", uri=wrong)
            assert error.code == -32602
            assert "$.day" in error.message

    def test_lists_are_read(self, serve: Serve) -> None:
        server = Server("t")

        @server.resource("a:{parts*}")
        def read(parts: list[int]) -> int:
            return sum(parts)

        assert contents(serve(server), "a:1,2,3")[0]["text"] == "6"

    def test_fixed_ones_go_first_then_the_order_of_definition(self, serve: Serve) -> None:
        server = Server("t")

        def say(text: str) -> Any:
            def read(x: str) -> str:
                return text

            return read

        server.resource("a:{x}")(say("first"))
        server.resource("a:{+x}")(say("second"))
        server.resource("a:fixed")(lambda_fixed)
        client = serve(server)
        assert contents(client, "a:fixed")[0]["text"] == "fixed"
        assert contents(client, "a:one")[0]["text"] == "first"
        assert contents(client, "a:one/two")[0]["text"] == "second"

    @pytest.mark.spec("RES-32")
    @pytest.mark.parametrize(
        ("tail", "seen"),
        [
            ("..%2f..%2fetc%2fpasswd", "../../etc/passwd"),
            ("%2e%2e%2Fsecret", "../secret"),
            ("..%5csecret", "..\\secret"),
            ("%252e%252e%252f", "%2e%2e%2f"),
            ("a%00b", "a\x00b"),
            ("..", ".."),
        ],
    )
    def test_traversal_is_seen_by_the_handler(self, serve: Serve, tail: str, seen: str) -> None:
        """Values are decoded once, and nothing is hidden from whoever has to check them."""
        got: list[str] = []
        server = Server("t")

        @server.resource("file:///{name}")
        def read(name: str) -> str:
            got.append(name)
            return "x"

        contents(serve(server), f"file:///{tail}")
        assert got == [seen]

    @pytest.mark.spec("RES-32", "L1105-RES-07")
    @pytest.mark.parametrize(
        "tail",
        [
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "../secret.txt",
            "a/../../secret.txt",
            "link",
            "folder/link",
            "%2fetc%2fpasswd",
            "a%00",
        ],
    )
    def test_a_handler_that_checks_is_safe(self, serve: Serve, tmp_path: Path, tail: str) -> None:
        root = tmp_path / "root"
        (root / "folder").mkdir(parents=True)
        (tmp_path / "secret.txt").write_text("secret")
        (root / "open.txt").write_text("open")
        (root / "link").symlink_to(tmp_path / "secret.txt")
        (root / "folder" / "link").symlink_to("/etc/passwd")
        server = Server("t")

        @server.resource("file:///{+name}")
        def read(name: str) -> str:
            try:
                path = (root / name).resolve()
            except ValueError as error:
                raise FileNotFoundError(name) from error
            if not path.is_relative_to(root):
                raise FileNotFoundError(name)
            return path.read_text()

        client = serve(server)
        assert contents(client, "file:///open.txt")[0]["text"] == "open"
        error = client.refused("resources/read", uri=f"file:///{tail}")
        assert error.code == -32602

    @given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
    def test_whatever_is_encoded_arrives(self, text: str) -> None:
        server = Server("t")

        @server.resource("a:{value}")
        def read(value: str) -> str:
            return value

        with Client(server, "memory") as client:
            assert contents(client, f"a:{quote(text, safe='')}")[0]["text"] == text


def lambda_fixed() -> str:
    return "fixed"


class TestHandlers:
    @pytest.mark.parametrize("thread", [None, False])
    def test_of_every_form(self, serve: Serve, thread: bool | None) -> None:
        server = Server("t")

        @server.resource("a:sync/{x}", thread=thread)
        def sync(x: str) -> str:
            return x

        @server.resource("a:async/{x}")
        async def later(x: str, ctx: Context[None]) -> str:
            await asyncio.sleep(0)
            return x + ctx.client.name

        @server.resource("a:blocking/{x}")
        def blocking(x: str, ctx: SyncContext[None]) -> str:
            return x + ctx.client.name

        client = serve(server)
        assert contents(client, "a:sync/1")[0]["text"] == "1"
        assert contents(client, "a:async/1")[0]["text"] == "1memory"
        assert contents(client, "a:blocking/1")[0]["text"] == "1memory"

    @pytest.mark.spec("RES-30")
    def test_refusals(self, serve: Serve) -> None:
        server = Server("t")

        @server.resource("a:{x}")
        def read(x: str) -> str:
            if x == "denied":
                raise PermissionDenied("Rule 3.")
            raise ToolError("The disk is full; ask for less.")

        client = serve(server)
        denied = client.refused("resources/read", uri="a:denied")
        assert (denied.code, denied.message) == (1003, "Rule 3.")
        failed = client.refused("resources/read", uri="a:other")
        assert (failed.code, failed.message) == (-32603, "The disk is full; ask for less.")

    def test_names_that_nothing_forbids(self, serve: Serve) -> None:
        """Names of resources are for people: unlike those of tools, no model has to spell them."""
        server = Server("t")
        server.add_resource(lambda: "x", "a:b", name="Große Tabelle (2026)")
        (listed,) = serve(server).entries("resources/list")
        assert listed["name"] == "Große Tabelle (2026)"
