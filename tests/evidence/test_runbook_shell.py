"""The shell grammar: what parses, what does not, and that Bash agrees."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

shell: Any = importlib.import_module("compliance.evidence.runbook.shell")
words: Any = importlib.import_module("compliance.evidence.runbook.shell_reader")

VALID = [
    "",
    "# only a comment",
    "ls -la",
    "FOO=1 BAR=2 make all; echo done &",
    "a && b || c | d |& e",
    "! grep -q x file",
    "time -p ls",
    "ls \\\n  -la",
    "ls \\",
    "echo 'it''s' \"a $b `c` ${d:-'x'} $(e \"f\")\" $'a\\'b' $\"x\"",
    "echo $((1 + (2 * 3))) $[1+1] ${#x} ${x[@]} ${x//a/b} $# $? $$ $!",
    "echo a{1,2}b *.[ch] ~/x a=b #c",
    "x=(1 2\n 3) y[0]=1 z+=2",
    "declare -a x=(1 2)",
    "if a; then b; elif c; then d; else e; fi > out 2>&1",
    'while read -r line; do echo "$line"; done < <(ls)',
    "until a; do b; done",
    "for x in 1 2 3; do echo $x; done",
    "for x; do echo $x; done",
    "for x\ndo\necho $x\ndone",
    "for ((i = 0; i < 3; i++)); do echo $i; done",
    "select x in a b; do break; done",
    "case $x in a|b) echo 1;; (c) ;& *) echo 2;;& esac",
    "case x in esac",
    "f() { echo; }\ng () (echo)\nfunction h { echo; }\nfunction i() { echo; }",
    "{ a; b; } | (c; d)",
    "((x = 1)) && [[ -f a && ( b == c* || ! -z $d ) ]]",
    "[[ $x =~ ^(a|b)+$ ]]",
    "[[ a < b ]]",
    "[ -f x ] && echo y",
    "cat <<EOF\ntext ( ' \" $x\nEOF\nls",
    "cat <<-'EOF' | grep x\n\ttext\n\tEOF",
    "cat <<A <<B\na\nA\nb\nB",
    "cat <<< word 3>&1 2>/dev/null &>> log >| x {fd}< y",
    "diff <(sort a) <(sort b)",
    "echo a;\n\n\n echo b",
    "$(cat <<EOF\nls\nEOF\n)",
    "coproc x { ls; }",
    "echo if then fi done }",
    "a=$(b=$(c=$(d)))",
    "kubectl get po -o template --template='{{range .items}}{{.x}}{{end}}'",
    "((a) || (b))",
]
INVALID = [
    "echo 'a",
    'echo "a',
    "echo `a",
    "echo $(a",
    "echo ${a",
    "ls |",
    "ls &&",
    "| ls",
    "&& ls",
    "; ls",
    "ls ;; ls",
    "ls )",
    "( ls",
    "()",
    "{ ls",
    "{ ls }",
    "ls; }",
    "if a; then b",
    "if a; b; fi",
    "if; then a; fi",
    "if a; then fi",
    "fi",
    "done",
    "else",
    "while a; do b",
    "for in a; do b; done; )",
    "for x in a do b; done",
    "for x in a; b; done",
    "case x in a) b",
    "case x a) b;; esac",
    "case x in a b) c;; esac",
    "ls >",
    "ls > > a",
    "ls <\n",
    "a b (c)",
    "echo (a)",
    "f() ls",
    "f() ",
    "[[ a",
    "]]",
    "echo a=(b)",
    "x=(a",
    "{ ls; } ls",
    "if a; then b; fi c",
    "coproc",
]


AT_RUN_TIME = ["echo ${}", "for 1x in a; do b; done", "[[ ]]", "[[ a && ]]"]
"""Bash notices these only when it runs them."""


@pytest.mark.parametrize("text", VALID)
def test_what_a_shell_runs(text: str) -> None:
    shell.parse(text)


@pytest.mark.parametrize("text", [*INVALID, *AT_RUN_TIME])
def test_what_no_shell_runs(text: str) -> None:
    with pytest.raises(words.ShellError) as error:
        shell.parse(text)
    assert error.value.reason
    assert 1 <= error.value.line <= text.count("\n") + 1


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize("text", [*VALID, *INVALID])
def test_bash_agrees(text: str) -> None:
    bash = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False, env={"LC_ALL": "C"})
    assert (bash.returncode == 0) == (text in VALID), bash.stderr


@pytest.mark.parametrize("text", ["cat <<EOF\nx", "cat <<EOF", "$(cat <<EOF\nx)"])
def test_a_here_document_needs_its_end(text: str) -> None:
    with pytest.raises(words.ShellError):
        shell.parse(text)


def test_extended_patterns_are_accepted() -> None:
    shell.parse("rm !(keep|this) *.@(a|b)")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\nb\necho 'x\ny", 3, "quote `'` without its end"),
        ("a\nif b; then\nc\n", 2, "`if` without its end"),
        ("a\n\nls )\n", 3, "unexpected `)`"),
        ("while a; do\nfi\ndone", 2, "unexpected `fi`"),
        ("a\nls >\nb", 2, "unexpected end of line after `>`"),
    ],
)
def test_errors_say_where_and_what(text: str, line: int, reason: str) -> None:
    with pytest.raises(words.ShellError) as error:
        shell.parse(text)
    assert (error.value.line, error.value.reason) == (line, reason)


def test_commands_are_listed_with_their_lines() -> None:
    found = shell.parse('x=1 a b\nif c; then\n  d "e f" > g\nfi; f() { h; }\necho $(i j)')
    assert [(command.words, command.line) for command in found] == [
        (("a", "b"), 1),
        (("c",), 2),
        (("d", '"e f"'), 3),
        (("h",), 4),
        (("i", "j"), 5),
        (("echo", "$(i j)"), 5),
    ]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a; b\nc", 5),
        ("a &&\nb\nc", 7),
        ("a \\\nb\nc", 6),
        ("cat <<E\nx\nE\nc", 12),
        ("if a\nthen b\nfi\nc", 15),
        ("a 'x\ny'\nc", 8),
        ("a", 1),
    ],
)
def test_where_the_first_command_ends(text: str, end: int) -> None:
    assert shell.first_command(text) == end


_PIECES = [
    "if",
    "then",
    "fi",
    "do",
    "done",
    "case",
    "esac",
    "in",
    "{",
    "}",
    "(",
    ")",
    "((",
    "))",
    "[[",
    "]]",
    ";",
    ";;",
    "&",
    "|",
    "<",
    ">",
]
_PIECES += [
    "<<E",
    "E",
    "\n",
    " ",
    "'",
    '"',
    "`",
    "$(",
    "${",
    "$((",
    "\\",
    "a",
    "=",
    "=(",
    "!",
    "#",
    "-f",
    "=~",
    "for",
    "while",
    "function",
    "<(",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)])))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        shell.parse(text)
        shell.first_command(text)
    except words.ShellError as error:
        assert error.line >= 1
