"""The answer to a request beyond a limit, as bytes: the application is not asked."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

_MESSAGES = {
    HTTPStatus.BAD_REQUEST: "This is not an HTTP request.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive completely in time.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is too long.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too many or too long.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many connections or requests at a time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
}


def refusal_of(status: HTTPStatus) -> bytes:
    """The whole answer with a status. It closes the connection."""
    text = _MESSAGES[status].encode()
    head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(text)
    return b"".join((STATUS_LINE[status], head, text))
