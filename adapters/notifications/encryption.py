"""Secrets at rest: encrypted with a key that is made from the platform's own secret."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.system.notifications.ports import Unsealable

# Names what the key is for: the same secret signs sessions too, with a key of its own.
_PURPOSE = b"tradegraph notification addresses"


class SecretVault:
    """Encrypts with AES and authenticates (Fernet); the database alone does not reveal an address."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        """The text, encrypted; twice the same text is not twice the same."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The sealed text.

        Raises:
            Unsealable: it was sealed with another secret, or altered.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unsealable from None
