"""The modules of `hooklane_local` do not import each other in a circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "local" / "hooklane_local"


def imported_by(source: str) -> set[str]:
    """The modules of the package that a module imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE.name:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE.name}."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith(f"{PACKAGE.name}.")}
    return found


def test_every_form_of_import_is_seen():
    source = "\n".join([
        "import os",
        "from hooklane_local import a",
        "import hooklane_local.b",
        "def f():",
        "    from hooklane_local.c import C",
    ])
    assert imported_by(source) == {"a", "b", "c"}


def test_no_circle():
    imports = {path.stem: imported_by(path.read_text()) for path in PACKAGE.glob("*.py")}
    # A folder counts as one module.
    for folder in (path.parent for path in PACKAGE.glob("*/__init__.py")):
        inner = set().union(*(imported_by(path.read_text()) for path in folder.rglob("*.py")))
        imports[folder.name] = inner - {folder.name}

    # Raises CycleError, which names the circle.
    order = list(TopologicalSorter(imports).static_order())

    assert set(order) == set(imports), "something is imported that does not exist"
