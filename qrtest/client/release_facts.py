"""What the sources of a release of the client say, read without importing or installing it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Final

from qrtest.errors import UnsupportedRelease

__all__ = ["ReleaseFacts", "read"]

PACKAGE: Final = "qiskit_ibm_runtime"
DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
NOT_READ: Final = ("fake_provider", "transpiler", "visualization", "debug_tools", "options")
"""Folders that qrtest has nothing to do with; reading them takes longer than all the rest."""

CLASSES: Final = ("RuntimeJobV2", "QiskitRuntimeService", "RuntimeClient", "Session", "Batch")
"""The classes whose public methods are read, those of their bases in the package included."""


@dataclass(frozen=True)
class ReleaseFacts:
    """What was read of a release; *places* are "module:name", *paths* have {} for a name.

    *imported*: names that a module has from another one, also as "module:name". *attributes*: what objects
    have of their own class. *schemas*: the versions of results, by the module that decodes them. *tags*: the
    values of `__type__` that are decoded. *members*: the parameters of public methods, by "class.method".
    """

    version: str
    places: frozenset[str]
    imported: frozenset[str]
    attributes: frozenset[str]
    paths: frozenset[str]
    api_versions: frozenset[str]
    schemas: Mapping[str, frozenset[str]]
    tags: frozenset[str]
    members: Mapping[str, str]
    requires: frozenset[str]


def read(folder: Path) -> ReleaseFacts:
    """Return what the sources in *folder* say: what a wheel or an sdist of the client holds.

    Raises `UnsupportedRelease` when there is no package of the client in it.
    """
    found = sorted(folder.rglob(f"{PACKAGE}/__init__.py"), key=lambda path: len(path.parts))
    if not found:
        raise UnsupportedRelease(
            f"{folder} has no folder {PACKAGE}: give a wheel of qiskit-ibm-runtime, a checkout of it, "
            "or a version."
        )
    package = found[0].parent
    trees = dict(_trees(package))
    version, requires = _metadata(package)
    return ReleaseFacts(
        version=version,
        places=frozenset(_places(trees)),
        imported=frozenset(_imported(trees)),
        attributes=frozenset(name for tree in trees.values() for name in _attributes(tree)),
        paths=frozenset(path for tree in trees.values() for path in _paths(tree)),
        api_versions=frozenset(date for tree in trees.values() for date in _api_versions(tree)),
        schemas=dict(_schemas(trees)),
        tags=frozenset(tag for tree in trees.values() for tag in _tags(tree)),
        members=dict(_members(trees)),
        requires=frozenset(requires),
    )


def _trees(package: Path) -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules by their dotted names below the package."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not name.startswith(NOT_READ):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _metadata(package: Path) -> tuple[str, list[str]]:
    """Return the version and what the release requires, as far as the files beside it say."""
    beside = [*package.parent.glob("qiskit_ibm_runtime-*.dist-info/METADATA")]
    beside += package.parent.glob("PKG-INFO")
    if beside:
        headers = Parser().parsestr(beside[0].read_text(encoding="utf-8"))
        requires = [each for each in headers.get_all("Requires-Dist", []) if "extra ==" not in each]
        return headers["Version"], [
            f"Python {headers['Requires-Python']}",
            *map(_in_order, requires),
        ]
    version = package / "VERSION.txt"
    return (
        version.read_text(encoding="utf-8").strip() if version.exists() else "of no known version"
    ), list(_of_project(package.parent / "pyproject.toml"))


def _of_project(path: Path) -> Iterator[str]:
    """Yield what the project file of a checkout says that the release requires."""
    declared = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    project = declared.get("project", {})
    if "requires-python" in project:
        yield f"Python {project['requires-python']}"
    yield from map(_in_order, project.get("dependencies", ()))


def _in_order(requirement: str) -> str:
    """Return a requirement with its bounds in one order: builders of wheels sort them.

    >>> _in_order("qiskit>=2.3.0, <3")
    'qiskit<3,>=2.3.0'
    """
    name, bounds = _REQUIREMENT.fullmatch(requirement.strip()).groups()  # type: ignore[union-attr]
    return name + ",".join(sorted(bound.strip() for bound in bounds.split(",") if bound.strip()))


_REQUIREMENT: Final = re.compile(r"([^<>=!~]*)(.*)", re.DOTALL)


def _places(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield f"{module}:{node.name}"
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                yield from (f"{module}:{each.id}" for each in targets if isinstance(each, ast.Name))


def _imported(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                yield from (f"{module}:{each.asname or each.name}" for each in node.names)


def _attributes(tree: ast.AST) -> Iterator[str]:
    """Yield what objects have of their own class: methods, and what those set."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and getattr(node.value, "id", "") == "self"
        ):
            yield node.attr


def _paths(tree: ast.AST) -> Iterator[str]:
    """Yield the paths that the REST adapters of a module ask for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            prefixes = set(_prefixes(node)) or {""}
            for path in _url_map(node):
                for prefix in prefixes:
                    if whole := prefix + path:
                        yield whole


def _prefixes(adapter: ast.ClassDef) -> Iterator[str]:
    """Yield what an adapter gives its base as the beginning of its paths, by an f-string or by `format`."""
    for node in ast.walk(adapter):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "__init__":
            for each in node.args:
                text = _template(each).removeprefix("{}")
                if text.startswith("/"):
                    yield text


def _template(node: ast.expr) -> str:
    """Return a text with {} where something is put in; "" for what is no such text."""
    if isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else "{}" for each in node.values]
        return "".join(map(str, parts))
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format":
        text = getattr(getattr(node.func, "value", None), "value", "")
        return text if isinstance(text, str) else ""
    return ""


def _url_map(adapter: ast.ClassDef) -> Iterator[str]:
    for node in adapter.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(each, ast.Name) and each.id == "URL_MAP" for each in targets):
                yield from (
                    str(each.value) for each in node.value.values if isinstance(each, ast.Constant)
                )


def _api_versions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                is_header = isinstance(key, ast.Constant) and key.value == "IBM-API-Version"
                if (
                    is_header
                    and isinstance(value, ast.Constant)
                    and DATE.fullmatch(str(value.value))
                ):
                    yield str(value.value)


def _schemas(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, frozenset[str]]]:
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name) and target.id == "AVAILABLE_DECODERS":
                    keys = [each for each in node.value.keys if isinstance(each, ast.Constant)]
                    yield module, frozenset(str(each.value) for each in keys)


def _tags(tree: ast.AST) -> Iterator[str]:
    """Yield the texts that the decoder compares the value of `__type__` with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and getattr(node.left, "id", "") == "obj_type":
            for each in ast.walk(node):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def _members(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, str]]:
    classes = {
        node.name: node
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    for name in CLASSES:
        for node in _with_bases(name, classes):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and (
                    not method.name.startswith("_") or method.name == "__init__"
                ):
                    yield f"{name}.{method.name}", _parameters(method)


def _with_bases(name: str, classes: Mapping[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    """Yield the bases of a class before itself, so that its own methods count."""
    node = classes.get(name)
    if node is not None:
        for base in node.bases:
            base_name = getattr(base, "id", "")
            if base_name != name:
                yield from _with_bases(base_name, classes)
        yield node


def _parameters(method: ast.FunctionDef) -> str:
    arguments = method.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return ", ".join(each.arg for each in named if each.arg != "self")
