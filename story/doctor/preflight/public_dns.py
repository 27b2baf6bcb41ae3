"""Looks up records of any type in the public DNS."""

from collections.abc import Sequence

import dns.exception
import dns.resolver

from story.doctor.finding import CannotCheckError

LONGEST_SECONDS = 8.0


def lookup(name: str, type_: str) -> Sequence[str]:
    """The records of a name and type, as this machine's resolver finds them; empty if there are none.

    Args:
        name: Host name or zone.
        type_: `NS`, `CAA`, `A` and so on.

    Raises:
        CannotCheckError: No server responds.
    """
    try:
        answer = dns.resolver.resolve(name, type_, lifetime=LONGEST_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError) as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise CannotCheckError(
            f"the DNS server of this machine returns no response for {name} {type_} ({detail})"
        ) from None
    return [record.to_text() for record in answer]
