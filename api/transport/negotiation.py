"""Negotiation of the answer's media type."""

from functools import lru_cache

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"
_UTF8 = frozenset({"utf-8", "utf8"})
_MAX_LENGTH = 1_000


def content_type(header: str) -> tuple[str, bool]:
    """The media type of a request's body, and whether its text is UTF-8."""
    media_type, parameters = _parse(header)
    return media_type, parameters.get("charset", "utf-8").lower() in _UTF8


@lru_cache(maxsize=256)
def answer_type(accept: str | None) -> str | None:
    """The media type to answer in, or None when the client accepts neither.

    A client that names application/graphql-response+json gets that and the status codes that go with it; one that
    names neither gets application/json.
    """
    if accept is None or not accept.strip():
        return JSON
    weights = _weights(accept)
    if not weights:
        return None
    graphql = weights.get(GRAPHQL_JSON, 0.0)
    anything = weights.get("application/*", weights.get("*/*", 0.0))
    plain = weights.get(JSON, anything)
    if graphql > 0 and graphql >= plain:
        return GRAPHQL_JSON
    return JSON if plain > 0 else None


@lru_cache(maxsize=256)
def wants_page(accept: str | None) -> bool:
    """True if a browser asks for a page to show."""
    return accept is not None and _weights(accept).get(HTML, 0.0) > 0


@lru_cache(maxsize=256)
def wants_stream(accept: str | None) -> bool:
    """True if a client takes server-sent events."""
    if accept is None or not accept.strip():
        return True
    weights = _weights(accept)
    return weights.get(EVENT_STREAM, weights.get("text/*", weights.get("*/*", 0.0))) > 0


def _weights(accept: str) -> dict[str, float]:
    if len(accept) > _MAX_LENGTH:
        return {}
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media_type, parameters = _parse(part)
        if parameters.get("charset", "utf-8").lower() not in _UTF8:
            continue
        try:
            weight = float(parameters.get("q", "1"))
        except ValueError:
            weight = 0.0
        weights[media_type] = max(weights.get(media_type, 0.0), weight)
    return weights


def _parse(text: str) -> tuple[str, dict[str, str]]:
    media_type, *rest = text.split(";")
    parameters: dict[str, str] = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    return media_type.strip().lower(), parameters
