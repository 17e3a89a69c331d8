"""Text from outside: refused when PostgreSQL cannot hold it or a reader cannot tell it from other text."""

import unicodedata

from domain.kernel.errors import BadInput

# Marks that turn the direction of what follows, so that a text reads differently from what it says, and characters
# of no width. (The joiners U+200C and U+200D stay: some scripts and emoji are spelled with them.)
_DECEIVING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF)))
_LINE_CHARACTERS = frozenset("\n\t")


def clean_text(value: str, *, field: str, max_length: int, min_length: int = 1, multiline: bool = False) -> str:
    """``value`` without surrounding white space, in Unicode's composed form.

    Raises:
        BadInput: it is too short or too long, or holds control characters (NUL among them), lone surrogates, marks that
            turn the reading direction or characters of no width.
    """
    # Before anything that takes time in the length of the text; composing never makes it much shorter.
    if len(value) > 4 * max_length:
        raise BadInput(f"At most {max_length} characters fit here.", field=field)
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
        raise BadInput(f"At most {max_length} characters fit here.", field=field)
    return text


def identity(value: str) -> str:
    """The form in which references and client ids are stored and compared: texts that look alike are the same.

    Surrounding white space is removed and Unicode's compatibility forms (NFKC) become one: full-width letters are
    letters.
    """
    return value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip()
