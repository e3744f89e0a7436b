"""The simulated service of IBM Quantum: a request goes in, a response comes out."""
