"""Recordings kept aside: shapes, kinds of secrets and encodings that the rules were not written with.

The corpus of corpus.py grew together with the rules, so it says little about what nobody thought of. This
one was written in one go, without a look at the rules, to see what it finds. `python -m tests.redaction.aside`
prints how many there are, and which leak.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import pickle
import plistlib
import quopri
import struct
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from tests.redaction.corpus import Case, file_of, leaks
from tests.redaction.messages import API, FORM, TEXT, Position, answered, asked, sent


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _zip(name: str, value: str, method: int = 8) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.json", json.dumps({name: value}))
    return file.getvalue()


def _prefixed(name: str, value: str, begin: bytes, between: bytes = b"\x12") -> bytes:
    """Return *name* and *value* with their lengths before them, as formats of bytes write them."""
    raw = value.encode()
    return begin + bytes([len(name)]) + name.encode() + between + bytes([len(raw)]) + raw


def _bson(name: str, value: str) -> bytes:
    raw = value.encode() + b"\0"
    element = b"\x02" + name.encode() + b"\0" + struct.pack("<i", len(raw)) + raw + b"\0"
    return struct.pack("<i", len(element) + 4) + element


SHAPES: dict[str, Position] = {
    "dotenv export": lambda n,v: answered(f"#!/bin/sh\nexport {n.upper()}='{v}'\nexport SHELL=/bin/sh\n", TEXT),
    "powershell": lambda n,v: answered(f'$env:{n} = "{v}"\n', TEXT),
    "windows set": lambda n,v: answered(f'set {n.upper()}={v}\r\n', TEXT),
    "dockerfile": lambda n,v: answered(f'FROM python\nENV {n.upper()} {v}\nRUN pip install x\n', TEXT),
    "curl -H": lambda n,v: answered(json.dumps({"message": f"curl -s -H '{n}: {v}' https://x.test/a"}) ),
    "curl -d": lambda n,v: answered(f"$ curl -X POST -d '{n}={quote(v)}' https://x.test/login", TEXT),
    "cli flag": lambda n,v: answered(json.dumps({"message": f"command failed: login --{n} {v} --quiet"})),
    "cli flag quoted": lambda n,v: answered(json.dumps({"message": f"argv: ['login', '--{n}', '{v}', '-q']"})),
    "http dump": lambda n,v: answered(f"> POST /login HTTP/1.1\r\n> Host: x.test\r\n> X-{n}: {v}\r\n> Accept: */*\r\n>\r\n< HTTP/1.1 401\r\n", TEXT),
    "go struct": lambda n,v: answered(json.dumps({"error": f"bad request: &{{Id:3 {n.title()}:{v} Retry:false}}"})),
    "java toString": lambda n,v: answered(f"LoginRequest{{id=3, {n}='{v}', remember=true}}", TEXT),
    "kotlin data": lambda n,v: answered(f"Login(id=3, {n}={v}, remember=true)", TEXT),
    "rust debug": lambda n,v: answered(f'Login {{ id: 3, {n}: Some("{v}"), ok: true }}', TEXT),
    "ruby hash": lambda n,v: answered(f'{{:id=>3, :{n}=>"{v}"}}', TEXT),
    "php print_r": lambda n,v: answered(f"Array\n(\n    [id] => 3\n    [{n}] => {v}\n)\n", TEXT),
    "php var_dump": lambda n,v: answered(f'array(1) {{\n  ["{n}"]=>\n  string({len(v)}) "{v}"\n}}\n', TEXT),
    "perl dumper": lambda n,v: answered(f"$VAR1 = {{\n  '{n}' => '{v}'\n}};\n", TEXT),
    "python repr nested": lambda n,v: answered(f"{{'a': [{{'x': 1, '{n}': ['{v}']}}]}}", TEXT),
    "python kwargs": lambda n,v: answered(f"TypeError: login() got an unexpected keyword argument ({n}={v!r})", TEXT),
    "traceback local": lambda n,v: answered(f'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    login({n}="{v}")\nValueError: no\n', TEXT),
    "logfmt": lambda n,v: answered(f'level=info ts=2026-01-01T00:00:00Z {n}="{v}" msg="ok"\n', TEXT),
    "bracket log": lambda n,v: answered(f"[2026-01-01 00:00:00] [ERROR] login failed, {n}: {v}\n", TEXT),
    "brace log": lambda n,v: answered(f"{{main}} ERROR login failed; {n} = {v}\n", TEXT),
    "json log in text": lambda n,v: answered(f'2026-01-01 ERROR ctx={json.dumps({n: v})} retrying\n', TEXT),
    "log prefix json": lambda n,v: answered(f'[WARN] request body was: {json.dumps({"a": {n: v}})}', TEXT),
    "apache log": lambda n,v: answered(f'1.2.3.4 - - [01/Jan/2026:00:00:00 +0000] "GET /a?{n}={quote(v,safe="")} HTTP/1.1" 200 3\n', TEXT),
    "csv": lambda n,v: answered(f'id,{n},state\n1,"{v}",ok\n', "text/csv"),
    "csv semicolon": lambda n,v: answered(f'id;{n};state\n1;{v};ok\n', "text/csv"),
    "tsv": lambda n,v: answered(f'id\t{n}\tstate\n1\t{v}\tok\n', "text/tab-separated-values"),
    "markdown table": lambda n,v: answered(f'| id | {n} |\n|---|---|\n| 1 | {v} |\n', "text/markdown"),
    "rst field": lambda n,v: answered(f':{n}: {v}\n', TEXT),
    "ascii box": lambda n,v: answered(f'+----+----------+\n| id | {n} |\n+----+----------+\n| 1  | {v} |\n+----+----------+\n', TEXT),
    "ldif base64": lambda n,v: answered(f'dn: cn=x\n{n}:: {_base64(v)}\n', TEXT),
    "k8s secret": lambda n,v: answered(f'apiVersion: v1\nkind: Secret\ndata:\n  {n}: {_base64(v)}\n', "application/yaml"),
    "yaml list of pairs": lambda n,v: answered(f'env:\n  - name: {n}\n    value: "{v}"\n', "application/yaml"),
    "yaml folded": lambda n,v: answered(f'{n}: >-\n  {v}\nz: 1\n', "application/yaml"),
    "yaml tagged": lambda n,v: answered(f'{n}: !!str {v}\n', "application/yaml"),
    "yaml anchor": lambda n,v: answered(f'{n}: &x {v}\nother: *x\n', "application/yaml"),
    "hcl": lambda n,v: answered(f'resource "x" "y" {{\n  {n} = "{v}"\n}}\n', TEXT),
    "nginx": lambda n,v: answered(f'proxy_set_header {n} "{v}";\n', TEXT),
    "json5": lambda n,v: answered(f"{{id: 3, {n}: '{v}', /* x */}}", TEXT),
    "json trailing comma": lambda n,v: answered(f'{{"id": 3, "{n}": "{v}",}}', "application/json"),
    "json truncated": lambda n,v: answered(f'{{"id": 3, "{n}": "{v}"', "application/json"),
    "json truncated in value": lambda n,v: answered(f'{{"id": 3, "{n}": "{v}', "application/json"),
    "json BOM": lambda n,v: answered("\ufeff"+json.dumps({n: v})),
    "json utf16": lambda n,v: answered(json.dumps({n: v}).encode("utf-16"), "application/json"),
    "json utf16le nobom": lambda n,v: answered(json.dumps({n: v}).encode("utf-16-le"), "application/json; charset=utf-16le"),
    "xssi": lambda n,v: answered(")]}',\n"+json.dumps({n: v})),
    "xssi for": lambda n,v: answered("for(;;);"+json.dumps({n: v})),
    "xssi &&&": lambda n,v: answered("{}&& "+json.dumps({n: v})),
    "xssi &&&START": lambda n,v: answered("&&&START&&&"+json.dumps({n: v})),
    "jsonp": lambda n,v: answered(f"/**/cb_1({json.dumps({n: v})});", "application/javascript"),
    "jsonp nested name": lambda n,v: answered(f"window.app['cb']({json.dumps({n: v})});", "application/javascript"),
    "js var": lambda n,v: answered(f"var config = {json.dumps({n: v})};", "application/javascript"),
    "js assignment": lambda n,v: answered(f"window.{n} = '{v}';", "application/javascript"),
    "js backtick": lambda n,v: answered(f"const {n} = `{v}`;", "application/javascript"),
    "json-seq": lambda n,v: answered("\x1e"+json.dumps({n: v})+"\n\x1e{}\n", "application/json-seq"),
    "ndjson": lambda n,v: answered('{"a": 1}\n'+json.dumps({n: v})+"\n", "application/x-ndjson"),
    "concatenated json": lambda n,v: answered('{"a": 1}'+json.dumps({n: v})),
    "sse": lambda n,v: answered(f'event: x\nid: 3\ndata: {json.dumps({n: v})}\n\n', "text/event-stream"),
    "sse multi": lambda n,v: answered(f'data: {{"{n}":\ndata: "{v}"}}\n\n', "text/event-stream"),
    "sse text": lambda n,v: answered(f'data: {n}={v}\n\n', "text/event-stream"),
    "json in json in json": lambda n,v: answered(json.dumps({"a": json.dumps({"b": json.dumps({n: v})})})),
    "json str top": lambda n,v: answered(json.dumps(json.dumps({n: v}))),
    "base64 of json": lambda n,v: answered(json.dumps({"blob": _base64(json.dumps({n: v}))})),
    "base64url of form": lambda n,v: answered(json.dumps({"state": base64.urlsafe_b64encode(f"a=1&{n}={quote(v)}".encode()).decode().rstrip("=")})),
    "base64 body": lambda n,v: answered(base64.encodebytes(json.dumps({"x"*30: 1, n: v}).encode()), TEXT),
    "base64 of gzip": lambda n,v: answered(json.dumps({"blob": base64.b64encode(gzip.compress(json.dumps({n: v}).encode())).decode()})),
    "data uri": lambda n,v: answered(json.dumps({"href": "data:application/json;base64,"+_base64(json.dumps({n: v}))})),
    "hex of json": lambda n,v: answered(json.dumps({"blob": json.dumps({n: v}).encode().hex()})),
    "urlencoded json in query": lambda n,v: asked(f"{API}/things?filter={quote(json.dumps({n: v}))}"),
    "double urlencoded": lambda n,v: asked(f"{API}/things?next={quote(quote(f'/cb?{n}={quote(v)}', safe=''), safe='')}"),
    "query array": lambda n,v: asked(f"{API}/things?{n}[]={quote(v)}"),
    "query nested": lambda n,v: asked(f"{API}/things?auth[{n}]={quote(v)}"),
    "query upper": lambda n,v: asked(f"{API}/things?{n.upper()}={quote(v)}"),
    "fragment": lambda n,v: answered("{}", Location=f"/cb#{n}={quote(v)}&state=1"),
    "location": lambda n,v: answered("{}", Location=f"https://x.test/cb?{n}={quote(v)}"),
    "refresh": lambda n,v: answered(f'<html><head><meta http-equiv="refresh" content="0;url=/cb?{n}={quote(v)}"></head></html>', "text/html"),
    "path pair": lambda n,v: asked(f"{API}/{n}/{quote(v,safe='')}/x"),
    "matrix": lambda n,v: asked(f"{API}/things;{n}={quote(v,safe='')}/x"),
    "form no type": lambda n,v: sent(f"a=1&{n}={quote_plus(v)}", ""),
    "form wrong type": lambda n,v: sent(f"a=1&{n}={quote_plus(v)}", "application/json"),
    "form with semicolons": lambda n,v: sent(f"a=1;{n}={quote_plus(v)}", FORM),
    "multipart": lambda n,v: sent(f'--B\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n--B--\r\n', "multipart/form-data; boundary=B"),
    "multipart unquoted": lambda n,v: sent(f'--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name={n}\r\n\r\n{v}\r\n--B--\r\n', "multipart/form-data; boundary=B"),
    "multipart file": lambda n,v: sent(f'--B\r\nContent-Disposition: form-data; name="f"; filename="a.json"\r\nContent-Type: application/json\r\n\r\n{json.dumps({n: v})}\r\n--B--\r\n', "multipart/form-data; boundary=B"),
    "multipart base64": lambda n,v: sent(f'--B\r\nContent-Disposition: form-data; name="{n}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{_base64(v)}\r\n--B--\r\n', "multipart/form-data; boundary=B"),
    "xml ns": lambda n,v: answered(f'<?xml version="1.0"?><a:r xmlns:a="urn:x"><a:{n}>{html.escape(v)}</a:{n}></a:r>', "application/xml"),
    "xml attr ns": lambda n,v: answered(f'<r xmlns:a="urn:x" a:{n}="{html.escape(v)}"/>', "application/xml"),
    "xml cdata": lambda n,v: answered(f'<r><{n}><![CDATA[{v}]]></{n}></r>', "text/xml"),
    "xml entity": lambda n,v: answered(f'<r><{n}>{"".join(f"&#{ord(c)};" for c in v)}</{n}></r>', "text/xml"),
    "xml entity hex": lambda n,v: answered(f'<r><{n}>{"".join(f"&#x{ord(c):x};" for c in v)}</{n}></r>', "text/xml"),
    "xml doctype entity": lambda n,v: answered(f'<!DOCTYPE r [<!ENTITY {n} "{html.escape(v)}">]><r>&{n};</r>', "text/xml"),
    "xml pi": lambda n,v: answered(f'<?config {n}="{html.escape(v)}"?><r/>', "text/xml"),
    "xml comment": lambda n,v: answered(f'<r><!-- {n}: {v} --></r>', "text/xml"),
    "soap": lambda n,v: answered(f'<s:Envelope xmlns:s="x"><s:Header><wsse:{n} Type="t">{html.escape(v)}</wsse:{n}></s:Header><s:Body/></s:Envelope>', "text/xml"),
    "plist": lambda n,v: answered(plistlib.dumps({n: v}), "application/xml"),
    "html input": lambda n,v: answered(f'<form><input type=hidden name={n} value="{html.escape(v)}"></form>', "text/html"),
    "html data attr": lambda n,v: answered(f'<div id=a data-{n}="{html.escape(v)}">x</div>', "text/html"),
    "html dl": lambda n,v: answered(f'<dl><dt>{n}</dt><dd>{html.escape(v)}</dd></dl>', "text/html"),
    "html label": lambda n,v: answered(f'<p><label>{n}</label> <code>{html.escape(v)}</code></p>', "text/html"),
    "html script": lambda n,v: answered(f'<html><script>window.__S__={json.dumps({n: v})};</script></html>', "text/html"),
    "html textarea": lambda n,v: answered(f'<textarea name="{n}">{html.escape(v)}</textarea>', "text/html"),
    "html meta": lambda n,v: answered(f'<meta name="{n}" content="{html.escape(v)}">', "text/html"),
    "html table row": lambda n,v: answered(f'<table><tr><th>{n}</th><td>{html.escape(v)}</td></tr></table>', "text/html"),
    "html escaped html": lambda n,v: answered(html.escape(f'<{n}>{v}</{n}>'), "text/html"),
    "sql insert": lambda n,v: answered(json.dumps({"message": f"INSERT INTO logins (id, {n}) VALUES (3, '{v}')"})),
    "sql update": lambda n,v: answered(json.dumps({"message": f"UPDATE logins SET {n} = '{v}' WHERE id = 3"})),
    "sql params": lambda n,v: answered(json.dumps({"message": f"[SQL: SELECT 1 WHERE {n} = %({n})s] [parameters: {{'{n}': '{v}'}}]"})),
    "sql in": lambda n,v: answered(json.dumps({"message": f"WHERE {n} IN ('{v}', 'x')"})),
    "ini": lambda n,v: answered(f"[login]\n{n} = {v}\n", TEXT),
    "ini leading bracket no space": lambda n,v: answered(f"[login]\r\n{n}={v}\r\n", TEXT),
    "netrc": lambda n,v: answered(f"machine x.test login x password {v}\n", TEXT),
    "conn string ado": lambda n,v: answered(json.dumps({"message": f"Server=x.test;Database=a;{n}={v};Timeout=3"})),
    "url userinfo": lambda n,v: answered(json.dumps({"message": f"amqps://svc:{quote(v,safe='')}@x.test:5671/vh"})),
    "email header": lambda n,v: answered(f"Date: x\r\nX-{n}: {v}\r\n\r\nhello", "message/rfc822"),
    "quoted printable": lambda n,v: answered(quopri.encodestring(f"{n}={v}".encode()), TEXT),
    "unicode escape": lambda n,v: answered('{{"{}": "{}"}}'.format(n, "".join(f"\\u{ord(c):04x}" for c in v))),
    "hex escapes text": lambda n,v: answered(f'{n}="' + "".join(f"\\x{b:02x}" for b in v.encode()) + '"', TEXT),
    "octal": lambda n,v: answered(f'{n}="' + "".join(f"\\{b:03o}" for b in v.encode()) + '"', TEXT),
    "percent name": lambda n,v: asked(f"{API}/things?%{ord(n[0]):02x}{n[1:]}={quote(v)}"),
    "key unicode escape": lambda n,v: answered(f'{{"\\u{ord(n[0]):04x}{n[1:]}": {json.dumps(v)}}}'),
    "list of pairs": lambda n,v: answered(json.dumps([[n, v], ["a", "b"]])),
    "name/value obj": lambda n,v: answered(json.dumps({"params": [{"name": n, "value": v}]})),
    "key/val obj": lambda n,v: answered(json.dumps([{"k": n, "v": v}])),
    "field/content obj": lambda n,v: answered(json.dumps({"field": n, "input": v, "type": "missing"})),
    "columns/rows": lambda n,v: answered(json.dumps({"columns": ["id", n], "rows": [[1, v]]})),
    "header/data": lambda n,v: answered(json.dumps({"header": ["id", n], "data": [[1, v]]})),
    "pydantic": lambda n,v: answered(json.dumps({"detail": [{"loc": ["body", n], "msg": "too short", "input": v}]})),
    "har": lambda n,v: answered(json.dumps({"log": {"entries": [{"request": {"headers": [{"name": n, "value": v}]}}]}})),
    "json pointer patch": lambda n,v: sent(json.dumps([{"op": "replace", "path": f"/{n}", "value": v}])),
    "graphql args": lambda n,v: sent(json.dumps({"query": f'mutation {{ login({n}: "{v}") {{ id }} }}'})),
    "raw headers list": lambda n,v: answered(json.dumps({"headers": [f"{n}: {v}", "Accept: */*"]})),
    "char array": lambda n,v: answered(json.dumps({n: list(v)})),
    "byte array": lambda n,v: answered(json.dumps({n: list(v.encode())})),
    "camel": lambda n,v: answered(json.dumps({"db"+n[0].upper()+n[1:]: v})),
    "prefixed": lambda n,v: answered(json.dumps({f"ibm_quantum_{n}": v})),
    "suffixed": lambda n,v: answered(json.dumps({f"{n}_plain": v, f"{n}2": v})),
    "new": lambda n,v: answered(json.dumps({f"new_{n}": v})),
    "x header": lambda n,v: asked(f"{API}/things", **{f"X_{n}": v.encode().decode("latin-1") if v.isascii() else quote(v)}),
    "body gzip no header": lambda n,v: answered(gzip.compress(json.dumps({n: v}).encode()), "application/json"),
    "zlib body": lambda n,v: answered(zlib.compress(json.dumps({n: v}).encode()), "application/octet-stream"),
    "zip": lambda n,v: answered(_zip(n, v), "application/zip"),
    "zip stored": lambda n,v: answered(_zip(n, v, 0), "application/octet-stream"),
    "pickle": lambda n,v: answered(pickle.dumps({n: v}), "application/octet-stream"),
    "pickle 0": lambda n,v: answered(pickle.dumps({n: v}, 0), TEXT),
    "msgpack": lambda n,v: answered(_prefixed(n, v, b"\x81\xd9", b"\xd9"), "application/msgpack"),
    "msgpack as text": lambda n,v: answered(_prefixed(n, v, b"\x81\xd9", b"\xd9"), TEXT),
    "protobuf": lambda n,v: answered(_prefixed(n, v, b"\x0a"), "application/x-protobuf"),
    "protobuf as json": lambda n,v: answered(_prefixed(n, v, b"\x0a"), "application/json"),
    "protobuf text": lambda n,v: answered(f'login {{\n  {n}: "{v}"\n}}\n', TEXT),
    "pdf": lambda n,v: answered(f"%PDF-1.4\n1 0 obj << /Title ({n} {v}) >> endobj\n%%EOF".encode(), "application/pdf"),
    "png text": lambda n,v: answered(b"\x89PNG\r\n\x1a\n\0\0\0\x10tEXt"+f"{n}\0{v}".encode(), "image/png"),
    "svg": lambda n,v: answered(f'<svg xmlns="http://www.w3.org/2000/svg"><text id="{n}">{html.escape(v)}</text></svg>', "image/svg+xml"),
    "cbor-ish": lambda n,v: answered(_prefixed(n, v, b"\xa1\x78", b"\x78"), "application/cbor"),
    "bson": lambda n,v: answered(_bson(n, v), "application/bson"),
    "latin1 text": lambda n,v: answered(f"{n}: {v} \xe9".encode("latin-1","replace"), "text/plain; charset=latin-1"),
    "prose set to": lambda n,v: answered(json.dumps({"message": f"The {n} you gave ({v}) is not valid."})),
    "prose quoted": lambda n,v: answered(json.dumps({"message": f"Invalid {n} '{v}'"})),
    "prose was": lambda n,v: answered(json.dumps({"message": f"Your {n} was reset to {v}."})),
    "prose equals": lambda n,v: answered(json.dumps({"message": f"{n} equals {v}"})),
    "prose for": lambda n,v: answered(json.dumps({"message": f"no {n} `{v}` found"})),
    "prose arrow": lambda n,v: answered(json.dumps({"message": f"{n} -> {v}"})),
    "prose colon newline": lambda n,v: answered(json.dumps({"message": f"{n}:\n\n    {v}\n"})),
    "multi quoted": lambda n,v: answered(json.dumps({"message": f'"{n}"="{v}"'})),
    "tags": lambda n,v: sent(json.dumps({"tags": [f"{n}={v}", "a"]})),
    "tags colon": lambda n,v: sent(json.dumps({"tags": [f"{n}:{v}"]})),
    "job name": lambda n,v: sent(json.dumps({"name": f"run {n} {v}"})) ,
    "link header": lambda n,v: answered("{}", Link=f'<https://x.test/a?{n}={quote(v)}>; rel="next"'),
    "retry-after": lambda n,v: answered("{}", Retry_After=v if v.isascii() else "1"),
    "allow header": lambda n,v: answered("{}", Allow=v if v.isascii() else "GET"),
    "content type param": lambda n,v: answered("{}", f'application/json; {n}="{quote(v)}"'),
}  # fmt: skip
"""What a value stands in under a name: written after the rules, and without a look at them."""


SECRETS: dict[str, tuple[tuple[str, ...], str]] = {
    "stripe": (("secret_key","apikey",), "sk_"+"live_51Hx9Qw7ErTyUiOpAsDfGhJkLzXcVbNm"),
    "slack": (("slack_token",), "xoxp-2345678901-2345678901-abcDEF123ghi"),
    "gitlab": (("private_token",), "glpat-Xy7_kLm9PqRs2TuVwZ4b"),
    "google": (("api_key","x-goog-api-key",), "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"),
    "azure": (("AccountKey","sharedAccessKey",), "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="),
    "short password": (("password","db_pass","pwd",), "P4ss!word"),
    "plain word password": (("password","passphrase",), "butterfly"),
    "diceware": (("passphrase","secret",), "correct-horse-battery-staple"),
    "totp seed": (("totp_secret","otp_secret",), "JBSWY3DPEHPK3PXP"),
    "otp": (("otp","pin",), "493827"),
    "hex32": (("client_secret","auth_token",), "5ebe2294ecd0e0f08eab7690d2a6ee69"),
    "IAM": (("apikey","iam_apikey",), "0aBcD3fGh1jKlMn0pQrStUvWxYz1234567890_-AbCdE"),
    "session": (("sessionid","JSESSIONID",), "8A1F0C77D3B24E6E9C55"),
    "name": (("full_name","owner",), "Wilhelmina Oosterhuis"),
    "name umlaut": (("display_user","customer_name",), "Jürgen Großkreutz"),
    "cjk": (("full_name",), "山田太郎花子"),
    "login": (("username","user",), "woosterh42"),
    "email": (("email","reply_to",), "w.oosterhuis@phys.uni-beispiel.de"),
    "phone": (("phone","mobile_number",), "+49 30 90182077"),
    "number": (("customer_id","account_number",), "9920183746"),
    "ip": (("client_ip","remote_addr",), "203.114.77.201"),
    "iban": (("iban",), "DE89370400440532013000"),
    "ssn": (("ssn",), "536-22-8726"),
}  # fmt: skip
"""Kinds of secrets, each with names under which it stands."""


def cases() -> Iterator[Case]:
    """Yield every shape with every kind of secret, under each of its names."""
    for shape, named in SHAPES.items():
        for kind, (names, value) in SECRETS.items():
            for name in names:
                yield Case(f"{shape} / {name} / {kind}", value, (named(name, value),))


if __name__ == "__main__":
    every = list(cases())
    leaked = [each.label for each in every if leaks(file_of(each.interactions), each.secret)]
    print(f"{len(every):,} planted secrets, {len(leaked)} in the files", *leaked, sep="\n  ")
