"""Statuses, the steps of a job and the scripts that are made of them: plain values."""
