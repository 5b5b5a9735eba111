"""Runs the project's own coverage measurement: ``[collect.coverage.command]``."""

from __future__ import annotations

from compliance.collecting.produced import command_of

command = command_of("coverage", "Runs the project's coverage measurement and reads what it writes")
