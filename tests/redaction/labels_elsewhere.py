"""Positions of a value that its name follows, that a command gives, or that a format has without a name."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from tests.redaction.messages import API, FORM, TEXT, Position, answered, sent


def _message(text: str) -> str:
    return json.dumps({"errors": [{"code": 1234, "message": text}]})


def _below(name: str, value: str) -> str:
    return json.dumps({"data": {"type": name, "id": "1", "attributes": {"value": value}}})


ELSEWHERE: dict[str, Position] = {
    "value, then name": lambda n, v: answered(
        _message(f"'{v}' is not a valid {n.replace('_', ' ')}")
    ),
    "value for a parameter": lambda n, v: answered(
        _message(f"Invalid value '{v}' for parameter '{n}'")
    ),
    "json, name below": lambda n, v: answered(json.dumps({n: {v: {"created": "2026-01-01"}}})),
    "json api": lambda n, v: answered(_below(n, v)),
    "json, pointer": lambda n, v: answered(
        json.dumps({"errors": [{"source": {"pointer": f"/data/{n}"}, "detail": f"'{v}' is wrong"}]})
    ),
    "json, instance path": lambda n, v: answered(json.dumps({"instancePath": f"/{n}", "data": v})),
    "json, schema": lambda n, v: answered(
        json.dumps(
            {"parameters": [{"name": n, "in": "query", "schema": {"default": v, "type": "x"}}]}
        )
    ),
    "json, flag": lambda n, v: answered(
        json.dumps({"args": ["run", f"--{n.replace('_', '-')}", v]})
    ),
    "form, labelled": lambda n, v: sent(urlencode({"name": n, "value": v}), FORM),
    "property": lambda n, v: answered(f"java -D{n}={v} -jar a.jar", TEXT),
    "user of curl": lambda _, v: answered(f"curl -s -u 'jane:{v}' https://x.test/", TEXT),
    "sshpass": lambda _, v: answered(f"sshpass -p '{v}' ssh x.test", TEXT),
    "directory": lambda _, v: answered(f"CN={v},OU=Users,DC=x,DC=test", TEXT),
    "home": lambda _, v: answered(f'File "/home/{v.replace(" ", "-")}/x.py", line 3', TEXT),
    "contact": lambda _, v: answered(
        f"BEGIN:VCARD\nVERSION:3.0\nFN:{v}\nTEL;TYPE=home:{v}\nEND:VCARD\n"
    ),
    "calendar": lambda _, v: answered(
        f'BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE;CN="{v}":mailto:{v}\nEND:VEVENT\nEND:VCALENDAR\n'
    ),
    "data address": lambda n, v: answered(
        json.dumps({"url": f"data:text/plain,{urlencode({n: v})}"})
    ),
    "in a path of words": lambda n, v: answered(f"see {n}/{v.replace(' ', '-')} for more", TEXT),
    "french": lambda _, v: answered(f"mot de passe : {v}\nutilisateur : {v}\n", TEXT),
    "boundary": lambda n, v: sent(
        f'--{v}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n--{v}--\r\n',
        f'multipart/form-data; boundary="{v}"',
    ),
    "binary result": lambda _, v: answered(
        bytes(range(128, 256)) + v.encode() + b"\0",
        "application/octet-stream",
        url=f"{API}/jobs/j/results",
    ),
}
"""Positions in which what a value is, is said behind it, or by the format."""
