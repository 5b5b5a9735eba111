"""Runs a scanner of the project's choice: ``[collect.scan.command]``.

Many scanners write neither when they ran nor on which commit (npm audit, for one); of a run of this collector both are known.
"""

from __future__ import annotations

from compliance.collecting.produced import command_of

command = command_of("scan", "Runs a scanner of the project's choice and reads what it writes")
