"""Packets of the small release of `tests.report.scenario`, with roles and people who hold them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance.assessment import StoreState
from compliance.home import signers
from compliance.judgement import view
from compliance.judgement.assessing import Case, assess
from compliance.judgement.judging import Judged
from compliance.packet.issue import IssuedPacket, issue
from compliance.project import Project
from compliance.report.signing import Signing
from compliance.sign.keys import SigningKey
from compliance.store import Draft, EvidenceDraft, Store
from compliance.subject import Subject
from tests.report import scenario
from tests.report.scenario import WHEN
from tests.sign.documents import Authority, pem

PEOPLE = {"security": "Sasha", "product-owner": "Otto", "qa": "Quinn"}
ROLES: dict[str, Any] = {
    "security": {"people": ["Sasha"], "override": True},
    "product-owner": {"people": ["Otto"], "override": True},
    "qa": {"people": ["Quinn"], "title": "quality assurance", "required": False},
}


@dataclass(frozen=True)
class Desk:
    """A store with a judged release, an issued packet, and the keys of the people."""

    store: Store
    project: Project
    packet: IssuedPacket
    keys: dict[str, SigningKey]
    authority: Authority
    release_key: SigningKey


def green() -> list[EvidenceDraft]:
    """Evidence with which every gate passes but the one that nobody can judge."""
    made = scenario.others()
    return [scenario.scan(0), *made]


def judge(store: Store, project: Project) -> Judged:
    table = project.document.project
    subject = Subject(project=table.name, version=table.version, commit=scenario.COMMIT, environment=project.point().environment)
    seen = view.build(store, project.catalog.kinds, subject, roles=project.roles, signers=lambda: signers(project))
    state = StoreState(size=store.size, root=store.root_at(store.size).hex())
    return Judged(store, project, assess(Case(project, seen, subject, project.point(), state), WHEN), seen)


@contextmanager
def desk(folder: Path, drafts: list[EvidenceDraft] | None = None, more: list[Draft] | None = None, **tables: Any) -> Iterator[Desk]:
    """Issues a packet; its people's certificates are below one authority, which the project trusts."""
    authority = Authority()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "authority.pem").write_bytes(pem(authority.root))
    project = scenario.project(folder, **{"roles": ROLES, "sign": {"trust": ["authority.pem"]}, **tables})
    with Store.create(folder / "evidence.db") as store:
        store.record(drafts if drafts is not None else [scenario.scan(12), *scenario.others()])
        store.append(more or [])
        key = authority.signing_key("Release engineering")
        packet = issue(judge(store, project), Signing(key, WHEN))
        keys = {role: authority.signing_key(name) for role, name in PEOPLE.items()}
        yield Desk(store, project, packet, keys, authority, key)


def text_of(pdf: bytes, first: int, last: int) -> str:
    """Returns the text of some pages, with plain hyphens and spaces."""
    words = ["pdftotext", "-f", str(first), "-l", str(last), "-layout", "-", "-"]
    return subprocess.run(words, input=pdf, capture_output=True, check=True).stdout.decode().replace("\u2011", "-").replace("\xa0", " ")
