# ruff: noqa: N802, T201  QuickFIX calls methods by its own names; a program tells by printing
"""A FIX engine that is not ours, QuickFIX, as a process of its own: it does what lines on its standard input say.

Each line in is a command as JSON, each line out something that happened: ``logon``, ``logout``, ``app`` with the fields
of a message, ``admin`` too, ``error``. Its sequence numbers are in its folder and survive its death.
"""

import json
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import quickfix

DICTIONARY = Path(sys.prefix) / "share" / "quickfix" / "FIX44.xml"
SOH = "\x01"
_OUTPUT = threading.Lock()


def say(event: str, **more: Any) -> None:
    with _OUTPUT:
        print(json.dumps({"event": event, **more}), flush=True)


def fields_of(message: quickfix.Message) -> list[list[str]]:
    return [part.split("=", 1) for part in message.toString().strip(SOH).split(SOH)]


class Application(quickfix.Application):
    """Reports each message; as an exchange it answers only by the commands of its script."""

    def __init__(self, password: str) -> None:
        super().__init__()
        self._password = password

    def onCreate(self, session: quickfix.SessionID) -> None:
        del session

    def onLogon(self, session: quickfix.SessionID) -> None:
        del session
        say("logon")

    def onLogout(self, session: quickfix.SessionID) -> None:
        del session
        say("logout")

    def toAdmin(self, message: quickfix.Message, session: quickfix.SessionID) -> None:
        del session
        kind = quickfix.MsgType()
        message.getHeader().getField(kind)
        if kind.getValue() == quickfix.MsgType_Logon and self._password:
            message.setField(quickfix.Password(self._password))
        say("admin out", fields=fields_of(message))

    def fromAdmin(self, message: quickfix.Message, session: quickfix.SessionID) -> None:
        del session
        say("admin", fields=fields_of(message))

    def toApp(self, message: quickfix.Message, session: quickfix.SessionID) -> None:
        del message, session

    def fromApp(self, message: quickfix.Message, session: quickfix.SessionID) -> None:
        del session
        say("app", fields=fields_of(message))


class Exchange(Application):
    """A counterparty with a price for each symbol, in whose books an order is once: they are in a file of its folder.

    An answer that is lost, and a request that is, end with the connection, as they do in life.
    """

    def __init__(self, folder: Path, ours: str, theirs: str) -> None:
        super().__init__("")
        self._identity = quickfix.SessionID("FIX.4.4", ours, theirs)
        self._file = folder / "book.json"
        self._turn = threading.RLock()
        self._book = json.loads(self._file.read_text()) if self._file.exists() else {"orders": {}, "ids": 0}
        self._quotes: dict[str, list[str]] = {}
        self._fault = ""

    def obey(self, what: str, **given: Any) -> None:
        """Execute a command: quote, restate, fault, bust, correct, clear or break."""
        with self._turn:
            if what == "quote":
                self._quotes[given["symbol"]] = [given["bid"], given["ask"]]
                for order in list(self._book["orders"].values()):
                    self._match(order, is_resting=True)
            elif what == "restate":
                order = self._find(given["id"])
                order["quantity"] = given["quantity"]
                self._report(order, "D", [(378, "99")])
            elif what == "fault":
                self._fault = given["kind"]
            elif what in ("bust", "correct"):
                order = self._find(given["id"])
                order["filled"] = given["filled"]
                right = [(31, given["price"]), (32, given["quantity"])] if what == "correct" else []
                kind = "G" if what == "correct" else "H"
                self._report(order, kind, [(19, given["execution"]), (58, given.get("text", "so it is")), *right])
                # With the id of the report, which is never given again.
                self._store()
            elif what == "clear":
                self._book, self._quotes, self._fault = {"orders": {}, "ids": self._book["ids"]}, {}, ""
                self._store()
            elif what == "break":
                quickfix.Session.lookupSession(self._identity).logout("broken")
            say("done", what=what)

    def fromApp(self, message: quickfix.Message, session: quickfix.SessionID) -> None:
        super().fromApp(message, session)
        fields = {int(tag): value for tag, value in fields_of(message)}
        with self._turn:
            fault = self._fault
            if fault == "silent":
                return
            if fault and fields[35] in "DFG":
                self._fault = ""
            if fault == "request" and fields[35] in "DFG":
                quickfix.Session.lookupSession(self._identity).logout("lost")
                return
            self._mute = fault == "answer" and fields[35] in "DFG"
            answer = {"D": self._new, "F": self._cancel, "G": self._replace, "H": self._status, "AF": self._statuses}
            answer[fields[35]](fields)
            if self._mute:
                self._mute = False
                quickfix.Session.lookupSession(self._identity).logout("lost")

    def onLogout(self, session: quickfix.SessionID) -> None:
        super().onLogout(session)
        # Whoever was cut off may come back.
        quickfix.Session.lookupSession(session).logon()

    def _new(self, fields: dict[int, str]) -> None:
        if fields[11][:32] in self._book["orders"]:
            order = self._book["orders"][fields[11][:32]]
            self._report({**order, "status": "8"}, "8", [(103, "6"), (58, "duplicate order")], name=fields[11])
            return
        self._book["ids"] += 1
        order = {
            "name": fields[11],
            "id": f"V{self._book['ids']}",
            "symbol": fields[55],
            "side": fields[54],
            "type": fields[40],
            "price": fields.get(44),
            "quantity": fields[38],
            "filled": "0",
            "status": "0",
            "immediate": fields.get(59) in ("3", "4"),
        }
        self._book["orders"][fields[11][:32]] = order
        self._store()
        self._report(order, "0")
        self._match(order, is_resting=False)

    def _match(self, order: dict[str, Any], *, is_resting: bool) -> None:
        quote = self._quotes.get(order["symbol"])
        if quote is None or order["status"] not in "01":
            return
        far = Decimal(quote[1] if order["side"] == "1" else quote[0])
        price = order["price"]
        if price is not None and (Decimal(price) < far if order["side"] == "1" else Decimal(price) > far):
            return
        left = Decimal(order["quantity"]) - Decimal(order["filled"])
        at = Decimal(price) if is_resting and price is not None else far
        order["filled"], order["status"] = order["quantity"], "2"
        self._book["ids"] += 1
        execution = f"E{self._book['ids']}"
        self._store()
        self._report(order, "F", [(17, execution), (31, str(at)), (32, str(left)), (851, "1" if is_resting else "2")])

    def _cancel(self, fields: dict[int, str]) -> None:
        order = self._working(fields)
        if order is not None:
            original, order["name"], order["status"] = order["name"], fields[11], "4"
            self._store()
            self._report(order, "4", [(41, original)])

    def _replace(self, fields: dict[int, str]) -> None:
        order = self._working(fields)
        if order is not None:
            original, order["name"] = order["name"], fields[11]
            order["quantity"], order["price"] = fields[38], fields.get(44)
            self._store()
            self._report(order, "5", [(41, original)])
            self._match(order, is_resting=False)

    def _working(self, fields: dict[int, str]) -> dict[str, Any] | None:
        """The order of a request, if it works under the name that the request gives; else it is refused."""
        order = self._find(fields[41])
        if order is not None and order["name"] == fields[41] and order["status"] in "01":
            return order
        parts = [(37, order["id"] if order else "NONE"), (11, fields[11]), (41, fields[41])]
        parts += [(39, order["status"] if order else "8"), (434, "2" if fields[35] == "G" else "1")]
        self._send("9", [*parts, (102, "0" if order else "1"), (58, "too late" if order else "unknown order")])
        return None

    def _status(self, fields: dict[int, str]) -> None:
        order, request = self._find(fields[11]), [(790, fields[790])] if 790 in fields else []
        if order is not None:
            self._report(order, "I", request)
            return
        unknown = {"name": fields[11], "id": "NONE", "symbol": fields[55], "side": fields[54], "type": "2"}
        unknown |= {"price": None, "quantity": "0", "filled": "0", "status": "8"}
        self._report(unknown, "I", [*request, (103, "5"), (58, "unknown order")])

    def _statuses(self, fields: dict[int, str]) -> None:
        found = [order for order in self._book["orders"].values() if order["status"] in "01"]
        request = [(584, fields[584]), (911, str(len(found)))]
        for order in found:
            self._report(order, "I", [*request, (912, "Y" if order is found[-1] else "N")])
        if not found:
            none = {"name": "NONE", "id": "NONE", "symbol": "[N/A]", "side": "1", "type": "2", "price": None}
            none |= {"quantity": "0", "filled": "0", "status": "8"}
            self._report(none, "I", [*request, (912, "Y"), (103, "5")])

    def _find(self, name: str) -> dict[str, Any] | None:
        return self._book["orders"].get(name[:32])

    def _report(self, order: dict[str, Any], kind: str, extra: Any = (), name: str | None = None) -> None:
        ended = order["status"] not in "01"
        left = Decimal(0) if ended else Decimal(order["quantity"]) - Decimal(order["filled"])
        fields = {37: order["id"], 11: name or order["name"], 17: "0", 150: kind, 39: order["status"]}
        fields |= {55: order["symbol"], 54: order["side"], 38: order["quantity"], 40: order["type"]}
        fields |= {151: str(left), 14: order["filled"], 6: "0"}
        fields |= {60: f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]}
        if order["price"] is not None:
            fields[44] = order["price"]
        if kind not in ("I", "F"):
            self._book["ids"] += 1
            fields[17] = f"R{self._book['ids']}"
        self._send("8", list((fields | dict(extra)).items()))

    def _send(self, kind: str, fields: list[tuple[int, str]]) -> None:
        if not getattr(self, "_mute", False):
            message = quickfix.Message()
            message.getHeader().setField(quickfix.StringField(35, kind))
            for tag, value in fields:
                message.setField(quickfix.StringField(tag, value))
            quickfix.Session.sendToTarget(message, self._identity)

    def _store(self) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._book))
        part.replace(self._file)


class Log(quickfix.Log):
    """Reports QuickFIX's own log, such as a message that its dictionary does not allow."""

    def onEvent(self, text: str) -> None:
        say("log", text=text)

    def onIncoming(self, text: str) -> None:
        del text

    def onOutgoing(self, text: str) -> None:
        del text

    def clear(self) -> None:
        return

    def backup(self) -> None:
        return


class Logs(quickfix.LogFactory):
    """Makes one log, and keeps it: QuickFIX does not."""

    def __init__(self) -> None:
        super().__init__()
        self._log = Log()

    def create(self, *session: Any) -> Log:
        del session
        return self._log

    def destroy(self, log: Any) -> None:
        del log


def main() -> None:
    config = json.loads(sys.argv[1])
    folder = Path(config["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    defaults = {
        "ConnectionType": config["type"],
        "FileStorePath": folder,
        "StartTime": "00:00:00",
        "EndTime": "00:00:00",
        "UseDataDictionary": "Y",
        "DataDictionary": DICTIONARY,
        "ReconnectInterval": 1,
        "HeartBtInt": config.get("heartbeat", 30),
        "PersistMessages": "Y",
        "SocketReuseAddress": "Y",
        "ResetOnLogon": "Y" if config.get("reset") else "N",
        "SocketConnectHost": "127.0.0.1",
        "SocketConnectPort": config["port"],
        "SocketAcceptPort": config["port"],
    }
    session = {"BeginString": "FIX.4.4", "SenderCompID": config["sender"], "TargetCompID": config["target"]}
    text = "".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in part.items())
        for name, part in (("DEFAULT", defaults), ("SESSION", session))
    )
    path = folder / "session.cfg"
    path.write_text(text)
    settings = quickfix.SessionSettings(str(path))
    application = Application(config.get("password", ""))
    if config["type"] == "acceptor":
        application = Exchange(folder, config["sender"], config["target"])
    stores, logs = quickfix.FileStoreFactory(settings), Logs()
    kind = quickfix.SocketInitiator if config["type"] == "initiator" else quickfix.SocketAcceptor
    engine = kind(application, stores, settings, logs)
    engine.start()
    identity = quickfix.SessionID("FIX.4.4", config["sender"], config["target"])
    say("started")
    for line in sys.stdin:
        command = json.loads(line)
        if "exchange" in command:
            application.obey(**command["exchange"])
        else:
            obey(command, identity)
    engine.stop()


def obey(command: dict[str, Any], identity: quickfix.SessionID) -> None:
    session = quickfix.Session.lookupSession(identity)
    if "send" in command:
        message = quickfix.Message()
        for tag, value in command["send"]:
            part = message.getHeader() if int(tag) in (35, 43, 97) else message
            part.setField(quickfix.StringField(int(tag), str(value)))
        quickfix.Session.sendToTarget(message, identity)
    elif "next_in" in command:
        session.setNextTargetMsgSeqNum(command["next_in"])
    elif "next_out" in command:
        session.setNextSenderMsgSeqNum(command["next_out"])
    elif "logout" in command:
        session.logout("as asked")
    elif "logon" in command:
        session.logon()
    elif "numbers" in command:
        say("numbers", out=session.getExpectedSenderNum(), **{"in": session.getExpectedTargetNum()})


if __name__ == "__main__":
    main()
