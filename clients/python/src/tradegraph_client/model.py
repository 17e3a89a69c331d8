"""Parts of the generated models: their base, the value of an argument that is left out, and words that may grow."""

from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel as PydanticModel
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel


class UnsetType:
    """The type of ``UNSET``."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = UnsetType()
"""An argument that was not given: the server's default holds. ``None`` is sent as null."""


class BaseModel(PydanticModel):
    """An object of the API. Fields have Python's names; ``model_dump(by_alias=True)`` gives the API's."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        validate_assignment=True,
        defer_build=True,
        extra="ignore",
        protected_namespaces=(),
    )


class Word(StrEnum):
    """An enum of the API. A value that only a newer server knows is kept and equals its text."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        word = str.__new__(cls, value)
        word._name_ = word._value_ = value
        return word
