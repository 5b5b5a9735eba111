"""Format ``firestore-rules``: security rules of Cloud Firestore and Cloud Storage, read with a parser of their language.

Not of this format, though they may carry the same suffix: Realtime Database rules (JSON), Linux audit rules, and templates whose
placeholders are not filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Final, Literal

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed
from compliance.source import Source

from . import Access, AccessPolicy, PathAccess, Rule, RulesCounts
from .rules_access import Place, Ruling, effective, places, shown
from .rules_parser import MATCH_LIMIT, parse
from .rules_tree import Constant, Match, RulesFile

SIZE_LIMIT: Final = 256 << 10
"""Bytes of the largest file: the limit of the service."""

_START = re.compile(
    rb"(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/|;|rules_version\s*=\s*(?:'[^'\n]*'|\"[^\"\n]*\")"
    rb"|function\s+\w+\s*\([\w\s,]*\)\s*\{[^{}]*\})*service\s+\w+(?:\.\w+)+\s*\{",
    re.DOTALL,
)


def _recognise(source: Source) -> bool:
    return _START.match(source.head) is not None


def _parse(source: Source) -> Parsed:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a rules file of at most {SIZE_LIMIT} bytes")
    try:
        rules = parse(source.text)
        found = list(places(rules))
    except RecursionError as error:
        raise InputError("nested too deeply", expected="a rules file") from error
    if len(found) > MATCH_LIMIT:
        raise InputError(f"{len(found)} matches", expected=f"at most {MATCH_LIMIT}")
    rulings = [ruling for place in found for ruling in place.rulings]
    given = [(place, effective(place, found, rules.version or "1")) for place in found if place.rulings]
    return Parsed(
        payload=AccessPolicy(
            incomplete=None if rulings else "it allows nothing",
            services=tuple(service.name for service in rules.services),
            rules_version=rules.version,
            default=_default(rulings),
            roles=tuple(dict.fromkeys(role for ruling in rulings for role in ruling.roles)),
            rules=tuple(map(_rule, rulings)),
            paths=tuple(PathAccess(where=shown(place.path), access=access) for place, access in given),
            user_data=_user_data(given),
            counts=_counts(rules, [place.match for place in found]),
        )
    )


def _rule(ruling: Ruling) -> Rule:
    return Rule(
        where=shown(ruling.path),
        line=ruling.allow.line,
        operations=ruling.allow.methods,
        access=ruling.access,
        until=ruling.until,
        roles=ruling.roles,
        catch_all=ruling.catch_all,
        user_data=ruling.user_data,
        condition=ruling.allow.text,
    )


def _default(rulings: Sequence[Ruling]) -> Literal["deny", "allow"]:
    """What no rule speaks of is denied, unless a rule that speaks of everything lets whoever comes in; one with a last day is test only."""
    always = (one for one in rulings if one.catch_all and one.until is None)
    return "allow" if any(one.access in ("open", "authenticated", "conditional") for one in always) else "deny"


def _user_data(given: Sequence[tuple[Place, dict[str, Access]]]) -> Literal["scoped", "unscoped"] | None:
    """Says whether places of persons' data are given to their owners and to roles only, all rules that cover them taken together.

    Without any rule for an owner nothing is said: that no name speaks of persons does not mean that there is no data of them.
    """
    personal = {access for place, operations in given if any(one.user_data for one in place.rulings) for access in operations.values()}
    if personal & {"open", "authenticated"}:
        return "unscoped"
    owned = any(ruling.access == "owner" for place, _ in given for ruling in place.rulings)
    return "scoped" if owned and "conditional" not in personal else None


def _counts(rules: RulesFile, matches: Sequence[Match]) -> RulesCounts:
    allows = [allow for match in matches for allow in match.allows]
    owners = [rules.functions, *(service.functions for service in rules.services), *(match.functions for match in matches)]
    names = list(chain.from_iterable(owners))
    return RulesCounts(
        match_blocks=len(matches),
        match_paths=tuple(match.text for match in matches),
        allow_statements=len(allows),
        functions=len(names),
        function_names=tuple(names),
        unconditional=sum(allow.condition is None for allow in allows),
        if_true=sum(allow.condition == Constant(True) for allow in allows),
        if_false=sum(allow.condition == Constant(False) for allow in allows),
        missing_semicolon=sum(not allow.semicolon for allow in allows),
        missing_colon=sum(not allow.colon for allow in allows),
    )


FIRESTORE_RULES = Format(
    name="firestore-rules",
    title="Security rules of Cloud Firestore and Cloud Storage",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("service ", "match /", "allow "),
    of_tree=True,
)
