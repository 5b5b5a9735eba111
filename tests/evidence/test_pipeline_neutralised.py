"""Gates that cannot fail (ALPHA-PF-4): what is found, on which line, and what is left alone."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from .helpers import read

HEAD = "name: x\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
FIRST = HEAD.count("\n") + 1
"""Line of the first step."""


def hits(steps: str, head: str = HEAD) -> list[tuple[int, str]]:
    """Returns (line from the first step on, counted from 1, pattern) of each hit."""
    body = textwrap.indent(textwrap.dedent(steps).strip("\n"), "      ")
    payload: Any = read("pipeline", "github-workflow", (head + body + "\n").encode()).payload
    return [(item.line - head.count("\n"), item.pattern) for item in payload.neutralised]


def script(text: str, name: str = "Build", shell: str | None = None) -> list[tuple[int, str]]:
    """Hits of one ``run: |`` step, lines counted from its first line of script."""
    extra = f"  shell: {shell}\n" if shell else ""
    found = hits(f"- name: {name}\n{extra}  run: |\n" + textwrap.indent(textwrap.dedent(text).strip("\n"), "    "))
    return [(line - 2 - bool(shell), pattern) for line, pattern in found]


NEUTRALISED = [
    ("npm test || true", [(1, "|| true")]),
    ("npm audit --audit-level=high || echo 'continuing...'", [(1, "|| echo …")]),
    ("pytest || :", [(1, "|| :")]),
    ("mypy src || exit 0", [(1, "|| exit 0")]),
    ("cd web && npm run lint || true", [(1, "|| true")]),
    ("npm ci\nlhci autorun \\\n  --collect.url=x \\\n  --upload.target=y || true", [(4, "|| true")]),
    ("npm ci\nlhci autorun \\\n  --collect.url=x \\\n  || true", [(4, "|| true")]),
    ("python -m pytest -x || { echo failed; true; }", [(1, "|| echo …")]),
    ("npx eslint . -c .eslintrc.security.json || true", [(1, "|| true")]),
    ("sudo -E timeout 10m npx --yes playwright test || true", [(1, "|| true")]),
    ("docker run --rm -v $PWD:/src aquasec/trivy:0.50 image --format json x:y || true", [(1, "|| true")]),
    ("docker compose run --rm -e CI=1 web npm test || true", [(1, "|| true")]),
    ("poetry run pytest --cov || true\nuv run --frozen ruff check . || true", [(1, "|| true"), (2, "|| true")]),
    ("node scripts/load-testing.js || true", [(1, "|| true")]),
    ("./scripts/run-tests.sh || true", [(1, "|| true")]),
    ("make -C api check || true", [(1, "|| true")]),
    ("semgrep --config=auto --json --output=reports/sast.json . || true", [(1, "|| true")]),
    ("git secrets --scan -r . || echo 'No secrets detected'", [(1, "|| echo …")]),
    ("npm test && echo passed || echo failed", [(1, "|| echo …")]),
    ("for s in a b; do\n  shellcheck $s || true\ndone", [(2, "|| true")]),
    ("(npm test || true)", [(1, "|| true")]),
    ("if [ -f x ]; then\n  npm test || true\nfi", [(2, "|| true")]),
    ("if ! npm audit; then\n  echo bad\n  exit 0\nfi", [(3, "exit 0")]),
    ("if npm test; then\n  echo ok\nelse\n  echo bad\nfi", [(4, "failure only printed")]),
    ("set +e\npytest\necho done", [(1, "set +e")]),
    ("echo a\nset +e\npytest\ncode=$?\necho $code", [(2, "set +e")]),
    ("set +e\npytest\nexit 0", [(1, "set +e")]),
    ("pytest | tee log.txt", [(1, "| tee without pipefail")]),
    ("flake8 --exit-zero .", [(1, "--exit-zero")]),
    ("bash -c 'npm test; true'", [(1, "; true")]),
    ('sh -c "npm test || true"', [(1, "|| true")]),
    ("npm test || status=$?\necho done", [(1, "|| assignment")]),
    ("# npm audit --audit-level=high", [(1, "commented out")]),
    ("npm ci\n  # pytest tests/ -v --cov", [(2, "commented out")]),
    ("cat <<EOF\ntext\nEOF\nnpm test || true", [(4, "|| true")]),
    ("echo ${{ inputs.a || 'b' }} && npm test || true", [(1, "|| true")]),
]

LEFT_ALONE = [
    "docker rm -f app || true",
    "kill $PID || true\nrm -rf build || true\ndocker compose down || true",
    "grep -c FAILED log.txt || true",
    "count=$(grep -c x y || true)",
    'echo "npm test || true"',
    "echo 'pytest || true' > notes.txt",
    "cat <<'EOF' > run.sh\nnpm test || true\nEOF",
    "cat <<EOF\npytest || true\nset +e\nEOF",
    "npm test || exit 1",
    "npm test || { echo failed; exit 1; }",
    "npm test || (echo failed && exit 1)",
    "npm test || npm run test -- --runInBand",
    "npm test; true",  # bash -e ends at npm test
    "npm test\nexit 0",
    "set +e\npytest",  # the last command decides
    "set +e\npytest\ncode=$?\nset -e\nexit $code",
    "set +e\npytest\nif [ $? -ne 0 ]; then exit 1; fi",
    "set +e\ncurl x\nset -e\npytest",
    "set -o pipefail\npytest | tee log.txt",
    "pytest | tee log.txt\nexit ${PIPESTATUS[0]}",
    'npm test || FAILED=1\nif [ "$FAILED" = 1 ]; then exit 1; fi',
    'npm audit --json > audit.json || true\nC=$(jq .critical audit.json)\nif [ "$C" -gt 0 ]; then\n  exit 1\nfi',
    "pa11y http://x > reports/a11y-home.json || true\nfor f in reports/a11y-*.json; do cat $f; done\n[ $n -gt 5 ] && exit 1",
    "bandit -r src -f json -o bandit.json || true\nbandit -r src -ll",
    "flake8 . --select=E9\nflake8 . --exit-zero",
    "command -v pytest || true",
    "pytest --version || true",
    "npm install -g eslint || true",
    "pip install pytest || true",
    "npm run build:test || true",
    "npm audit fix || true",
    "trivy image --download-db-only=false --help || true",
    "VULNS=$(npm audit --json || true)\necho $VULNS",
    "# run npm test before you merge",
    "# pytest is slow here, so it runs at night",
    "# npm test.",
    "# Run the tests",
    "npm test  # npm audit",
    "if npm test; then echo ok; else echo bad; exit 1; fi",
    "for i in 1 2 3; do if npm test; then break; else echo retry; fi; done",
    "git diff --quiet || git commit -m x",
    "test -f x || true",
    "true || npm test",
    "! pytest",
    "eslint --fix . && git add .",
]


@pytest.mark.parametrize(("text", "expected"), NEUTRALISED)
def test_a_neutralised_gate_is_found_on_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    assert script(text) == expected


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_neutralised_gate_is_left_alone(text: str) -> None:
    assert script(text) == []


@pytest.mark.parametrize(
    ("shell", "text", "expected"),
    [
        ("bash", "pytest | tee log", []),
        ("sh", "pytest | tee log", [(1, "| tee without pipefail")]),
        ("bash {0}", "pytest\ntrue", [(2, "; true")]),
        ("bash {0}", "pytest\nexit 0", [(2, "exit 0")]),
        ("bash -l {0}", "pytest; true", [(1, "; true")]),
        ("bash -el {0}", "pytest; true", []),
        ("pwsh", "npm test; exit 0", [(1, "exit 0")]),
        ("pwsh", "npm test || Write-Host 'x'", [(1, "|| write-host …")]),
        ("pwsh", "npm test | tee log", []),
        ("python", "x = 1  # pytest || true", []),
    ],
)
def test_the_shell_decides_what_neutralises(shell: str, text: str, expected: list[tuple[int, str]]) -> None:
    assert script(text, shell=shell) == expected


def test_default_shells_count() -> None:
    windows = HEAD.replace("ubuntu-latest", "windows-latest")
    assert hits("- run: npm test; exit 0", windows) == [(1, "exit 0")]
    with_defaults = HEAD.replace("    steps:", "    defaults:\n      run:\n        shell: bash\n    steps:")
    assert hits("- run: pytest | tee log", with_defaults) == []
    assert hits("- run: pytest | tee log") == [(1, "| tee without pipefail")]


STEPS = [
    ("- name: Test\n  run: npm test\n  continue-on-error: true", [(3, "continue-on-error")]),
    ("- name: Scan\n  continue-on-error: ${{ true }}\n  uses: aquasecurity/trivy-action@0.20.0", [(2, "continue-on-error")]),
    ("- uses: github/codeql-action/analyze@v3\n  if: false", [(2, "if: false")]),
    ("- run: npm audit\n  if: ${{ false && github.ref }}", [(2, "if: false")]),
    ("- uses: codecov/codecov-action@v4\n  with:\n    file: x\n    fail_ci_if_error: false", [(4, "fail_ci_if_error: false")]),
    ("- uses: aquasecurity/trivy-action@master\n  with:\n    exit-code: '0'", [(3, "exit-code: 0")]),
    ("- uses: bridgecrewio/checkov-action@v12\n  with: {soft_fail: true}", [(2, "soft_fail: true")]),
    ("- name: Rollback procedure test\n  run: |\n    echo 'Testing'\n    echo '✓ Rollback validated'", [(4, "echo only")]),
    ("- run: npm test\n- name: Security scan\n  run: echo 'Security scan passed'", [(3, "echo only")]),
    ("- name: Tests\n  run: echo 'All tests passed'", [(2, "echo only")]),
    ("- name: Audit\n  run: >\n    npm audit\n    --audit-level=high\n    || true", [(5, "|| true")]),
    ("- name: Audit\n  run: npm audit\n    --audit-level=high\n    || true", [(4, "|| true")]),
    ('- run: "npm audit\\\n    || true"', [(2, "|| true")]),
    ("# - name: Secret detection\n#   run: |\n#     # scan\n#     echo 'would go here'\n- run: npm ci", [(1, "commented out")]),
    ("- run: npm ci\n# - uses: gitleaks/gitleaks-action@v2\n#   with: {a: b}\n- run: npm run build", [(2, "commented out")]),
    ("- run: npm ci\n#- run: npm audit", [(2, "commented out")]),
    ("- name: Test\n  # run: npm test\n  run: echo skipped", [(2, "commented out")]),
    ("- name: Headers check\n  run: |\n    echo checking\n    curl -I $URL | grep -E 'X-Frame' || true", [(4, "|| true")]),
    ("- name: Metrics check\n  run: curl -sf $URL/api/metrics -o metrics.json || true", [(2, "|| true")]),
    ("- name: Security scan\n  run: our-scanner . || true", [(2, "|| true")]),
]

STEPS_LEFT_ALONE = [
    "- name: Upload test results\n  uses: actions/upload-artifact@v4\n  continue-on-error: true",
    "- name: Release\n  uses: softprops/action-gh-release@v2\n  continue-on-error: true",
    "- name: Install test tools\n  run: ./install.sh\n  continue-on-error: true",
    "- name: Test\n  run: npm test\n  continue-on-error: false",
    "- name: Test\n  run: npm test\n  continue-on-error: ${{ matrix.experimental }}",
    "- id: t\n  run: npm test\n  continue-on-error: true\n- if: steps.t.outcome == 'failure'\n  run: exit 1",
    "- run: npm test\n  if: ${{ inputs.tests }}",
    "- run: npm test\n  if: github.ref == 'refs/heads/main'",
    "- run: npm run build\n  if: false",
    "- uses: codecov/codecov-action@v4\n  with:\n    fail_ci_if_error: true",
    "- run: npm test\n- name: Tests\n  run: echo 'All tests passed'",
    "- name: Deployment success notification\n  run: echo 'Validated successfully'",
    "- name: Security scan\n  run: |\n    ./scan.sh\n    echo passed",
    "- name: Check if tag exists\n  run: git rev-parse v1 || true\n  continue-on-error: true",
    "- run: npm test\n# - run: npm test -- --watch",
    "# We run: npm test here because of x\n- run: npm ci",
    "# name: this is only a remark\n- run: npm ci",
    "- run: |\n    cat > f <<X\n    # - run: npm audit\n    X",
    "# - uses: actions/setup-node@v4\n- run: npm ci",
    "- name: Test\n  id: t\n  run: npm test || echo \"failed=1\" >> $GITHUB_OUTPUT\n- if: steps.t.outputs.failed == '1'\n  run: exit 1",
    "- name: Audit\n  run: npm audit --json > audit.json || true\n- run: node -e \"if (require('./audit.json').n) process.exit(1)\"",
    "- uses: some/action@v1\n  with:\n    exit-code: '0'",
]


@pytest.mark.parametrize(("steps", "expected"), STEPS)
def test_a_neutralised_step_is_found_on_its_line(steps: str, expected: list[tuple[int, str]]) -> None:
    assert hits(steps) == expected


@pytest.mark.parametrize("steps", STEPS_LEFT_ALONE)
def test_other_steps_are_left_alone(steps: str) -> None:
    assert hits(steps) == []


def test_a_whole_job_can_be_neutralised() -> None:
    head = HEAD.replace("    steps:", "    continue-on-error: true\n    if: false\n    steps:")
    assert hits("- run: npm test\n- run: npm audit", head) == [(-2, "continue-on-error"), (-1, "if: false")]
    assert hits("- run: npm ci", head) == []


def test_a_summary_job_behind_real_tests_is_no_self_praise() -> None:
    done = "  done:\n    runs-on: x\n    needs: [a]\n    steps:\n      - name: All tests passed\n        run: echo passed\n"
    text = HEAD + "      - run: npm test\n" + done
    payload: Any = read("pipeline", "github-workflow", text.encode()).payload
    assert payload.neutralised == ()
    alone: Any = read("pipeline", "github-workflow", text.replace("    needs: [a]\n", "").encode()).payload
    assert [item.pattern for item in alone.neutralised] == ["echo only"]


def test_every_hit_is_a_finding_with_its_place() -> None:
    data = (HEAD + "      - name: Audit\n        run: npm audit || true\n").encode()
    parsed = read("pipeline", "github-workflow", data, {"file": ".github/workflows/ci.yml"})
    payload: Any = parsed.payload
    (hit,) = payload.neutralised
    assert (hit.file, hit.line, hit.job, hit.step) == (".github/workflows/ci.yml", FIRST + 1, "a", "Audit")
    (finding,) = parsed.findings
    assert (finding.rule, finding.severity, finding.path, finding.line) == ("|| true", "high", hit.file, hit.line)
    moved = read("pipeline", "github-workflow", b"\n\n" + data, {"file": hit.file}).findings[0]
    assert moved.line == hit.line + 2
    assert moved.fingerprint == finding.fingerprint


def test_a_gate_that_may_fail_by_expression_is_told_but_not_judged() -> None:
    data = (HEAD + "      - run: npm test\n        continue-on-error: ${{ matrix.new }}\n").encode()
    parsed = read("pipeline", "github-workflow", data)
    payload: Any = parsed.payload
    assert payload.neutralised == ()
    assert [(item.rule, item.severity) for item in parsed.findings] == [("continue-on-error by expression", "info")]


def test_the_name_of_the_source_is_not_used() -> None:
    payload: Any = read("pipeline", "github-workflow", (HEAD + "      - run: pytest || true\n").encode()).payload
    assert payload.neutralised[0].file == ""
