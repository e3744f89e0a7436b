"""Addresses, taken apart: hosts, paths, queries, fragments. A part of a path may govern the next."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote, urlsplit

from qrtest.redaction import patterns
from qrtest.redaction.allowlist import DIGESTS, QUERY, plain_name
from qrtest.redaction.forms import pairs
from qrtest.redaction.where import Decider, Where

__all__ = ["HOST", "Addresses"]

HOST: Final = "host of an address"
"""The name under which the host of an address is looked at."""

DEEPEST: Final = 6
"""How many addresses, each a parameter of the one around it, are taken apart."""

_GOVERNING: Final = {
    "reset": "token", "verify": "token", "invite": "token", "invites": "token", "invitation": "token",
    "activate": "token", "unsubscribe": "token", "magic": "token", "share": "token", "keys": "token",
    "apikeys": "token", "u": "user", "people": "user", "profile": "user", "profiles": "user",
}  # fmt: skip
"""Parts of paths that name what follows, beside the names of JSON."""

_NOBODY: Final = frozenset(
    {"me", "self", "current", "all", "new", "loginwithtoken", "login", "search"}
)
"""Parts of paths that are nobody's name, although one could stand there."""


class Addresses:
    """Takes addresses apart, and asks *decide* about the parts."""

    def __init__(self, decide: Decider) -> None:
        self._decide = decide
        self._depth = 0

    def path(self, path: str) -> str:
        """Return *path* without what may not be kept."""
        if path in ("", "/"):
            return path
        done: list[str] = []
        over = ""
        for segment in path.split("/"):
            if not segment:
                done.append(segment)
                continue
            name, *matrix = segment.split(";")
            plain = unquote(name)
            where = Where("path", over, is_direct=bool(over))
            kept = self._segment(plain, where)
            written = name if kept == plain else quote(kept, safe=":@!$&'()*+,=-._~")
            done.append(";".join([written, *(self._pairs(each) for each in matrix)]))
            over = _GOVERNING.get(plain.lower()) or self._decide.below(Where(), plain).over
        return "/".join(done)

    def query(self, query: str) -> str:
        """Return *query* without what may not be kept."""
        return self._pairs(query) if query else query

    def host(self, host: str) -> str:
        """Return *host* without credentials, and without what in it is no name."""
        user, at, name = host.rpartition("@")
        if user:
            for part in user.split(":", 1):
                self._decide.value(unquote(part), Where("password", "token", is_direct=True))
            user = self._decide.value(unquote(user), Where("userinfo", "token", is_direct=True))
        return f"{user}{at}{self._decide.value(name, Where(HOST))}"

    def url(self, url: str) -> str | None:
        """Return *url* without what may not be kept; None for one that cannot be taken apart.

        An address in an address in an address is not taken apart for ever.
        """
        if self._depth >= DEEPEST:
            return None
        self._depth += 1
        try:
            return self._url(url)
        except ValueError:
            return None
        finally:
            self._depth -= 1

    def _url(self, url: str) -> str:
        parts = urlsplit(url)
        host = self.host(parts.netloc)
        query = f"?{self.query(parts.query)}" if parts.query or url.endswith("?") else ""
        fragment = parts.fragment and f"#{self._fragment(parts.fragment)}"
        return f"{parts.scheme}://{host}{self.path(parts.path)}{query}{fragment}"

    def relative(self, text: str) -> str | None:
        """Return *text*, a path with a query or a fragment, without what may not be kept.

        None for what is too deep in other addresses.
        """
        if self._depth >= DEEPEST:
            return None
        self._depth += 1
        try:
            rest, sharp, fragment = text.partition("#")
            path, mark, query = rest.partition("?")
            return f"{self.path(path)}{mark}{self.query(query)}{sharp}{self._fragment(fragment)}"
        finally:
            self._depth -= 1

    def _fragment(self, fragment: str) -> str:
        if "=" in fragment:
            return self.query(fragment)
        return self.path(fragment) if fragment else fragment

    def _segment(self, plain: str, where: Where) -> str:
        if (
            not plain
            or plain.lower() in _NOBODY
            or (not where.over and (len(plain) <= 3 or patterns.is_id(plain)))
        ):
            return plain
        return self._decide.value(plain, where)

    def _pairs(self, text: str) -> str:
        return pairs(text, Where("query"), self._decide, self._pair)

    def _pair(self, name: str, value: str) -> str:
        where = self._decide.below(Where("query"), name)
        if not where.over and plain_name(name) in QUERY:
            where = where._replace(name="title")
        elif not where.over and plain_name(name) in DIGESTS:
            where = where._replace(name="digest")
        elif not where.over:
            where = where._replace(name="query parameter")
        return self._decide.value(value, where)
