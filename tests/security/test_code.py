"""What no line of the program may do: leave TLS unverified, or put a value into a query by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent / "leadline"
FILES = sorted(ROOT.rglob("*.py"))
SPEAKERS = sorted((ROOT / "connectors" / "salesforce").glob("*.py"))
BUILDER = ROOT / "connectors" / "salesforce" / "soql.py"
BUILDS = frozenset({"name", "quoted", "any_of", "instant", "day", "select"})
QUERY = re.compile(r"\b(SELECT|FROM|WHERE|IN|LIKE|AND|OR|ORDER BY|LIMIT)\s|\w\s*(=|!=|<|>|<=|>=)\s*'?$")
"""How a piece of SOQL looks: its words are in capitals, and a value follows a comparison."""
ADDRESS = re.compile(r"[?&]\w+=$")
"""What ends like the query of a URL."""
SWITCHES = frozenset({"verify", "verify_ssl", "check_hostname", "assert_hostname", "cert_reqs", "ssl_verify"})
NEVER = frozenset({"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "disable_warnings"})


def unverified(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that switch the verification of TLS off, or leave it to a value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in SWITCHES and not _strict(node.value):
            yield node.value.lineno
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in SWITCHES and not _strict(value):
                    yield value.lineno
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in SWITCHES and not _strict(node.value):
                    yield node.lineno
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if name in NEVER or text in NEVER:
            yield getattr(node, "lineno", 0)


def _strict(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "verification"  # a file of authorities, or True (tests/connectors/tls)
    return isinstance(node, ast.Constant) and node.value in (True, "CERT_REQUIRED")


def by_hand(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that make a query of anything but fixed text and what the builder returns."""
    fixed = {name: value for node in tree.body for name, value in _assigned(node)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    scopes: list[tuple[ast.AST, dict[str, ast.expr]]] = [(tree, fixed)]
    for function in functions:
        own = {name: value for node in ast.walk(function) for name, value in _assigned(node)}
        scopes.append((function, {**fixed, **own}))
    found = set()
    for scope, known in scopes:
        nodes = ast.walk(scope) if scope is not tree else iter(_top(tree))
        for node in nodes:
            if isinstance(node, ast.JoinedStr) and _looks(node) and not _safe(node, known):
                found.add(node.lineno)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
                sides = [node.left, node.right]
                if any(_looks(side) for side in sides) and not all(_safe(side, known) for side in sides):
                    found.add(node.lineno)
            if isinstance(node, ast.Attribute) and node.attr == "format" and _looks(node.value):
                found.add(node.lineno)
    yield from sorted(found)


def _top(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from ast.walk(node)


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                yield from ((one.id, value) for one, value in pairs if isinstance(one, ast.Name))


def _looks(node: ast.expr) -> bool:
    """Say whether fixed text in this looks like a query."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and QUERY.search(node.value) is not None and not ADDRESS.search(node.value)
    return isinstance(node, ast.JoinedStr) and any(_looks(part) for part in node.values)


def _safe(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    """Say whether an expression is fixed, or comes from the builder."""
    match node:
        case ast.Constant():
            return True
        case ast.FormattedValue(value=value):
            return _safe(value, known)
        case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(_safe(part, known) for part in parts)
        case ast.IfExp(body=one, orelse=other):
            return _safe(one, known) and _safe(other, known)
        case ast.Name(id=name):
            value = known.get(name)
            return value is not None and _safe(value, {k: v for k, v in known.items() if k != name})
        case ast.Call(func=ast.Attribute(value=ast.Name(id="soql"), attr=name)):
            return name in BUILDS
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[items]):
            return _safe(items, known)
        case ast.GeneratorExp(elt=one):
            return _safe(one, known)
    return False


def test_tls_is_always_verified() -> None:
    """No switch of requests, urllib3, ssl or a client is anything but on."""
    found = {path.relative_to(ROOT).as_posix(): list(unverified(parsed(path))) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_queries_are_built() -> None:
    """Names and values come into SOQL through the builder, which checks and quotes them."""
    assert len(SPEAKERS) > 10
    found = {path.name: list(by_hand(parsed(path))) for path in SPEAKERS if path != BUILDER}
    assert {path: lines for path, lines in found.items() if lines} == {}


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "code",
    [
        "requests.get(url, verify=False)",
        "session.verify = False",
        "session.verify = settings.verify",
        "session.verify = chosen()",
        "context.check_hostname = False",
        "urllib3.PoolManager(**{'cert_reqs': 'CERT_NONE'})",
        "ssl._create_unverified_context()",
        "urllib3.disable_warnings()",
    ],
)
def test_the_look_at_tls_finds(code: str) -> None:
    """Each way to switch it off."""
    assert list(unverified(ast.parse(code))) != []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(x): return f'SELECT Id FROM Lead WHERE Name = {x}'", True),
        ("def f(x): return f\"Name = '{x}'\"", True),
        ("def f(x): return 'Id IN ' + x", True),
        ("def f(x): return 'SELECT Id FROM %s' % x", True),
        ("def f(x): return 'SELECT Id FROM {}'.format(x)", True),
        ("def f(x):\n    y = x\n    return f'Id > {y}'", True),
        ("def f(x): return f'Id IN {soql.any_of(x)}'", False),
        ("def f(x):\n    y = soql.quoted(x)\n    return f'Id > {y}'", False),
        ("def f(x): return f'{x} people'", False),
    ],
)
def test_the_look_at_queries_finds(code: str, found: bool) -> None:
    """Values put in by hand, and not what the builder made."""
    assert bool(list(by_hand(ast.parse(code)))) is found
