"""Positions of a value in JSON, paths, parts and programs whose name stands beside or above it."""

from __future__ import annotations

from json import dumps as _dumped
from urllib.parse import quote

from tests.redaction.messages import API, Position, answered, asked, sent

IN_JSON: dict[str, Position] = {
    "json, columns/rows": lambda n, v: answered(_dumped({"columns": ["id", n], "rows": [[1, v]]})),
    "json, columns/data": lambda n, v: answered(_dumped({"columns": [{"name": "id"}, {"name": n}], "data": [[1, v]]})),
    "json, fields values": lambda n, v: answered(_dumped({"fields": ["id", n], "values": [1, v]})),
    "json, array table": lambda n, v: answered(_dumped([["id", n], [1, v], [2, v]])),
    "json, pairs": lambda n, v: answered(_dumped([["a", 1], [n, v]])),
    "json, pair default": lambda n, v: answered(_dumped([{"name": n, "default": v}])),
    "json, pair list": lambda n, v: answered(_dumped([{"key": n, "values": [v]}])),
    "json, pair obj": lambda n, v: answered(_dumped([{"key": n, "value": {"stringValue": v}}])),
    "json, pair k/v": lambda n, v: answered(_dumped([{"k": n, "v": v}])),
    "json, pair val first": lambda n, v: answered(_dumped([{"value": v, "name": n}])),
    "json, field/message": lambda n, v: answered(_dumped({"errors": [{"field": n, "message": f"'{v}' is not valid"}]})),
    "json, loc/input": lambda n, v: answered(_dumped({"detail": [{"loc": ["body", n], "msg": "bad", "type": "x", "input": v}]})),
    "json, field rejected": lambda n, v: answered(_dumped({"errors": [{"field": n, "rejectedValue": v}]})),
    "json, patch": lambda n, v: sent(_dumped([{"op": "replace", "path": f"/{n}", "value": v}]), "application/json-patch+json"),
    "json, prefixed": lambda n, v: answered(_dumped({f"my_{n}": v, f"{n}_2": v, f"x{n.title()}": v})),
    "json, suffixed": lambda n, v: answered(_dumped({f"{n}_value": v, f"{n}Hash": v})),
    "json, plural": lambda n, v: answered(_dumped({f"{n}s": [v]})),
    "otel": lambda n, v: answered(_dumped({"attributes": [{"key": n, "value": {"stringValue": v}}]})),
    "path plural": lambda n, v: asked(f"{API}/{n}s/{quote(v, safe='')}/x"),
    "multipart name*": lambda n, v: sent(f"--b\r\nContent-Disposition: form-data; name*=utf-8''{n}\r\n\r\n{v}\r\n--b--\r\n", "multipart/form-data; boundary=b"),
    "multipart head": lambda n, v: sent(f"--b\r\nContent-Disposition: form-data; name=x\r\nX-{n}: {v}\r\n\r\nok\r\n--b--\r\n", "multipart/form-data; boundary=b"),
    "qasm pragma": lambda n, v: sent(_dumped({"params": {"circuits": f"OPENQASM 3.0;\npragma {n} {v}\nqubit q;"}})),
    "qasm annotation": lambda n, v: sent(_dumped({"params": {"circuits": f"OPENQASM 3.0;\n@{n} {v}\nqubit q;"}})),
}  # fmt: skip
"""Positions in which a name beside or above says what the value is."""
