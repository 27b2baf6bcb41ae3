"""Parts of hand-written files that `story docs` writes, each between two comments."""

import re

FORMS = {
    ".md": ("<!-- written by story docs: {name} -->", "<!-- end -->"),
    ".yaml": ("# written by story docs: {name}", "# end"),
}
"""The comments before and after a part, by the ending of the file's name."""


class BlockError(Exception):
    """A file does not have a part exactly once; the message is the one line to show."""


def with_block(text: str, *, ending: str, name: str, content: str) -> str:
    """A file with one of its parts written anew.

    Args:
        text: The file.
        ending: Of its name: `.md` or `.yaml`.
        name: Name of the part.
        content: What is to stand between the two comments, in whole lines without the last line break.

    Raises:
        BlockError: The two comments do not stand there, or stand there twice.
    """
    begin, end = (re.escape(form.format(name=name)) for form in FORMS[ending])
    parts = re.compile(rf"^([ ]*{begin}\n)(.*?)^([ ]*{end})$", re.MULTILINE | re.DOTALL)
    if len(parts.findall(text)) != 1:
        first, last = (form.format(name=name) for form in FORMS[ending])
        raise BlockError(f'it has to have "{first}" and "{last}" once, each on a line of its own')
    return parts.sub(lambda found: f"{found[1]}{content}\n{found[3]}", text)
