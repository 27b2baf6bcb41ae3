"""The public DNS, as the checks before an update ask it: against a server on this machine."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from story.doctor.finding import CannotCheckError
from story.doctor.preflight import public_dns
from story.doctor.preflight.public_dns import lookup

RECORDS = {
    ("example.com.", "NS"): ["ns-1.awsdns-01.com.", "ns-2.awsdns-02.net."],
    ("example.com.", "CAA"): ['0 issue "amazon.com"', '0 iodef "mailto:a@example.com"'],
    ("example.com.", "A"): ["192.0.2.1"],
}
REFUSED = "refused.example."


class Server(threading.Thread):
    """A name server that knows `RECORDS`, refuses one name, and says of all others that they do not exist."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    def run(self) -> None:
        while True:
            data, sender = self.socket.recvfrom(4096)
            if not data:
                return
            self.socket.sendto(self.answer(dns.message.from_wire(data)).to_wire(), sender)

    def end(self) -> None:
        """Wake it up, and wait for its end."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()

    def answer(self, asked: dns.message.Message) -> dns.message.Message:
        question = asked.question[0]
        name, type_ = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        if name == REFUSED:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, type_) in RECORDS:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", type_, *RECORDS[name, type_]))
        elif name not in {known for known, _ in RECORDS}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    made.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], made.port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    monkeypatch.setattr(public_dns, "LONGEST_SECONDS", 1.0)
    yield made
    made.end()


@pytest.mark.usefixtures("server")
def test_records_are_found_by_name_and_type() -> None:
    assert sorted(lookup("example.com", "NS")) == RECORDS["example.com.", "NS"]
    assert sorted(lookup("example.com", "CAA")) == sorted(RECORDS["example.com.", "CAA"])


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("name", "type_"), [("nothing.example.com", "CAA"), ("example.com", "AAAA")])
def test_a_name_without_such_records_has_none(name: str, type_: str) -> None:
    assert lookup(name, type_) == ()


@pytest.mark.usefixtures("server")
def test_a_server_that_fails_is_no_answer() -> None:
    with pytest.raises(
        CannotCheckError, match=r"DNS server of this machine returns no response for refused\.example NS"
    ):
        lookup("refused.example", "NS")


@pytest.mark.usefixtures("server")
def test_without_a_server_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        free_port = nobody.getsockname()[1]
    monkeypatch.setattr(dns.resolver.get_default_resolver(), "port", free_port)
    with pytest.raises(CannotCheckError, match=r"DNS server of this machine returns no response for example\.com NS"):
        lookup("example.com", "NS")
