"""Answers captured from the real service: README.md beside this file says where they are from."""
