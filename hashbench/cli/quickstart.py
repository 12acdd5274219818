"""`hashbench quickstart`: a tour on a hasher that comes with the repository."""

from __future__ import annotations

from pathlib import Path

import click

from hashbench.cli.options import options, output

MODEL = "zoo:shapes-dpsh-convnet-32"
ATTACKS = {
    "noise": "changes pixels at random: the baseline that knows nothing",
    "fgsm": "one step along the sign of the gradient",
    "dhta": "many steps, towards the code that the target's images share",
    "nes[queries=200]": "sees no gradient: it asks the search engine up to 200 questions a query",
}
QUERIES = 20
DATA = "shapes[train=500,database=1000,queries=20,seed=1]"
"""Built-in images of another seed than the network was trained on: it has seen none of them."""
NEXT = {
    "hashbench run --attack prosgan --hasher dpsh": "train a hasher and the paper's generator, attack all queries: some minutes",
    "hashbench run --attack dhta --model ./mine.py:load": "attack a network of your own, which a function in mine.py returns",
    "hashbench new attack my_attack": "write an attack of your own: a package that works as created",
}


@click.command("quickstart", help="A tour in about a minute: four attacks on 20 queries of a finished hasher, a table, a report.")
@output("The folder of the results.", Path("runs/quickstart"), folder=True)
@options("store", "device")
def command(out: Path, store: str | None, device: str) -> None:
    from hashbench.cli.running import execute
    from hashbench.engine.planning.config import Config
    from hashbench.python.how import How
    from hashbench.python.machine import engine_of, resolving
    from hashbench.python.running import planned

    how = How(device=device, store=store, out=str(out))
    click.echo(f"{QUERIES} queries of the built-in data, on {MODEL}, a network that turns an image into 32 bits")
    click.echo("and was trained on others. The attacks:")
    _list(ATTACKS)
    engine = engine_of(how)
    plan = planned(Config(attacks=tuple(ATTACKS), models=(MODEL,), datasets=(DATA,), queries=QUERIES), how, resolving(engine))
    execute(plan, engine, "quickstart", how)
    click.echo("\nt-MAP says how far retrieval was steered: from the floor, a random ranking, towards the best code that is known.")
    click.echo("The report shows it. Next:")
    _list(NEXT)


def _list(lines: dict[str, str]) -> None:
    width = max(map(len, lines))
    for text, about in lines.items():
        click.echo(f"  {text:<{width}}  {about}")
