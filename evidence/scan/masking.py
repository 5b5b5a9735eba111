"""What the redactions of scan formats share: masking in place, and knowing what is about a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from compliance.kind import Mask

DONE = "REDACTED"
"""How a text begins that is masked already, by this toolkit or by its writer."""
MOST = 100
"""Texts of one finding that are looked for one by one; where there are more, all that may repeat them is masked."""
_WORTH = 4
"""Characters of the shortest text that is also masked where other texts repeat it."""
_ABOUT_SECRETS = re.compile(
    r"secret|credential|hard-?_?coded?-?_?(pass|key|token)|passw|api-?_?key|private-?_?key|access-?_?token|CWE-0*(259|321|798)\b",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"secret|passw|passphrase|pwd\b|_pass\b|token|api_?key|access_?key|private_?key|credential|auth\b", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?<!\w)([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S+)")


def about_secrets(*texts: str | None) -> bool:
    """Whether a rule is about secrets in the code, by its id, its title, its tags or its weakness (CWE-259, CWE-321, CWE-798)."""
    return any(text is not None and _ABOUT_SECRETS.search(text) for text in texts)


class Masker:
    """Masks texts, and counts how many."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self.used = 0

    def __call__(self, secret: str) -> str:
        """Returns the mask of a text; an empty or masked one as it is."""
        if not secret.strip() or secret.startswith(DONE):
            return secret
        self.used += 1
        return self._mask(secret)

    def members(self, holder: Any, names: Iterable[str]) -> list[str]:
        """Masks texts, and lists of texts, among the members of an object.

        Returns:
            The texts as they were.
        """
        shown: list[str] = []
        for name in names if isinstance(holder, dict) else ():
            value = holder.get(name)
            if isinstance(value, str):
                shown.append(value)
                holder[name] = self(value)
            elif isinstance(value, list) and any(isinstance(item, str) for item in value):
                shown += [item for item in value if isinstance(item, str)]
                holder[name] = [self(item) if isinstance(item, str) else item for item in value]
        return shown

    def anywhere(self, value: Any, names: frozenset[str]) -> list[str]:
        """Masks members of these names at any depth.

        Returns:
            The texts as they were.
        """
        shown: list[str] = []
        stack = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                shown += self.members(item, names & item.keys())
                stack.extend(item.values())
            elif isinstance(item, list):
                stack.extend(item)
        return shown

    @staticmethod
    def is_secret_name(name: str) -> bool:
        """Whether a variable is named like a secret."""
        return _SECRET_NAME.search(name) is not None

    def assignments(self, text: str) -> str:
        """Masks what is assigned to names such as ``DB_PASSWORD``, in ``NAME=value``."""

        def masked(match: re.Match[str]) -> str:
            return f"{match[1]}={self(match[2])}" if self.is_secret_name(match[1]) else match[0]

        return _ASSIGNMENT.sub(masked, text)

    def replace(self, value: Any, shown: Sequence[str]) -> None:
        """Masks texts where they are repeated, at any depth: the longest first, `MOST` of them."""
        secrets = {text.strip() for text in shown if len(text.strip()) >= _WORTH and not text.startswith(DONE)}
        if secrets:
            self._replace(value, sorted(secrets, key=len, reverse=True)[:MOST])

    def _replace(self, value: Any, secrets: Sequence[str]) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in list(items):
            if isinstance(inner, str):
                for secret in secrets:
                    inner = inner.replace(secret, self(secret)) if secret in inner else inner
                value[key] = inner
            else:
                self._replace(inner, secrets)
