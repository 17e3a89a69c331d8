"""Text from outside: refused when PostgreSQL cannot hold it or a reader cannot tell it from other text."""

import unicodedata

from domain.kernel.errors import BadInput

# Marks that turn the direction of what follows, so that a text reads differently from what it says, characters of no
# width, blank letters, and tags, which spell a second text that nobody sees. (The joiners U+200C and U+200D stay: some
# scripts and emoji are spelled with them.)
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x2070))
_NO_WIDTH = (0x00AD, 0x034F, 0x180E, 0x200B, *range(0x2060, 0x2066), 0xFEFF, *range(0xFFF9, 0xFFFC))
_BLANKS = (0x115F, 0x1160, 0x3164, 0xFFA0)
_TAGS = range(0xE0000, 0xE0080)
_DECEIVING = frozenset(map(chr, (*_DIRECTIONS, *_NO_WIDTH, *_BLANKS, *_TAGS)))
_LINE_CHARACTERS = frozenset("\n\t")


def clean_text(value: str, *, field: str, max_length: int, min_length: int = 1, multiline: bool = False) -> str:
    """``value`` without surrounding white space, in Unicode's composed form.

    Raises:
        BadInput: it is too short or too long, or holds control characters (NUL among them), lone surrogates, marks that
            turn the reading direction or characters of no width.
    """
    # Before anything that takes time in the length of the text; composing never makes it much shorter.
    if len(value) > 4 * max_length:
        raise BadInput(f"At most {max_length} characters are allowed.", field=field)
    # Printable ASCII is composed and deceives nobody.
    for character in "" if value.isascii() and value.isprintable() else value:
        category = unicodedata.category(character)
        if multiline and character in _LINE_CHARACTERS:
            continue
        if category in ("Cc", "Cs", "Zl", "Zp") or character in _DECEIVING:
            raise BadInput(f"The character U+{ord(character):04X} cannot be used here.", field=field)
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) < min_length:
        raise BadInput(
            "This must not be empty." if min_length == 1 else f"At least {min_length} characters are needed.",
            field=field,
        )
    if len(text) > max_length:
        raise BadInput(f"At most {max_length} characters are allowed.", field=field)
    return text


def identity(value: str) -> str:
    """The form in which references and client ids are stored and compared: texts that look alike are the same.

    Surrounding white space is removed and Unicode's compatibility forms (NFKC) become one: full-width letters are
    letters.
    """
    return value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip()
