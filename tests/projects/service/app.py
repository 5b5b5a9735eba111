"""A service with an open finding, for pages on waivers and approvals."""

import subprocess


def listing(folder: str) -> str:
    """What lies in a folder."""
    return subprocess.check_output(f"ls {folder}", shell=True, text=True)
