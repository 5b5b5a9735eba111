"""Paths to production (REL-9): what deploys, which events reach it, and what demands a decision."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from .helpers import read

NOT_IN_FILE = "(protection rules are not in the file)"


def deploys(job: str, on: str = "push", more: str = "") -> list[Any]:
    body = "  a:\n    runs-on: ubuntu-latest\n" + textwrap.indent(textwrap.dedent(job).strip("\n"), "    ") + "\n"
    payload: Any = read("pipeline", "github-workflow", f"on: {on}\njobs:\n{more}{body}".encode()).payload
    return list(payload.deploys)


def of_run(command: str) -> list[str]:
    return [item.what for item in deploys("steps:\n  - run: |\n" + textwrap.indent(command, "      "))]


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("firebase deploy --only hosting", "firebase deploy"),
        ("npx firebase-tools@13 deploy", "firebase deploy"),
        ("gcloud run deploy web --image x", "gcloud deploy"),
        ("gcloud --quiet app deploy", "gcloud deploy"),
        ("kubectl -n prod apply -f k8s/", "kubectl"),
        ("helm upgrade --install web ./chart", "helm upgrade"),
        ("terraform apply -auto-approve", "terraform apply"),
        ("terraform -chdir=infra apply -auto-approve", "terraform apply"),
        ("aws ecs update-service --cluster c", "aws deploy"),
        ("aws s3 sync dist s3://bucket", "aws deploy"),
        ("az webapp deploy --name x", "az deploy"),
        ("npm publish --access public", "npm publish"),
        ("yarn npm publish", "npm publish"),
        ("python -m twine upload dist/*", "twine upload"),
        ("uv publish", "poetry publish"),
        ("cargo publish", "cargo publish"),
        ("docker push ghcr.io/a/b:latest", "docker push"),
        ("docker push ghcr.io/a/b:${{ github.event.release.tag_name }}", "docker push"),
        ("docker push ghcr.io/a/b:${{ github.sha }}", None),
        ("docker buildx build --push -t a/b:v1.2 .", "docker build --push"),
        ("git push origin HEAD:gh-pages", "git push HEAD:gh-pages"),
        ("git push heroku main", "git push heroku"),
        ("git push origin main", None),
        ("npm run deploy", "npm deploy"),
        ("make -C infra deploy", "make deploy"),
        ("./scripts/deploy.sh prod", "deploy.sh"),
        ("bash scripts/deploy.sh", "bash deploy.sh"),
        ("vercel --prod --token x", "vercel"),
        ("vercel --token x", None),
        ("gh release create v1", "gh release create"),
        ("./gradlew :lib:publish", "gradle publish"),
        ("terraform plan", None),
        ("npm publish --dry-run", None),
        ("kubectl apply --dry-run=client -f x", None),
        ("kubectl get pods", None),
        ("twine upload --repository testpypi dist/*", None),
        ("firebase hosting:channel:deploy pr-1", None),
        ("echo firebase deploy", None),
        ("npm run build", None),
        ("helm install plugin x --dry-run", None),
        ("make deploy-staging", None),
        ("# firebase deploy", None),
    ],
)
def test_commands(command: str, what: str | None) -> None:
    found = of_run(command)
    assert found == ([what] if what else []), found


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("uses: FirebaseExtended/action-hosting-deploy@v0\n    with: {channelId: live}", True),
        ("uses: FirebaseExtended/action-hosting-deploy@v0\n    with: {channelId: preview}", False),
        ("uses: pypa/gh-action-pypi-publish@release/v1", True),
        ("uses: pypa/gh-action-pypi-publish@v1\n    with: {repository-url: https://test.pypi.org/legacy/}", False),
        ("uses: docker/build-push-action@v5\n    with: {push: true, tags: a/b:latest}", True),
        ("uses: docker/build-push-action@v5\n    with: {push: false, tags: a/b:latest}", False),
        ("uses: docker/build-push-action@v5\n    with: {push: \"${{ github.event_name != 'push' }}\", tags: a/b:latest}", False),
        ("uses: azure/webapps-deploy@v2", True),
        ("uses: actions/checkout@v4", False),
        ("uses: ./.github/actions/deploy", True),
    ],
)
def test_actions(step: str, found: bool) -> None:
    assert bool(deploys(f"steps:\n  - {step}")) is found


@pytest.mark.parametrize(
    ("on", "condition", "triggers", "main", "gate"),
    [
        ("push", "", ("push",), True, None),
        ("{push: {branches: [main]}}", "", ("push",), True, None),
        ("{push: {branches: [$default-branch]}}", "", ("push",), True, None),
        ("{push: {branches: ['**']}}", "", ("push",), True, None),
        ("{push: {branches: ['**', '!main', '!master', '!trunk']}}", "", ("push",), False, None),
        ("{push: {branches-ignore: [main, master]}}", "", ("push",), False, None),
        ("{push: {branches: [develop]}}", "", ("push",), False, None),
        ("{push: {tags: ['v*']}}", "", ("push",), False, "push of a tag only"),
        ("{release: {types: [published]}}", "", ("release",), False, "release only"),
        ("workflow_dispatch", "", ("workflow_dispatch",), False, "workflow_dispatch only"),
        ("[workflow_dispatch, release]", "", ("workflow_dispatch", "release"), False, "workflow_dispatch or release only"),
        ("workflow_call", "", ("workflow_call",), False, "workflow_call only (the calling workflow decides)"),
        ("{workflow_run: {workflows: [ci]}}", "", ("workflow_run",), True, None),
        ("{schedule: [{cron: '0 0 * * *'}]}", "", ("schedule",), False, None),
        ("[push, release]", "github.event_name == 'release'", ("release",), False, "release only"),
        ("[push, workflow_dispatch]", "${{ inputs.deploy == true }}", ("workflow_dispatch",), False, "workflow_dispatch only"),
        ("push", "startsWith(github.ref, 'refs/tags/')", ("push",), False, "push of a tag only"),
        ("push", "github.ref == 'refs/heads/main'", ("push",), True, None),
        ("push", "github.ref_name == 'master'", ("push",), True, None),
        ("push", "github.event_name == 'push' && startsWith(github.event.commits[0].message, 'Release')", ("push",), True, None),
        ("push", "github.repository == 'a/b' && github.ref == 'refs/heads/main'", ("push",), True, None),
        ("[push, pull_request]", "github.event_name == 'pull_request'", ("pull_request",), False, None),
        ("push", "vars.DEPLOY == 'yes'", ("push",), True, None),
        ("push", "this is ( not an expression", ("push",), True, None),
    ],
)
def test_events_and_conditions(on: str, condition: str, triggers: tuple[str, ...], main: bool, gate: str | None) -> None:
    text = (f"if: {condition!r}\n" if "'" not in condition else f'if: "{condition}"\n') if condition else ""
    (found,) = deploys(text + "steps:\n  - run: firebase deploy\n", on)
    assert (found.triggers, found.on_push_to_main, found.gate) == (triggers, main, gate)
    as_step = "steps:\n  - run: firebase deploy\n" + textwrap.indent(text, "    ")
    (found,) = deploys(as_step, on)
    assert (found.triggers, found.on_push_to_main, found.gate) == (triggers, main, gate)


def test_an_environment_is_a_gate_and_its_rules_are_not_claimed() -> None:
    (found,) = deploys("environment: production\nsteps:\n  - run: firebase deploy\n")
    assert (found.on_push_to_main, found.environment, found.gate) == (True, "production", f"environment production {NOT_IN_FILE}")
    (found,) = deploys("environment: {name: github-pages}\nsteps:\n  - uses: actions/deploy-pages@v4\n")
    assert (found.environment, found.gate) == ("github-pages", None)


def test_a_job_in_the_production_environment_is_a_path_whatever_it_does() -> None:
    (found,) = deploys("environment: prod\nsteps:\n  - run: ./x\n")
    assert (found.what, found.line) == ("job in this environment", 5)


@pytest.mark.parametrize("name", ["staging", "Development", "preview", "qa-eu", "pre-production", "test"])
def test_other_environments_are_listed_apart(name: str) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    environment: {name}\n    steps:\n      - run: firebase deploy\n"
    payload: Any = read("pipeline", "github-workflow", text.encode()).payload
    assert payload.deploys == ()
    assert [(item.environment, item.on_push_to_main) for item in payload.elsewhere] == [(name, True)]


def test_a_needed_job_can_be_the_gate() -> None:
    approve = "  approve:\n    runs-on: x\n    environment: release\n    steps: []\n"
    (found,) = deploys("needs: approve\nsteps:\n  - run: firebase deploy\n", more=approve)
    assert found.gate == f"needs job approve in environment release {NOT_IN_FILE}"
    manual = "  approve:\n    runs-on: x\n    steps:\n      - uses: trstringer/manual-approval@v1\n"
    (found,) = deploys("needs: [approve]\nsteps:\n  - run: firebase deploy\n", more=manual)
    assert found.gate == "manual approval (trstringer/manual-approval)"


def test_a_needed_job_that_is_skipped_on_push_keeps_the_push_out() -> None:
    tagged = "  t:\n    runs-on: x\n    if: startsWith(github.ref, 'refs/tags/')\n    steps: []\n"
    (found,) = deploys("needs: t\nsteps:\n  - run: firebase deploy\n", more=tagged)
    assert (found.on_push_to_main, found.gate) == (False, "push of a tag only")
    (found,) = deploys("needs: t\nif: always()\nsteps:\n  - run: firebase deploy\n", more=tagged)
    assert (found.on_push_to_main, found.gate) == (True, None)


def test_a_test_cluster_is_not_production() -> None:
    assert deploys("steps:\n  - run: kind create cluster\n  - run: kubectl apply -f x\n") == []


def test_a_step_that_only_says_deploy_deploys_nothing() -> None:
    assert deploys("steps:\n  - name: Deploy to production\n    run: echo deploying\n") == []
    assert [item.what for item in deploys("steps:\n  - name: Deploy to production\n    run: ./x.sh --all\n")] == ["Deploy to production"]
    assert deploys("steps:\n  - name: Deploy preview\n    run: ./x.sh --all\n") == []


def test_a_called_workflow_named_after_a_deployment_is_a_path() -> None:
    path = "./.github/workflows"
    text = f"on: {{push: {{branches: [main]}}}}\njobs:\n  a:\n    uses: {path}/deploy.yml\n  b:\n    uses: {path}/test.yml\n"
    payload: Any = read("pipeline", "github-workflow", text.encode()).payload
    assert [(item.what, item.line, item.on_push_to_main) for item in payload.deploys] == [("./.github/workflows/deploy.yml", 4, True)]
    known: Any = read("pipeline", "github-workflow", text.encode(), {"calls": {"./.github/workflows/deploy.yml": []}}).payload
    assert known.deploys == ()


def test_what_no_event_reaches_is_no_path() -> None:
    assert deploys("if: false\nsteps:\n  - run: firebase deploy\n") == []
    assert deploys("if: github.event_name == 'release'\nsteps:\n  - run: firebase deploy\n", on="push") == []
