"""Ways to damage a rule book. Each says which sections it touched, so that a changed meaning can be explained."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leadline.rules.reading.book import LATER, SECTIONS
from leadline.rules.reading.conditions import WORDS
from tests.fuzz.trees import Listing, Pair, Place, Text, Tree, copied, places, tree_of, written
from tests.fuzz.trees import Mapping as Pairs

ROOT = "rules.yml"
EVERYTHING = frozenset(SECTIONS)


@dataclass(frozen=True)
class Mutant:
    """A damaged book and the sections that the damage touched."""

    files: Mapping[str, bytes]
    touched: frozenset[str]


Mutation = Callable[[random.Random, Mapping[str, bytes]], Mutant]
MUTATIONS: dict[str, Mutation] = {}

HUGE = (
    "9" * 40,
    "1e999",
    "-1e-999",
    "0x" + "f" * 60,
    "x" * 100_000,
    "x y " * 20_000,
    "a -> " * 5_000 + "b",
    "9" * 5_000,
)
HOSTILE = (
    *("(a+)+$", "(a|a)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(?:a{0,1000}){1000}", "[", "(?<=a)b", "\\1", "(" * 600),
    *("\u202egrade", "\u0000", "\ud800", "\x1b[31m", "\ufeff", "\u200b", "Å", "𝒜", "ß" * 300, "\u2028x"),
    *(
        "../../etc/passwd",
        "/dev/zero",
        "lists/../rules.yml",
        "lists/none.txt",
        "file:///etc/passwd",
        "${HOME}",
        "{{7*7}}",
    ),
    *(
        "__class__",
        "'; drop table people; --",
        "<script>",
        "%s%s%s%n",
        "=cmd()",
        "nan",
        "inf",
        "-0",
        "1_000",
        "0o777",
        "=",
        "<<",
    ),
    *("9999999d", "0d", "-1d", "9999 years", "100000%", "0%", "2026-02-30", "10000-01-01", "a -> a", "a -> b -> c"),
)
SCALARS = (
    "true",
    "no",
    "null",
    "0",
    "-1",
    "3.5",
    "1e3",
    "text",
    "30d",
    "50%",
    "A1",
    "mql",
    "email",
    "2026-01-31",
    "",
    "~",
)


def mutation(mutate: Mutation) -> Mutation:
    """Register a way to damage, by its function's name."""
    MUTATIONS[mutate.__name__] = mutate
    return mutate


def damaged(files: Mapping[str, bytes], rng: random.Random, kind: str) -> Mutant:
    """Return the files with one damage of a kind."""
    return MUTATIONS[kind](rng, files)


# --- on the tree ------------------------------------------------------------------------------------


def _on_tree(
    rng: random.Random, files: Mapping[str, bytes], change: Callable[[random.Random, Place], None]
) -> Mutant:
    tree = tree_of(files[ROOT])
    place = rng.choice(places(tree))
    touched = {place.section}
    change(rng, place)
    # At the root the key itself may have become another one.
    touched |= {
        pair.key for pair in tree.pairs if pair.key not in {known.key for known in tree_of(files[ROOT]).pairs}
    }
    return Mutant({**files, ROOT: written(tree)}, frozenset(touched))


@mutation
def drop(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Remove a key with its value, or an item."""

    def change(_: random.Random, place: Place) -> None:
        if isinstance(place.holder, Pairs):
            del place.holder.pairs[place.index]
        else:
            del place.holder.items[place.index]

    return _on_tree(rng, files, change)


@mutation
def duplicate(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Write a key or an item twice."""

    def change(rng: random.Random, place: Place) -> None:
        pair = place.pair
        if isinstance(place.holder, Pairs) and pair is not None:
            place.holder.pairs.insert(rng.randint(0, len(place.holder.pairs)), Pair(pair.key, copied(pair.value)))
        elif isinstance(place.holder, Listing):
            place.holder.items.insert(rng.randint(0, len(place.holder.items)), copied(place.value))

    return _on_tree(rng, files, change)


@mutation
def retype(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Put a value of another kind in a value's place."""

    def change(rng: random.Random, place: Place) -> None:
        scalar = Text(rng.choice(SCALARS), rng.random() < 0.8)
        place.value = rng.choice([scalar, scalar, Listing([scalar]), Listing(), Pairs(), Pairs([Pair("x", scalar)])])

    return _on_tree(rng, files, change)


@mutation
def misspell(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Change one letter of a key or of a text."""

    def change(rng: random.Random, place: Place) -> None:
        pair = place.pair
        if pair is not None and (rng.random() < 0.6 or not isinstance(place.value, Text)):
            pair.key = _misspelt(rng, pair.key)
        elif isinstance(place.value, Text):
            place.value = Text(_misspelt(rng, place.value.text), place.value.plain)

    return _on_tree(rng, files, change)


@mutation
def nest(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Wrap a value in lists or mappings, sometimes very deep, or take it out of them."""

    def change(rng: random.Random, place: Place) -> None:
        value = place.value
        if isinstance(value, Listing) and value.items and rng.random() < 0.4:
            place.value = value.items[0]
            return
        word = rng.choice([*WORDS, "x", "in", "field"])
        for _ in range(rng.choice([1, 1, 1, 2, 5, 60])):
            value = Listing([value]) if rng.random() < 0.5 else Pairs([Pair(word, value)])
        place.value = value

    return _on_tree(rng, files, change)


@mutation
def rename(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Call a key by another name: a word of the language, a later section, a neighbour."""
    words = [
        *WORDS,
        *SECTIONS,
        *LATER,
        "stay",
        "disqualified",
        "why",
        "due",
        "x" * 81,
        "a#b",
        "a -> b",
        " a",
        "1",
        "true",
    ]

    def change(rng: random.Random, place: Place) -> None:
        if place.pair is not None:
            place.pair.key = rng.choice(words)

    return _on_tree(rng, files, change)


@mutation
def huge(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Put an enormous number, text, list or mapping in a value's place."""

    def change(rng: random.Random, place: Place) -> None:
        text = Text(rng.choice(HUGE))
        many = (
            [copied(place.value) for _ in range(rng.choice([200, 2_000]))]
            if isinstance(place.value, Text)
            else [text]
        )
        named = [Pair(f"n{number}", copied(place.value)) for number in range(rng.choice([50, 300]))]
        place.value = rng.choice([text, text, Listing([*many]), Pairs(named)])

    return _on_tree(rng, files, change)


@mutation
def hostile(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Put something malicious in a value's or a key's place: patterns, paths, invisible characters, code."""

    def change(rng: random.Random, place: Place) -> None:
        text = rng.choice(HOSTILE)
        pair = place.pair
        if pair is not None and rng.random() < 0.3:
            pair.key = text
        elif rng.random() < 0.3:
            place.value = Pairs([Pair("pattern", Text(text, plain=False))])
        else:
            place.value = Text(text, rng.random() < 0.5)

    return _on_tree(rng, files, change)


@mutation
def splice(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Put a copy of another part of the book in a value's place."""
    tree = tree_of(files[ROOT])
    target, source = rng.choice(places(tree)), rng.choice(places(tree))
    target.value = copied(source.value)
    return Mutant({**files, ROOT: written(tree)}, frozenset([target.section]))


@mutation
def swap(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Exchange two values."""
    tree = tree_of(files[ROOT])
    scalars = [place for place in places(tree) if isinstance(place.value, Text)]
    one, other = rng.choice(scalars), rng.choice(scalars)
    one.value, other.value = copied(other.value), copied(one.value)
    return Mutant({**files, ROOT: written(tree)}, frozenset([one.section, other.section]))


@mutation
def reorder(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Put the keys of a mapping, or the items of a list, in another order."""
    tree = tree_of(files[ROOT])
    if rng.random() < 0.2:
        rng.shuffle(tree.pairs)
        return Mutant({**files, ROOT: written(tree)}, EVERYTHING)
    place = rng.choice([place for place in places(tree) if not isinstance(place.value, Text)])
    rng.shuffle(_members(place.value))
    return Mutant({**files, ROOT: written(tree)}, frozenset([place.section]))


def _members(tree: Tree) -> list[object]:
    assert not isinstance(tree, Text)
    found: list[object] = tree.pairs if isinstance(tree, Pairs) else tree.items  # type: ignore[assignment]
    return found


def _misspelt(rng: random.Random, text: str) -> str:
    place = rng.randint(0, max(0, len(text) - 1))
    letter = rng.choice("abcdefgh xyzÄ0_-.")
    kind = rng.choice(["lost", "double", "wrong", "swapped", "more"])
    if kind == "lost":
        return text[:place] + text[place + 1 :]
    if kind == "double":
        return text[: place + 1] + text[place:]
    if kind == "wrong":
        return text[:place] + letter + text[place + 1 :]
    if kind == "swapped":
        return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    return text[:place] + letter + text[place:]


# --- on the text ------------------------------------------------------------------------------------


def _sections_at(text: str, first: int, last: int) -> frozenset[str]:
    """Return the sections that lines ``first`` to ``last`` (from 0) belong to."""
    found: set[str] = set()
    section = ""
    for number, line in enumerate(text.split("\n")):
        begins = re.match(r"(\w+):", line)
        section = begins[1] if begins else section
        if first <= number <= last:
            found.add(section)
    return frozenset(found)


def _on_lines(rng: random.Random, files: Mapping[str, bytes], change: Callable[[list[str], int], None]) -> Mutant:
    text = files[ROOT].decode()
    lines = text.split("\n")
    number = rng.choice(
        [index for index, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    )
    change(lines, number)
    # The line before is touched too: it may have lost its block, and a flow collection may go on.
    touched = _sections_at(text, number - 1, number + 1) | _sections_at("\n".join(lines), number - 1, number + 1)
    return Mutant({**files, ROOT: "\n".join(lines).encode()}, touched)


@mutation
def truncate(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Cut the file off anywhere, as a full disk does."""
    data = files[ROOT]
    end = rng.randrange(len(data))
    text = data.decode()
    first = data[:end].count(b"\n")
    return Mutant({**files, ROOT: data[:end]}, _sections_at(text, first, text.count("\n")))


@mutation
def lose_line(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Lose one line."""
    return _on_lines(rng, files, lambda lines, number: lines.pop(number) and None)


@mutation
def repeat_line(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Paste one line twice."""
    return _on_lines(rng, files, lambda lines, number: lines.insert(number, lines[number]))


@mutation
def indent(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Move one line to the left or to the right, or begin it with a tab."""

    def change(lines: list[str], number: int) -> None:
        line = lines[number]
        spaces = len(line) - len(line.lstrip(" "))
        lines[number] = rng.choice(
            [" " * max(0, spaces + rng.choice([-2, -1, 1, 2])) + line.lstrip(" "), "\t" + line]
        )

    return _on_lines(rng, files, change)


@mutation
def garble(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Replace, insert or delete a character that YAML minds: quotes, brackets, colons, dashes, hashes."""

    def change(lines: list[str], number: int) -> None:
        line = lines[number]
        place = rng.randrange(len(line))
        letter = rng.choice("\"'[]{}:,-#&*!|>%@`?\\ ")
        lines[number] = line[:place] + rng.choice(["", letter, letter]) + line[place + rng.randint(0, 1) :]

    return _on_lines(rng, files, change)


@mutation
def comment(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Add comments, blank lines, a byte order mark or other line ends: nothing that means anything."""
    text = files[ROOT].decode()
    lines = text.split("\n")
    lines.insert(rng.randint(0, len(lines)), rng.choice(["# a comment", "", "   ", "#"]))
    joined = rng.choice(["\n", "\r\n"]).join(lines)
    return Mutant({**files, ROOT: rng.choice(["", "\ufeff"]).encode() + joined.encode()}, frozenset())


@mutation
def rot(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Change bytes anywhere, also into what is no text; or put YAML's own weapons at the beginning."""
    data = bytearray(files[ROOT])
    if rng.random() < 0.3:
        weapon = rng.choice(
            [b"a: &a [x]\nb: [*a, *a]\n", b"!!python/object/apply:os.system [x]\n", b"--- x\n--- y\n",
             b"%YAML 3.0\n---\n", b"? [a, b]\n: c\n", b"<<: {name: x}\n", b"[" * 5_000, b"{a: " * 5_000,
             b"x: |\n" + b"  y\n" * 9_000]
        )  # fmt: skip
        return Mutant({**files, ROOT: weapon + bytes(data)}, EVERYTHING)
    for _ in range(rng.choice([1, 1, 3, 50])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return Mutant({**files, ROOT: bytes(data)}, EVERYTHING)


@mutation
def spoil_list(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Damage a list file or a table, lose it, or (where a book has none) add one that nothing names."""
    names = sorted(name for name in files if name != ROOT)
    if not names:
        return Mutant({**files, "lists/extra.txt": b"\xff\xfe"}, frozenset())
    name = rng.choice(names)
    data = files[name]
    cut = data[: rng.randrange(len(data))]
    spoilt = rng.choice(
        [b"", cut, data + data, b"\xff" + data, data.replace(b",", b";"), data + b'"open\n', b"x," * 9_000]
    )
    if rng.random() < 0.2:
        return Mutant({other: given for other, given in files.items() if other != name}, EVERYTHING)
    return Mutant({**files, name: spoilt}, EVERYTHING)


@mutation
def include(rng: random.Random, files: Mapping[str, bytes]) -> Mutant:
    """Include a file that is not there, is the book itself, or says something again."""
    name = rng.choice(["rules.yml", "parts/x.yml", "../rules.yml", "/etc/passwd", "x.txt", "lists/x.yml", "x.yml"])
    part = rng.choice(
        [b"guards: {most: 5}\n", b"include: rules.yml\n", b"- a\n", b"", b"\xff", b"stages: {extra: {kind: gate}}\n"]
    )
    root = files[ROOT] + f"\ninclude: {name}\n".encode()
    return Mutant({**files, ROOT: root, "parts/x.yml": part, "x.yml": part}, frozenset(["guards", "stages"]))
