"""Reads the modules of a Rust crate: what each one defines, imports and names by path.

This is not a Rust parser. It knows comments, strings, attributes, braces, `mod`, `use`, paths, and the
keywords that begin an item. It leaves out code under `#[cfg(test)]`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Segments = tuple[str, ...]

_TOKEN = re.compile(
    r"""
      (?P<skip> \s+ | //[^\n]* )
    | (?P<comment> /\* )
    | (?P<raw> [bc]?r(?P<hashes>\#*)"(?P<inside>.*?)"(?P=hashes) )
    | (?P<string> [bc]?"(?P<content>(?:\\.|[^"\\])*)" )
    | (?P<char> b?'(?:\\u\{[^}]*\}|\\x..|\\.|[^\\'])' )
    | (?P<lifetime> '\w+ )
    | (?:r\#)?(?P<word> \w+ )
    | (?P<sign> :: | \S )
    """,
    re.VERBOSE | re.DOTALL,
)
# Attributes such as `#[serde(with = "super::time")]` name a path in a string.
_PATH_IN_STRING = re.compile(r"\w+(?:::\w+)+")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_DEFINES = frozenset(("fn", "struct", "enum", "trait", "type", "const", "static", "union"))
_BEGINS_ITEM = _DEFINES | {"mod", "use", "impl", "pub", "unsafe", "async", "extern", "macro_rules", "let"}


@dataclass(frozen=True)
class Token:
    text: str
    offset: int

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha() or self.text[0] == "_"


@dataclass(frozen=True)
class Use:
    """One leaf of a `use` tree, a path in code, or the name of a macro that is called."""

    segments: Segments
    line: int


@dataclass(eq=False)
class Module:
    path: Segments
    file: Path
    parent: "Module | None" = None
    children: dict[str, "Module"] = field(default_factory=dict)
    definitions: set[str] = field(default_factory=set)
    # By the name that they bring into scope.
    imports: dict[str, list[Use]] = field(default_factory=dict)
    globs: list[Use] = field(default_factory=list)
    # Paths of two segments or more in code, and macros called by their bare name.
    paths: list[Use] = field(default_factory=list)
    macro_calls: list[Use] = field(default_factory=list)
    # The first line on which each word occurs as the beginning of a path.
    words: dict[str, int] = field(default_factory=dict)

    @property
    def root(self) -> "Module":
        return self if self.parent is None else self.parent.root

    def all(self) -> Iterator["Module"]:
        yield self
        for child in self.children.values():
            yield from child.all()


def read_crate(root_file: Path) -> Module:
    """The module tree below a target's root file: lib.rs, main.rs, or the file of a test or an example."""
    root = Module((), root_file)
    _read_file(root, root_file.parent)
    return root


def _read_file(module: Module, folder: Path) -> None:
    """`folder` holds the files of the module's children."""
    text = module.file.read_text(encoding="utf-8")
    _Reader(module, folder, text).read()


def tokens_of(text: str) -> list[Token]:
    """The words and signs of Rust source; a string that holds a path gives that path's tokens."""
    found = []
    position = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        kind, start = match.lastgroup, match.start()
        if kind == "comment":
            position = _end_of_comment(text, position)
        elif kind in ("word", "sign"):
            found.append(Token(match[kind], start))
        elif kind in ("raw", "string"):
            content = match["inside"] if kind == "raw" else match["content"]
            if _PATH_IN_STRING.fullmatch(content):
                found += [Token(part, start) for part in re.split(r"(::)", content)]
            else:
                found.append(Token('"', start))
        elif kind == "char":
            found.append(Token('"', start))
    return found


def _end_of_comment(text: str, position: int) -> int:
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, position)):
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return position if depth == 0 else len(text)


class _Reader:
    """Walks over one file's tokens and fills in its module and the modules written inside it."""

    def __init__(self, module: Module, folder: Path, text: str):
        self._module, self._folder = module, folder
        self._tokens = tokens_of(text)
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def read(self) -> None:
        self._read_items(self._module, self._folder, 0, len(self._tokens))

    def _text(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) else ""

    def _line(self, at: int) -> int:
        return bisect_right(self._line_starts, self._tokens[at].offset)

    def _read_items(self, module: Module, folder: Path, at: int, end: int) -> None:
        depth = 0
        while at < end:
            text, following = self._text(at), self._text(at + 1)
            if text == "#" and following == "[" and self._is_for_tests(at):
                at = self._after_item(at)
            elif text == "mod" and depth == 0 and self._text(at + 2) in (";", "{"):
                at = self._read_module(module, folder, at)
            elif text == "use" and following != "<":
                at = self._read_use(module, (), at + 1) + 1
            elif text == "macro_rules" and following == "!":
                module.definitions.add(self._text(at + 2))
                at += 3
            elif text in _DEFINES and depth == 0:
                module.definitions.add(following)
                at += 2 if following not in _DEFINES else 1
            elif text == "$" and following == "crate":
                at += 1
            elif self._tokens[at].is_word:
                at = self._read_path(module, at)
            else:
                depth += (text == "{") - (text == "}")
                at += 1

    def _is_for_tests(self, at: int) -> bool:
        attribute = [token.text for token in self._tokens[at + 2 : self._closing(at + 1)]]
        return attribute[:4] == ["cfg", "(", "test", ")"] or attribute[:5] == ["cfg", "(", "all", "(", "test"]

    def _closing(self, at: int) -> int:
        """The position of the bracket that closes the one at `at`."""
        depth = 0
        for position in range(at, len(self._tokens)):
            text = self._tokens[position].text
            depth += (text in "([{") - (text in ")]}")
            if depth == 0:
                return position
        return len(self._tokens)

    def _after_item(self, at: int) -> int:
        """The end of what the attributes at `at` belong to: an item, a statement, a field, a match arm."""
        while self._text(at) == "#":
            at = self._closing(at + 1) + 1
        first = self._text(at)
        is_item, is_use = first in _BEGINS_ITEM, False
        while at < len(self._tokens):
            text = self._text(at)
            is_use = is_use or text == "use"
            if text == ";" or (text == "," and not is_item):
                return at + 1
            if text in ")]}":
                return at
            if text in "([{":
                at = self._closing(at)
                if text == "{" and not is_use and first != "let":
                    return at + 1
            at += 1
        return at

    def _read_module(self, parent: Module, folder: Path, at: int) -> int:
        name = self._text(at + 1)
        inside = folder / name
        child = Module((*parent.path, name), parent.file, parent)
        parent.children[name] = child
        if self._text(at + 2) == "{":
            end = self._closing(at + 2)
            self._read_items(child, inside, at + 3, end)
            return end + 1
        places = [folder / f"{name}.rs", inside / "mod.rs"]
        child.file = next((place for place in places if place.exists()), places[0])
        _read_file(child, inside)
        return at + 3

    def _read_use(self, module: Module, prefix: Segments, at: int) -> int:
        """Reads one `use` tree and returns the position after it: a `;`, `,` or `}`."""
        line = self._line(at)
        while True:
            text = self._text(at)
            if text == "{":
                at += 1
                while self._text(at) != "}":
                    at = self._read_use(module, prefix, at)
                    at += self._text(at) == ","
                return at + 1
            if text == "*":
                module.globs.append(Use(prefix, line))
                return at + 1
            # A leading `::` names another crate. It is kept as a segment, under which no name is found.
            if text == "::" and not prefix:
                prefix, at = ("::",), at + 1
                continue
            if not (text == "self" and prefix):
                prefix = (*prefix, text)
            at += 1
            if self._text(at) == "::":
                at += 1
                continue
            name = prefix[-1]
            if self._text(at) == "as":
                name, at = self._text(at + 1), at + 2
            module.imports.setdefault(name, []).append(Use(prefix, line))
            return at

    def _read_path(self, module: Module, at: int) -> int:
        start, segments = at, [self._text(at)]
        while self._text(at + 1) == "::" and at + 2 < len(self._tokens) and self._tokens[at + 2].is_word:
            segments.append(self._text(at + 2))
            at += 2
        before, line = self._text(start - 1), self._line(start)
        is_member = before == "." and self._text(start - 2) != "."
        # `pub(in crate::a)` only says who may see an item.
        is_visibility = before == "in" and self._text(start - 2) == "("
        if not is_member and not is_visibility and before != "::":
            module.words.setdefault(segments[0], line)
            if len(segments) > 1:
                module.paths.append(Use(tuple(segments), line))
            elif self._text(at + 1) == "!":
                module.macro_calls.append(Use(tuple(segments), line))
        return at + 1
