"""Where a cluster is, as a command line, a file and a person can carry it.

    HOST[:PORT][,HOST[:PORT]...][/KEYSPACE][?replication=3][&dc=NAME]

`replication` is how a keyspace is made that is not there yet: a number of copies (SimpleStrategy),
or a number for each data centre, `replication=dc1:3,dc2:3` (NetworkTopologyStrategy). `dc` is the
data centre to talk to. User and password stand in PARTITA_CASSANDRA_USER and _PASSWORD.
"""

import re
from typing import NamedTuple, NoReturn
from urllib.parse import parse_qsl

from partita.schemas.errors import InvalidValue

PORT = 9042
KEYSPACE = "partita"
REPLICAS = 3  # one may be away: QUORUM needs two
REPLICAS_MAX = 15
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_DC = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Address(NamedTuple):
    """A cluster and the keyspace in it."""

    nodes: tuple[tuple[str, int], ...]
    keyspace: str = KEYSPACE
    replicas: int = REPLICAS
    replicas_by_dc: tuple[tuple[str, int], ...] = ()  # instead, where it is not empty
    dc: str | None = None

    @property
    def hosts(self) -> str:
        """The nodes, for people."""
        return ",".join(f"{host}:{port}" for host, port in self.nodes)

    def replication(self) -> str:
        """Return the keyspace's replication in CQL."""
        if self.replicas_by_dc:
            by_dc = "".join(f", '{dc}': {count}" for dc, count in self.replicas_by_dc)
            return f"{{'class': 'NetworkTopologyStrategy'{by_dc}}}"
        return f"{{'class': 'SimpleStrategy', 'replication_factor': {self.replicas}}}"


def parse(text: str) -> Address:
    """Read an address. Raises InvalidValue."""
    place, _, query = text.partition("?")
    hosts, _, keyspace = place.partition("/")
    nodes = tuple(_node(node, text) for node in hosts.split(","))
    if keyspace and not _NAME.fullmatch(keyspace):
        _refuse(text, f"{keyspace!r} is no keyspace: up to 48 of a-z, 0-9 and _, a letter first")
    address = Address(nodes, keyspace or KEYSPACE)
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "replication":
            address = _replication(address, value, text)
        elif name == "dc" and _DC.fullmatch(value):
            address = address._replace(dc=value)
        else:
            _refuse(text, f"does not know {name}={value}; there are replication and dc")
    return address


def _node(node: str, text: str) -> tuple[str, int]:
    host, port = node, str(PORT)
    if node.startswith("["):  # [::1]:9042
        host, _, rest = node[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif ":" in node:
        host, _, port = node.rpartition(":")
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        _refuse(text, f"{node!r} is not HOST or HOST:PORT")
    if not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) < 1 << 16:
        _refuse(text, f"{port!r} is no port")
    return host, int(port)


def _replication(address: Address, value: str, text: str) -> Address:
    counts = dict(part.rpartition(":")[::2] for part in value.split(","))
    for dc, count in counts.items():
        if not re.fullmatch(r"\d{1,2}", count) or not 0 < int(count) <= REPLICAS_MAX:
            _refuse(text, f"replication {count!r} must be from 1 to {REPLICAS_MAX}")
        if (dc or len(counts) > 1) and not _DC.fullmatch(dc):
            _refuse(text, f"replication {value!r} must be a number, or DC:NUMBER for each centre")
    if "" in counts:
        return address._replace(replicas=int(counts[""]))
    by_dc = tuple((dc, int(count)) for dc, count in counts.items())
    return address._replace(replicas_by_dc=by_dc)


def _refuse(text: str, why: str) -> NoReturn:
    raise InvalidValue("store", f"cassandra:{text}", why)
