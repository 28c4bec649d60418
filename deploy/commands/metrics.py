"""`partita metrics`: what there is to watch, as Prometheus reads it."""

import threading

import click

from partita.deploy.commands.address import bootstrap_option
from partita.deploy.operate.exposition import serve, text
from partita.deploy.operate.lookout import Lookout, look


@click.command()
@click.option(
    "--serve",
    "port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Serve them over HTTP until Ctrl-C, looking anew at each scrape; 0 takes a free port.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve them on.")
@bootstrap_option
def metrics(port: int | None, host: str, bootstrap: str) -> None:
    """Print the metrics of all workers in Prometheus' text format, or serve them.

    Each has the labels service, line and partition. deploy/README.md says what they mean.

    \b
    Examples:
      partita metrics | grep parked
      partita metrics --serve 9464
    """
    if port is None:
        click.echo(text(look(bootstrap)), nl=False)
        return
    with Lookout(bootstrap) as lookout:
        lookout.look()  # what is wrong from the start is said now
        server = serve(lookout.look, host, port)
        click.echo(f"metrics at http://{host}:{server.server_port}/metrics; Ctrl-C ends it")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            server.shutdown()
