"""Checks of text that people and programs send: length, and characters that no store or screen should meet."""

from domain.kernel.errors import BadInput


def check_text(text: str, *, field: str, longest: int, empty: bool = False) -> None:
    """Refuse text that is empty, too long or holds control characters (PostgreSQL cannot store NUL).

    Raises:
        BadInput: names ``field``.
    """
    if not empty and not text.strip():
        raise BadInput("This must not be empty.", field=field)
    if len(text) > longest:
        raise BadInput(f"This is longer than {longest} characters.", field=field)
    if any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) < 0xE000 for character in text):
        raise BadInput("This holds a control character.", field=field)
