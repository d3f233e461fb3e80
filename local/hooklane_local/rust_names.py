"""Resolves Rust paths to the module of the crate that defines the item."""

from collections.abc import Iterator
from dataclasses import dataclass

from hooklane_local.rust_source import Module, Segments, Use


@dataclass(frozen=True)
class Item:
    """A name that a module defines; without a name, the module itself."""

    module: Module
    name: str | None


@dataclass(frozen=True)
class Reference:
    """A module takes an item that another module of its crate defines."""

    taker: Module
    item: Item
    line: int


class _NotHere:
    """The module does not have the name."""


class _Outside:
    """The path leads to another crate."""


_NOT_HERE, _OUTSIDE = _NotHere(), _Outside()
_Found = Item | _NotHere | _Outside
_Seen = frozenset[tuple[Module, str]]


def references(root: Module) -> Iterator[Reference]:
    """Every item that a module takes from another one: by `use`, by path in code, through a glob, as a macro."""
    for module in root.all():
        imports = [use for uses in module.imports.values() for use in uses]
        for use in [*imports, *module.paths]:
            found = _resolve(module, use.segments, frozenset())
            if isinstance(found, Item):
                yield Reference(module, found, use.line)
        yield from _through_globs(module)
        yield from _macros_above(module)


def _through_globs(module: Module) -> Iterator[Reference]:
    for use in module.globs:
        source = _resolve(module, use.segments, frozenset())
        if not isinstance(source, Item):
            continue
        if source.name is not None:
            # The variants of an enum.
            yield Reference(module, source, use.line)
            continue
        own = module.children.keys() | module.definitions | module.imports.keys()
        for word, line in module.words.items():
            found = _NOT_HERE if word in own else _look_up(source.module, word, (), frozenset())
            if isinstance(found, Item):
                yield Reference(module, found, line)


def _macros_above(module: Module) -> Iterator[Reference]:
    """A `macro_rules!` macro can be called without a path in the modules declared after it."""
    for use in module.macro_calls:
        (name,) = use.segments
        above = module
        while above is not None and name not in above.definitions:
            above = above.parent
        if above is not None and name not in module.imports:
            yield Reference(module, Item(above, name), use.line)


def _resolve(module: Module, segments: Segments, seen: _Seen) -> _Found:
    first, *rest = segments
    if first == "crate":
        return _walk(module.root, tuple(rest), seen)
    if first == "self":
        return _walk(module, tuple(rest), seen)
    if first == "super":
        above = module.parent
        while above is not None and rest and rest[0] == "super":
            above, rest = above.parent, rest[1:]
        return _OUTSIDE if above is None else _walk(above, tuple(rest), seen)
    found = _look_up(module, first, tuple(rest), seen)
    return _OUTSIDE if found is _NOT_HERE else found


def _walk(module: Module, rest: Segments, seen: _Seen) -> _Found:
    """Resolves `rest` from a module on. An item that the module seems to lack is defined there by a macro."""
    if not rest:
        return Item(module, None)
    found = _look_up(module, rest[0], rest[1:], seen)
    return Item(module, rest[0]) if found is _NOT_HERE else found


def _look_up(module: Module, name: str, rest: Segments, seen: _Seen) -> _Found:
    if name in module.children:
        return _walk(module.children[name], rest, seen)
    if name in module.definitions:
        return Item(module, name)
    if (module, name) in seen:
        return _NOT_HERE
    seen = seen | {(module, name)}
    imports: list[Use] = module.imports.get(name, [])
    for use in imports:
        found = _resolve(module, use.segments + rest, seen)
        if isinstance(found, Item):
            return found
    if imports:
        return _OUTSIDE
    for use in module.globs:
        source = _resolve(module, use.segments, seen)
        if isinstance(source, Item) and source.name is None and source.module is not module:
            found = _look_up(source.module, name, rest, seen)
            if found is not _NOT_HERE:
                return found
    return _NOT_HERE
