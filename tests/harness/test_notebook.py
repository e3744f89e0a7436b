"""`%load_ext qrtest`: a notebook without an account and without a network."""

from __future__ import annotations

import time
from typing import Any

from qiskit_ibm_runtime import QiskitRuntimeService

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
