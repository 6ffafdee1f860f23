"""WebSocket messages are packed once for all, and every client can unpack them."""

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Ping, Request
from wsproto.extensions import PerMessageDeflate

from server import frames
from server.frames import SMALL, SharedDeflate


def pair(offered):
    """A server and a client that offers these extensions, shaken hands."""
    server, client = WSConnection(ConnectionType.SERVER), WSConnection(ConnectionType.CLIENT)
    server.receive_data(client.send(Request(host="x", target="/", extensions=offered)))
    list(server.events())
    client.receive_data(server.send(AcceptConnection(extensions=[SharedDeflate()])))
    list(client.events())
    return server, client


def heard(client, data):
    client.receive_data(data)
    return "".join(event.data for event in client.events() if isinstance(event, Message))


@pytest.mark.parametrize("offered", [[PerMessageDeflate()], []])
def test_what_is_said_is_heard_message_after_message(offered):
    server, client = pair(offered)
    for text in ("banjir " * 500, "x", "é" * SMALL, "banjir " * 500, ""):
        assert heard(client, server.send(Message(data=text))) == text
    client.receive_data(server.send(Ping(payload=b"p")))
    assert [event.payload for event in client.events()] == [b"p"]


def test_a_message_for_many_is_packed_once_and_small():
    frames._packed.cache_clear()
    text = '{"type":"ReportReceived"}' * 200
    sent = {pair([PerMessageDeflate()])[0].send(Message(data=text)) for _ in range(20)}
    assert len(sent) == 1
    assert len(sent.pop()) < len(text) / 20
    assert frames._packed.cache_info().misses == 1


def test_what_a_client_packs_is_understood():
    server, client = pair([PerMessageDeflate()])
    for text in ("lapor " * 500, "lapor " * 400):
        server.receive_data(client.send(Message(data=text)))
        assert "".join(event.data for event in server.events()) == text
