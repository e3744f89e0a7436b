"""Statuses of a job, the steps of a script, and scripts: plain values."""
