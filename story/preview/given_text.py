"""Decodes text that another program wrote into a file or a pipe, in several encodings."""

import codecs

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # The mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROLS = frozenset(map(chr, range(32))) - frozenset("\a\b\t\n\v\f\r\x1b")
"""Control characters that text does not contain, except those that move the cursor or set colours."""
TEXT_PER_CONTROL = 50
"""Text has at most one control character in this number of characters; random bytes have one in eleven."""
LOOKED_AT = 4096
"""Number of bytes at the beginning from which an encoding without a byte order mark is detected."""


class NoTextError(Exception):
    """The bytes are not text; the message is a short reason."""


def decoded(content: bytes) -> str:
    """The text in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    `>` of Windows PowerShell writes UTF-16 with a mark:
    learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding
    Bytes that are invalid in the encoding become U+FFFD: logs of builds can contain some.

    Raises:
        NoTextError: It is binary, such as an archive or a plan that another tool wrote.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _checked(content[len(mark) :].decode(encoding, "replace"))
    text = _checked(content.decode(_without_a_mark(content), "replace"))
    if sum(letter in CONTROLS for letter in text) * TEXT_PER_CONTROL > len(text):
        raise NoTextError("it is binary, not text")
    return text


def _without_a_mark(content: bytes) -> str:
    """Detects the encoding from zero bytes: in UTF-16, the second byte of an ASCII character is zero."""
    first = content[:LOOKED_AT]
    even, odd = first[0::2].count(0), first[1::2].count(0)
    if odd > len(first) // 4 and not even:
        return "utf-16-le"
    if even > len(first) // 4 and not odd:
        return "utf-16-be"
    return "utf-8"


def _checked(text: str) -> str:
    if "\0" in text:
        raise NoTextError("it is binary, not text")
    return text
