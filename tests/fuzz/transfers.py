"""Exports and imports of any name, parameters, media type and file: each is answered with rows or with a code."""

from random import Random
from typing import Final

import httpx

from tests.support.client import Client

_NAMES: Final = (
    *(
        "orders.csv",
        "executions.jsonl",
        "ledger.csv",
        "equity.parquet",
        "history.csv",
        "tax-lots.csv",
        "statements.jsonl",
    ),
    *("nothing.csv", "orders", "orders.csv.gz", "%00.csv", "orders.csv%0d%0ax: y", "x" * 500, "\u202e.csv"),
)
_TIMES: Final = ("2026-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "\x00", "", "2026-01-01", "9999-12-31T00:00:00Z")
_MEDIA: Final = ("text/csv", "text/csv", "text/csv; charset=utf-16", "multipart/form-data; boundary=x", "")
_COLUMNS: Final = (
    "reference",
    "at",
    "kind",
    "amount",
    "note",
    "symbol",
    "side",
    "quantity",
    "price",
    "fee",
    "bookedAt",
)
_CELLS: Final = (
    *(
        "d1",
        "2024-01-02T09:00:00Z",
        "DEPOSIT",
        "EXECUTION",
        "1000",
        "-5",
        "BUY",
        "COIN-USD",
        "",
        "=1+1",
        '"',
        '"a"',
        "'=x",
    ),
    *("NaN", "1e9", "9" * 40, "\x00", "a\x00b", "\ud7ff", "\u202e", "x" * 600, "2999-01-01T00:00:00Z", "٣", " ", "\t"),
)
_ENDS: Final = ("\n", "\r\n", "\r", "\n\n\n", ",\n", "\x85", "")
_GARBAGE: Final = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\r", b"," * 30_000, b"\n" * 2_000, b"\xed\xa0\x80")
_ERRORS: Final = 400


def _file(chance: Random) -> bytes:
    """A file of some columns and cells, some bytes of which are others."""
    columns = ["reference", "at", "kind", *chance.sample(_COLUMNS, chance.randrange(len(_COLUMNS)))]
    rows = [[chance.choice(_CELLS) for _ in columns] for _ in range(chance.randrange(6))]
    valid = [
        "f" + str(chance.random()),
        "2024-01-02T09:00:00Z",
        "DEPOSIT",
        *("1" if c == "amount" else "" for c in columns[3:]),
    ]
    lines = [list(dict.fromkeys(columns)) if chance.random() < 0.8 else columns, valid, *rows]
    content = "".join(",".join(line) + chance.choice(_ENDS) for line in lines).encode()
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(content) + 1)
        content = content[:at] + chance.choice(_GARBAGE) + content[at:]
    return content


async def send_transfer(client: Client, chance: Random, accounts: list[str], patience_seconds: float) -> str | None:
    """Send one; the fault of its answer, None if it has none."""
    given = {"account": chance.choice([*accounts, "x", "\x00", ""])}
    for name in ("from", "to", "method"):
        if chance.random() < 0.3:
            given[name] = chance.choice(_TIMES)
    name = chance.choice(_NAMES)
    try:
        if chance.random() < 0.5:
            asked = f"GET /export/{name}"
            answer = await client._http.get(
                f"/export/{name}", params=given, headers=client.headers, timeout=patience_seconds
            )
        else:
            asked = f"POST /import/{name}"
            media = {"content-type": chance.choice(_MEDIA)}
            answer = await client._http.post(
                f"/import/{'history.csv' if chance.random() < 0.8 else name}",
                params=given if chance.random() < 0.2 else {"account": given["account"]},
                headers=client.headers | media,
                content=_file(chance),
                timeout=patience_seconds,
            )
    except httpx.TimeoutException:
        return f"no answer: {asked} {given}"
    if answer.status_code < _ERRORS:
        return None
    try:
        code = answer.json()["errors"][0]["extensions"]["code"]
    except ValueError:
        # There is no such address at all.
        code = answer.text
    is_known = code not in ("INTERNAL_SERVER_ERROR", "Internal Server Error")
    return None if is_known else f"status {answer.status_code}, {code}: {asked} {given}"
