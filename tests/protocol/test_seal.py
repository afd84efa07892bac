"""Sealed texts: they open for who sealed them, for what they were sealed, and else never."""

import copy
import pickle
import string
import subprocess
import sys
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.protocol.seal import Sealer, SealError

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
URL_SAFE = string.ascii_letters + string.digits + "-_"


def opens(sealer: Sealer, text: str, context: bytes = b"c") -> bytes | None:
    try:
        return sealer.open(text, context=context)
    except SealError:
        return None


@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_what_was_sealed_opens(payload: bytes, context: bytes, stable: bool) -> None:
    sealer = Sealer.random()
    text = sealer.seal(payload, context=context, stable=stable)
    assert sealer.open(text, context=context) == payload
    assert set(text) <= set(URL_SAFE)


@given(st.text(max_size=200) | st.text(URL_SAFE, max_size=200))
def test_nothing_else_opens(text: str) -> None:
    with pytest.raises(SealError):
        Sealer([KEY]).open(text, context=b"")


@given(st.data())
def test_a_changed_text_does_not_open(data: st.DataObject) -> None:
    sealer = Sealer([KEY])
    text = sealer.seal(b"payload", context=b"c", stable=True)
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from(URL_SAFE).filter(lambda c: c != text[place]))
    assert opens(sealer, text[:place] + character + text[place + 1 :]) is None


@pytest.mark.parametrize("payload", [b"", b"1", b"12", b"123"])
def test_only_the_one_canonical_text_opens(payload: bytes) -> None:
    """A second spelling of the same bytes would pass for another text where texts are compared."""
    sealer = Sealer([KEY])
    text = sealer.seal(payload, context=b"c")
    for other in (
        text + "=",
        text + "==",
        text + "A",
        " " + text,
        text + "\n",
        text[:8] + "\n" + text[8:],
        text[:8] + "!" + text[8:],
        text.replace("-", "+").replace("_", "/") + "~",
        text[:-1] + chr(ord(text[-1]) ^ 1),
        text[:-1],
        text + "\ud800",
        "é" + text,
    ):
        assert opens(sealer, other) is None, other
    assert opens(sealer, text) == payload


def test_the_other_alphabet_does_not_open() -> None:
    sealer = Sealer([KEY])
    texts = [sealer.seal(b"%d" % n, context=b"c", stable=True) for n in range(50)]
    for text in texts:
        standard = text.replace("-", "+").replace("_", "/")
        assert (opens(sealer, standard) is None) == (standard != text)
    assert any("-" in text or "_" in text for text in texts)


def test_a_text_opens_for_its_context_only() -> None:
    sealer = Sealer([KEY])
    text = sealer.seal(b"payload", context=b"state")
    for context in (b"", b"stat", b"states", b"State", b"cursor"):
        assert opens(sealer, text, context) is None
    assert opens(sealer, text, b"state") == b"payload"


def test_every_failure_looks_the_same() -> None:
    sealer = Sealer([KEY])
    good = sealer.seal(b"payload", context=b"c")
    failures = [
        "",
        "A",
        "not base64 !",
        good[:-4],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        Sealer([OTHER]).seal(b"payload", context=b"c"),
        "B" + good[1:],  # another version
        sealer.seal(b"payload", context=b"other"),
        "A" * 200_000,
    ]
    seen: set[tuple[str, ...]] = set()
    for text in failures:
        with pytest.raises(SealError) as caught:
            sealer.open(text, context=b"c")
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        seen.add((str(caught.value), *map(str, caught.value.args)))
    assert len(seen) == 1


def test_keys_rotate() -> None:
    old, new = Sealer([OTHER]), Sealer([KEY, OTHER])
    before = old.seal(b"payload", context=b"c")
    assert opens(new, before) == b"payload"
    after = new.seal(b"payload", context=b"c")
    assert opens(old, after) is None
    assert opens(Sealer([KEY]), after) == b"payload"  # the old key is not needed any more
    assert opens(Sealer([KEY]), before) is None
    assert opens(Sealer([KEY, KEY, OTHER]), before) == b"payload"


def test_instances_that_share_a_key_open_each_others_texts() -> None:
    """And so does a process that starts later."""
    text = Sealer([KEY]).seal(b"payload", context=b"c")
    program = (
        "import sys; from interlock.protocol.seal import Sealer;"
        "print(Sealer([bytes(range(32))]).open(sys.argv[1], context=b'c'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, text], capture_output=True, text=True, check=True
    )
    assert done.stdout == "b'payload'\n"


def test_random_sealers_do_not() -> None:
    assert opens(Sealer.random(), Sealer.random().seal(b"payload", context=b"c")) is None


def test_texts_differ_unless_they_shall_be_stable() -> None:
    sealer = Sealer([KEY])
    assert len({sealer.seal(b"payload", context=b"c") for _ in range(100)}) == 100
    stable = {
        sealer.seal(payload, context=context, stable=True)
        for _ in range(3)
        for payload in (b"a", b"b", b"")
        for context in (b"a", b"b", b"")
    }
    assert len(stable) == 9
    split = [(b"ab", b"c"), (b"a", b"bc"), (b"", b"abc"), (b"abc", b"")]
    nonces = {sealer.seal(payload, context=c, stable=True)[7:38] for payload, c in split}
    assert len(nonces) == 4  # what is sealed and what for are told apart


def test_a_payload_is_not_readable_in_its_text() -> None:
    from base64 import urlsafe_b64decode

    text = Sealer([KEY]).seal(b"a secret payload", context=b"c")
    assert b"secret" not in urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_size_is_bounded() -> None:
    sealer = Sealer([KEY], max_bytes=100)
    assert opens(sealer, sealer.seal(b"x" * 100, context=b"c")) == b"x" * 100
    with pytest.raises(ValueError, match=r"101 bytes .* 100"):
        sealer.seal(b"x" * 101, context=b"c")
    larger = Sealer([KEY]).seal(b"x" * 110, context=b"c")
    assert opens(sealer, larger) is None


@pytest.mark.parametrize(
    ("keys", "error", "words"),
    [
        ([], ValueError, "at least one key"),
        ([b""], ValueError, "key 1 of 1 has 0 bytes, not 32.*urandom"),
        ([KEY, b"short"], ValueError, "key 2 of 2 has 5 bytes, not 32"),
        ([KEY + b"!"], ValueError, "33 bytes"),
        ([KEY.hex()], TypeError, "key 1 of 1 is str, not bytes: decode"),
        ([None], TypeError, "NoneType"),
        (KEY, TypeError, "sequence of keys"),
        ("x" * 32, TypeError, "sequence of keys"),
    ],
)
def test_a_bad_key_is_refused_without_showing_it(
    keys: list[bytes], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        Sealer(keys)
    assert "short" not in str(caught.value)
    assert KEY.hex() not in str(caught.value)


def test_keys_are_never_shown() -> None:
    sealer = Sealer([KEY, OTHER])
    sealer.seal(b"payload", context=b"c")
    assert repr(sealer) == str(sealer) == "Sealer(2 keys)"
    leaves: list[Callable[[], object]] = [
        lambda: pickle.dumps(sealer),
        lambda: copy.copy(sealer),
        lambda: copy.deepcopy(sealer),
    ]
    for leave in leaves:
        with pytest.raises(TypeError, match="keys stay"):
            leave()
    try:
        sealer.open("x", context=b"c")
    except SealError:
        shown = traceback.format_exc()
        assert repr(KEY) not in shown
        assert KEY.hex() not in shown


def test_nothing_is_imported_before_the_first_text() -> None:
    program = (
        "import sys; from interlock.protocol.cursor import Cursors;"
        "cursors = Cursors();"
        "assert 'interlock.protocol.seal' not in sys.modules;"
        "from interlock.protocol.seal import Sealer;"
        "Sealer.random(); Sealer([bytes(32)]);"
        "loaded = [name for name in ('cryptography', 'hashlib') if name in sys.modules];"
        "assert not loaded, loaded;"
        "cursors.make('tools', 1);"
        "assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
