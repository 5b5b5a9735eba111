"""Lists the files that Bandit would scan: ``python -m compliance.evidence.scan._bandit_files CONFIG EXCLUDE TARGET...``.

In a process of its own, since Bandit looks in the current folder. CONFIG may be empty. Printed is a JSON list of paths as Bandit writes
them; what is wrong with the configuration ends the process with a message.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence


def files(config: str, exclude: str, targets: Sequence[str]) -> list[str]:
    """Returns what ``bandit -r`` would scan."""
    from bandit.core.config import BanditConfig  # type: ignore[import-untyped]
    from bandit.core.manager import BanditManager  # type: ignore[import-untyped]
    from bandit.core.utils import ConfigError  # type: ignore[import-untyped]

    try:
        manager = BanditManager(BanditConfig(config or None), "file")
    except ConfigError as error:
        sys.exit(str(error))
    manager.discover_files(targets, recursive=True, excluded_paths=exclude)
    return list(manager.files_list)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(files(sys.argv[1], sys.argv[2], sys.argv[3:])))
