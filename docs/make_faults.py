"""Writes the table of all faults into docs/faults.md. Run: python -m docs.make_faults"""

from __future__ import annotations

import inspect
from pathlib import Path

from qrtest.faults.fault import Kind, kinds

PAGE = Path(__file__).parent / "faults.md"
BEGIN = "<!-- faults: python -m docs.make_faults -->\n"
END = "<!-- faults end -->\n"


def table() -> str:
    """Return the table: a row for each registered kind, from its signature and its docstring."""
    rows = ["| fault | what happens |", "|---|---|"]
    rows += [f"| `faults.{kind.name}({_arguments(kind)})` | {_summary(kind)} |" for kind in kinds()]
    return "\n".join(rows) + "\n"


def _arguments(kind: Kind) -> str:
    """Return the arguments of a kind's own; *on*, *after* and the others that all take are left out."""
    parameters = inspect.signature(kind.make).parameters.values()
    own = [each for each in parameters if each.kind is not inspect.Parameter.VAR_KEYWORD]
    return ", ".join(str(each.replace(annotation=each.empty)) for each in own)


def _summary(kind: Kind) -> str:
    return (inspect.getdoc(kind.make) or "").split("\n\n")[0].replace("\n", " ")


def page(text: str) -> str:
    """Return the page *text* with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
