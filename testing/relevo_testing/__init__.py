"""A pytest plugin for the workflows of a shop: in virtual time, and on the real system.

`relevo_testing.plugin` has the options and fixtures; the names here are for the types of tests. They are loaded when
they are first used: pytest loads the plugin in every run, also of who tests no workflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relevo_testing.effects import Call, Mail, Text
    from relevo_testing.shop import ShopUnderTest
    from relevo_testing.system import Relevo
    from relevo_testing.virtual import VirtualWorkflow, Workflows

__all__ = ["Call", "Mail", "Relevo", "ShopUnderTest", "Text", "VirtualWorkflow", "Workflows"]
_MODULES = {"effects": ("Call", "Mail", "Text"), "shop": ("ShopUnderTest",), "system": ("Relevo",)}


def __getattr__(name: str) -> object:
    """A public name, from the module that has it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = next((module for module, names in _MODULES.items() if name in names), "virtual")
    return getattr(import_module(f"{__name__}.{module}"), name)
