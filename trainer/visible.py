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
# Letters that nobody sees, marks that choose a letter's variant, and controls of old scripts and of musical notes.
BLANK = [
    *[0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2065, 0x3164, 0xFFA0, 0x110BD, 0x110CD],
    *[*range(0xFE00, 0xFE0E), *range(0xFFF0, 0xFFF9), *range(0x13430, 0x13440), *range(0x1BCA0, 0x1BCA4)],
    *[*range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000), 0x13441, 0x13442, 0x16FE4],
]
# These, other controls, marks that reorder or hide text, and line separators that only some programs see; tabs and LF
# stay.
UNSEEN = dict.fromkeys(BLANK, "") | {
    code: ""
    for code in range(0x10000)
    if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp") and chr(code) not in "\t\n"
}
# By its code, what each character looks like: nothing, or, for an empty cell of Braille and an empty note, a space.
LOOKS = UNSEEN | {0x2800: " ", 0x1D159: " "}


def visible(text: str) -> str:
    """The text as it looks, without what a terminal would act on."""
    return SEQUENCE.sub("", text).translate(LOOKS)
