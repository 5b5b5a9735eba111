"""Runbooks in Markdown: recognition, sections, links, scripts, commands, review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import split_private
from compliance.source import Source

from .helpers import CORPUS, assert_only_refuses, format_of, mutations, read, recognised

COMPLETE = """\
---
title: Payments runbook
last_reviewed: 2025-08-01
---

# Payments runbook

## 1. Overview

Takes [payments](docs/payments.md), see [escalation](#contacts-and-escalation).

## 2. Health checks

```bash
curl --fail https://payments.example.org/api/health
```

## 3. Alert response

### High error rate

Look at the dashboard.

## 4. Deployment

```console
$ ./scripts/deploy.sh \\
    --version <version>
deployed (in 3 s
$ kubectl get pods
```

## 5. Rollback and recovery

```sh
bash scripts/restore.sh [TIMESTAMP]
```

## 6. Contacts and escalation

| role | who |
|---|---|
| on call | pager |
"""


def parse(text: str, facts: Mapping[str, Any] | None = None) -> Any:
    return read("runbook", "markdown-runbook", text.encode(), facts).payload


def sections(*headings: str) -> list[str]:
    """Sections found in a runbook whose headings all have content."""
    body = "\n\n".join(f"## {heading}\n\ntext" for heading in headings)
    return [name for name, there in parse(f"# X runbook\n\n{body}\n").sections.items() if there]


def claimed(text: str) -> bool:
    return "markdown-runbook" in recognised(text.encode())


def test_a_complete_runbook() -> None:
    payload = parse(COMPLETE, {"links": {"docs/payments.md": True}, "scripts": {"./scripts/deploy.sh": True, "scripts/restore.sh": True}})
    assert list(payload.sections) == ["overview", "health_checks", "alert_response", "deployment", "rollback", "recovery", "contacts"]
    assert all(payload.sections.values())
    assert payload.empty_sections == ()
    assert (payload.broken_links, payload.missing_scripts, payload.invalid_commands) == ((), (), ())
    assert payload.links_checked
    assert payload.reviewed_at.isoformat() == "2025-08-01T00:00:00+00:00"
    assert (payload.reviewed_basis, payload.shell_blocks, payload.title) == ("front-matter", 3, "Payments runbook")
    assert set(payload.summary()) == {"sections", "broken_links", "missing_scripts", "invalid_commands"}
    assert claimed(COMPLETE)


def test_what_does_not_exist_is_named() -> None:
    payload = parse(COMPLETE, {"links": {"docs/payments.md": False}, "scripts": {"./scripts/deploy.sh": False, "scripts/restore.sh": True}})
    assert payload.broken_links == ("docs/payments.md",)
    assert payload.missing_scripts == ("./scripts/deploy.sh",)


@pytest.mark.parametrize("facts", [None, {}, {"links": None, "reviewed": 3}, {"links": [], "scripts": "x", "reviewed": "yesterday"}])
def test_without_facts_nothing_is_said_to_be_missing(facts: Mapping[str, Any] | None) -> None:
    payload = parse(COMPLETE.replace("last_reviewed", "other"), facts)
    assert not payload.links_checked
    assert (payload.broken_links, payload.missing_scripts) == ((), ())
    assert (payload.reviewed_at, payload.reviewed_basis) == (None, None)


def test_paths_and_commands_are_private() -> None:
    public, private = split_private(parse(COMPLETE.replace("curl", "curl ("), {"links": {"docs/payments.md": False}}))
    assert "payments.md" not in json.dumps(public)
    assert set(private["paths"]) == {"/broken_links", "/missing_scripts", "/invalid_commands"}


def test_ends_of_lines_do_not_matter() -> None:
    assert parse(COMPLETE.replace("\n", "\r\n")) == parse(COMPLETE)
    assert parse("\ufeff" + COMPLETE) == parse(COMPLETE)


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Overview", ["overview"]),
        ("1.2 Service description", ["overview"]),
        ("Health Endpoints", ["health_checks"]),
        ("Post-deployment health checks", ["health_checks"]),
        ("Monitoring & alerting", ["health_checks", "alert_response"]),
        ("Alert response", ["alert_response"]),
        ("Troubleshooting", ["alert_response"]),
        ("Incident response", ["alert_response"]),
        ("How to deploy", ["deployment"]),
        ("Deployment overview", ["deployment"]),
        ("Rollback procedure", ["rollback"]),
        ("Rolling back a release", ["rollback"]),
        ("Rollback and recovery", ["rollback", "recovery"]),
        ("Disaster recovery", ["recovery"]),
        ("Backup / Restore", ["recovery"]),
        ("Escalation", ["contacts"]),
        ("On-call contacts", ["contacts"]),
        ("Alert escalation", ["contacts"]),
        ("🚨 Alerts", ["alert_response"]),
        ("Meaning", ["overview"]),
        ("Impact", []),
        ("Diagnosis", ["alert_response"]),
        ("Mitigation", ["alert_response"]),
        ("Healthy food", []),
        ("Alerting", ["alert_response"]),
        ("Interdeployments", []),
        ("Glossary", []),
        ("", []),
    ],
)
def test_headings_and_sections(heading: str, expected: list[str]) -> None:
    assert sections(heading) == expected


@pytest.mark.parametrize(
    "content",
    [
        "",
        "TODO",
        "**TBD**",
        "- [ ] to be written",
        "```sh\n# TODO: command needed\n```",
        "### Steps\n\n### More",
        "<!-- see wiki -->",
        "N/A",
        "...",
    ],
)
def test_a_heading_without_content_is_no_section(content: str) -> None:
    payload = parse(f"# X runbook\n\n## Rollback\n\n{content}\n\n## Overview\n\ntext\n")
    assert not payload.sections["rollback"]
    assert payload.empty_sections == ("rollback",)


def test_sub_headings_give_their_content_to_the_section() -> None:
    payload = parse("# X runbook\n\n## Rollback\n\n### Step\n\n#### Detail\n\ngo back\n\n## Recovery\n")
    assert payload.sections["rollback"]
    assert payload.empty_sections == ("recovery",)


def test_the_title_is_a_section_only_if_it_names_nothing_else() -> None:
    assert not parse("# Alert and release handling\n\ntext\n\n## Steps\n\ntext\n").sections["alert_response"]
    assert parse("# Rollback runbook\n\ntext\n\n## Steps\n\ntext\n").sections["rollback"]


@pytest.mark.parametrize(
    "text", ["", "---\na: b\n---\n", "only text, and no heading", "---\na: [\n---\n# X\n", "# X\0", "+++\na = \n+++\n# X\n"]
)
def test_what_is_no_runbook_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize("data", [b"\xff\xfe#", b"# X \xff\n", b"# X\n" + b"a" * 30_000, b"# X\n\n" + b"text\n" * 60_000])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read("runbook", "markdown-runbook", data)


@pytest.mark.parametrize(
    "text",
    [
        "---\ntype: runbook\n---\ntext\n",
        "---\ntitle: Payments playbook\n---\n\n## Steps\n\n## More\n",
        "# Operations manual\n\n## Start\n\ntext\n",
        "<!-- note -->\n\n# On-call guide\n\n## First\n",
        "Operations Runbook\n\n# Payments run book\n\n## First\n",
        "# KubeletDown\n\n## Meaning\n\n## Impact\n\n## Diagnosis\n",
        "# Payments\n\n## Health checks\n\n## Alert response\n\n## Rollback procedure\n\n## Contacts\n",
        "# KubeAPIErrorBudgetBurn\n\n## Impact\n\n## Full context\n",
        "---\ntitle: Prometheus Duplicate Timestamps\nweight: 20\n---\n\n# PrometheusDuplicateTimestamps\n\nFind the pod.\n",
        "Payments runbook\n================\nA service.\n\nRollback\n--------\ntext\n",
        "# etcdNoLeader\n\ntext\n\n## Mitigation\n\nElect one.\n",
    ],
)
def test_runbooks_are_recognised(text: str) -> None:
    assert claimed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Changelog\n\n## 1.2\n\n- the runbook was written\n",
        "# Payments\n\n## Overview\n\n## Installation\n\n## Deployment\n\n## Runbook\n\n## Contact\n",
        "# Phase 3: staging\n\n## Health checks\n\n## Alerts\n\n## Rollback\n\n## Recovery\n\n## Contacts\n",
        "# Runbook review report\n\n## Results\n",
        "# Status of the operations runbook\n\n## Results\n",
        "# Adding a runbook\n\n## Steps\n",
        "# Runbooks\n\n## List\n",
        "# Runbook for deploys\n\n## Groups\ngroups:\n  - name: x\n    rules: []\n",
        "---\n# Alert runbook\n## Rules\ngroups:\n  - name: x\n",
        "#!/bin/sh\n# Rollback runbook\n## Steps\ngit revert HEAD\n",
        "```\n# Operations runbook\n## Steps\n```\n",
        '{"title": "runbook"}',
        "<xml># Runbook</xml>",
        "# Runbook",
        "# KubeAPIErrorBudgetBurn\n\n## Usage\n",
        "---\ntitle: Java Script\n---\n\n# JavaScript\n\ntext\n",
        "# Kube API error budget burn\n\n## Impact\n",
        "text\n\n## KubeAPIErrorBudgetBurn\n\n### Impact\n",
        "---\ntitle: Runbooks\n---\n",
        "---\nbookHidden: true\n---\n",
        "---\na: [\n---\n# Runbook\n\n## X\n",
    ],
)
def test_other_documents_are_left_alone(text: str) -> None:
    assert not claimed(text)


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("reviewed: 2025-08-01", "2025-08-01T00:00:00+00:00"),
        ("last-reviewed: 2025-08-01T23:30:00-02:00", "2025-08-02T01:30:00+00:00"),
        ("lastReviewed: 2025-08-01 10:00", "2025-08-01T00:00:00+00:00"),
        ("Last Updated: '2025-08-01'", "2025-08-01T00:00:00+00:00"),
        ("updated: 2024-01-01\nreviewed: 2025-08-01", "2025-08-01T00:00:00+00:00"),
        ("reviewed: soon\nupdated: 2025-08-01", "2025-08-01T00:00:00+00:00"),
    ],
)
def test_the_front_matter_says_when_it_was_reviewed(front: str, expected: str) -> None:
    payload = parse(f"---\n{front}\n---\n# X\n", {"reviewed": "2020-01-01T00:00:00+00:00"})
    assert (payload.reviewed_at.isoformat(), payload.reviewed_basis) == (expected, "front-matter")


@pytest.mark.parametrize(
    "front", ["reviewed: soon", "reviewed: true", "reviewed: 0001-01-01T00:00:00+10:00", "author: x", "reviewed: [1]", ""]
)
def test_else_the_last_commit_does(front: str) -> None:
    payload = parse(f"---\n{front}\n---\n# X\n", {"reviewed": "2025-08-01T10:00:00+02:00"})
    assert (payload.reviewed_at.isoformat(), payload.reviewed_basis) == ("2025-08-01T08:00:00+00:00", "git")


def test_front_matter_in_toml() -> None:
    payload = parse('+++\ntitle = "Payments"\nreviewed = 2025-08-01\n+++\n\n## Overview\n\ntext\n')
    assert (payload.title, payload.reviewed_at.isoformat()) == ("Payments", "2025-08-01T00:00:00+00:00")


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    assert parse("---\nplain text\n---\n\n## Overview\n\ntext\n").sections["overview"]


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("[a](#health-checks)", False),
        ("[a](#Health_Checks)", False),
        ("[a](#health-checks-1)", False),
        ("[a](#own)", False),
        ("[a](#named)", False),
        ("[a](#nowhere)", True),
        ("[a](https://example.org/#nowhere)", False),
        ("[a](mailto:x@example.org)", False),
        ("[a](other.md#nowhere)", False),
    ],
)
def test_anchors(link: str, broken: bool) -> None:
    text = f'# X\n\n## Health checks\n\n{link} <a name="named"></a>\n\n## Other {{#own}}\n'
    assert bool(parse(text).broken_links) == broken


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("```bash\nif true; then\n```", "line 5: `if` without its end: if true; then"),
        ("```sh\necho ok\necho 'x\n```", "line 6: quote `'` without its end: echo 'x"),
        ("```console\n$ ls )\noutput (\n```", "line 5: unexpected `)`: ls )"),
        ("- step\n\n  ```shell\n  $ ls | | wc\n  ```", "line 7: unexpected `|`: ls | | wc"),
        ("```sh title=x\ncat <<EOF\ntext\n```", "line 6: here-document `EOF` without its end: text"),
    ],
)
def test_commands_that_no_shell_reads(block: str, expected: str) -> None:
    assert parse(f"# X\n\n{block.replace('```', '```', 1)}\n".replace("# X\n\n", "# X\n\n\n", 1)).invalid_commands == (expected,)


@pytest.mark.parametrize(
    "block",
    [
        "```bash\ngcloud firestore import gs://backup-bucket/[TIMESTAMP]\n```",
        "```bash\nkubectl logs <pod name> -n <namespace>\n```",
        "```bash\nkubectl logs {{ pod }} | tee <file>.txt\n```",
        "```shell\n$ NODE_NAME=<instance label from alert>\n$ chroot /host\n```",
        "```console\n$ cat <<EOF\n> a (\n> EOF\n$ ls\noutput ) (\n```",
        '```console\n$ curl \\\n    --fail x\n{"status": (\n```',
        "```console\n# systemctl restart x\nunexpected ( output\n```",
        "```console\n[root@host ~]# ls\n[root@host ~]# ls\n(output\n```",
        "```console\nuser@host:~/x$ ls\n(output\n```",
        "```console\nonly ( output\n```",
        "```python\nif True:\n```",
        "```\nif then (\n```",
        "```sh\n# only a comment (\n```",
        "```sh\n```",
    ],
)
def test_commands_that_a_reader_can_run(block: str) -> None:
    assert parse(f"# X\n\n{block}\n").invalid_commands == ()


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("```sh\n./a.sh && sudo scripts/b.sh --x\n```", {"./a.sh", "scripts/b.sh"}),
        ("```sh\nbash -x scripts/b.sh\npython3 tools/c.py < in\n. ./env.sh\n```", {"scripts/b.sh", "tools/c.py", "./env.sh"}),
        ("```sh\nFOO=1 ./gradlew build\n```", {"./gradlew"}),
        ("```sh\nfor x in a; do ./a.sh $x; done; echo $(./b.sh)\n```", {"./a.sh", "./b.sh"}),
        ("```console\n$ ./a.sh\n./not-a-command.sh\n```", {"./a.sh"}),
        ("Run `./a.sh --now` or `bash scripts/b.sh`, not `src/app.py` nor `./x $y (`.", {"./a.sh", "scripts/b.sh"}),
        ("```sh\n/usr/bin/x.sh; ls; bash -c 'ls ./x.sh'; $DIR/x.sh; ./<name>.sh; ./*.sh\n```", set()),
        ("```sh\ncd other && ./x.sh\n```", set()),
        ("```sh\nssh host\n./x.sh\n```", set()),
        ("```sh\nkubectl exec -it pod -- sh\n./x.sh\n```", set()),
        ("```sh\nkubectl get pods\n./x.sh\n```", {"./x.sh"}),
        ("```sh\ncurl -O https://example.org/x.sh\nbash ./x.sh\n```", set()),
        ("```python\n./x.sh\n```", set()),
    ],
)
def test_scripts_that_are_called(block: str, expected: set[str]) -> None:
    every = dict.fromkeys(("./a.sh", "./b.sh", "./x.sh", "scripts/b.sh", "tools/c.py", "./env.sh", "./gradlew", "src/app.py"), False)
    more = {"/usr/bin/x.sh": False, "./not-a-command.sh": False, "./*.sh": False, "./_.sh": False}
    assert set(parse(f"# X\n\n{block}\n", {"scripts": {**every, **more}}).missing_scripts) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[" * 15_000,
        "![" * 7_000,
        "*a " * 6_000,
        "> " * 9_000,
        "`" * 19_000,
        "<a " * 6_000,
        "\n".join("- " * 100 + "a" for _ in range(900)),
        "```sh\n" + "(" * 19_000 + "\n```",
        "```sh\n" + "$((" * 6_000 + "\n```",
        "```sh\n" + "if a; then\n" * 20_000 + "```",
        "```console\n" + "$ echo '\n" * 20_000 + "```",
        "```sh\n" + "cat <<A\n" * 20_000 + "```",
    ],
)
def test_text_made_to_be_slow(text: str) -> None:
    parse("# X\n\n" + text + "\n")


@settings(max_examples=150, deadline=None)
@given(mutations(COMPLETE.encode()))
def test_only_refusals_leave(data: bytes) -> None:
    assert_only_refuses("runbook", "markdown-runbook", data)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_corpus() -> None:
    cases = [case for case in json.loads((CORPUS / "cases.json").read_text()) if case["format"] == "runbook-md"]
    assert cases
    for case in cases:
        data, expected = (CORPUS / case["file"]).read_bytes(), case["expected"]
        if not expected["headings"]:
            assert recognised(data) == []
            continue
        payload: Any = read("runbook", "markdown-runbook", data).payload
        assert recognised(data) == ["markdown-runbook"], case["file"]
        assert payload.words == expected["words"], case["file"]
        assert payload.shell_blocks == sum(language in ("shell", "console") for language in expected["fence_langs"]), case["file"]
        assert payload.title == (expected["front_matter_title"] or expected["h1"][0]), case["file"]
        assert payload.sections["overview"] == expected["has_meaning"], case["file"]
        assert "alert_response" in payload.empty_sections or payload.sections["alert_response"], case["file"]
        assert payload.invalid_commands == (), case["file"]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_nothing_else_of_the_corpus_is_claimed() -> None:
    others = [path for path in CORPUS.rglob("*") if path.is_file() and path.parent.name != "runbook-md"]
    form = format_of("runbook", "markdown-runbook")
    assert [path.name for path in others if form.recognise(Source.from_path(path))] == []
