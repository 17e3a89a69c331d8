"""Answers on the way and kept reads: processor time of the web process, each way against the plain one, in turn.

Times of the processor do not count what else the machine does; rounds alternate, so that what drifts drifts for both.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlencode

import psutil

from bench.desk import PLACE_MANY, Desk, open_desk, quote
from bench.stage import Stage, Web, open_stage
from bench.table import Row

ROUNDS = 9
REQUESTS = 100
ENCODINGS = ("gzip", "br", "zstd")
_LIST = """query ($account: ID!) {
  orders(filter: {accountId: $account}, first: 100) { edges { node {
    id clientOrderId side type status quantity limitPrice filledQuantity createdAt instrument { symbol name tickSize }
  } } }
}"""
_STATISTICS = """query ($account: ID!, $from: DateTime!) {
  orderStatistics(filter: {accountId: $account, from: $from}) {
    total filled rejected notional bySymbol { symbol orders }
  }
}"""
_VIEWER = "query { viewer { email } }"
_ORDERS = 5_000
_PAIRED_ROUNDS, _PAIRS = 30, 200
_NO_LIMITS = {"TRADEGRAPH_REQUESTS_PER_SECOND": "0", "TRADEGRAPH_ANONYMOUS_REQUESTS_PER_SECOND": "0"}

Headers = dict[str, str]


def rows() -> Iterator[Row]:
    """One row for each encoding, for tags, for kept statistics and for limits of requests; small is cheap."""
    with open_stage() as stage, stage.web() as web, stage.web(**_NO_LIMITS) as unlimited:
        desk = open_desk(stage, web)
        _fill(stage, web, desk)
        asker = _Asker(web, desk)
        plain = {"accept-encoding": "identity"}
        whole = len(asker.ask(_LIST, plain)[1])
        for encoding in ENCODINGS:
            headers = {"accept-encoding": encoding}
            ours, limit = asker.compare(partial(asker.ask, _LIST, headers), partial(asker.ask, _LIST, plain))
            share = len(asker.ask(_LIST, headers)[1]) / whole
            name = f"100 orders by {encoding}: {share:.3f} of {whole:,} bytes, processor time"
            yield Row(name, "ms", ours, limit, "not compressed")
        tag = asker.ask(_LIST, plain, method="GET")[2]
        known = plain | {"if-none-match": tag}
        ours, limit = asker.compare(
            lambda: asker.ask(_LIST, known, method="GET"), lambda: asker.ask(_LIST, plain, method="GET")
        )
        yield Row("100 orders that the client has (304), processor time", "ms", ours, limit, "sent again")
        # A window that nobody has asked for yet is read; the same one again is kept.
        seconds = iter(range(1, 1_000_000))
        ours, limit = asker.compare(
            lambda: asker.ask(_STATISTICS, plain, since=0), lambda: asker.ask(_STATISTICS, plain, since=next(seconds))
        )
        yield Row(f"statistics of {_ORDERS:,} orders, kept, processor time of web", "ms", ours, limit, "read")
        # The smallest request that says who asks: there the limits' part is largest.
        ours, limit = _compared(asker, _Asker(unlimited, desk), lambda one: one.ask(_VIEWER, plain))
        yield Row("a small request, its rate limited, processor time of web", "ms", ours, limit, "no limits")


def _fill(stage: Stage, web: Web, desk: Desk) -> None:
    quote(stage, web, desk)
    for _ in range(_ORDERS // 500):
        orders = [desk.order(desk.accounts[0]) for _ in range(500)]
        web.ask(PLACE_MANY, desk.token, input={"orders": orders})


class _Asker:
    """One connection to a web process, and the processor time that its answers take."""

    def __init__(self, web: Web, desk: Desk) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        self._process = psutil.Process(web.pid)
        self._account = desk.accounts[0]
        self._headers = {"content-type": "application/json", "authorization": f"Bearer {desk.token}"}

    def ask(self, query: str, headers: Headers, method: str = "POST", since: int = 0) -> tuple[int, bytes, str]:
        """Status, body as it was sent, and tag."""
        minutes, seconds = divmod(since, 60)
        variables = {"account": self._account} if "$account" in query else {}
        if query is _STATISTICS:
            variables["from"] = f"2026-01-01T00:{minutes:02}:{seconds:02}Z"
        path, body = "/graphql", json.dumps({"query": query, "variables": variables})
        if method == "GET":
            path, body = f"/graphql?{urlencode({'query': query, 'variables': json.dumps(variables)})}", ""
        self._connection.request(method, path, body or None, self._headers | headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 304) or b'"errors"' in content:
            raise ValueError(content[:500])
        return answer.status, content, answer.headers.get("etag", "")

    def compare(self, ours: Callable[[], object], limit: Callable[[], object]) -> tuple[list[float], list[float]]:
        """Milliseconds of processor time per answer, round by round."""
        found: tuple[list[float], list[float]] = ([], [])
        ours(), limit()
        for _ in range(ROUNDS):
            found[0].append(self.cost(ours))
            found[1].append(self.cost(limit))
        return found

    def cost(self, ask: Callable[[], object]) -> float:
        """Milliseconds of the process's processor time per answer."""
        begun = self.busy()
        for _ in range(REQUESTS):
            ask()
        return (self.busy() - begun) / REQUESTS * 1_000

    def busy(self) -> float:
        """Seconds of processor time that the process has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _compared(one: _Asker, other: _Asker, ask: Callable[[_Asker], object]) -> tuple[list[float], list[float]]:
    """The same of two processes, request by request in turn: what else the machine does, it does to both."""
    found: tuple[list[float], list[float]] = ([], [])
    ask(one), ask(other)
    for _ in range(_PAIRED_ROUNDS):
        begun = one.busy(), other.busy()
        for _ in range(_PAIRS):
            ask(one), ask(other)
        for times, asker, at in zip(found, (one, other), begun, strict=True):
            times.append((asker.busy() - at) / _PAIRS * 1_000)
    return found
