"""A GitLab CI file as jobs, with what they inherit: ``extends``, ``default``, anchors, merge keys and ``!reference``.

Source of the format: GitLab Docs, "CI/CD YAML syntax reference". Files that are included are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from compliance.errors import InputError
from compliance.reading import yamltext
from compliance.source import Source

from .document import JOBS_LIMIT, NEEDS_LIMIT
from .gitlab_merge import NULL, REFERENCE, Members, MergingReader
from .gitlab_model import Filter, GitlabFile, GitlabJob, Rule
from .listing import listed
from .nodes import Text

STAGES: Final = ("build", "test", "deploy")
"""Stages of a file that names none."""
GLOBAL: Final = listed("default include stages types variables workflow image services cache before_script after_script spec")
"""Keys at the top that are no jobs."""
JOB_KEYS: Final = listed(
    "script run trigger extends stage image services before_script after_script only except rules needs dependencies artifacts cache "
    "coverage dast_configuration environment hooks identity id_tokens inherit inputs interruptible manual_confirmation pages parallel "
    "publish release resource_group retry secrets tags timeout variables when allow_failure start_in type"
)
_HEADER: Final = re.compile(
    r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---[ \t]*\r?\n)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*spec:.*?\n(?=---[ \t]*\r?\n)", re.DOTALL
)


def body(source: Source) -> str:
    """Returns the text without the header of a component (``spec:``), whose lines stay as blank ones."""
    header = _HEADER.match(source.text) if "\nspec:" in f"\n{source.text[:4000]}" else None
    return source.text if header is None else "\n" * header.group().count("\n") + source.text[header.end() :]


def has_header(source: Source) -> bool:
    """Whether the file begins with the header of a component."""
    return body(source) is not source.text


def loaded(source: Source) -> Any:
    """Returns the file as plain values, once it is known to be safe."""
    return yamltext.loads(body(source), merge=True, tags=[REFERENCE])


def read(source: Source) -> GitlabFile:
    """Reads a GitLab CI file.

    Raises:
        InputError: Not YAML, or not such a file.
    """
    if not isinstance(source.once(loaded), dict):
        raise InputError("not a mapping", expected="a GitLab CI file with jobs", where="line 1")
    text = body(source)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError("not YAML", expected="a GitLab CI file") from error
    return _GitlabReader(text, root).file()


class _GitlabReader(MergingReader):
    # The file

    def file(self) -> GitlabFile:
        names = [name for name in self.top if self.is_job(name)]
        if len(names) > JOBS_LIMIT:
            raise InputError(f"{len(names)} jobs", expected=f"at most {JOBS_LIMIT}")
        includes = tuple(self.includes())
        stages = self.words(self.top["stages"][1]) if "stages" in self.top else STAGES
        jobs = {name: self.gitlab_job(name, names) for name in names}
        if sum(len(job.needs or ()) for job in jobs.values()) > NEEDS_LIMIT:
            raise InputError("too many needs", expected=f"at most {NEEDS_LIMIT}")
        if not jobs and not includes and not any(name.startswith(".") for name in self.top):
            raise InputError("no job", expected="a GitLab CI file with jobs", where="line 1")
        workflow = self.inner(self.top, "workflow") or {}
        return GitlabFile(
            text=self.text,
            jobs=jobs,
            stages=(".pre", *(stage for stage in stages if stage not in (".pre", ".post")), ".post"),
            includes=includes,
            rules=self.rules(workflow),
            variables=self.variables(self.top),
            scalar_lines=frozenset(self.scalar_lines(self.root)),
        )

    def is_job(self, name: str) -> bool:
        if name in GLOBAL or name.startswith("."):
            return False
        self.members(self.top[name][1], f"job `{name}`")  # whatever else stands at the top is a job
        return True

    def includes(self) -> Iterator[Text]:
        for node in self.flat(self.top["include"][1]) if "include" in self.top else ():
            if isinstance(node, yaml.MappingNode):
                parts = self.members(node, "an include")
                files = [
                    part
                    for name in ("local", "file", "template", "remote", "component")
                    if name in parts
                    for part in self.flat(parts[name][1])
                ]
                said = ", ".join(self.word(part) for part in files)
                project = self.optional(parts, "project")
                yield Text(f"{project}: {said}" if project else said, self.line(node.start_mark))
            else:
                yield Text(self.word(node), self.line(node.start_mark))

    def variables(self, parts: Members) -> dict[str, str]:
        """Returns variables with a plain value, or a default one."""
        found: dict[str, str] = {}
        for name, (_, value) in (self.inner(parts, "variables") or {}).items():
            if isinstance(value, (dict, yaml.MappingNode)):
                value = self.members(value, name).get("value", (None, None))[1]
            if isinstance(value, yaml.ScalarNode):
                found[name] = "" if value.tag == NULL else str(value.value)
        return found

    # A job

    def script(self, parts: Members, *names: str) -> Text | None:
        """Joins the lines of one or several scripts, which run in one shell."""
        found: list[Text] = []
        for name in names:
            nodes = [self.of_step(node) for node in self.flat(parts[name][1])] if name in parts else []
            found += [Text(self.word(node), self.line(node.start_mark), tuple(self.starts(node))) for node in nodes if node is not None]
        value, starts = "", []
        for text in found:
            starts += [(len(value) + offset, line) for offset, line in text.starts or ((0, text.line),)]
            value += text.value.rstrip("\n") + "\n"
        return Text(value, found[0].line, tuple(starts)) if found else None

    def of_step(self, node: Any) -> Any:
        """Returns the script of a step of ``run``, None for one that has none; a line of a script is one itself."""
        if not isinstance(node, yaml.MappingNode):
            return node
        parts = self.members(node, "a step")
        if not parts.keys() & {"script", "step", "action", "func"}:
            raise InputError(
                "a mapping", expected="a line of a script, in quotes if it has a colon", where=f"line {self.line(node.start_mark)}"
            )
        return parts["script"][1] if "script" in parts else None

    def gitlab_job(self, name: str, names: list[str]) -> GitlabJob:
        self.missing = []
        parts = self.extended(name)
        key, node = self.top[name]
        line = self.line(key.start_mark)
        if not parts.keys() & {"script", "run", "trigger"} and not self.missing:
            raise InputError(f"job `{name}` has no script, run or trigger", expected="one of them", where=f"line {line}")
        inherited = self.inherited(parts)
        needs, unknown = self.needs(parts, names)
        environment = self.inner(parts, "environment")
        allow, allow_line = self.allow_failure(parts)
        when = self.scalar(parts, "when") if "when" in parts else None
        return GitlabJob(
            id=name,
            line=line,
            last_line=self.line(node.end_mark),
            stage=self.optional(parts, "stage") or self.optional(parts, "type") or "test",
            needs=needs,
            unknown_needs=unknown,
            script=self.script({**inherited, **parts}, "before_script", "script", "run"),
            after_script=self.script({**inherited, **parts}, "after_script"),
            allow_failure=allow,
            allow_line=allow_line,
            when=when.value if when else None,
            when_line=when.line if when else line,
            rules=self.rules(parts),
            only=self.filter(parts, "only"),
            besides=self.filter(parts, "except"),
            environment=self.scalar(environment, "name") if environment is not None else self.scalar(parts, "environment"),
            action=self.optional(environment, "action") if environment else None,
            tier=self.optional(environment, "deployment_tier") if environment else None,
            tags=" ".join(self.word(one) for one in self.flat(parts["tags"][1])) if "tags" in parts else "",
            trigger=self.trigger(parts),
            release=Text("release", self.line(parts["release"][0].start_mark)) if self.inner(parts, "release") else None,
            pages=self.publishes_pages(name, parts),
            variables=self.variables(parts),
            source=self.slice(node),
            missing=tuple(dict.fromkeys(self.missing)),
        )

    def inherited(self, parts: Members) -> Members:
        """Returns the scripts that a job takes from ``default`` or the top, unless it says that it does not."""
        wanted: tuple[str, ...] = ("before_script", "after_script")
        inherit = self.inner(parts, "inherit") or {}
        if "default" in inherit:
            node = inherit["default"][1]
            listed_ = [self.word(one) for one in self.flat(node)] if isinstance(node, yaml.SequenceNode) else None
            if listed_ is None and self.word(node) == "false":
                return {}
            wanted = tuple(name for name in wanted if listed_ is None or name in listed_)
        return {name: (self.default.get(name) or self.top[name]) for name in wanted if name in self.default or name in self.top}

    def needs(self, parts: Members, names: list[str]) -> tuple[tuple[str, ...] | None, int]:
        if "needs" not in parts or isinstance(parts["needs"][1], (dict, yaml.MappingNode)):
            return None, 0
        found: dict[str, None] = {}
        unknown = 0
        for node in self.flat(parts["needs"][1]):
            entry = self.members(node, "needs") if isinstance(node, yaml.MappingNode) else None
            if entry is not None and (entry.keys() & {"project", "pipeline"} or "job" not in entry):
                continue
            name = self.word(node if entry is None else entry["job"][1])
            optional = entry is not None and self.optional(entry, "optional") == "true"
            if name in names:
                found[name] = None
            elif not optional:
                unknown += 1
        return tuple(found), unknown

    def allow_failure(self, parts: Members) -> tuple[str | None, int]:
        if "allow_failure" not in parts:
            return None, 0
        key, node = parts["allow_failure"]
        line = self.line(key.start_mark)
        return ("some", line) if isinstance(node, (dict, yaml.MappingNode)) else (self.word(node).lower(), line)

    def rules(self, parts: Members) -> tuple[Rule, ...] | None:
        if "rules" not in parts:
            return None
        return tuple(self.rule(node) for node in self.flat(parts["rules"][1]))

    def rule(self, node: Any) -> Rule:
        parts = self.members(node, "a rule")
        allow, allow_line = self.allow_failure(parts)
        return Rule(
            line=self.line(node.start_mark),
            condition=self.optional(parts, "if"),
            narrowed=bool(parts.keys() & {"changes", "exists"}),
            when=self.optional(parts, "when"),
            allow_failure={"true": True, "false": False}.get(allow or ""),
            allow_line=allow_line,
        )

    def filter(self, parts: Members, name: str) -> Filter | None:
        if name not in parts:
            return None
        inner = self.inner(parts, name)
        if inner is None:
            return Filter(refs=tuple(self.word(one) for one in self.flat(parts[name][1])), variables=(), narrowed=False)
        refs = tuple(self.word(one) for one in self.flat(inner["refs"][1])) if "refs" in inner else None
        variables = tuple(self.word(one) for one in self.flat(inner["variables"][1])) if "variables" in inner else ()
        return Filter(refs=refs, variables=variables, narrowed=bool(inner.keys() & {"changes", "kubernetes"}))

    def trigger(self, parts: Members) -> Text | None:
        if "trigger" not in parts:
            return None
        key, node = parts["trigger"]
        line, inner = self.line(key.start_mark), self.inner(parts, "trigger")
        if inner is None:
            return Text(self.word(node), line)
        said = self.optional(inner, "project") if "project" in inner else None
        if said is None and "include" in inner:
            files = list(self.flat(inner["include"][1]))
            said = ", ".join(self.word(one) for one in files if isinstance(one, yaml.ScalarNode)) or "a child pipeline"
        return Text(said or "another pipeline", line)

    def publishes_pages(self, name: str, parts: Members) -> bool:
        if "pages" in parts:
            node = parts["pages"][1]
            return not isinstance(node, yaml.ScalarNode) or self.word(node).lower() == "true"
        return name == "pages"
