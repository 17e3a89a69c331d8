"""All that operations take and give: inputs, objects and words of the API."""

from tradegraph_client.generated import vocabulary
from tradegraph_client.generated.vocabulary import *  # noqa: F403  # its __all__ is the whole vocabulary

__all__ = vocabulary.__all__
