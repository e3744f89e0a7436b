"""Positions of a value in a recording: under a name, or where nothing says what it is."""

from __future__ import annotations

import base64
import codecs
import gzip
import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from html import escape
from urllib.parse import quote, urlencode

from qrtest.cassette.model import Interaction
from tests.redaction.messages import API, FORM, TEXT, Position, answered, asked, sent


def _dumped(value: object) -> str:
    return json.dumps(value)


def _xml(text: str) -> str:
    return escape(text)


NAMED: dict[str, Position] = {
    "json": lambda n, v: answered(_dumped({"status": "ok", n: v})),
    "json ascii": lambda n, v: answered(json.dumps({n: v}, ensure_ascii=False)),
    "json escapes": lambda n, v: answered(
        f'{{"{n}": "' + "".join(f"\\u{ord(char):04x}" for char in v) + '"}'
    ),
    "json request": lambda n, v: sent(_dumped({"program_id": "sampler", "params": {"x": {n: v}}})),
    "json list": lambda n, v: answered(_dumped({n: [1, [v]]})),
    "json below": lambda n, v: answered(_dumped({n: {"x": {"y": v}}})),
    "json below, kept name": lambda n, v: answered(_dumped({n: {"name": v, "id": v, "message": v}})),
    "json deep": lambda n, v: answered("[" * 60 + _dumped({n: v}) + "]" * 60),
    "json twice": lambda n, v: answered(f'{{"{n}": null, "{n}": {_dumped(v)}}}'),
    "json pair": lambda n, v: answered(_dumped({"items": [{"name": n, "value": v}]})),
    "json pair, key": lambda n, v: answered(_dumped([{"key": n, "value": v}])),
    "json as text": lambda n, v: answered(_dumped({n: v}), TEXT),
    "json without type": lambda n, v: answered(_dumped({n: v}), ""),
    "json BOM": lambda n, v: answered(codecs.BOM_UTF8 + _dumped({n: v}).encode()),
    "json XSSI": lambda n, v: answered(")]}',\n" + _dumped({n: v})),
    "json XSSI, loop": lambda n, v: answered("while(1);" + _dumped({n: v})),
    "jsonp": lambda n, v: answered(f"callback({_dumped({n: v})});", "application/javascript"),
    "jsonp, global": lambda n, v: answered(f"/**/window.cb_1({_dumped([{n: v}])})", "text/javascript"),
    "ndjson": lambda n, v: answered(f'{{"a": 1}}\n{_dumped({n: v})}\n{{"b": 2}}\n', "application/x-ndjson"),
    "sse": lambda n, v: answered(f"event: login\ndata: {_dumped({n: v})}\n\n", "text/event-stream"),
    "sse, text": lambda n, v: answered(f"event: login\ndata: {n}={v}\n\n", "text/event-stream"),
    "json in json": lambda n, v: answered(_dumped({"message": _dumped({n: v})})),
    "json in json in json": lambda n, v: answered(
        _dumped({"message": _dumped({"details": _dumped({n: v})})})
    ),
    "json in a message": lambda n, v: answered(_dumped({"message": f"got {_dumped({n: v})} back"})),
    "base64 of json": lambda n, v: answered(
        _dumped({"data": base64.b64encode(_dumped({n: v}).encode()).decode()})
    ),
    "base64 body of json": lambda n, v: answered(base64.b64encode(_dumped({n: v}).encode()), TEXT),
    "base64 of a form": lambda n, v: answered(
        _dumped({"cursor": base64.urlsafe_b64encode(urlencode({n: v}).encode()).decode()})
    ),
    "base64 of zlib": lambda n, v: answered(
        _dumped({"data": base64.b64encode(zlib.compress(_dumped({n: v}).encode())).decode()})
    ),
    "json cut": lambda n, v: answered(_dumped({"status": "ok", n: v})[:-2]),
    "json with comments": lambda n, v: answered(f'{{"a": 1, // {n}: {v}\n}}'),
    "json with a comma": lambda n, v: answered(_dumped({n: v})[:-1] + ",}"),
    "json in single quotes": lambda n, v: answered(repr({n: v})),
    "utf-16": lambda n, v: answered(_dumped({n: v}).encode("utf-16"), "application/json; charset=utf-16"),
    "utf-32": lambda n, v: answered(_dumped({n: v}).encode("utf-32")),
    "latin-1": lambda n, v: answered(f"é {n}={v}".encode("latin-1"), "text/plain; charset=latin-1"),
    "gzip": lambda n, v: answered(gzip.compress(_dumped({n: v}).encode()), Content_Encoding="gzip"),
    "deflate": lambda n, v: answered(
        zlib.compress(_dumped({n: v}).encode()), Content_Encoding="deflate"
    ),
    "gzip, not said": lambda n, v: answered(gzip.compress(_dumped({n: v}).encode()), "application/gzip"),
    "form": lambda n, v: sent(urlencode({"grant_type": "x", n: v}), FORM),
    "form answered": lambda n, v: answered(urlencode({n: v, "ok": "1"}), FORM),
    "form without type": lambda n, v: sent(urlencode({"a": "1", n: v}), ""),
    "form of one": lambda n, v: sent(urlencode({n: v}), TEXT),
    "form with brackets": lambda n, v: sent(urlencode({f"auth[{n}]": v}), FORM),
    "multipart": lambda n, v: sent(
        f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
    ),
    "multipart without type": lambda n, v: sent(
        f'--b\nContent-Disposition: form-data; name="{n}"\n\n{v}\n--b--\n', ""
    ),
    "multipart, json": lambda n, v: sent(
        '--b\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n'
        f"{_dumped({n: v})}\r\n--b--\r\n",
        "multipart/mixed; boundary=b",
    ),
    "multipart, file": lambda n, v: sent(
        f'--b\r\nContent-Disposition: form-data; name="f"; filename="a.ini"\r\n\r\n[x]\r\n{n} = {v}\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
    ),
    "query": lambda n, v: asked(f"{API}/things?limit=5&{urlencode({n: v})}"),
    "query, brackets": lambda n, v: asked(f"{API}/things?{urlencode({f'filter[{n}]': v})}"),
    "query, percent": lambda n, v: asked(
        f"{API}/things?{n}=" + "".join(f"%{byte:02x}" for byte in v.encode())
    ),
    "fragment": lambda n, v: answered(_dumped({"url": f"https://x.test/cb#{urlencode({n: v})}"})),
    "location": lambda n, v: answered("{}", Location=f"/cb?{urlencode({n: v})}"),
    "location, whole": lambda n, v: answered("{}", Location=f"https://x.test/cb?{urlencode({n: v})}"),
    "link": lambda n, v: answered("{}", Link=f"<https://x.test/?{urlencode({n: v})}>; rel=next"),
    "matrix": lambda n, v: asked(f"{API}/things;{n}={quote(v, safe='')}/x"),
    "xml": lambda n, v: answered(f"<r><{n}>{_xml(v)}</{n}></r>", "application/xml"),
    "xml, attributes": lambda n, v: answered(
        f'<?xml version="1.0"?>\n<r><{n} type="string" lang="en">{_xml(v)}</{n}></r>', "text/xml"
    ),
    "xml, namespace": lambda n, v: answered(f"<a:r><a:{n}>{_xml(v)}</a:{n}></a:r>", "text/xml"),
    "xml, CDATA": lambda n, v: answered(f"<r><{n}><![CDATA[{v}]]></{n}></r>", "text/xml"),
    "xml, below": lambda n, v: answered(f"<r><{n}><value>{_xml(v)}</value></{n}></r>", "text/xml"),
    "xml, attribute": lambda n, v: answered(f'<r><a {n}="{_xml(v)}"/></r>', "text/xml"),
    "xml, single quotes": lambda n, v: answered(f"<r><a {n} = '{_xml(v)}'/></r>", "text/xml"),
    "xml, entry": lambda n, v: answered(f'<map><entry key="{n}">{_xml(v)}</entry></map>', "text/xml"),
    "xml, comment": lambda n, v: answered(f"<r><!-- {n}: {v.replace('--', '')} --></r>", "text/xml"),
    "html input": lambda n, v: answered(
        f'<html><form><input type="hidden" name="{n}" value="{_xml(v)}"></form></html>', "text/html"
    ),
    "html, value first": lambda n, v: answered(
        f'<html><input value="{_xml(v)}" name="{n}"></html>', "text/html"
    ),
    "html meta": lambda n, v: answered(
        f'<html><head><meta name="{n}" content="{_xml(v)}"></head></html>', "text/html"
    ),
    "html script": lambda n, v: answered(
        f"<html><script>var config = {{{json.dumps(n)}: {json.dumps(v)}}};</script></html>", "text/html"
    ),
    "html, script variable": lambda n, v: answered(
        f"<html><script>window.{n.replace('-', '_')} = '{v}';</script></html>", "text/html"
    ),
    "log": lambda n, v: answered(f"INFO starting\nDEBUG {n}: {v}\n", TEXT),
    "log, equals": lambda n, v: answered(f"2026-01-01T00:00:00Z INFO login {n}={v} ok", TEXT),
    "log, quoted": lambda n, v: answered(f'level=info {n}="{v}" status=ok', TEXT),
    "log in brackets": lambda n, v: answered(f"[ERROR] login failed, {n}: {v}", TEXT),
    "log in braces": lambda n, v: answered(f"{{thread 1}} login failed, {n}: {v}", TEXT),
    "log as json": lambda n, v: answered(f"[ERROR] login failed, {n}: {v}"),
    "log with json": lambda n, v: answered(f"[1] request {_dumped({n: v})} sent\n", TEXT),
    "ini": lambda n, v: answered(f"[login]\n{n} = {v}\n", TEXT),
    "env": lambda n, v: answered(f"export {n.upper().replace('-', '_')}='{v}'\n", TEXT),
    "yaml": lambda n, v: answered(f"login:\n  - {n}: {v}\n", "application/yaml"),
    "toml": lambda n, v: answered(f'[login]\n{n} = "{v}"\n', "application/toml"),
    "repr": lambda n, v: answered(f"Login({n.replace('-', '_')}={v!r}, tries=3)", TEXT),
    "repr of a dict": lambda n, v: answered(str({"a": 1, n: v}), TEXT),
    "repr of bytes": lambda n, v: answered(f"{{{n!r}: b{v!r}}}", TEXT),
    "on the next line": lambda n, v: answered(f"Login ok.\n{n}:\n  {v}\n", TEXT),
    "repr of pairs": lambda n, v: answered(str([(n, v)]), TEXT),
    "sql": lambda n, v: answered(_dumped({"message": f"INSERT INTO t SET {n}='{v}' failed"})),
    "message": lambda n, v: answered(_dumped({"errors": [{"code": 1, "message": f"invalid {n}: {v}"}]})),
    "message, equals": lambda n, v: answered(_dumped({"message": f"invalid credentials: {n}={v}"})),
    "message, is": lambda n, v: answered(_dumped({"message": f"your {n} is '{v}'"})),
    "curl": lambda n, v: answered(f"curl -d '{n}={v}' --header x", TEXT),
    "header in a log": lambda n, v: answered(f"> {n}: {v}\n< HTTP/1.1 200 OK\n", TEXT),
    "header": lambda n, v: asked(f"{API}/things", **{n: v.encode("latin-1", "replace").decode("latin-1")}),
    "header answered": lambda n, v: answered("{}", **{n: v}),
    "cookie": lambda n, v: answered("{}", Set_Cookie=f"{n}={quote(v)}; Path=/; HttpOnly"),
    "csv with names": lambda n, v: answered(f"{n}={v},status=ok", "text/csv"),
}  # fmt: skip
"""Positions in which a name says what the value is."""


def _zip(value: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", value)
    return file.getvalue()


def _msgpack(value: str) -> bytes:
    raw = value.encode()
    return b"\x82\xa1a\x01\xa5label" + b"\xd9" + bytes([len(raw)]) + raw


def _protobuf(value: str) -> bytes:
    raw = value.encode()
    return b"\x08\x96\x01\x12" + bytes([len(raw) & 0x7F]) + raw


FREE: dict[str, Callable[[str], Interaction]] = {
    "message": lambda v: answered(_dumped({"message": f"The thing {v} was refused."})),
    "message, quoted": lambda v: answered(_dumped({"message": f"The thing '{v}' was refused."})),
    "message, end": lambda v: answered(_dumped({"errors": [{"message": f"not accepted: {v}"}]})),
    "reason": lambda v: answered(_dumped({"state": {"status": "Failed", "reason": f"stopped by {v}"}})),
    "description": lambda v: answered(_dumped({"description": v})),
    "name": lambda v: answered(_dumped({"name": v})),
    "title": lambda v: answered(_dumped({"items": [{"title": f"for {v}"}]})),
    "tags": lambda v: sent(_dumped({"tags": ["bell", v]})),
    "unknown name": lambda v: answered(_dumped({"flavour": v})),
    "unknown name, list": lambda v: answered(_dumped({"flavours": [[v]]})),
    "list": lambda v: answered(_dumped(["one", v])),
    "text in json": lambda v: answered(_dumped(f"hello {v}")),
    "json key": lambda v: answered(_dumped({v: 1})),
    "text": lambda v: answered(f"hello {v}, welcome", TEXT),
    "text alone": lambda v: answered(v, TEXT),
    "text without type": lambda v: answered(f"see {v}", ""),
    "csv": lambda v: answered(f"id,label\n1,{v}\n", "text/csv"),
    "html": lambda v: answered(f"<html><body><p>Hello {escape(v)}!</p></body></html>", "text/html"),
    "html title": lambda v: answered(f"<html><title>{escape(v)}</title></html>", "text/html"),
    "html attribute": lambda v: answered(f'<html><a data-x="{escape(v)}">x</a></html>', "text/html"),
    "xml": lambda v: answered(f"<r><flavour>{escape(v)}</flavour></r>", "text/xml"),
    "xml, tail": lambda v: answered(f"<r><a/>{escape(v)}</r>", "text/xml"),
    "markdown": lambda v: answered(f"# Hello\n\n* `{v}`\n", "text/markdown"),
    "traceback": lambda v: answered(
        f'Traceback (most recent call last):\n  File "x.py", line 3, in run\nValueError: {v}\n', TEXT
    ),
    "sql": lambda v: answered(_dumped({"message": f"Duplicate entry '{v}' for key 'name'"})),
    "path": lambda v: asked(f"{API}/download/{quote(v, safe='')}"),
    "path, user": lambda v: asked(f"{API}/users/{quote(v, safe='')}/jobs"),
    "path, account": lambda v: asked(f"{API}/accounts/{quote(v, safe='')}"),
    "path, token": lambda v: asked(f"{API}/reset/{quote(v, safe='')}"),
    "path, session": lambda v: asked(f"{API}/things;jsessionid={quote(v, safe='')}"),
    "query, unknown": lambda v: asked(f"{API}/things?{urlencode({'flavour': v})}"),
    "query, bare": lambda v: asked(f"{API}/things?{quote(v, safe='')}"),
    "query, code": lambda v: answered("{}", Location=f"/cb?{urlencode({'code': v, 'state': v})}"),
    "form, unknown": lambda v: sent(urlencode({"flavour": v}), FORM),
    "multipart, unknown": lambda v: sent(
        f'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n{v}\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
    ),
    "file name": lambda v: sent(
        f'--b\r\nContent-Disposition: form-data; name="f"; filename="{v}.txt"\r\n\r\nx\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
    ),
    "userinfo": lambda v: asked(f"https://jane:{quote(v, safe='')}@quantum.cloud.ibm.com/api/v1/jobs"),
    "bearer": lambda v: asked(f"{API}/things", Authorization=f"Bearer {v}"),
    "basic": lambda v: asked(
        f"{API}/things", Authorization="Basic " + base64.b64encode(f"u:{v}".encode()).decode()
    ),
    "unknown header": lambda v: asked(f"{API}/things", X_Whatever=v),
    "signed address": lambda v: answered(
        _dumped({"url": f"https://s3.test/b/o?X-Amz-Signature={quote(v, safe='')}&x=1"})
    ),
    "base64 in a message": lambda v: answered(
        _dumped({"message": "got " + base64.b64encode(f"the {v} thing".encode()).decode()})
    ),
    "base64 of a text": lambda v: answered(
        _dumped({"data": base64.b64encode(f"the {v} thing".encode()).decode()})
    ),
    "pickle": lambda v: answered(pickle.dumps({"label": v}), "application/octet-stream"),
    "pickle, old": lambda v: answered(pickle.dumps({"label": v}, protocol=0), "application/octet-stream"),
    "msgpack": lambda v: answered(_msgpack(v), "application/msgpack"),
    "protobuf": lambda v: answered(_protobuf(v), "application/x-protobuf"),
    "zip": lambda v: answered(_zip(v), "application/zip"),
    "pdf": lambda v: answered(b"%PDF-1.4\n%\xe2\xe3\n(" + v.encode() + b") Tj", "application/pdf"),
    "png": lambda v: answered(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 9) + b"tEXtfor\0" + v.encode(), "image/png"
    ),
    "binary": lambda v: answered(b"\x00\xff\xfe" + v.encode() + b"\0", "application/octet-stream"),
    "text with a zero": lambda v: answered(b"a\0" + v.encode(), TEXT),
}  # fmt: skip
"""Positions in which nothing says what the value is: words of a dictionary are kept in some of them."""

UNREADABLE = frozenset(
    (
        "pickle",
        "msgpack",
        "protobuf",
        "zip",
        "pdf",
        "png",
        "binary",
        "text with a zero",
        "unknown header",
    )
)
"""Positions in which nothing names a value."""

GOVERNED = (
    frozenset(
        [
            "path, user",
            "path, account",
            "path, token",
            "path, session",
            "userinfo",
            "bearer",
            "basic",
            "signed address",
        ]
    )
    | UNREADABLE
)
"""Positions in which a word of the dictionary, or a number, is not kept either."""
