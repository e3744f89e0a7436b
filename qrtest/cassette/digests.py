"""What a cassette keeps beside a placeholder, so that requests stay distinct.

A placeholder hides a value. A replay still has to know whether a request holds that value or another one:
`Digests` answers this, and nothing else. docs/decisions/0008-distinct-requests.md says what somebody who
has the file can learn from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["DIGITS", "Digests", "as_placeholder"]

DIGITS: Final = 5
"""Hexadecimal digits of a digest: 20 bits, which fit one name in a million of a list."""

SALT_BYTES: Final = 8
_SEPARATORS: Final = str.maketrans("_+ ", "---")


@dataclass(frozen=True, slots=True)
class Digests:
    """Salted digests of replaced values, *of* their placeholders. A credential has none.

    A placeholder has two of them where the recorded program and a replayed one send different texts: the
    second one sends a placeholder where the first one sent a value that an answer had taught it.

    >>> digests = Digests.salted_by(b"key").with_values({"redacted-text-0123456789": "my job"})
    >>> digests.fits("redacted-text-0123456789", "my job")
    True
    >>> digests.fits("redacted-text-0123456789", "another job")
    False
    """

    salt: str = ""
    of: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def salted_by(cls, key: bytes) -> Digests:
        """Return digests of no value yet; their salt follows from *key*, and the key not from the salt."""
        return cls(hashlib.blake2b(b"salt", key=key[:64], digest_size=SALT_BYTES).hexdigest())

    def with_values(self, values: Mapping[str, str | tuple[str, ...]]) -> Digests:
        """Return these and the digests of *values*, one or several, each under its placeholder."""
        if not values:
            return self
        added = {
            placeholder: " ".join(dict.fromkeys(map(self.digest, each)))
            for placeholder, each in (
                (name, (value,) if isinstance(value, str) else value)
                for name, value in values.items()
            )
        }
        return Digests(self.salt, {**self.of, **added})

    def digest(self, value: str) -> str:
        """Return the digest of *value*."""
        salted = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=self.salt.encode())
        return salted.hexdigest()[:DIGITS]

    def fits(self, placeholder: str, value: str) -> bool:
        """Return whether *value* can be what *placeholder* stands for; without a digest anything fits."""
        kept = self.of.get(placeholder)
        if kept is None or self.digest(value) in kept.split():
            return True
        return len(value) == len(placeholder) and as_placeholder(value) == placeholder


def as_placeholder(text: str) -> str:
    """Return *text* with the letters and separators of a placeholder: a program may have changed them.

    What it changed when it was recorded had neither, else it has a placeholder of its own.

    >>> as_placeholder("REDACTED_TEXT_0123456789")
    'redacted-text-0123456789'
    """
    return text.lower().translate(_SEPARATORS)
