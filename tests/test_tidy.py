"""The style as a test: small files and functions, READMEs, and homes for libraries."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("schemas", "log", "producers", "matchers", "ledger", "marketdata", "deploy")
SOURCES = sorted(
    path for folder in (*FOLDERS, "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
# Where a third-party library may be imported; tests may import anything.
HOMES = {
    "cassandra": ("ledger/store/cassandra/",),
    "fastavro": ("schemas/codec.py",),
    "confluent_kafka": ("log/kafka/",),
    "faust": ("marketdata/bars/app.py",),
    "sortedcontainers": ("matchers/reference/", "marketdata/"),
    "click": ("deploy/",),
    "partita_native": ("log/native.py", "matchers/native.py", "ledger/native.py"),
    "prometheus_client": ("deploy/operate/exposition.py",),
    "rich": ("deploy/",),
    "zstandard": ("deploy/tape/",),
}
# Built from native/ where there is a cargo, and never needed.
OURS = {"partita_native"}
# Where the name of the distribution is another.
IMPORTED_AS = {"cassandra_driver": "cassandra", "faust_streaming": "faust"}
PURE = ("matchers/reference", "ledger/reference")
IMPURE = {
    "asyncio", "datetime", "io", "logging", "os", "random", "secrets", "socket", "subprocess",
    "threading", "time", "uuid", "fastavro", "confluent_kafka",
    "partita.schemas.codec", "partita.schemas.decimals", "partita.log",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Return the modules a file imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def relative(path: Path) -> str:
    """Return a path as people write it."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_file_is_small_and_so_are_its_functions(path: Path) -> None:
    """One file, one idea; a function is read without scrolling."""
    text = path.read_text()

    assert len(text.splitlines()) <= MODULE_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if relative(p).startswith(FOLDERS)], ids=relative
)
def test_a_library_is_imported_at_home_only(path: Path) -> None:
    """Each third-party library has one home."""
    for module in imported(path):
        homes = HOMES.get(module.split(".")[0])
        assert homes is None or relative(path).startswith(homes), f"{module} is at home in {homes}"


@pytest.mark.parametrize("path", [p for p in SOURCES if relative(p).startswith(PURE)], ids=relative)
def test_a_core_is_pure(path: Path) -> None:
    """Books and shards import no clock, randomness, I/O, logging, codec or Kafka, and no floats."""
    for module in imported(path):
        parts = module.split(".")
        prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        assert not prefixes & IMPURE, module
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))


@pytest.mark.parametrize("folder", [*FOLDERS, "native", "tests", "benchmarks"])
def test_a_folder_says_what_it_is(folder: str) -> None:
    """Each has a README, and the architecture page names it."""
    assert (ROOT / folder / "README.md").is_file()
    assert f"`{folder}/`" in (ROOT / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_a_package_by_its_link(folder: str) -> None:
    """src/partita holds links to the folders, and nothing else."""
    link = ROOT / "src" / "partita" / folder

    assert link.is_symlink()
    assert (ROOT / folder).resolve() == link.resolve()
    assert sorted(FOLDERS) == sorted(
        path.name for path in (ROOT / "src" / "partita").iterdir() if path.name != "__pycache__"
    )


def test_every_ignored_rule_carries_its_reason() -> None:
    """In the settings and beside the line."""
    settings = (ROOT / "pyproject.toml").read_text().splitlines()
    start = settings.index("ignore = [") + 1
    for line in settings[start : settings.index("]", start)]:
        assert "#" in line, line
    bare = re.compile(r"#\s*(noqa(: [A-Z0-9, ]+)?|type: ignore(\[[a-z, -]+\])?)\s*$")
    for path in SOURCES:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            previous = path.read_text().splitlines()[number - 2] if number > 1 else ""
            excused = previous.lstrip().startswith("#")
            assert excused or not bare.search(line), f"{relative(path)}:{number}: {line}"


def test_everything_that_is_installed_is_named_once() -> None:
    """Each dependency says where its home is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    names = {re.split(r"[>=<]", name)[0].replace("-", "_") for name in project["dependencies"]}

    assert set(HOMES) - OURS == {IMPORTED_AS.get(name, name) for name in names}
