"""What a candidate prints may hold characters that act on a terminal. They are removed where its output comes in."""

import re
import unicodedata

# ECMA-48: control sequences such as colours; strings such as a window's title, up to BEL or ST; short sequences.
# Every part excludes what ends it, so that each character is looked at once.
SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Other controls, marks that reorder or hide text, and line separators that only some programs see; tabs and LF stay.
UNSEEN = {
    code: None
    for code in [*range(0x10000), *range(0xE0000, 0xE0080)]
    if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp") and chr(code) not in "\t\n"
}


def visible(text: str) -> str:
    """The text as it looks, without what a terminal would act on."""
    return SEQUENCE.sub("", text).translate(UNSEEN)
