"""A small market of made-up quotes, trades and a book, and the plainest scenario on it."""

import gzip
from pathlib import Path

import pytest

QUOTES = """\
ts,symbol,bid,ask,bid_size,ask_size
2024-01-01T00:00:01Z,X,99.9,100.1,5,5
2024-01-01T00:00:02.000000001Z,X,99.8,100,5,3
2024-01-01T00:00:02.000000001Z,Y,1,2,1,1
2024-01-01T00:00:03.5Z,X,100.4,100.6,4,4
2024-01-01T00:00:04.123456789Z,X,101,101.2,5,5
"""
TRADES = """\
ts,symbol,price,size,side
2024-01-01T00:00:01.5Z,X,100,2,BUY
2024-01-01T00:00:03Z,X,101,3,
"""
BOOK = """\
ts,symbol,event,side,price,size,first_id,last_id,prev_id
2024-01-01T00:00:00.5Z,X,delta,B,90,9,1,12,
2024-01-01T00:00:01Z,X,snapshot,B,99.9,1,,10,
2024-01-01T00:00:01Z,X,snapshot,B,99.8,2,,10,
2024-01-01T00:00:01Z,X,snapshot,A,100.1,1,,10,
2024-01-01T00:00:01Z,X,snapshot,A,100.2,2,,10,
2024-01-01T00:00:01.5Z,X,delta,A,100.1,50,9,10,
2024-01-01T00:00:02Z,X,delta,A,100.1,0,11,11,
2024-01-01T00:00:02Z,X,delta,A,100.3,4,11,11,
2024-01-01T00:00:03Z,X,delta,B,99.9,7,12,13,
"""


@pytest.fixture
def market_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "market"
    folder.mkdir()
    (folder / "quotes.csv").write_text(QUOTES)
    (folder / "trades.csv").write_text(TRADES)
    (folder / "sizeless.csv").write_text("ts,symbol,bid,ask,bid_size,ask_size\n2024-01-01T00:00:01Z,X,99.9,100.1,,\n")
    with gzip.open(folder / "book.csv.gz", "wt") as file:
        file.write(BOOK)
    return folder


@pytest.fixture
def scenario() -> dict:
    """A scenario that buys ten at market where five are shown: a fresh copy for each test."""
    return {
        "id": "one",
        "instrument": {
            "symbol": "X",
            "tickSize": "0.1",
            "lotSize": "1",
            "fees": {"makerRate": "0.0001", "takerRate": "0.0002"},
        },
        "data": [{"kind": "quotes", "file": "quotes.csv"}],
        "actions": [
            {
                "at": "2024-01-01T00:00:01.5Z",
                "placeOrder": {
                    "clientOrderId": "a",
                    "symbol": "X",
                    "side": "BUY",
                    "type": "MARKET",
                    "quantity": "10",
                    "timeInForce": "GTC",
                },
            }
        ],
    }
