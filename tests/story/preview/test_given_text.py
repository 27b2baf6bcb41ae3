"""Files of other programs are read in the encodings in which shells write them."""

import codecs
import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story.preview.given_text import NoTextError, decoded
from tests.story.preview.previews import NAMES, recorded_text

ENCODINGS = [
    pytest.param(b"", "utf-8", id="UTF-8"),
    pytest.param(codecs.BOM_UTF8, "utf-8", id="UTF-8 with a mark"),
    pytest.param(codecs.BOM_UTF16_LE, "utf-16-le", id="UTF-16 of PowerShell"),
    pytest.param(codecs.BOM_UTF16_BE, "utf-16-be", id="UTF-16, the other order"),
    pytest.param(b"", "utf-16-le", id="UTF-16 without a mark"),
    pytest.param(b"", "utf-16-be", id="UTF-16 without a mark, the other order"),
    pytest.param(codecs.BOM_UTF32_LE, "utf-32-le", id="UTF-32"),
]


@pytest.mark.parametrize(("mark", "encoding"), ENCODINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_preview_is_the_same_text_in_every_encoding(name: str, mark: bytes, encoding: str) -> None:
    text = recorded_text(name).replace("\n", "\r\n")
    assert decoded(mark + text.encode(encoding)) == text


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_text_in_utf_8_and_text_with_a_mark_are_read_whatever_they_say(text: str) -> None:
    assert decoded(codecs.BOM_UTF8 + text.encode()) == text
    assert decoded(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == text
    assert decoded(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == text


@given(st.binary())
def test_bytes_are_text_or_refused_in_a_few_words(content: bytes) -> None:
    with contextlib.suppress(NoTextError):
        assert "\0" not in decoded(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x7fELF\2\1\1\0" + bytes(64), id="program"),
        pytest.param(b"\x1f\x8b\x08\0\0\0\0\0" + bytes(range(1, 64)), id="archive"),
        pytest.param(bytes(8), id="zeros"),
    ],
)
def test_binary_files_are_refused(content: bytes) -> None:
    with pytest.raises(NoTextError, match="it is binary, not text"):
        decoded(content)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("size", [200, 500, 5000])
def test_random_bytes_are_binary_even_if_no_zero_is_among_them(size: int, seed: int) -> None:
    content = bytes(random.Random(seed).choices(range(1, 256), k=size))
    with pytest.raises(NoTextError, match="it is binary, not text"):
        decoded(content)


@pytest.mark.parametrize("code_page", ["cp932", "euc-jp", "cp1252"])
def test_a_message_in_the_code_page_of_a_console_is_text(code_page: str) -> None:
    message = "caf\xe9 d\xe9j\xe0 vu" if code_page == "cp1252" else "アクセスが拒否されました。"
    assert decoded(f"\x1b[31m{message}\x1b[0m\r\n".encode(code_page)).endswith("\x1b[0m\r\n")


def test_single_bytes_of_another_encoding_do_not_hide_the_rest() -> None:
    assert decoded(b"caf\xe9 {}") == "caf\ufffd {}"
