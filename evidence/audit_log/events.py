"""What an event is about, told from its name: authentication, authorisation, administration, data access, or something else.

A name is cut into words at punctuation and at changes of case ("UserLoggedIn" is user, logged, in), and whole words are compared:
"authored" is not "auth", "listener" is not "list". The classes are those of security logging guides (OWASP Logging Cheat Sheet, "which
events to log"; NIST SP 800-53 AU-2), in this order:

1. authentication: who somebody is: log-in, log-out, second factor, password, session, token;
2. authorisation: what somebody may do: granted, denied, forbidden, permission, privilege;
3. administration: changes to the system and to its users: words such as config, role, policy or admin, or a change (create, update,
   delete, ...) to a user, group, key, secret and the like;
4. data access: reading, writing, exporting data;
5. other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

EventClass = Literal["authentication", "authorisation", "administration", "data_access", "other"]

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME_LIMIT = 200
"""Characters of a name that are read; longer ones are prose."""


def word_set(words: str) -> frozenset[str]:
    """Returns the words of a text."""
    return frozenset(words.split())


AUTHENTICATION: Final = word_set(
    """authenticate authenticated authenticates authenticating authentication authn credential credentials login logins logon logons logout
    logouts logoff logoffs lockout mfa oauth oidc otp passkey passkeys passphrase password passwords relogin saml session sessions signin
    signins signon signout signouts sso totp webauthn"""
)
AUTHENTICATION_PAIRS: Final = frozenset(
    {("log", "in"), ("logged", "in"), ("log", "out"), ("logged", "out"), ("log", "on"), ("logged", "on"), ("log", "off")}
    | {("logged", "off"), ("sign", "in"), ("signed", "in"), ("sign", "out"), ("signed", "out"), ("sign", "on"), ("signed", "on")}
    | {("2", "fa"), ("two", "factor"), ("second", "factor"), ("assume", "role"), ("access", "token"), ("refresh", "token")}
    | {("token", word) for word in ("refresh", "refreshed", "issue", "issued", "revoke", "revoked", "expired", "invalid", "validated")}
)
AUTHORISATION: Final = word_set(
    """acl authorisation authorise authorised authorises authorization authorize authorized authorizes authz denied denial deny disallowed
    entitlement entitlements forbidden permission permissions permitted privilege privileges rbac unauthorised unauthorized"""
)
AUTHORISATION_PAIRS: Final = frozenset({("access", word) for word in ("granted", "allowed", "refused", "revoked", "check", "control")})
ADMINISTRATION: Final = word_set(
    """admin admins administration administrative administrator config configs configuration configurations deploy deployed deployment
    deprovision deprovisioned iam install installed maintenance migration policies policy provision provisioned reconfigure restart
    restarted role roles rollback rotate rotated rotation settings setting shutdown startup sudo uninstall uninstalled upgrade
    upgraded"""
)
MANAGED: Final = word_set(
    """account accounts application backup certificate certificates client cluster device flag group groups integration key keys
    license member members membership organisation organization project quota rule rules schedule secret secrets server service
    subscription team teams tenant tenants user users webhook workspace"""
)
CHANGES: Final = word_set(
    """activate activated add added assign assigned attach attached block blocked change changed create created creation deactivate
    deactivated delete deleted deletion detach detached disable disabled edit edited enable enabled grant granted invite invited lock
    locked modify modified patch promote promoted put register registered remove removed rename renamed reset restore restored resume
    resumed revoke revoked set suspend suspended unblock unblocked unlock unlocked update updated"""
)
DATA_ACCESS: Final = word_set(
    """access accessed accesses copied copy create created creation data database delete deleted deletion document documents download
    downloaded downloads dump export exported exports fetch fetched file files get import imported insert inserted list listed modified
    modify move moved open opened patch print printed purge put queried query read reads record records remove removed retrieve
    retrieved search searched select share shared table update updated upload uploaded uploads view viewed views write writes
    written"""
)


def words_of(name: str) -> tuple[str, ...]:
    """Cuts a name into words in lower case."""
    return tuple(word.lower() for word in _WORDS.findall(name))


@lru_cache(maxsize=8192)
def class_of_name(name: str, managed: str = "") -> EventClass:
    """Returns the class of one name.

    Args:
        name: Name of an event, action, operation, type or category.
        managed: What it was done to, where another field says so: "delete" done to a "user" is administration.
    """
    words = words_of(name)
    found, pairs = set(words), set(pairwise(words))
    if found & AUTHENTICATION or pairs & AUTHENTICATION_PAIRS:
        return "authentication"
    if found & AUTHORISATION or pairs & AUTHORISATION_PAIRS:
        return "authorisation"
    if found == {"auth"} or words[:1] == ("auth",):
        return "authentication"
    if found & ADMINISTRATION or (found & CHANGES and (found | set(words_of(managed))) & (MANAGED | ADMINISTRATION)):
        return "administration"
    return "data_access" if found & DATA_ACCESS else "other"


@lru_cache(maxsize=8192)
def depends_on_managed(name: str) -> bool:
    """Tells whether the class of a name may be another one, once it is known what it was done to."""
    return class_of_name(name) in ("data_access", "other") and not CHANGES.isdisjoint(words_of(name))


def classify(names: Iterable[str], managed: Callable[[], str]) -> EventClass:
    """Returns the class of an event that several fields name: the first of them that says something.

    Args:
        names: Names of an event, action, operation, type or category.
        managed: Returns what it was done to; asked only where that matters.
    """
    for name in names:
        name = name[:_NAME_LIMIT]
        found = class_of_name(name, managed()[:_NAME_LIMIT]) if depends_on_managed(name) else class_of_name(name)
        if found != "other":
            return found
    return "other"
