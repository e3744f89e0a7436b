"""The genuine client, as installed: the only room that imports qiskit and qiskit_ibm_runtime."""
