"""The base of all generated models, and the value of an argument that is left out."""

from tradegraph_client.model import UNSET, BaseModel, UnsetType

__all__ = ["UNSET", "BaseModel", "UnsetType"]
