"""Content: text, pictures, sounds, resources and links, made of what handlers return."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import PIL.Image
import pytest
from matplotlib.figure import Figure

from interlock import (
    Annotations,
    Audio,
    ContentError,
    EmbeddedResource,
    Icon,
    Image,
    Message,
    ResourceContents,
    ResourceLink,
    Server,
    TextContent,
    ToolResult,
)
from interlock.protocol.revisions import REVISIONS
from interlock.protocol.types.content import UnknownContent
from interlock.server.content import MAX_MEDIA_BYTES, is_media_type
from tests.server.driving import Serve

PNG = b"\x89PNG\r\n\x1a\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
OGG = b"OggS\x00"


def drawn(data: str) -> PIL.Image.Image:
    """What a client sees of an image's base64."""
    picture = PIL.Image.open(BytesIO(b64decode(data, validate=True)))
    picture.load()
    return picture


class TestImage:
    @pytest.mark.parametrize(
        ("data", "mime_type"),
        [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"BM", "image/bmp"),
            (b"II*\x00", "image/tiff"),
            (b"MM\x00*", "image/tiff"),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            (b"<?xml version='1.0'?>\n<SVG/>", "image/svg+xml"),
        ],
    )
    def test_the_bytes_say_the_type(self, data: bytes, mime_type: str) -> None:
        for form in (data, bytearray(data), memoryview(data)):
            image = Image(form)
            assert (image.data, image.mime_type) == (data, mime_type)

    def test_a_path_is_read_at_once(self, tmp_path: Path) -> None:
        for name, data, mime_type in (
            ("a.png", PNG, "image/png"),
            ("a.avif", b"\x00\x00\x00 ftypavif", "image/avif"),
            ("wrong.txt", PNG, "image/png"),
        ):
            path = tmp_path / name
            path.write_bytes(data)
            for given in (path, str(path)):
                image = Image(given)
                assert (image.data, image.mime_type) == (data, mime_type)
        with pytest.raises(FileNotFoundError):
            Image(tmp_path / "missing.png")

    @pytest.mark.parametrize(
        "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "F", "CMYK", "YCbCr", "HSV"]
    )
    def test_pillow_images_of_any_mode(self, mode: str) -> None:
        image = Image(PIL.Image.new(mode, (3, 2)))
        assert image.mime_type == "image/png"
        assert drawn(image.base64).size == (3, 2)

    def test_matplotlib_figures_and_axes(self) -> None:
        figure = Figure(figsize=(2, 1), dpi=50)
        axes: Any = figure.subplots()
        axes.plot([1, 3, 2])
        for source in (figure, axes):
            image = Image(source)
            assert image.mime_type == "image/png"
            assert drawn(image.base64).size == (100, 50)

    @pytest.mark.parametrize(
        ("given", "mime_type"),
        [
            ("image/x-icon", "image/x-icon"),
            ("png", "image/png"),
            ("svg+xml", "image/svg+xml"),
            ("image/png; q=1", "image/png; q=1"),
        ],
    )
    def test_the_type_may_be_said(self, given: str, mime_type: str) -> None:
        assert Image(b"\x00\x00\x01\x00", mime_type=given).mime_type == mime_type

    @pytest.mark.spec("PROM-12", "PROM-13", "L1105-PRM-03")
    @pytest.mark.parametrize(
        "mime_type",
        [
            "text/html",
            "audio/wav",
            "image/",
            "image/p ng",
            "image/png\r\nX-Evil: 1",
            "image/png;\r\nX: 1",
            "image/png; a",
            "image/é",
            "image/png, image/gif",
        ],
    )
    def test_a_type_that_is_none(self, mime_type: str) -> None:
        with pytest.raises(ContentError, match=r"no image media type; write it as in 'image/png'"):
            Image(PNG, mime_type=mime_type)

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            (b"", "type is not evident; pass mime_type="),
            (b"\x00\x01", "type is not evident"),
            (WAV, "'audio/wav' is no image media type"),
            (5, "int is no image; give bytes, a path, a Pillow image or a Matplotlib figure"),
            (None, "NoneType is no image"),
            ([PNG], "list is no image"),
        ],
    )
    def test_what_is_no_image(self, source: Any, message: str) -> None:
        with pytest.raises(ContentError, match=message):
            Image(source)

    def test_too_large(self, tmp_path: Path) -> None:
        big = PNG + bytes(MAX_MEDIA_BYTES)
        with pytest.raises(
            ContentError, match=r"at most 16777216 are sent.*offer it as a resource"
        ):
            Image(big)
        path = tmp_path / "big.png"
        with path.open("wb") as file:
            file.truncate(MAX_MEDIA_BYTES + 1)
        with pytest.raises(ContentError, match=r"big\.png is larger than 16777216"):
            Image(path)
        assert len(Image(big[:MAX_MEDIA_BYTES]).data) == MAX_MEDIA_BYTES

    def test_repr_is_short(self) -> None:
        assert repr(Image(PNG)) == "Image(image/png, 8 bytes)"


class TestAudio:
    @pytest.mark.spec("PROM-13", "L0326-AUD-01")
    @pytest.mark.parametrize(
        ("data", "mime_type"),
        [
            (WAV, "audio/wav"),
            (b"ID3\x04", "audio/mpeg"),
            (b"\xff\xfb\x90", "audio/mpeg"),
            (OGG, "audio/ogg"),
            (b"fLaC", "audio/flac"),
        ],
    )
    def test_the_bytes_say_the_type(self, data: bytes, mime_type: str) -> None:
        audio = Audio(data)
        assert (audio.data, audio.mime_type) == (data, mime_type)

    def test_refuses_what_is_none(self) -> None:
        with pytest.raises(ContentError, match="no audio media type"):
            Audio(WAV, mime_type="image/png")
        with pytest.raises(ContentError, match="int is no audio; give bytes or a path"):
            Audio(5)


class TestMediaTypes:
    @pytest.mark.parametrize(
        "text",
        ["text/plain", "inode/directory", "text/csv; charset=utf-8", 'a/b;c="d e"; f=g', "x/a.b+c"],
    )
    def test_that_are(self, text: str) -> None:
        assert is_media_type(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "text",
            "/",
            "a/",
            "/b",
            "a/b/c",
            "a b/c",
            "a/b;",
            "a/b; c",
            "a/b; c=",
            "a/b\n",
            "é/b",
        ],
    )
    def test_that_are_not(self, text: str) -> None:
        assert not is_media_type(text)


LINK = ResourceLink(
    uri="file:///a.txt",
    name="a",
    title="A",
    mime_type="text/plain",
    size=3,
    icons=[Icon("https://example.com/i.png")],
)
EMBEDDED = EmbeddedResource(ResourceContents("a:b", text="hello", mime_type="text/plain"))
HINTED = TextContent(
    "shown", annotations=Annotations(audience=["user"], priority=0.1), meta={"com.example/a": 1}
)
UNKNOWN = UnknownContent(b'{"type":"hologram","data":[1]}')


def giving(value: Any, returns: Any = None) -> Server:
    def give() -> Any:
        return value

    give.__annotations__ = {} if returns is None else {"return": returns}
    server = Server("t")
    server.tool(name="t")(give)
    return server


class TestResults:
    @pytest.mark.spec("TOOLS-41", "TOOLS-42", "TOOLS-43", "L0618-LNK-01")
    @pytest.mark.parametrize(
        ("value", "returns", "blocks"),
        [
            (
                Image(PNG),
                Image,
                [{"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}],
            ),
            (Audio(OGG), Audio, [{"type": "audio", "data": "T2dnUwA=", "mimeType": "audio/ogg"}]),
            (
                LINK,
                ResourceLink,
                [
                    {
                        "type": "resource_link",
                        "uri": "file:///a.txt",
                        "name": "a",
                        "title": "A",
                        "mimeType": "text/plain",
                        "size": 3,
                        "icons": [{"src": "https://example.com/i.png"}],
                    }
                ],
            ),
            (
                EMBEDDED,
                EmbeddedResource,
                [
                    {
                        "type": "resource",
                        "resource": {"uri": "a:b", "text": "hello", "mimeType": "text/plain"},
                    }
                ],
            ),
            (
                HINTED,
                TextContent,
                [
                    {
                        "type": "text",
                        "text": "shown",
                        "annotations": {"audience": ["user"], "priority": 0.1},
                        "_meta": {"com.example/a": 1},
                    }
                ],
            ),
            (UNKNOWN, UnknownContent, [{"type": "hologram", "data": [1]}]),
        ],
    )
    def test_one_block(self, serve: Serve, value: Any, returns: Any, blocks: list[Any]) -> None:
        for annotation in (None, Any, returns, returns | str, returns | None, list[returns]):
            client = serve(giving(value, annotation))
            assert client.call("t") == {"content": blocks}
            assert "outputSchema" not in client.entries()[0]

    @pytest.mark.parametrize(
        "returns",
        [
            None,
            list[str | Image | ResourceLink | EmbeddedResource | Audio],
            list[Any] | Image,
            tuple[str, Image, Audio, ResourceLink, EmbeddedResource],
        ],
    )
    def test_several_blocks(self, serve: Serve, returns: Any) -> None:
        value = ["text", Image(PNG), Audio(OGG), LINK, EMBEDDED]
        for given in (value, tuple(value)):
            found = serve(giving(given, returns)).call("t")["content"]
            kinds = ["text", "image", "audio", "resource_link", "resource"]
            assert [block["type"] for block in found] == kinds

    def test_annotations_of_media(self, serve: Serve) -> None:
        image = Image(PNG, annotations=Annotations(priority=1))
        (block,) = serve(giving(image)).call("t")["content"]
        assert block["annotations"] == {"priority": 1}

    @pytest.mark.parametrize("revision", REVISIONS)
    @pytest.mark.spec("L1105-TOOL-05", "L0326-AUD-01", "L0618-LNK-01")
    def test_older_revisions_get_what_they_know(self, serve_raw: Serve, revision: str) -> None:
        server = giving(["text", Image(PNG), Audio(OGG), LINK, EMBEDDED])
        found = serve_raw(server, revision=revision).call("t")["content"]
        kinds = {block["type"] for block in found}
        assert ("audio" in kinds) is (revision >= "2025-03-26")
        assert ("resource_link" in kinds) is (revision >= "2025-06-18")
        assert kinds >= {"text", "image", "resource"}

    def test_a_list_with_data_among_content_is_told(self, serve: Serve) -> None:
        failure = serve(giving([Image(PNG), 5])).failure("t")
        assert "$[0]" in failure
        assert "Image" in failure


class TestToolResult:
    def test_takes_any_content(self) -> None:
        assert len(ToolResult("text").content) == 1
        assert len(ToolResult(Image(PNG)).content) == 1
        assert len(ToolResult(["a", Image(PNG), LINK]).content) == 3
        assert ToolResult().content == []

    @pytest.mark.parametrize("content", [5, [5], {"type": "text"}, b"bytes", ["a", None]])
    def test_refuses_what_is_no_content(self, content: Any) -> None:
        with pytest.raises(ContentError, match=r"is no content; give text, an Image, an Audio"):
            ToolResult(content)

    def test_keeps_its_own_copy_of_meta(self) -> None:
        meta = {"a": 1}
        result = ToolResult(meta=meta)
        meta["a"] = 2
        assert result.meta == {"a": 1}

    def test_repr_is_short(self) -> None:
        assert repr(ToolResult("x" * 1000, is_error=True)) == "ToolResult(1 blocks, error)"


class TestMessage:
    @pytest.mark.parametrize("role", ["user", "assistant"])
    def test_has_one_block_and_a_role(self, role: Literal["user", "assistant"]) -> None:
        message = Message(Image(PNG), role)
        assert (message.role, message.content) == (role, Image(PNG).block())

    @pytest.mark.spec("PROM-11")
    def test_refuses_other_roles_and_several_blocks(self) -> None:
        with pytest.raises(ContentError, match="'user' or 'assistant', not 'system'"):
            Message("x", "system")  # pyright: ignore[reportArgumentType]  # the mistake under test
        with pytest.raises(ContentError, match="list is no content"):
            Message(["a", "b"])  # pyright: ignore[reportArgumentType]  # the mistake under test


class TestUris:
    @pytest.mark.spec("PROM-15", "RES-23", "L0618-URI-01", "L1105-PRM-03")
    def test_embedded_resources_have_all_that_they_must(self, serve: Serve) -> None:
        text = EmbeddedResource(ResourceContents("a:b", text="x"))
        blob = EmbeddedResource(ResourceContents("a:c", blob="AA=="))
        found = [block["resource"] for block in serve(giving([text, blob])).call("t")["content"]]
        assert found == [
            {"uri": "a:b", "text": "x", "mimeType": "text/plain"},
            {"uri": "a:c", "blob": "AA==", "mimeType": "application/octet-stream"},
        ]

    @pytest.mark.spec("PROM-15", "RES-23", "L0618-URI-01")
    @pytest.mark.parametrize("uri", ["", "a b:c", "no scheme", "file:///a b", "a:é", "\ud800:a"])
    def test_that_are_none_are_refused(self, uri: str) -> None:
        for wrong in (
            EmbeddedResource(ResourceContents(uri, text="x")),
            ResourceLink(uri=uri, name="x"),
        ):
            with pytest.raises(ContentError, match="the URI "):
                ToolResult(wrong)
            with pytest.raises(ContentError, match="the URI "):
                Message(wrong)


def test_contents_of_a_resource_are_text_or_blob() -> None:
    with pytest.raises(ValueError, match="either `text` or `blob`"):
        ResourceContents("a:b")
    with pytest.raises(ValueError, match="either `text` or `blob`"):
        ResourceContents("a:b", text="a", blob="AA==")
