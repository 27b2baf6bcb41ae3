"""`python -m emulator`: start the emulator and serve until a signal ends it."""

import argparse
import sys
from pathlib import Path

from emulator import server


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="AWS on this machine, in memory. Point a client at it with AWS_ENDPOINT_URL.",
        epilog="POST /emulator/reset empties it; GET /emulator/inventory lists what exists; see emulator/README.md.",
    )
    parser.add_argument("--port", type=int, default=5555, help="port to listen on; 0 takes a free one (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--control", type=Path, metavar="FILE", help="JSON that decides how tasks and builds end")
    parser.add_argument("--verbose", action="store_true", help="print each request, and tracebacks")
    return parser.parse_args(given)


def main() -> None:
    chosen = arguments()
    try:
        server.serve(chosen.host, chosen.port, control_file=chosen.control, verbose=chosen.verbose)
    except server.CannotListenError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
