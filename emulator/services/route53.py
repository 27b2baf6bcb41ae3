"""Route 53: a hosted zone's id begins with Z, as AWS's do and programs expect.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
"""

from typing import Any

from moto.route53.models import HostedZoneIdentifier

from emulator.serving.patching import replace


def install() -> None:
    original_generate: Any = HostedZoneIdentifier.generate

    def generate(self: Any, *given: Any, **named: Any) -> str:
        return f"Z{original_generate(self, *given, **named)[1:]}"

    replace(HostedZoneIdentifier, "generate", generate)
