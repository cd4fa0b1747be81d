"""Brings images into a Layerscope catalog on a Spark cluster, and answers Layerscope's questions about it.

    spark-submit catalog_job.py --to /shared/catalog --references images.txt --ask lineage --ask who-has-package name=openssl

The tasks run the command line (`layerscope catalog index`), which must be installed on every worker; the catalog is a folder that every
worker and the driver see under the same path. The catalog has neither lock nor server: a task that is lost is run again, and a job that
was stopped is continued by starting it again. README.md beside this file says how to set it up.

The last line that it prints is a JSON object about what was done. It exits with 0, with 3 if images could not be read, or with 2 for
invalid usage.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Collection, Iterable, Iterator, Mapping, Sequence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLES = ("entries", "layers", "images", "history", "packages", "findings")
MOST_WAVES = 8
MOST_IMAGES_A_TASK = 16
# Several for each processor, so that one that takes long doesn't keep all others waiting.
TASKS_A_SLOT = 4

EXIT_DONE = 0
EXIT_USAGE = 2
# The command line's own: some images could not be read, and have a row with their error.
EXIT_UNREADABLE = 3


# --- the command line ---


@dataclass(frozen=True)
class CommandLine:
    """How the tasks run Layerscope."""

    program: str
    # For every command that opens an image.
    image_options: tuple[str, ...] = ()
    # For `catalog index`.
    index_options: tuple[str, ...] = ()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end. Raises RuntimeError if the program is not there."""
        try:
            return subprocess.run(
                [self.program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise RuntimeError(f"{self.program} can't be run on {socket.gethostname()}: {error.strerror}") from error


@dataclass(frozen=True)
class Image:
    """A reference with the diffIDs of its layers, lowest first; none if it could not be opened."""

    reference: str
    layers: tuple[str, ...] = ()


def look_up(command_line: CommandLine, reference: str) -> Image:
    """Asks for an image's layers, without reading them. What is wrong with an image is left to `index` to say."""
    config = command_line.run("config", *command_line.image_options, "--", reference)
    if config.returncode != 0:
        return Image(reference)
    return Image(reference, stated_layers(config.stdout))


def stated_layers(text: str) -> tuple[str, ...]:
    """The diffIDs in a config; none if it isn't made as it should be, for it may come from anybody."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    layers = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return tuple(layer for layer in layers if isinstance(layer, str)) if isinstance(layers, list) else ()


@dataclass(frozen=True)
class Indexed:
    """What tasks did, as `catalog index --json` says it."""

    images: int = 0
    newImages: int = 0
    newLayers: int = 0
    failed: int = 0
    errors: tuple[Mapping[str, Any], ...] = ()

    def __add__(self, other: Indexed) -> Indexed:
        return Indexed(
            self.images + other.images,
            self.newImages + other.newImages,
            self.newLayers + other.newLayers,
            self.failed + other.failed,
            self.errors + other.errors,
        )


def index(command_line: CommandLine, folder: str, references: Sequence[str]) -> Indexed:
    """Indexes images by one process. Raises RuntimeError if the catalog could not be written; Spark then tries again."""
    options = (*command_line.image_options, *command_line.index_options)
    done = command_line.run("catalog", "index", "--json", "--to", folder, *options, "--", *references)
    # With the same code, but without a report, it ends if the catalog can't be written.
    if done.returncode not in (EXIT_DONE, EXIT_UNREADABLE) or not done.stdout:
        raise RuntimeError(f"layerscope ended with {done.returncode} on {socket.gethostname()}: {done.stderr.strip()[-2000:]}")
    report = json.loads(done.stdout)
    return Indexed(report["images"], report["newImages"], report["newLayers"], report["failed"], tuple(report["errors"]))


# --- which tasks, and when ---


def plan(images: Iterable[Image], known: Collection[str]) -> list[list[Image]]:
    """Puts images into waves, so that no two images of a wave bring the same new layer.

    Of the images that have a layer the catalog lacks (`known`: those that it has), one brings it, and the others come in later waves. There
    are MOST_WAVES at most: the last takes all that are left, of which some may then read a layer at the same time. That costs time, and
    changes nothing.
    """
    wave_of_layer: dict[str, int] = {}
    waves: list[list[Image]] = [[] for _ in range(MOST_WAVES)]
    # Those with the most new layers first: they bring what the others need, so that few waves do.
    for image in sorted(images, key=lambda each: (-len(set(each.layers).difference(known)), each.layers, each.reference)):
        missing = set(image.layers).difference(known)
        after = [wave_of_layer[layer] + 1 for layer in missing if layer in wave_of_layer]
        wave = min(max(after, default=0), MOST_WAVES - 1)
        for layer in missing:
            wave_of_layer.setdefault(layer, wave)
        waves[wave].append(image)
    return [wave for wave in waves if wave]


def tasks(wave: Sequence[Image], slots: int) -> list[list[str]]:
    """Divides a wave's references among tasks. Images of the same base come together: their process reads its layers once."""
    size = min(MOST_IMAGES_A_TASK, max(1, len(wave) // (slots * TASKS_A_SLOT)))
    references = [image.reference for image in sorted(wave, key=lambda each: (each.layers, each.reference))]
    return [references[start : start + size] for start in range(0, len(references), size)]


def known_layers(folder: Path) -> set[str]:
    """Layers that the catalog has: of a layer, the file in `layers` is written last."""
    return {file.stem.replace("-", ":", 1) for file in (folder / "layers").glob("sha*.parquet")}


@dataclass(frozen=True)
class Done:
    """What the job did; printed as JSON."""

    indexed: Indexed = field(default_factory=Indexed)
    # Images and tasks of each wave.
    waves: tuple[Mapping[str, int], ...] = ()
    # Rows of each answer.
    answers: Mapping[str, int] = field(default_factory=dict)
    # How long each part of the job took.
    seconds: Mapping[str, float] = field(default_factory=dict)


def index_all(spark: SparkSession, command_line: CommandLine, folder: Path, references: Sequence[str], reads_again: bool) -> Done:
    """Indexes what the catalog lacks. `reads_again`: layers that it has may be read again, for secrets or to check digests."""
    context = spark.sparkContext
    began = time.monotonic()
    looked_up = context.parallelize(references, len(references)).map(lambda each: look_up(command_line, each)).collect()
    waves = plan(looked_up, set() if reads_again else known_layers(folder))
    planned = time.monotonic()
    indexed = Indexed()
    sizes: list[Mapping[str, int]] = []
    for number, wave in enumerate(waves, 1):
        parts = tasks(wave, context.defaultParallelism)
        say(f"wave {number} of {len(waves)}: {len(wave)} images in {len(parts)} tasks")
        to = str(folder)
        done = context.parallelize(parts, len(parts)).map(lambda part: index(command_line, to, part)).collect()
        indexed = sum(done, indexed)
        sizes.append({"images": len(wave), "tasks": len(parts)})
    seconds = {"lookUp": round(planned - began, 1), "index": round(time.monotonic() - planned, 1)}
    return Done(indexed, tuple(sizes), seconds=seconds)


# --- questions ---

DAYS_OF_400_YEARS = 146_097


@dataclass(frozen=True)
class Question:
    """A question that ships with Layerscope, with a value for each of its parameters."""

    name: str
    sql: str
    values: Mapping[str, str]


def choose_questions(listed: Iterable[Mapping[str, Any]], asked: Iterable[Sequence[str]]) -> list[Question]:
    """Finds the questions NAME [PARAMETER=VALUE…] among those that `catalog query --json` lists. Raises ValueError for unknown ones."""
    by_name = {question["name"]: question for question in listed}
    chosen: dict[str, Question] = {}
    for name, *words in asked:
        if name not in by_name:
            raise ValueError(f"no question {name}: {', '.join(by_name)}")
        if name in chosen:
            raise ValueError(f"{name} is asked twice")
        given = dict(split_parameter(word) for word in words)
        values = {each["name"]: given.pop(each["name"], each["default"]) for each in by_name[name]["parameters"]}
        missing = [parameter for parameter, value in values.items() if value is None]
        if missing or given:
            raise ValueError(f"{name} needs {', '.join(missing)}" if missing else f"{name} has no parameter {', '.join(given)}")
        chosen[name] = Question(name, by_name[name]["sql"], values)
    return list(chosen.values())


def split_parameter(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"a parameter is NAME=VALUE, not {word}")
    return name, value


def open_catalog(spark: SparkSession, folder: Path) -> None:
    """Makes the tables views. Their columns are those of `empty.parquet`, whichever file is read first."""
    for table in TABLES:
        files = folder / table
        schema = spark.read.parquet((files / "empty.parquet").as_uri()).schema
        spark.read.schema(schema).parquet(files.as_uri()).createOrReplaceTempView(table)


def answer(spark: SparkSession, question: Question, file: Path) -> int:
    """Writes an answer to a file as the command line's `--json` does, one object per line. Returns the number of rows."""
    frame = spark.sql(question.sql, args=dict(question.values))
    rows = 0
    unfinished = file.with_name(f".{file.name}.unfinished")
    with unfinished.open("w", encoding="utf-8", newline="\n") as lines:
        for line in json_lines(frame):
            lines.write(f"{line}\n")
            rows += 1
    unfinished.replace(file)
    return rows


def json_lines(frame: DataFrame) -> Iterator[str]:
    """Yields each row as the JSON that the command line writes. Raises TypeError for a type that no question has."""
    from pyspark.sql import functions

    types = dict(frame.dtypes)
    # Python's times end at the year 9999 and begin at 1, and depend on the machine's zone.
    plain = [functions.unix_micros(frame[name]).alias(name) if of == "timestamp" else frame[name] for name, of in types.items()]
    convert = {name: converter(name, of) for name, of in types.items()}
    for row in frame.select(plain).toLocalIterator():
        cells = {name: None if row[name] is None else convert[name](row[name]) for name in types}
        yield json_text(cells)


def converter(name: str, of: str) -> Callable[[Any], Any]:
    """Returns what makes JSON's value of a column's."""
    if of in ("string", "boolean"):
        return lambda value: value
    if of in ("tinyint", "smallint", "int", "bigint"):
        return integer
    if of == "timestamp":
        return time_text
    raise TypeError(f"the column {name} of type {of} can't be written as JSON")


def integer(value: int) -> int | str:
    """Numbers that JavaScript doesn't have are text."""
    return value if abs(value) < 2**53 else str(value)


def time_text(micros: int) -> str:
    """Formats microseconds since 1970 as the command line does: RFC 3339 in UTC, without zeros at the end of the fraction."""
    seconds, fraction = divmod(micros, 1_000_000)
    # The calendar repeats after 400 years, and Python's has only the years 1 to 9999, which a config need not keep to.
    cycles, second = divmod(seconds, DAYS_OF_400_YEARS * 86_400)
    moment = datetime(1970, 1, 1) + timedelta(seconds=second)
    year = moment.year + 400 * cycles
    # Years of other lengths as in ISO 8601, with a sign.
    text = f"{year:04}" if 0 <= year <= 9999 else f"{year:+07}"
    digits = f".{fraction:06}".rstrip("0") if fraction else ""
    return f"{text}-{moment:%m-%dT%H:%M:%S}{digits}Z"


# Control characters and marks of direction that JSON allows, but that mislead whoever reads it on a terminal.
UNSAFE = re.compile("[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")


def json_text(value: Any) -> str:
    """Encodes a value as the command line does."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# --- the job ---


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="catalog_job.py", description="Brings images into a Layerscope catalog, and asks it, on Spark.")
    parser.add_argument("references", nargs="*", metavar="REFERENCE", help="an image of a registry, or a file that every worker sees")
    parser.add_argument("--references", dest="file", type=Path, metavar="FILE", help="one reference a line; # begins a comment line")
    parser.add_argument("--to", required=True, type=Path, metavar="FOLDER", help="the catalog, on a file system that all share")
    parser.add_argument("--ask", nargs="+", action="append", default=[], metavar=("QUESTION", "PARAMETER=VALUE"), help="may be repeated")
    parser.add_argument("--answers", type=Path, metavar="FOLDER", help="where answers are written as QUESTION.jsonl (default: TO/answers)")
    parser.add_argument("--layerscope", default="layerscope", metavar="PROGRAM", help="the command line on the workers and here")
    parser.add_argument("--scan", action="store_true", help="search every file for secrets")
    parser.add_argument("--verify", action="store_true", help="check every digest")
    parser.add_argument("--platform", metavar="OS/ARCH", help="which platform of an image; otherwise that of each worker")
    parser.add_argument("--plain-http", metavar="HOST,…", help="registries that may be contacted without TLS")
    return parser.parse_intermixed_args(words)


def read_references(given: Iterable[str], file: Path | None) -> list[str]:
    """The references given and those of the file, each once."""
    lines = [] if file is None else file.read_text(encoding="utf-8").splitlines()
    listed = (line.strip() for line in lines)
    return list(dict.fromkeys([*given, *(line for line in listed if line and not line.startswith("#"))]))


def command_line_of(options: argparse.Namespace) -> CommandLine:
    image_options = [f"--{name}={value}" for name, value in (("platform", options.platform), ("plain-http", options.plain_http)) if value]
    index_options = [option for option, is_set in (("--scan", options.scan), ("--verify", options.verify)) if is_set]
    return CommandLine(options.layerscope, tuple(image_options), tuple(index_options))


def list_questions(command_line: CommandLine) -> list[Mapping[str, Any]]:
    listed = command_line.run("catalog", "query", "--json")
    if listed.returncode != EXIT_DONE:
        raise RuntimeError(f"layerscope can't list its questions: {listed.stderr.strip()}")
    return [json.loads(line) for line in listed.stdout.split("\n") if line]


def run(spark: SparkSession, options: argparse.Namespace) -> Done:
    """Runs the job. Raises ValueError for invalid usage, before any image is read."""
    command_line = command_line_of(options)
    folder: Path = options.to.resolve()
    references = read_references(options.references, options.file)
    questions = choose_questions(list_questions(command_line) if options.ask else [], options.ask)
    if not references and not questions:
        raise ValueError("nothing to do: give references, or questions to --ask")
    done = index_all(spark, command_line, folder, references, options.scan or options.verify) if references else Done()
    if not questions:
        return done
    answers: Path = options.answers or folder / "answers"
    answers.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    open_catalog(spark, folder)
    counts = {question.name: answer(spark, question, answers / f"{question.name}.jsonl") for question in questions}
    return replace(done, answers=counts, seconds={**done.seconds, "answer": round(time.monotonic() - began, 1)})


def say(text: str) -> None:
    print(f"catalog_job: {text}", file=sys.stderr, flush=True)


def create_session() -> SparkSession:
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.appName("layerscope-catalog")
        .config("spark.sql.session.timeZone", "UTC")
        # Dates before 1900 are what they are: the catalog isn't written by an old Spark.
        .config("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED")
        .getOrCreate()
    )


def main(words: Sequence[str]) -> int:
    options = parse_arguments(words)
    spark = create_session()
    try:
        done = run(spark, options)
    except ValueError as error:
        say(f"USAGE: {error}")
        return EXIT_USAGE
    finally:
        spark.stop()
    print(json_text(asdict(done)))
    return EXIT_UNREADABLE if done.indexed.failed else EXIT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
