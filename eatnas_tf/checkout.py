"""The package in a checkout, where two of its parts lie beside it instead of inside.

Python finds the checkout's `eatnas_tf/` first when it is started there, whatever is installed. Without this,
`eatnas_tf.flags` and `eatnas_tf.mutations` would then be missing, unless the install is an editable one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parent
BESIDE = ("flags", "mutations")


class Beside:
    """Finds the packages that lie beside `eatnas_tf/` in a checkout."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, part = name.rpartition(".")
        if package != PACKAGE.name or part not in BESIDE:
            return None
        folder = PACKAGE.parent / part
        return spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])


def complete() -> None:
    """Makes both parts importable if this is a checkout; an installed package has them inside."""
    if (PACKAGE.parent / "setup.py").is_file() and not any((PACKAGE / part).is_dir() for part in BESIDE):
        sys.meta_path.append(Beside)
