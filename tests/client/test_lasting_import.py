"""qiskit crashes the process when the thread that imported it has ended; a server's threads do end."""

from __future__ import annotations

import subprocess
import sys

ENDING_THREADS = """
import threading
from qrtest.client.lasting_import import import_qiskit

def work():
    import_qiskit()
    from qiskit import QuantumCircuit
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])

for _ in range(5):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print("alive", threading.active_count())
"""


def test_a_process_survives_the_thread_in_which_qiskit_was_wanted_first() -> None:
    """The thread that imports it stays; there is one of these, however often it is wanted."""
    done = subprocess.run(
        [sys.executable, "-c", ENDING_THREADS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive 2\n"), done.stderr
