"""The enums of the area, registered once with the words that the schema shows."""

import strawberry

from domain.anomalies.types import AnomalyKind

__all__ = ["AnomalyKind"]

strawberry.enum(AnomalyKind, description="What a detector looks for.")
