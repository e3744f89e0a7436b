"""`%load_ext qrtest`: a notebook without an account and without a network."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

import qrtest


class Notebook:
    """What IPython gives an extension, as far as it is used."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def push(self, names: dict[str, Any]) -> None:
        """Put names into the user's namespace."""
        self.names.update(names)


def test_the_cells_after_it_are_answered_until_it_is_unloaded() -> None:
    """A service that a cell builds works, and waits on the virtual clock; afterwards time is real."""
    notebook, sleep = Notebook(), time.sleep
    qrtest.load_ipython_extension(notebook)
    try:
        service = QiskitRuntimeService(channel="ibm_quantum_platform", token="any key")
        job = notebook.names["sim"].job("QUEUED 2h; DONE")
        service.job(job.job_id()).wait_for_final_state()
        assert notebook.names["sim"].clock.now() > 7000
    finally:
        qrtest.unload_ipython_extension(notebook)
        qrtest.unload_ipython_extension(notebook)
    assert time.sleep is sleep


@pytest.mark.filterwarnings("ignore:The SamplerV2 class is deprecated:DeprecationWarning")
def test_the_cells_of_the_page_run() -> None:
    """docs/notebooks.md, in order; the notebook has a sampler and a circuit of its own."""
    page = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text(encoding="utf-8")
    load, *cells = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert load == "%load_ext qrtest\n"
    notebook = Notebook()
    qrtest.load_ipython_extension(notebook)
    try:
        backend = QiskitRuntimeService(channel="ibm_quantum_platform", token="any").backend(
            "ibm_torino"
        )
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        notebook.push({"sampler": SamplerV2(backend), "circuit": circuit})
        for cell in cells:
            exec(cell, notebook.names)
        assert notebook.names["sim"].clock.now() > 7200
    finally:
        qrtest.unload_ipython_extension(notebook)
