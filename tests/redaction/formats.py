"""Positions of a secret under its name in formats, headers and messages that are met more rarely."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote, urlencode

from tests.redaction.messages import API, TEXT, Position, answered, asked, sent

PLACE = f"{API}/things"


def _word(name: str) -> str:
    return name.replace("-", "_")


def _message(text: str) -> str:
    return json.dumps({"errors": [{"code": 1234, "message": text}]})


FORMATS: dict[str, Position] = {
    "challenge": lambda n, v: answered("{}", WWW_Authenticate=f'Bearer realm="x", {n}="{quote(v)}"'),
    "link, matrix": lambda n, v: answered("{}", Link=f"</things;{n}={quote(v, safe='')}>; rel=prev"),
    "link, second": lambda n, v: answered(
        "{}", Link=f"</things>; rel=first, </things?{urlencode({n: v})}>; rel=last"
    ),
    "yaml, flow": lambda n, v: answered(f"login: {{a: 1, {n}: {json.dumps(v)}}}\n", "application/yaml"),
    "yaml, block scalar": lambda n, v: answered(f"{n}: |\n  {v}\nok: yes\n", "application/yaml"),
    "yaml, below": lambda n, v: answered(f"{n}:\n  x:\n    value: {v}\n", "application/yaml"),
    "toml, dotted": lambda n, v: answered(f'login.{n} = "{v}"\n', "application/toml"),
    "toml, inline": lambda n, v: answered(f'login = {{ a = 1, {n} = "{v}" }}\n', "application/toml"),
    "toml, single quotes": lambda n, v: answered(f"[login]\n{n} = '{v}'\n", "application/toml"),
    "ini, section": lambda n, v: answered(f"[{n}]\nvalue = {v}\n", TEXT),
    "ini, colon": lambda n, v: answered(f"[a]\nb = 1\n{n}: {v}\n; end\n", TEXT),
    "properties": lambda n, v: answered(f"qrtest.login.{n}={v}\n", TEXT),
    "json, three levels": lambda n, v: answered(json.dumps({"a": [{n: {"b": [{"c": {"id": v}}]}}]})),
    "json, numbers beside": lambda n, v: answered(json.dumps({n: [1, 2.5, True, None, v]})),
    "json, vendor type": lambda n, v: answered(
        json.dumps({n: v}), "application/vnd.ibm.quantum+json; charset=utf-8"
    ),
    "problem details": lambda n, v: answered(
        json.dumps({"type": "about:blank", "detail": f"{n}={v}"}), "application/problem+json"
    ),
    "json, mixed case": lambda n, v: answered(json.dumps({n.title(): v, n.upper(): v})),
    "sql, where": lambda n, v: answered(_message(f"SELECT id FROM t WHERE {_word(n)} = '{v}' LIMIT 1")),
    "sql, detail": lambda n, v: answered(_message(f"Key ({_word(n)})=({v}) already exists.")),
    "repr of an object": lambda n, v: answered(f"<Login at 0x7f00: {_word(n)}={v!r}>", TEXT),
    "repr of an exception": lambda n, v: answered(_message(f"KeyError({n!r}: {v!r})")),
    "cookie sent": lambda n, v: asked(PLACE, Cookie=f"a=1; {n}={quote(v)}; b=2"),
    "cookie in a log": lambda n, v: answered(f"Set-Cookie: {n}={quote(v)}; Path=/\n", TEXT),
    "user information": lambda n, v: answered(
        json.dumps({"url": f"https://{n}:{quote(v, safe='')}@x.test/a"})
    ),
    "user information in a log": lambda n, v: answered(
        f"clone https://{n}:{quote(v, safe='')}@x.test/a.git failed", TEXT
    ),
    "graphql, variables": lambda n, v: sent(
        json.dumps({"query": "mutation($x: String!) { a }", "variables": {n: v}})
    ),
    "graphql, literal": lambda n, v: sent(
        json.dumps({"query": f"mutation {{ login({_word(n)}: {json.dumps(v)}) {{ id }} }}"})
    ),
    "multipart, quotes": lambda n, v: sent(
        f"--b\r\ncontent-disposition: form-data; name={n}\r\n\r\n{v}\r\n--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
    "xml, comment of lines": lambda n, v: answered(
        f"<r><!--\n  {n} = {v.replace('--', '')}\n--><a/></r>", "text/xml"
    ),
    "xml, property": lambda n, v: answered(
        f'<r><property name="{n}" value="{escape(v)}"/></r>', "text/xml"
    ),
    "html, meta of a property": lambda n, v: answered(
        f'<html><head><meta content="{escape(v)}" property="{n}"></head></html>', "text/html"
    ),
    "ndjson, first": lambda n, v: answered(f'{json.dumps({n: v})}\n{{"a": 1}}\n', "application/x-ndjson"),
    "arrow": lambda n, v: answered(f"{n} => {v}\n", TEXT),
    "log, pipe": lambda n, v: answered(f"INFO | login | {n}: {v} | ok", TEXT),
    "command line": lambda n, v: answered(f"run --{n.replace('_', '-')}='{v}' --tries=3", TEXT),
}  # fmt: skip
"""Positions in which a name says what the value is."""


NUMBERED: dict[str, Position] = {
    "log, blank": lambda n, v: answered(f"INFO {_spaced(n)} {v} logged in", TEXT),
    "message, blank": lambda n, v: answered(_message(f"The {_spaced(n)} {v} was refused.")),
    "message, number": lambda n, v: answered(_message(f"unknown {_spaced(n)} no. {v}")),
    "reason, number sign": lambda n, v: answered(
        json.dumps({"state": {"status": "Failed", "reason": f"stopped by {_spaced(n)} #{v}"}})
    ),
}  # fmt: skip
"""Positions of numbers, with nothing but a blank or a label between the name and them."""


def _spaced(name: str) -> str:
    return name.replace("_", " ")
