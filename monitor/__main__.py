"""`python -m monitor` is `agent-monitor`: the command line, but for the one command for which an agent waits."""

import os
import sys


def main() -> None:
    """Run the command that was called; ends the process."""
    if sys.argv[1:2] == ["hook"] and not {"-h", "--help"} & set(sys.argv[2:]):
        try:
            from monitor.sources.sessions.hook_call import run  # noqa: PLC0415 - start-up time

            run(sys.argv[2:])
        finally:  # whatever happened, the agent goes on; and nothing is cleaned up that it would wait for
            os._exit(0)
    from monitor.cli.main import main as command_line  # noqa: PLC0415 - start-up time

    command_line()


if __name__ == "__main__":
    main()
