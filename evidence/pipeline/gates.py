"""Decides whether a command, an action or a step is a gate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from . import tools, words
from .listing import listed
from .unwrap import options_dropped, positional, unwrap


@dataclass(frozen=True)
class Gate:
    """What makes a step a gate."""

    label: str
    """What runs: a command without its arguments, an action, or a name."""
    category: str
    """security, lint, types, test, measure or check."""


_INFORMS: Final = listed("--version --help --list --collect-only --list-tests --listtests --init install --co")
"""Words with which a tool only tells something."""
_HOUSEKEEPING: Final = listed("version login logout db update install init help auth config completion plugin plugins clean cache")
"""First words after a tool with which it looks at nothing."""
_NPM: Final = frozenset({"npm", "yarn", "pnpm", "bun", "cnpm"})
_INTERPRETERS: Final = listed("node python python3 py ruby perl php bash sh zsh dash pwsh powershell deno tsx ts-node bun rscript")
_SCRIPT: Final = re.compile(r"[\w.@${}()\\/-]+\.(?:sh|bash|py|js|mjs|cjs|ts|rb|pl|php|ps1|bat|cmd|exe|r)", re.IGNORECASE)


def of_command(argv: tuple[str, ...]) -> Gate | None:
    """Classifies a command by its words."""
    argv = unwrap(argv)
    if not argv or _INFORMS & {word.lower() for word in argv[1:]}:
        return None
    name = program(argv[0])
    rest = argv[1:]
    return (
        _known(name, rest)
        or (_of_npm(name, rest) if name in _NPM else None)
        or (_of_runner(name, rest) if name in tools.RUNNERS else None)
        or _special(name, rest)
        or _of_script(argv)
    )


def program(word: str) -> str:
    """Returns a program's name without folder, version and Windows suffix."""
    name = re.split(r"[/\\]", word.rstrip("/\\"))[-1].lower()
    name = re.sub(r"(?<=.)@.*$", "", name)
    return re.sub(r"\.(exe|cmd|bat|phar)$", "", name)


def _known(name: str, rest: tuple[str, ...]) -> Gate | None:
    if name in tools.SUBCOMMANDS:
        category, wanted = tools.SUBCOMMANDS[name]
        found = next((word for word in options_dropped(rest) if word in wanted), None)
        first = next(iter(options_dropped(rest)), None)
        if wanted and (found is None or (found != first and name in ("helm", "terraform", "tofu", "go", "cargo", "hatch", "twine"))):
            return None
        return Gate(f"{name} {found}" if found else name, _sharper(category, found))
    if name in tools.CHECK_OPTIONS:
        hit = any(word.split("=")[0] in tools.CHECK_OPTIONS[name] or word in tools.CHECK_OPTIONS[name] for word in rest)
        return Gate(name, "types" if name == "tsc" else "lint") if hit else None
    if name not in tools.TOOLS or (rest and rest[0] in _HOUSEKEEPING):
        return None
    return Gate(name, tools.TOOLS[name])


def _sharper(category: str, subcommand: str | None) -> str:
    if subcommand in ("audit", "deny", "vet", "sobelow", "deps.audit", "hex.audit"):
        return "security"
    return "lint" if subcommand in ("lint", "clippy", "analyze", "credo") else category


def _of_npm(name: str, rest: tuple[str, ...]) -> Gate | None:
    plain = options_dropped(rest, "--prefix -w --workspace -C --dir --filter -F --cwd --loglevel")
    while plain and plain[0] in ("run", "run-script", "rum", "workspaces", "foreach", "exec", "dlx", "x", "npm", "recursive"):
        plain = plain[1:]
    if plain and plain[0] == "workspace":
        plain = plain[2:]
        plain = plain[1:] if plain and plain[0] == "run" else plain
    if not plain:
        return None
    script = plain[0]
    if script == "audit":
        return None if "fix" in plain[1:2] or "--fix" in rest else Gate(f"{name} audit", "security")
    if script in ("t", "tst", "test", "it", "install-test"):
        return Gate(f"{name} test", "test")
    if words.is_gate(script):
        return Gate(f"{name} run {script}", words.category(script))
    known = _known(program(script), plain[1:]) or _special(program(script), plain[1:])
    return known if known and script not in ("install", "add") else None


def _of_runner(name: str, rest: tuple[str, ...]) -> Gate | None:
    plain = [word for word in options_dropped(rest, "-C -f -j -l -o -I --directory --file -pl -P -p --project-dir") if "=" not in word]
    for target in plain:
        last = target.rsplit(":", 1)[-1] if name in ("gradle", "gradlew", "nx") else target
        if target.lower() in tools.TARGETS or last.lower() in tools.TARGETS or words.is_gate(target):
            skipped = any(re.fullmatch(r"-D(skipTests|maven\.test\.skip)(=true)?", word) for word in rest)
            return None if skipped and target != "verify" else Gate(f"{name} {target}", words.category(target))
    return None


def _special(name: str, rest: tuple[str, ...]) -> Gate | None:
    """Commands that are gates only in one form."""
    plain = list(options_dropped(rest))
    first = plain[0] if plain else ""
    if name == "ruff":
        checks = (
            first == "check"
            or (first == "format" and {"--check", "--diff"} & set(rest))
            or first not in ("format", "check", "clean", "rule")
        )
        return Gate("ruff", "lint") if checks and plain else None
    if name == "git" and first == "secrets" and "--scan" in rest:
        return Gate("git secrets --scan", "security")
    if name == "docker" and plain[:1] == ["scout"] and {"cves", "quickview"} & set(plain[1:2]):
        return Gate("docker scout", "security")
    if name == "dotnet" and (first == "format" and "--verify-no-changes" in rest):
        return Gate("dotnet format --verify-no-changes", "lint")
    if name == "dotnet" and plain[:1] == ["list"] and "--vulnerable" in rest:
        return Gate("dotnet list package --vulnerable", "security")
    if name in ("cargo", "terraform", "tofu", "mix") and first in ("fmt", "format"):
        return Gate(f"{name} {first}", "lint") if {"--check", "-check", "--check-formatted"} & set(rest) else None
    if name == "bundle" and first == "audit":
        return Gate("bundle audit", "security")
    if name == "xcodebuild" and "test" in plain:
        return Gate("xcodebuild test", "test")
    if name in ("artisan", "manage.py", "console", "spark") and first in ("test", "check", "lint:yaml", "lint:twig", "lint:container"):
        return Gate(f"{name} {first}", "test")
    return None


def _of_script(argv: tuple[str, ...]) -> Gate | None:
    """Judges a script of the project by its name: ``./scripts/run-tests.sh``, ``node scripts/load-testing.js``, ``build/unit_tests``."""
    script = argv[0]
    if program(script) in _INTERPRETERS:
        script = next(iter(positional(argv[1:])), "")
        if program(script) in ("artisan", "manage.py", "console"):
            return _special(program(script), argv[argv.index(script) + 1 :])
        if not _SCRIPT.fullmatch(script) and "/" not in script:
            return None
    elif not ("/" in script or "\\" in script or _SCRIPT.fullmatch(script)) or script.startswith(("/usr/bin", "/bin/")):
        return None
    parts = re.split(r"[/\\]", script)
    stem = re.sub(r"\.\w{1,4}$", "", parts[-1])
    if words.is_gate(stem):
        return Gate(parts[-1], words.category(stem))
    if stem.lower() in ("run", "all", "main", "runner", "run_all", "run-all", "index") and len(parts) > 1 and words.is_gate(parts[-2]):
        return Gate("/".join(parts[-2:]), words.category(parts[-2]))
    return None


def of_action(uses: str) -> Gate | None:
    """Classifies an action by its name: ``owner/repo/path@ref``, ``docker://image`` or a folder of the repository."""
    name = uses.split("@")[0].strip().lower().rstrip("/")
    if name.startswith("docker://"):
        image = program(re.sub(r":[^/]*$", "", name))
        return Gate(image, tools.TOOLS[image]) if image in tools.TOOLS else None
    parts = name.split("/")
    for length in range(len(parts), 1, -1):
        if category := tools.ACTIONS.get("/".join(parts[:length])):
            return Gate(name, category)
    if category := tools.ACTIONS.get(f"{parts[0]}/*"):
        return Gate(name, category)
    if name.startswith(("actions/", "github/", "docker/", "reviewdog/action-setup")):
        return None
    last = parts[-1] if name.startswith(".") or len(parts) > 2 else parts[1] if len(parts) > 1 else name
    bare = re.sub(r"^(action|actions|gh-action|github-action|run)-|-(gh-action|github-action|action)$", "", last)
    if bare in tools.TOOLS or words.is_gate(bare):
        return Gate(name, tools.TOOLS.get(bare) or words.category(bare))
    return None
