"""The command line: `optionsai up | down | status | logs SERVICE | doctor | fetch-jars`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.errors import OptionsAIError, PartError, StateError
from runtime import doctor as diagnosis
from runtime import endpoints, overrides
from runtime import status as facts
from runtime.embedded import jars
from runtime.settings import Settings, load_settings
from runtime.supervisor import preflight, processes, records
from runtime.supervisor.records import PartRecord
from runtime.supervisor.supervisor import Supervisor
from runtime.supervisor.system import System, assemble, reachable_host

DETACHED_START_LIMIT_S: Final = 300.0
STOP_LIMIT_S: Final = 120.0
POLL_S: Final = 0.2
TAIL_LINES: Final = 50
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COLOURS: Final = {"ready": "green", "backing off": "red", "unready": "yellow", "stopped": "dim"}
UNTOLD: Final = frozenset({"waiting", "preparing", "stopping"})
"""States that `up` does not print a line for."""
VERDICTS: Final = {"ok": "green", "warning": "yellow", "problem": "red"}

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Streaming analytics for US stock options. Research, not advice."
)
console = Console(highlight=False, soft_wrap=True)
StateDir = Annotated[Path | None, typer.Option(help="Folder for everything the system writes; default `.state`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@contextmanager
def _errors_explained() -> Iterator[None]:
    """An error of ours is one line for the operator and exit status 1."""
    try:
        yield
    except OptionsAIError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]{type(error).__name__}[/red]: {escape(str(error))}")
        raise typer.Exit(1) from error


def _environment(state_dir: Path | None) -> dict[str, str]:
    return os.environ | ({"OPTIONSAI_STATE_DIR": str(state_dir.resolve())} if state_dir is not None else {})


@app.command()
def up(
    *,
    rate: Annotated[
        float | None, typer.Option(help="Simulated option quotes a second, all contracts together.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the simulated market.")] = None,
    state_dir: StateDir = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once all is ready; `down` stops it.")] = False,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    environment = _environment(state_dir)
    with _errors_explained():
        settings = load_settings(environment)
        if detach:
            _start_detached(settings, environment, rate, seed)
            return
        with records.sole_supervisor(settings.state_dir):
            earlier = records.read_run(settings.state_dir)
            if earlier is not None and (ended := processes.end_leftovers(earlier.parts)):
                console.print(f"ended what an earlier run had left: {', '.join(ended)}")
            preflight.check(settings)
            folder = overrides.apply(settings, {"option_quotes_per_s": rate, "seed": seed})
            settings = load_settings(environment | {"OPTIONSAI_CONFIG_DIR": str(folder)})
            system = assemble(settings, environment)
            for name, (wanted, used) in system.moved.items():
                console.print(f"port {wanted} for {name} is taken, using {used}")
            try:
                asyncio.run(_supervise(settings, system))
            finally:
                (settings.state_dir / endpoints.FILE).unlink(missing_ok=True)
    console.print("stopped; nothing is left running")


async def _supervise(settings: Settings, system: System) -> None:
    stop = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    began = time.monotonic()
    not_ready = {part.name for part in system.parts}

    def tell(name: str, record: PartRecord) -> None:
        colour = COLOURS.get(record.state, "cyan")
        after = f" after {record.ready_after_s:.1f} s" if record.state == "ready" and record.ready_after_s else ""
        message = f"  {escape(record.message)}" if record.message else ""
        if record.state not in UNTOLD:
            told = f"[{colour}]{record.state}[/{colour}]{after}{message}"
            console.print(f"{time.monotonic() - began:6.1f} s  {name:<10} {told}")
        if record.state == "ready" and name in not_ready:
            not_ready.remove(name)
            if not not_ready:
                _print_addresses(settings, system.addresses)

    await Supervisor(system.parts, settings.state_dir, tell).run(stop)


def _print_addresses(settings: Settings, addresses: endpoints.Endpoints) -> None:
    host = reachable_host(settings.serving.host)
    table = Table(
        title="Everything is up. Ctrl-C or `optionsai down` stops it.", show_header=False, title_justify="left"
    )
    table.add_row("Dashboard", f"http://{host}:{addresses.dash_port}")
    table.add_row("REST", f"http://{host}:{addresses.rest_port}/signals")
    table.add_row("gRPC", f"{host}:{addresses.grpc_port}")
    for name, port in addresses.metrics_ports.items():
        table.add_row(f"Metrics of {name}", f"http://{host}:{port}/metrics")
    table.add_row("Logs", str(settings.state_dir / "logs"))
    if settings.api.source == "simulator":
        table.add_row("Market", "simulated: no real prices")
    console.print(table)


def _start_detached(settings: Settings, environment: Mapping[str, str], rate: float | None, seed: int | None) -> None:
    """Run `up` in a session of its own and wait until it is ready."""
    if records.is_held(settings.state_dir):
        raise StateError(f"a system runs already on {settings.state_dir}. See `optionsai status`.")
    given = {"--rate": rate, "--seed": seed}
    options = [part for key, value in given.items() if value is not None for part in (key, str(value))]
    log = settings.state_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - ourselves
            [*processes.python_command("runtime.cli"), "up", *options],
            env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + DETACHED_START_LIMIT_S
    while time.monotonic() < deadline:
        run = records.read_run(settings.state_dir)
        if run is not None and run.pid == child.pid and run.phase == "running":
            addresses = endpoints.read(settings)
            if addresses is not None:
                _print_addresses(settings, addresses)
            return
        if child.poll() is not None:
            raise PartError(f"the start failed; the last lines of {log} say why")
        time.sleep(POLL_S)
    raise PartError(f"not everything is ready after {DETACHED_START_LIMIT_S:.0f} s. See `optionsai status` and {log}")


@app.command()
def down(*, state_dir: StateDir = None) -> None:
    """Stop the system in good order; ends what a killed supervisor has left, too."""
    with _errors_explained():
        settings = load_settings(_environment(state_dir))
        run = records.read_run(settings.state_dir)
        if not records.is_held(settings.state_dir):
            ended = processes.end_leftovers(run.parts) if run is not None else []
            console.print(f"ended leftovers: {', '.join(ended)}" if ended else "nothing is running")
            return
        pid = records.holder(settings.state_dir)
        if pid is None:
            raise StateError(f"{settings.state_dir} is held by an unknown process. Find it and stop it by hand.")
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_S
        while records.is_held(settings.state_dir):
            if time.monotonic() > deadline:
                raise PartError(f"the supervisor (pid {pid}) still runs. See {settings.state_dir}/logs, then kill it.")
            time.sleep(POLL_S)
        console.print("stopped; nothing is left running")


@app.command()
def status(*, state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """Each part's health, age, restarts, rates and lag. Exit status 0 only if everything is ready."""
    with _errors_explained():
        environment = _environment(state_dir)
        found = facts.collect(load_settings(environment), environment)
    if as_json:
        _print_json(found)
    elif not found.running:
        console.print(f"nothing runs on {found.state_dir}. Start it with `optionsai up`.")
    else:
        _print_status(found)
    raise typer.Exit(0 if found.healthy else 1)


def _print_status(found: facts.Status) -> None:
    table = Table(title=f"{found.phase} for {_age(found.uptime_s)}, {found.state_dir}", title_justify="left", box=None)
    for heading in ("part", "state", "pid", "up for", "restarts", "in/s", "out/s", "lag"):
        table.add_column(heading, justify="left" if heading in {"part", "state"} else "right", no_wrap=True)
    for name, part in found.parts.items():
        colour = COLOURS.get(part.state, "cyan")
        numbers = (part.events_in_per_s, part.events_out_per_s, part.lag_records)
        table.add_row(
            name,
            f"[{colour}]{part.state}[/{colour}]",
            str(part.pid or ""),
            _age(part.uptime_s),
            str(part.restarts),
            *("" if number is None else f"{number:,.0f}" for number in numbers),
        )
    console.print(table)
    for name, part in found.parts.items():
        if part.message:
            console.print(f"{name}: {escape(part.message)}")
    for group, lag in found.group_lag_records.items():
        console.print(f"consumer group {group}: {lag:,} records after its last commit")


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="A part's name, as `status` shows it.")],
    *,
    lines: Annotated[int, typer.Option("-n", min=0, help="How many of the last lines.")] = TAIL_LINES,
    follow: Annotated[bool, typer.Option("-f", help="Go on with new lines until Ctrl-C.")] = False,
    state_dir: StateDir = None,
) -> None:
    """Show the end of a part's log."""
    with _errors_explained():
        folder = load_settings(_environment(state_dir)).state_dir / "logs"
        path = folder / f"{service}.log"
        if path.parent != folder or not path.is_file():
            known = ", ".join(sorted(found.stem for found in folder.glob("*.log"))) or "none yet"
            raise StateError(f"no log of {service!r}. Logs there are: {known}.")
    with path.open(encoding="utf-8", errors="replace") as file:
        tail = file.readlines()[-lines:] if lines else []
        sys.stdout.write("".join(tail))
        sys.stdout.flush()
        pause = threading.Event()
        while follow:
            if text := file.read():
                sys.stdout.write(text)
                sys.stdout.flush()
            elif path.stat().st_size < file.tell():
                file.seek(0)  # the log was emptied in place
            else:
                pause.wait(POLL_S)


@app.command()
def doctor(*, state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """Look for what may keep the system from running. Exit status 1 if there is such a thing."""
    findings = diagnosis.examine(_environment(state_dir))
    if as_json:
        _print_json(findings)
    else:
        for finding in findings:
            colour = VERDICTS[finding.verdict]
            console.print(f"[{colour}]{finding.verdict:<8}[/{colour}] {finding.what:<18} {escape(finding.detail)}")
            if finding.remedy:
                console.print(f"{'':<28}→ {escape(finding.remedy)}")
    raise typer.Exit(int(any(finding.verdict == "problem" for finding in findings)))


@app.command()
def fetch_jars() -> None:
    """Fetch the Java archives that are missing (set-up does it by itself)."""
    raise typer.Exit(jars.main())


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(msgspec.to_builtins(value), indent=2) + "\n")


def main() -> NoReturn:
    """Run the command line."""
    app()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
