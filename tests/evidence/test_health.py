"""Health: probes of a loopback server with every bad habit, and the document that keeps them."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jsonschema
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from pydantic import ValidationError

from compliance.catalog import shipped
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Collector, Context
from compliance.record import Assurance, Json, Parsed, split_private
from compliance.subject import Subject

from .helpers import assert_only_refuses, format_of, mutations, read, recognised

BODY = json.dumps({"status": "ok", "uptime": 1.5, "ready": True, "checks": {}, "tags": []}).encode()
SHAPE = {"status": "string", "uptime": "number", "ready": "boolean", "checks": "object", "tags": "array"}
PLAIN = {
    "/ok": BODY,
    "/text": b"ok",
    "/list": b"[]",
    "/doubled": b'{"status": "a", "status": "b"}',
    "/huge": b'{"status": "' + b"x" * 300_000 + b'"}',
}


class Handler(BaseHTTPRequestHandler):
    """Answers well or badly, by path."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            if self.path in PLAIN:
                self._answer(200, PLAIN[self.path])
            elif self.path == "/broken":
                self._answer(500, b"{}")
            elif self.path == "/moved":
                self._answer(302, b"", ("Location", "/ok"))
            elif self.path == "/hangs":
                time.sleep(5)
            elif self.path == "/drips":
                self._drips()
            elif self.path == "/malformed":
                self.wfile.write(b"what?\r\n\r\n")
            elif self.path == "/endless-header":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000)
            elif self.path == "/cut":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            elif self.path == "/cut-chunk":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
            elif self.path == "/chunks":
                self.wfile.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n')
            elif self.path == "/closes":
                pass
            else:
                self._answer(404, b"{}")

    def _answer(self, status: int, body: bytes, header: tuple[str, str] = ("X-A", "b")) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def _drips(self) -> None:
        """Sends a byte now and then, each in time for a socket's own timeout."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(50):
            self.wfile.write(b" ")
            time.sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class QuietServer(ThreadingHTTPServer):
    """Does not wait for its hanging answers."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away early are part of these tests."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = QuietServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()
    thread.join(10)


def collector() -> Collector:
    return next(item for item in shipped().kinds["health"].collectors if item.name == "http")


def options(base: str, endpoints: Json, **more: Json) -> dict[str, Json]:
    return {"base-url": base, "endpoints": endpoints, "probes": 3, "interval": 0, "probe-timeout": 0.6, **more}


def collect(base: str, endpoints: list[dict[str, Json]], **more: Json) -> Collected:
    found = collector()
    context = Context(
        root=Path(),
        options=found.options.model_validate(options(base, endpoints, **more)),
        subject=Subject(project="p", environment="staging"),
        now=lambda: datetime.now(UTC),
        say=lambda _: None,
    )
    (collected,) = found.collect(context)
    return collected


def probed(base: str, path: str, **expected: Json) -> dict[str, Json]:
    """Probes one endpoint and returns what its payload says."""
    collected = collect(base, [{"path": path, **expected}])
    payload = read("health", "probe-json", collected.content).payload.model_dump()
    found: dict[str, Json] = payload["endpoints"][0]
    assert payload["samples"] == 3
    assert payload["incomplete"] is None
    return found


def test_endpoint_that_answers(server: str) -> None:
    before = datetime.now(UTC)
    collected = collect(server, [{"path": "/ok", "shape": SHAPE}, {"path": "/text"}])
    assert recognised(collected.content) == ["probe-json"]
    assert (collected.format, collected.assurance, collected.environment) == ("probe-json", Assurance.VERIFIED, "staging")
    assert collected.scope == {"endpoints": 2, "probes": 3}
    parsed = read("health", "probe-json", collected.content)
    payload = parsed.payload.model_dump()
    assert (payload["samples"], payload["failed"], payload["environment"]) == (6, 0, "staging")
    assert before <= payload["first"] <= payload["last"] <= datetime.now(UTC)
    assert parsed.observed_at == payload["last"]
    ok, text = payload["endpoints"]
    assert (ok["path"], ok["probes"], ok["failed"], ok["statuses"], ok["shape_ok"]) == ("/ok", 3, 0, {"200": 3}, True)
    assert 0 < ok["p95_ms"] <= ok["max_ms"] < 600
    assert (text["failed"], text["shape_ok"]) == (0, None)


@pytest.mark.parametrize(
    ("path", "expected", "failed", "statuses", "shape_ok"),
    [
        ("/broken", {}, 3, {"500": 3}, None),
        ("/broken", {"status": 500}, 0, {"500": 3}, None),
        ("/broken", {"shape": SHAPE}, 3, {"500": 3}, None),
        ("/moved", {}, 3, {"302": 3}, None),
        ("/moved", {"status": 302}, 0, {"302": 3}, None),
        ("/missing", {}, 3, {"404": 3}, None),
        ("/hangs", {}, 3, {"timeout": 3}, None),
        ("/drips", {}, 3, {"timeout": 3}, None),
        ("/malformed", {}, 3, {"malformed": 3}, None),
        ("/endless-header", {}, 3, {"malformed": 3}, None),
        ("/cut", {}, 3, {"cut": 3}, None),
        ("/cut-chunk", {}, 3, {"cut": 3}, None),
        ("/chunks", {"shape": {"a": "number"}}, 0, {"200": 3}, True),
        ("/closes", {}, 3, {"connection": 3}, None),
        ("/huge", {}, 0, {"200": 3}, None),
        ("/huge", {"shape": {"status": "string"}}, 3, {"200": 3}, False),
        ("/text", {"shape": {"status": "string"}}, 3, {"200": 3}, False),
        ("/list", {"shape": {"status": "string"}}, 3, {"200": 3}, False),
        ("/doubled", {"shape": {"status": "string"}}, 3, {"200": 3}, False),
        ("/ok", {"shape": {"status": "number"}}, 3, {"200": 3}, False),
        ("/ok", {"shape": {"ready": "number"}}, 3, {"200": 3}, False),
        ("/ok", {"shape": {"missing": "string"}}, 3, {"200": 3}, False),
    ],
)
def test_endpoints_by_habit(server: str, path: str, expected: Json, failed: int, statuses: dict[str, int], shape_ok: bool | None) -> None:
    started = time.monotonic()
    found = probed(server, path, **expected)
    assert (found["failed"], found["statuses"], found["shape_ok"]) == (failed, statuses, shape_ok)
    assert time.monotonic() - started < 15
    if "timeout" in statuses:
        assert found["p95_ms"] is None


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = probed(f"http://127.0.0.1:{port}", "/ok")
    assert (found["failed"], found["statuses"], found["max_ms"]) == (3, {"refused": 3}, None)


def test_server_that_does_not_speak_tls(server: str) -> None:
    assert probed(server.replace("http:", "https:"), "/ok")["statuses"] == {"tls": 3}


def test_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    running = QuietServer(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        found = probed(f"https://127.0.0.1:{running.server_address[1]}", "/ok")
    finally:
        running.shutdown()
        running.server_close()
        thread.join(10)
    assert found["statuses"] == {"tls": 3}


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "c.pem").write_bytes(certificate)
    (folder / "k.pem").write_bytes(private)
    return folder / "c.pem", folder / "k.pem"


def test_base_path_and_query(server: str) -> None:
    assert probed(f"{server}/", "/ok")["failed"] == 0
    assert probed(server, "/ok?a=b")["statuses"] == {"404": 3}
    assert probed(f"{server}/no", "/ok")["statuses"] == {"404": 3}


def test_collector_ends_in_time(server: str) -> None:
    with pytest.raises(CollectorError) as caught:
        collect(server, [{"path": "/hangs"}], timeout=0.7)
    assert caught.value.message == "2 of 3 probes were made within 0.7 s"


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoints": []},
        {"endpoints": [{"path": "ok"}]},
        {"endpoints": [{"path": "/a b"}]},
        {"endpoints": [{"path": "/a\r\nX: y"}]},
        {"endpoints": [{"path": "/a"}, {"path": "/a"}]},
        {"endpoints": [{"path": "/a", "status": "200"}]},
        {"endpoints": [{"path": "/a", "shape": {}}]},
        {"endpoints": [{"path": "/a", "shape": {"a": "integer"}}]},
        {"base-url": "ftp://x"},
        {"base-url": "//x"},
        {"base-url": "https://user:password@x"},
        {"base-url": "https://x?a=b"},
        {"base-url": "https://x\r\ny"},
        {"base-url": "https://x:port"},
        {"probes": 2},
        {"probes": "5"},
        {"probe-timeout": 0},
        {"interval": -1},
        {"probes": 100, "interval": 10, "timeout": 60},
        {"retries": 1},
    ],
)
def test_wrong_options(wrong: dict[str, Json]) -> None:
    with pytest.raises(ValidationError):
        collector().options.model_validate(options("https://x", [{"path": "/a"}]) | wrong)


def test_default_options() -> None:
    found = collector().options.model_validate({"base-url": "https://x/", "endpoints": [{"path": "/a"}]}).model_dump(by_alias=True)
    assert found["base-url"] == "https://x"
    assert (found["probes"], found["interval"], found["probe-timeout"]) == (5, 1, 10)


def document() -> dict[str, Json]:
    return {
        "schema": "compliance/probe/v1",
        "tool": "prober.py",
        "target": "https://staging.example.org",
        "environment": "staging",
        "endpoints": [{"path": "/a", "expected_status": 200, "shape": {"status": "string"}}, {"path": "/b"}],
        "probes": [
            {"path": "/a", "at": "2025-09-20T10:00:00Z", "status": 200, "latency_ms": 12.5, "shape_ok": True, "error": None},
            {"path": "/a", "at": "2025-09-20T10:00:01Z", "status": 503, "latency_ms": 7, "shape_ok": None, "error": None},
            {"path": "/a", "at": "2025-09-20T10:00:02Z", "status": None, "latency_ms": None, "error": "timeout"},
            {"path": "/b", "at": "2025-09-20T10:00:03+02:00", "status": 200, "latency_ms": 3},
        ],
    }


def parse(value: Json) -> Parsed:
    return read("health", "probe-json", json.dumps(value).encode())


def schema() -> dict[str, Json]:
    package = format_of("health", "probe-json").parse.__module__.rpartition(".")[0]
    found: dict[str, Json] = importlib.import_module(f"{package}._probe").ProbeDocument.json_schema()
    return found


def test_ingested_document() -> None:
    parsed = parse(document())
    assert recognised(json.dumps(document()).encode()) == ["probe-json"]
    payload = parsed.payload.model_dump()
    assert (payload["samples"], payload["failed"], payload["incomplete"]) == (4, 2, None)
    assert payload["first"] == datetime(2025, 9, 20, 8, 0, 3, tzinfo=UTC)
    assert parsed.observed_at == datetime(2025, 9, 20, 10, 0, 2, tzinfo=UTC)
    assert payload["endpoints"][0] == {
        "path": "/a",
        "probes": 3,
        "failed": 2,
        "p95_ms": 12.5,
        "max_ms": 12.5,
        "statuses": {"200": 1, "503": 1, "timeout": 1},
        "shape_ok": True,
        "expected_status": 200,
    }
    assert parsed.environment == "staging"
    assert parsed.payload.summary()["endpoints"][1]["path"] == "/b"
    public, private = split_private(parsed.payload)
    assert "target" not in public
    assert private == {"paths": {"/target": "https://staging.example.org"}}


def test_percentile_is_nearest_rank() -> None:
    value = document()
    value["endpoints"] = [{"path": "/a"}]
    value["probes"] = [{"path": "/a", "at": "2025-09-20T10:00:00Z", "status": 200, "latency_ms": number} for number in range(40, 0, -1)]
    found = parse(value).payload.model_dump()["endpoints"][0]
    assert (found["p95_ms"], found["max_ms"]) == (38, 40)


def test_endpoint_that_was_not_probed() -> None:
    value = document()
    value["probes"] = value["probes"][:3]
    assert parse(value).payload.incomplete == "/b was not probed"


def test_example_of_the_documentation() -> None:
    text = shipped().kinds["health"].doc.partition("::\n")[2].partition("\n\nA probe failed")[0]
    example = json.loads(text)
    assert parse(example).payload.model_dump()["failed"] == 1
    jsonschema.validate(example, schema())


def test_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document(), schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document(), "probes": [{"path": "/a"}]}, schema())


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["probes", 0, "path"], "/c", "probe 0 of /c; expected a path of the endpoints"),
        (["probes", 0, "shape_ok"], None, "probe 0 without shape_ok; expected one there"),
        (["probes", 1, "shape_ok"], True, "probe 1 with shape_ok; expected none there"),
        (["probes", 0, "latency_ms"], None, "/probes/0: status 200 without latency_ms"),
        (["probes", 0, "latency_ms"], -1, "/probes/0/latency_ms: -1"),
        (["probes", 2, "error"], None, "/probes/2: a probe without status; expected an error"),
        (["probes", 2, "latency_ms"], 5, "/probes/2: a probe without status"),
        (["probes", 0, "status"], 99, "/probes/0/status: 99"),
        (["probes", 0, "status"], "200", "/probes/0/status: '200'; expected a valid integer"),
        (["probes", 0, "at"], "2025-09-20 10:00", "/probes/0/at"),
        (["probes", 0, "error"], "It went wrong!", "/probes/0/error"),
        (["endpoints", 1, "path"], "/a", "an endpoint that comes twice"),
        (["endpoints"], [], "/endpoints"),
        (["endpoints", 0, "shape"], {"a": "integer"}, "/endpoints/0/shape/a: 'integer'"),
        (["target"], None, "/target"),
        (["probe"], [], "unknown key 'probe'; expected 'probes'"),
    ],
)
def test_refused(path: list[str | int], value: Json, reason: str) -> None:
    changed: Json = copy.deepcopy(document())
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(InputError) as caught:
        parse(changed)
    assert reason in caught.value.reason


@pytest.mark.parametrize("data", [b"", b"null", b'{"schema": "compliance/load-summary/v1"}', b'{"schema": "compliance/probes/v1"}'])
def test_not_recognised(data: bytes) -> None:
    assert "probe-json" not in recognised(data)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b'{"schema": 1, "schema": 2}', b"\xff", b"[" * 5000, b"\0"])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("health", "probe-json", data) is None


@settings(max_examples=200, deadline=None)
@given(mutations(json.dumps(document()).encode()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("health", "probe-json", data)
    if parsed is not None:
        found = parsed.payload.model_dump()
        assert found["failed"] <= found["samples"] == sum(endpoint["probes"] for endpoint in found["endpoints"])
