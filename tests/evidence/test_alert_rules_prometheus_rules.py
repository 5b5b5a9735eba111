"""Prometheus rule files: what counts as a rule, durations, labels, and what promtool would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError

from .helpers import CORPUS, assert_only_refuses, json_mutations, mutations, read, recognised

NAME = "prometheus-rules"
RULES = b"""\
# rules of the api
groups:
  - name: api
    interval: 30s
    labels: {team: core}
    rules:
      - record: job:http_requests:rate5m
        expr: sum by (job) (rate(http_requests_total[5m]))
        labels: {tier: web}
      - alert: ApiHighErrorRate
        expr: |
          sum(rate(http_requests_total{code=~"5.."}[5m]))
            / sum(rate(http_requests_total[5m])) > 0.05
        for: 1h30m
        keep_firing_for: 5m
        labels:
          severity: critical
        annotations:
          summary: 'errors on {{ $labels.instance }}'
          runbook_url: https://runbooks.example.org/errors
      - alert: ApiDown
        expr: up{job="api"} == 0
  - name: empty
    rules:
"""
OPERATOR = b"""\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: x}
spec:
  groups:
  - name: g
    rules:
    - {alert: A, expr: 1, for: 0}
"""


def rules(data: str | bytes) -> Any:
    return read("alert-rules", NAME, data if isinstance(data, bytes) else data.encode()).payload


def rule(text: str) -> str:
    return f"groups:\n- name: g\n  rules:\n  - {text}\n"


def test_a_rule_file_is_read() -> None:
    payload = rules(RULES)
    assert payload.summary() == {"groups": 2, "alerts": 2, "recording": 1, "modes": {"errors": 1, "health": 1}}
    errors, down = payload.alerts
    assert (errors.group, errors.name, errors.for_s, errors.keep_firing_for_s) == ("api", "ApiHighErrorRate", 5400.0, 300.0)
    assert (errors.severity, errors.labels, errors.annotated, errors.runbook_url) == ("critical", ("severity", "team"), True, True)
    assert (down.for_s, down.severity, down.labels, down.annotated, down.runbook_url) == (None, None, ("team",), False, False)
    assert (errors.modes, down.modes) == (("errors",), ("health",))
    assert payload.incomplete is None


def test_rules_of_the_operator_and_lists_of_them_are_read() -> None:
    assert rules(OPERATOR).summary()["alerts"] == 1
    items = [json.loads(json.dumps(RESOURCE)) for _ in range(2)]
    data = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
    assert recognised(data) == [NAME]
    payload = rules(data)
    assert (payload.groups, [alert.for_s for alert in payload.alerts]) == (2, [0.0, 0.0])


RESOURCE: dict[str, Any] = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "PrometheusRule",
    "spec": {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "up == 0", "for": "0s"}]}]},
}
JSON = json.dumps({"groups": RESOURCE["spec"]["groups"]}).encode()


@pytest.mark.parametrize("data", [RULES, OPERATOR, JSON, RULES.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + RULES, b"---\n" + RULES])
def test_rule_files_are_claimed_by_their_format_alone(data: bytes) -> None:
    assert recognised(data) == [NAME]
    assert rules(data).alerts


@pytest.mark.parametrize("end", ["rules:", "rules: []", "rules: null  # nothing yet", "rules: ~"])
def test_a_group_without_rules_counts_and_says_nothing(end: str) -> None:
    data = f"groups:\n\n- name: later\n\n  {end}\n".encode()
    assert recognised(data) == [NAME]
    payload = rules(data)
    assert payload.summary() == {"groups": 1, "alerts": 0, "recording": 0, "modes": {}}
    assert payload.incomplete == "no rule"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("5m", 300), ("1h30m", 5400), ("0s", 0), ("0", 0), ("1d", 86400), ("2w", 1209600), ("1y", 31536000), ("250ms", 0.25), ("1m30s", 90)],
)
def test_durations_are_those_of_prometheus(written: str, seconds: float) -> None:
    (alert,) = rules(rule(f"{{alert: A, expr: up == 0, for: {written}}}")).alerts
    assert alert.for_s == seconds


@pytest.mark.parametrize("written", ["5", "5 m", "-5m", "1.5h", "30m1h", "m", "''", "true", "[5m]", "1e3s", "5M", "9999999999999999999s"])
def test_other_durations_are_refused(written: str) -> None:
    with pytest.raises(InputError, match=r"for .* of alert 'A'"):
        rules(rule(f"{{alert: A, expr: up == 0, for: {written}}}"))


OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
SPACE = "namespace: {}\ngroups:\n- name: g\n  rules:\n  - {{alert: A, expr: up == 0}}\n"
ITEM = "- " + "\n  ".join(OPERATOR.decode().splitlines()) + "\n"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        (f"{OPERATOR.decode()}---\n{OPERATOR.decode()}", 2),
        (f"---\n# Source: a.yaml\n{OPERATOR.decode()}---\n---\n# Source: b.yaml\n{OPERATOR.decode()}...\n", 2),
        (f"{OTHER}---\n{OPERATOR.decode()}---\n{OTHER}", 1),
        (f"apiVersion: v1\nkind: List\nitems:\n{ITEM}- {{apiVersion: v1, kind: Service}}\n{ITEM}", 2),
        (
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRuleList\n"
            "items: [spec: {groups: [{name: g, rules: [{alert: A, expr: 1}]}]}]",
            1,
        ),
        (
            OPERATOR.decode()
            .replace("monitoring.coreos.com/v1", "operator.victoriametrics.com/v1beta1")
            .replace("PrometheusRule", "VMRule"),
            1,
        ),
        (SPACE.format("a"), 1),
        (SPACE.format("a") + "---\n" + SPACE.format("b"), 2),
    ],
)
def test_files_of_several_documents(text: str, groups: int) -> None:
    assert recognised(text.encode()) == [NAME]
    payload = rules(text)
    assert (payload.groups, len(payload.alerts)) == (groups, groups)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rule("{alert: A, expr: up}") + "---\n" + rule("{alert: B, expr: up}"), r"line 1: one of 2 documents with namespace None"),
        (SPACE.format("a") + "---\n" + SPACE.format("a"), r"line 7: one of 2 documents with namespace 'a'"),
        (OPERATOR.decode() + "---\n" + rule("{alert: A, expr: up}"), r"line 10: kind None"),
        (f"apiVersion: v1\nkind: List\nitems:\n{ITEM}- {{spec: {{}}}}\n", r"line 12: kind None"),
        (OPERATOR.decode() + "---\n" + OPERATOR.decode().replace("for: 0", "for: 0x"), r"line 17: for '0x'"),
        (
            OPERATOR.decode().replace("/v1", "/v1\nkind: PrometheusRule").replace("kind: PrometheusRule\nmeta", "meta") + "---\n- 1\n",
            "no mapping",
        ),
    ],
)
def test_documents_of_which_some_would_be_left_out_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rules(text)


def test_what_vmalert_adds_is_known() -> None:
    more = "concurrency: 2, tenant: '1', params: {nocache: ['1']}, headers: ['X: y'], eval_offset: 1m, eval_alignment: false, debug: true"
    text = f"groups:\n- {{name: g, type: TYPE, {more}, rules: [{{alert: A, expr: up == 0, update_entries_limit: 40}}]}}\n"
    assert len(rules(text.replace("TYPE", "prometheus")).alerts) == 1
    with pytest.raises(InputError, match=r"line 2: type 'graphite' of group 'g'"):
        rules(text.replace("TYPE", "graphite"))


def test_a_byte_order_mark_does_not_matter() -> None:
    data = b"\xef\xbb\xbf" + rule("{alert: A, expr: up == 0}").encode()
    assert recognised(data) == ["prometheus-rules"]
    assert read("alert-rules", "prometheus-rules", data) == read("alert-rules", "prometheus-rules", data[3:])


def test_merge_keys_and_aliases_are_followed() -> None:
    text = "groups:\n- name: g\n  rules:\n  - &a {alert: A, expr: up == 0, for: 5m}\n  - {<<: *a, alert: B}\n  - *a\n"
    assert [(alert.name, alert.for_s) for alert in rules(text).alerts] == [("A", 300.0), ("B", 300.0), ("A", 300.0)]


def test_labels_and_annotations_that_are_numbers_are_text_as_in_go() -> None:
    (alert,) = rules(rule("{alert: A, expr: up == 0, labels: {severity: 1, page: true, none: null}, annotations: {summary: ' '}}")).alerts
    assert (alert.severity, alert.labels, alert.annotated) == ("1", ("page", "severity"), False)


@pytest.mark.parametrize(
    "expr",
    [
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 1",
        "absent(up{job='api'})",
        "predict_linear(node_filesystem_free_bytes[1h], 4 * 3600) < 0",
        "a and on (instance) b unless ignoring (x) c",
        "sum(rate(x[5m])) by (job) / on() group_left() y offset 5m > bool 2",
        "max_over_time(rate(x[5m])[1h:1m])",
        "holt_winters(x[5m], 0.1, 0.1)",
        "x @ end() # comment",
        "vector(1)",
        "x_1_2{a='1_0'} > 1_000_000 + 0x_FF * .5_0",
        r'x{host=~"[\\w-.]+",path=~`/[\d-x]`}',
        r"label_replace(x, 'a', '$1', 'b', `(\d+) \"it's\"`) > 1 # `",
        r"""x{a=~"[^[]+|[\\[:alpha:]]",b=~'it\'s{{.x}}{2}',c=~"\\Qa.b{\\E[]\\d-x&&]"} # `""",
        r"x{a=~`\d+`,b='`\\d'}" + " + x{c=`two\nlines`}",
    ],
)
def test_expressions_of_all_versions_are_read(expr: str) -> None:
    assert len(rules(f"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {json.dumps(expr)}\n").alerts) == 1


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("up ==", "invalid promql query"),
        ("sum(", "unclosed left parenthesis"),
        ("rate(x)", "expected type matrix"),
        ("made_up(x)", "unknown function"),
        ("x offset 1_0m", "does not parse"),
        ("x{a=~'('}", "illegal regex"),
        ("x{a=~'[^['}", "illegal regex"),
        ("x{a=~'[z-a]{'}", "illegal regex"),
        ("rate(x[$__interval])", "unexpected character"),
        ("1 > 2", "must use BOOL modifier"),
        ("{job=''}", "at least one non-empty matcher"),
        ('sum(rate({app="x"} |= "error" [5m]))', "in LogQL"),
        ('count_over_time({app="x"} | json | level="error" [5m]) > 1', "in LogQL"),
        ('rate({app="x"}[5m] !~ "a|b") > 1', "in LogQL"),
        ('x{app="} |= y"} >', "does not parse"),
    ],
)
def test_an_expression_that_prometheus_would_not_load_is_named(expr: str, reason: str) -> None:
    data = f"groups:\n- name: g\n  rules:\n  - alert: Fine\n    expr: up\n  - alert: A\n    expr: {json.dumps(expr)}\n"
    with pytest.raises(InputError) as caught:
        rules(data)
    assert "alert 'A' of group 'g': expression" in caught.value.found
    assert reason in caught.value.found
    assert caught.value.where == "line 6"


REFUSED = {
    "empty": b"",
    "a list": b"- groups: []\n",
    "no groups": b"namespace: x\n",
    "groups is a word": b"groups: x\n",
    "groups is a mapping": b"groups: {name: x}\n",
    "a group is a word": b"groups: [x]\n",
    "no name": b"groups: [{rules: []}]\n",
    "name is a number": b"groups: [{name: 1}]\n",
    "a name twice": b"groups: [{name: a}, {name: a}]\n",
    "rules is a mapping": b"groups: [{name: a, rules: {alert: x}}]\n",
    "a rule is a word": rule("x").encode(),
    "neither alert nor record": rule("{expr: up}").encode(),
    "both": rule("{alert: A, record: b, expr: up}").encode(),
    "no expression": rule("{alert: A}").encode(),
    "an empty expression": rule("{alert: A, expr: ' '}").encode(),
    "an expression that is a list": rule("{alert: A, expr: [up]}").encode(),
    "a name that is a list": rule("{alert: [A], expr: up}").encode(),
    "labels are a list": rule("{alert: A, expr: up, labels: [severity]}").encode(),
    "a label that is a mapping": rule("{alert: A, expr: up, labels: {severity: {a: b}}}").encode(),
    "the label __name__": rule("{alert: A, expr: up, labels: {__name__: x}}").encode(),
    "annotations are a word": rule("{alert: A, expr: up, annotations: x}").encode(),
    "a recording with annotations": rule("{record: a, expr: up, annotations: {a: b}}").encode(),
    "a recording with for": rule("{record: a, expr: up, for: 5m}").encode(),
    "a recording with an odd name": rule("{record: 'a b', expr: up}").encode(),
    "an unknown key": rule("{alert: A, exp: up}").encode(),
    "an unknown key of a group": b"groups: [{name: a, ruels: []}]\n",
    "a limit that is text": b"groups: [{name: a, limit: many}]\n",
    "an interval that is none": b"groups: [{name: a, interval: soon}]\n",
    "another resource": b"apiVersion: v1\nkind: ConfigMap\nspec: {}\n",
    "an item that is none": b'{"kind": "List", "items": [1]}',
    "a duplicate key": b"groups:\n- name: a\n  name: b\n",
    "two documents": RULES + b"---\n" + RULES,
    "cut off": RULES[: RULES.index(b"runbook_url") + 20] + b'\n    "',
    "latin-1": RULES + b"# caf\xe9\n",
    "nul": RULES + b"\0",
    "unsafe tag": b"groups: !!python/object/apply:os.system [x]\n",
    "deep": b"groups: " + b"[" * 5000,
    "too large": RULES + b"#" * (2 << 20),
    "a deep expression": rule("{alert: A, expr: '" + "(" * 501 + "x" + ")" * 501 + "'}").encode(),
    "a long expression": rule("{alert: A, expr: '" + "x" * 70_000 + "'}").encode(),
    "a template": b"groups:\n{% for rule in rules %}\n- alert: {{ rule.name }}\n{% endfor %}\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_prometheus_would_not_load_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        rules(REFUSED[name])
    assert caught.value.reason


LOOK_ALIKES = {
    "a list of rules for a site": b"groups:\n- name: Basic\n  services:\n  - name: x\n    rules:\n    - name: y\n      query: up == 0\n",
    "tests of rules": b"rule_files: [a.yml]\ntests:\n- alert_rule_test:\n  - alertname: A\n",
    "the resource's definition": b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n"
    b"  group: monitoring.coreos.com/v1\n  names:\n    kind: PrometheusRule\n",
    "the server's configuration": b"global: {}\nrule_files: [a.yml]\nscrape_configs: []\n",
    "a team file": b"groups:\n- name: admins\n  members: [a]\n",
    "json": b'{"groups": [{"name": "a", "members": []}]}',
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alikes_are_not_claimed(name: str) -> None:
    assert NAME not in recognised(LOOK_ALIKES[name])


@pytest.mark.parametrize(
    ("name", "expr", "modes"),
    [
        ("InstanceDown", "up == 0", ("health",)),
        ("Watch", "absent(up)", ("health",)),
        ("Probe", "probe_success < 1", ("health",)),
        ("BackupTooOld", "time() - backup_up_to > 1", ()),
        ("Http", 'sum(rate(http_requests_total{status=~"5.."}[5m])) > 1', ("errors",)),
        ("Http", "rate(http_requests_total{code='503'}[5m]) > 1", ("errors",)),
        ("High5xx", "x > 1", ("errors",)),
        ("SlowQueries", "x > 1", ("latency",)),
        ("Q", "histogram_quantile(0.9, rate(a_seconds_bucket[5m])) > 1", ("latency",)),
        ("ErrorRatio", "rate(request_duration_seconds_count[5m]) > 1", ("errors",)),
        ("LoginFailures", "x > 1", ("errors", "security")),
        ("W", "rate(unauthorized_requests_total[5m]) > 1", ("security",)),
        ("W", 'rate(http_requests_total{code=~"401|403"}[5m]) > 1', ("security",)),
        ("DeadLocks", "x > 1", ()),
        ("AuthorChanged", "x > 1", ()),
        ("HighCpu", "x > 1", ()),
    ],
)
def test_failure_modes_follow_the_words(name: str, expr: str, modes: tuple[str, ...]) -> None:
    (alert,) = rules(f"groups:\n- name: g\n  rules:\n  - alert: {name}\n    expr: {json.dumps(expr)}\n").alerts
    assert alert.modes == modes


def test_a_label_may_name_the_mode_and_an_annotation_does_not() -> None:
    labelled, told = (f"{{alert: A, expr: x > 1, {key}: {{category: security}}}}" for key in ("labels", "annotations"))
    assert rules(rule(labelled)).alerts[0].modes == ("security",)
    assert rules(rule(told)).alerts[0].modes == ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(RULES))
def test_mutated_files_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("alert-rules", NAME, data)


@settings(max_examples=150, deadline=None)
@given(json_mutations(JSON))
def test_reshaped_files_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("alert-rules", NAME, data)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_the_corpus_agrees_with_promtool_on_durations_and_severities() -> None:
    for case in json.loads((CORPUS / "cases.json").read_text()):
        expected = case["expected"]
        if case["format"] != NAME or "yaml_error" in expected:
            continue
        alerts = rules((CORPUS / case["file"]).read_bytes()).alerts
        durations: dict[float, int] = {}
        for written, number in expected["for"].items():
            (one,) = rules(rule(f"{{alert: A, expr: up, for: {written}}}")).alerts
            durations[one.for_s] = durations.get(one.for_s, 0) + number
        assert durations == {value: sum(alert.for_s == value for alert in alerts) for value in durations}
        assert expected["severity"] == {word: sum(one.severity == word for one in alerts) for word in expected["severity"]}
        assert sum(one.runbook_url for one in alerts) == expected["with_runbook_url"]
