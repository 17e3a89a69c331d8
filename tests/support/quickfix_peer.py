# ruff: noqa: N802, T201  QuickFIX calls methods by its own names; a program tells by printing
"""A FIX engine that is not ours, QuickFIX, as a process of its own: it does what lines on its standard input say.

Each line in is a command as JSON, each line out something that happened: ``logon``, ``logout``, ``app`` with the fields
of a message, ``admin`` too, ``error``. Its sequence numbers are in its folder and survive its death.
"""

import json
import sys
import threading
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
    """Tells everything; as an exchange it answers by its script's commands alone."""

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


class Log(quickfix.Log):
    """Tells what QuickFIX itself remarks, such as a message that its dictionary does not allow."""

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
    stores, logs = quickfix.FileStoreFactory(settings), Logs()
    kind = quickfix.SocketInitiator if config["type"] == "initiator" else quickfix.SocketAcceptor
    engine = kind(application, stores, settings, logs)
    engine.start()
    identity = quickfix.SessionID("FIX.4.4", config["sender"], config["target"])
    say("started")
    for line in sys.stdin:
        obey(json.loads(line), identity)
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
