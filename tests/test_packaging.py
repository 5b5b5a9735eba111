"""What is published: the wheel and the sdist hold what git tracks and nothing else, and work where nothing else is."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
MAPPED = {"evidence": "compliance/evidence", "policies": "compliance/policies", "templates": "compliance/templates"}
NOT_IMPORTED = {"bandit": "bandit", "pip-audit": "pip_audit", "fontpkg-noto-sans": "fontpkg_noto_sans", "ziafont": "ziafont"}
"""Dependencies that are run as programs or read as files, and the word by which the code names them."""
STRAY = {
    "compliance/.compliance/evidence.db": b"a store",
    "evidence/scan/notes.txt": b"untracked",
    "evidence/private.py": b"raise SystemExit\n",
    "evidence/scan/private.py": b"raise SystemExit\n",
    "templates/audit/draft.html": b"untracked",
    "build/lib/compliance/old.py": b"left by an earlier build",
    "examples/drivemind-phase3/out/evidence.db": b"a store",
}

pytestmark = pytest.mark.xdist_group("packaging")


def run(*words: str | Path, cwd: Path) -> str:
    hidden = ("PYTHONPATH", "COMPLIANCE_", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    env |= {"PYTHON": sys.executable, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(list(map(str, words)), cwd=cwd, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def tracked(*folders: str) -> list[str]:
    names = run("git", "ls-files", "-z", *folders, cwd=ROOT).split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def shipped() -> dict[str, str]:
    """Tracked files of the package: name in the wheel, and where the file lies."""
    found = {name: name for name in tracked("compliance")}
    for folder, target in MAPPED.items():
        found |= {target + name.removeprefix(folder): name for name in tracked(folder)}
    return found


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel, as ``scripts/dist`` builds them in a checkout where other files lie around."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in tracked():
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    run("git", "init", "-q", cwd=checkout)
    run("git", "add", "-A", cwd=checkout)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all", cwd=checkout)
    for name, content in STRAY.items():
        stray = checkout / name
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(content)
    run("scripts/dist", "dist", cwd=checkout)
    return checkout / "dist"


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_the_wheel_holds_exactly_the_tracked_files(built: Path) -> None:
    with zipfile.ZipFile(one(built, "*.whl")) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        expected = shipped()
        assert inside == expected.keys()
        for name, source in expected.items():
            assert wheel.read(name) == (ROOT / source).read_bytes(), name
        about = {PurePosixPath(name).name for name in wheel.namelist() if ".dist-info/" in name}
        assert about == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "LICENSE"}


def test_the_sdist_holds_exactly_what_the_wheel_is_built_from(built: Path) -> None:
    with tarfile.open(one(built, "*.tar.gz")) as sdist:
        files = {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}
    made = {name for name in files if ".egg-info/" in name} | {"PKG-INFO", "setup.cfg"}
    assert files - made == {*shipped().values(), "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"}


def test_a_commit_that_does_not_hold_the_working_tree_is_not_built(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy2(ROOT / "scripts" / "dist", scripts / "dist")
    run("git", "init", "-q", cwd=tmp_path)
    run("git", "add", "-A", cwd=tmp_path)
    run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all", cwd=tmp_path)
    (scripts / "dist").write_text((scripts / "dist").read_text() + "# changed\n")
    done = subprocess.run([scripts / "dist"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "commit them first" in done.stderr


def test_every_folder_with_python_files_is_a_declared_package(pyproject: dict[str, Any]) -> None:
    folders = {str(PurePosixPath(name).parent).replace("/", ".") for name in shipped() if name.endswith(".py")}
    assert set(pyproject["tool"]["setuptools"]["packages"]) == folders


PROBE = """
import importlib.resources, sys
import compliance, compliance.evidence, compliance.policies, compliance.templates
from compliance.catalog import shipped
for package in (compliance, compliance.evidence, compliance.policies, compliance.templates):
    assert package.__file__.startswith(sys.prefix), package.__file__
audit = importlib.resources.files("compliance.templates") / "audit"
assert audit.joinpath("report.html").is_file() and audit.joinpath("report.css").is_file()
catalog = shipped()
print(*sorted(catalog.kinds), *sorted(catalog.gates), *sorted(catalog.formats))
"""


@pytest.mark.parametrize("pattern", ["*.whl", "*.tar.gz"])
def test_it_installs_where_only_its_dependencies_are(built: Path, tmp_path: Path, pattern: str, pyproject: dict[str, Any]) -> None:
    from compliance import __version__
    from compliance import catalog as here

    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    python = venv / "bin" / "python"
    # The dependencies come from the environment of the tests; the path entry does not bring that environment's own editable install.
    site = venv / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    run(sys.executable, "-m", "pip", "--python", python, *install, one(built, pattern), cwd=tmp_path)
    (name,) = pyproject["project"]["scripts"]
    assert run(venv / "bin" / name, "--version", cwd=tmp_path) == f"compliance-toolkit {__version__}\n"
    expected = here.shipped()
    assert run(python, "-c", PROBE, cwd=tmp_path).split() == [
        *sorted(expected.kinds),
        *sorted(expected.gates),
        *sorted(expected.formats),
    ]


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_that_is_imported_is_declared_and_the_reverse(pyproject: dict[str, Any]) -> None:
    code = {name: (ROOT / name).read_text() for name in shipped().values() if name.endswith(".py")}
    libraries = {word for text in code.values() for word in imports(text)} - set(sys.stdlib_module_names)
    libraries -= {"compliance", "_typeshed"}  # the latter exists for type checkers only
    known = packages_distributions()
    assert not libraries - known.keys(), "imported, but not installed here"
    declared, extra = (
        {normal(re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0]) for text in texts}
        for texts in (pyproject["project"]["dependencies"], extras(pyproject))
    )
    imported = {distribution(known[library], declared | extra) for library in libraries}
    assert extra <= imported
    for name, word in NOT_IMPORTED.items():
        assert any(word in text for text in code.values()), f"{name} is not used"
    assert declared == (imported - extra) | NOT_IMPORTED.keys()


def distribution(candidates: list[str], declared: set[str]) -> str:
    """Where several distributions put files into one package (pyHanko and its command line do), the one that is declared."""
    names = [normal(name) for name in candidates]
    return next((name for name in names if name in declared), names[0])


def extras(pyproject: dict[str, Any]) -> list[str]:
    """What is declared for users besides the core; all of it is installed for the tests, too."""
    optional = pyproject["project"]["optional-dependencies"]
    found = [text for name, texts in optional.items() if name != "dev" for text in texts]
    assert set(found) <= set(optional["dev"])
    return found


def test_no_dependency_is_declared_twice_and_the_list_is_sorted(pyproject: dict[str, Any]) -> None:
    for texts in (pyproject["project"]["dependencies"], *pyproject["project"]["optional-dependencies"].values()):
        names = [normal(re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0]) for text in texts]
        assert names == sorted(set(names))
