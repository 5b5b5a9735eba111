"""Runs the project's own tests: ``[collect.test-results.command]``."""

from __future__ import annotations

from compliance.collecting.produced import command_of

command = command_of("test-results", "Runs the project's tests and reads what they write")
