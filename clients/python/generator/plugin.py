"""Changes that ariadne-codegen makes for this package: models and words come from `tradegraph_client.model`."""

import re

from ariadne_codegen.plugins.base import Plugin

_MODELS = '''"""The base of all generated models, and the value of an argument that is left out."""

from tradegraph_client.model import UNSET, BaseModel, UnsetType

__all__ = ["UNSET", "BaseModel", "UnsetType"]
'''


class TradegraphPlugin(Plugin):
    """Hooks of the generator."""

    def copy_code(self, copied_code: str) -> str:
        """The package's own base model in place of the generator's."""
        return _MODELS if "class UnsetType" in copied_code else copied_code

    def generate_inputs_code(self, generated_code: str) -> str:
        """Default values of decimals as decimals."""
        return re.sub(r'(: Decimal = )("[^"]*")', r"\1Decimal(\2)", generated_code)

    def generate_enums_code(self, generated_code: str) -> str:
        """Enums that know words of newer servers."""
        code = re.sub(r"\((?:str, ?Enum|StrEnum)\):", "(Word):", generated_code)
        return re.sub(r"from enum import [^\n]+\n", "from tradegraph_client.model import Word\n", code)
