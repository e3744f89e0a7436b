"""Positions of a value in markup whose name is a text beside, above or around it."""

from __future__ import annotations

from html import escape
from json import dumps as _dumped

from tests.redaction.messages import TEXT, Position, answered

IN_MARKUP: dict[str, Position] = {
    "html, th/td": lambda n, v: answered(f"<html><table><tr><th>{n}</th><td>{escape(v)}</td></tr></table></html>", "text/html"),
    "html, th colon": lambda n, v: answered(f"<html><table><tr><th>{n}:</th><td><b>{escape(v)}</b></td></tr></table></html>", "text/html"),
    "html, td/td": lambda n, v: answered(f"<html><table><tr><td>{n}</td><td>{escape(v)}</td></tr></table></html>", "text/html"),
    "html, header row": lambda n, v: answered(f"<html><table><thead><tr><th>id</th><th>{n}</th><th>status</th></tr></thead><tbody><tr><td>1</td><td>{escape(v)}</td><td>ok</td></tr><tr><td>2</td><td>{escape(v)}</td><td>ok</td></tr></tbody></table></html>", "text/html"),
    "html, header row td": lambda n, v: answered(f"<table><tr><td>id</td><td>{n}</td></tr><tr><td>1</td><td>{escape(v)}</td></tr></table>", "text/html"),
    "html, colspan": lambda n, v: answered(f"<table><tr><th colspan=2>id</th><th>{n}</th></tr><tr><td>1</td><td>2</td><td>{escape(v)}</td></tr></table>", "text/html"),
    "html, dl": lambda n, v: answered(f"<html><dl><dt>{n}</dt><dd>{escape(v)}</dd></dl></html>", "text/html"),
    "html, dl unclosed": lambda n, v: answered(f"<html><dl><dt>{n}<dd>{escape(v)}<dt>x<dd>y</dl></html>", "text/html"),
    "html, dl p": lambda n, v: answered(f"<html><dl><dt><b>{n}</b></dt><dd><p>{escape(v)}</p></dd></dl></html>", "text/html"),
    "html, li strong": lambda n, v: answered(f"<html><ul><li><strong>{n}</strong>: {escape(v)}</li></ul></html>", "text/html"),
    "html, li strong in": lambda n, v: answered(f"<html><ul><li><strong>{n}:</strong> {escape(v)}</li></ul></html>", "text/html"),
    "html, p b span": lambda n, v: answered(f"<html><p><b>{n}</b> <span>{escape(v)}</span></p></html>", "text/html"),
    "html, label input": lambda n, v: answered(f"<html><label>{n}</label><input value='{escape(v)}'></html>", "text/html"),
    "html, label around": lambda n, v: answered(f"<html><label>{n} <input value='{escape(v)}'></label></html>", "text/html"),
    "html, textarea": lambda n, v: answered(f"<html><textarea name='{n}'>{escape(v)}</textarea></html>", "text/html"),
    "html, class": lambda n, v: answered(f"<html><span class='{n}'>{escape(v)}</span></html>", "text/html"),
    "html, data-": lambda n, v: answered(f"<html><div data-{n.replace('_','-')}='{escape(v)}'>x</div></html>", "text/html"),
    "html, itemprop": lambda n, v: answered(f"<html><span itemprop='{n}'>{escape(v)}</span></html>", "text/html"),
    "html, aria-label": lambda n, v: answered(f"<html><span aria-label='{n}'>{escape(v)}</span></html>", "text/html"),
    "html, placeholder": lambda n, v: answered(f"<html><input placeholder='{n}' value='{escape(v)}'></html>", "text/html"),
    "html, br": lambda n, v: answered(f"<html><p>{n}:<br>{escape(v)}<br></p></html>", "text/html"),
    "html, h": lambda n, v: answered(f"<html><h3>{n}</h3><p>{escape(v)}</p></html>", "text/html"),
    "html, upper": lambda n, v: answered(f"<HTML><TABLE><TR><TH>{n}</TH><TD>{escape(v)}</TD></TR></TABLE></HTML>", "text/html"),
    "html, in json": lambda n, v: answered(_dumped({"message": f"<p>{n}: <b>{escape(v)}</b></p>"})),
    "html, table in json": lambda n, v: answered(_dumped({"details": f"<table><tr><th>{n}</th><td>{escape(v)}</td></tr></table>"})),
    "html, fragment late": lambda n, v: answered(f"Login failed <br><b>{n}</b>: <i>{escape(v)}</i>", "text/html"),
    "xml, name/value": lambda n, v: answered(f"<r><item><name>{n}</name><value>{escape(v)}</value></item></r>", "application/xml"),
    "xml, key/string plist": lambda n, v: answered(f"<plist><dict><key>{n}</key><string>{escape(v)}</string></dict></plist>", "application/xml"),
    "xml, attr pair key val": lambda n, v: answered(f"<r><add key='{n}' val='{escape(v)}'/></r>", "application/xml"),
    "xml, xmlrpc": lambda n, v: answered(f"<methodResponse><params><param><value><struct><member><name>{n}</name><value><string>{escape(v)}</string></value></member></struct></value></param></params></methodResponse>", "application/xml"),
    "xml, saml": lambda n, v: answered(f"<saml:Attribute Name='{n}'><saml:AttributeValue>{escape(v)}</saml:AttributeValue></saml:Attribute>", "application/xml"),
    "xml, doctype entity": lambda n, v: answered(f"<!DOCTYPE r [<!ENTITY {n} \"{v}\">]><r>&{n};</r>", "application/xml"),
    "xml, hyphen": lambda n, v: answered(f"<r><x-{n.replace('_','-')}>{escape(v)}</x-{n.replace('_','-')}></r>", "application/xml"),
    "xml, text before": lambda n, v: answered(f"ok\n<r><{n}>{escape(v)}</{n}></r>", "application/xml"),
    "xml, in log": lambda n, v: answered(f"2026-01-01T00:00:00Z DEBUG response: <r><{n}>{escape(v)}</{n}></r>\n", TEXT),
    "xml, in message": lambda n, v: answered(_dumped({"message": f"bad response <{n}>{escape(v)}</{n}>"})),
    "xml, attr in message": lambda n, v: answered(_dumped({"message": f"bad element <login {n}=\"{escape(v)}\"/>"})),
}  # fmt: skip
"""Positions in which a label says what the value is."""
