"""Tests the parts of ci/spark/catalog_job.py that don't need Spark: which tasks run when, and how arguments and answers are written."""

from __future__ import annotations

import ast
import random
import sys
import tempfile
import unittest
from pathlib import Path

JOB = Path(__file__).resolve().parents[2] / "ci" / "spark" / "catalog_job.py"
sys.path.insert(0, str(JOB.parent))

import catalog_job as job  # noqa: E402

QUESTIONS = [
    {"name": "lineage", "sql": "SELECT 1", "parameters": []},
    {
        "name": "who",
        "sql": "SELECT :name, :version",
        "parameters": [{"name": "name", "default": None}, {"name": "version", "default": "%"}],
    },
]


def image(name: str, *layers: str) -> job.Image:
    return job.Image(name, layers)


def names(waves: list[list[job.Image]]) -> list[set[str]]:
    return [{each.reference for each in wave} for wave in waves]


class PlanTest(unittest.TestCase):
    def test_one_image_indexes_a_shared_layer_and_the_others_follow(self) -> None:
        fleet = [image("base", "os"), *(image(f"{family}{tag}", "os", family, f"{family}{tag}") for family in "ab" for tag in "123")]
        self.assertEqual(names(job.plan(fleet, set())), [{"a1"}, {"a2", "a3", "b1", "base"}, {"b2", "b3"}])
        self.assertEqual(names(job.plan(fleet, {"os"})), [{"a1", "b1", "base"}, {"a2", "a3", "b2", "b3"}])
        known = {layer for each in fleet for layer in each.layers}
        self.assertEqual(len(job.plan(fleet, known)), 1)

    def test_a_chain_of_images_built_on_each_other_takes_two_waves(self) -> None:
        chain = [image(str(length), *(str(layer) for layer in range(length))) for length in range(1, 50)]
        self.assertEqual([len(wave) for wave in job.plan(chain, set())], [1, 48])

    def test_there_are_at_most_as_many_waves_as_the_limit(self) -> None:
        # Each image shares a layer with the one before it.
        fleet = [image(f"{number:02}", f"{number:02}", f"{number + 1:02}") for number in range(20)]
        self.assertEqual([len(wave) for wave in job.plan(fleet, set())], [1] * 7 + [13])

    def test_every_image_has_its_wave_and_no_two_in_a_wave_index_the_same_layer(self) -> None:
        for seed in range(200):
            dice = random.Random(seed)
            layers = [f"layer{number}" for number in range(dice.randrange(1, 30))]
            known = set(dice.sample(layers, dice.randrange(len(layers))))
            fleet = [image(f"i{number}", *dice.sample(layers, min(len(layers), dice.randrange(5)))) for number in range(40)]
            waves = job.plan(fleet, known)
            self.assertCountEqual([each for wave in waves for each in wave], fleet)
            self.assertLessEqual(len(waves), job.MOST_WAVES)
            made = set(known)
            for wave in waves[: job.MOST_WAVES - 1]:
                new = [layer for each in wave for layer in set(each.layers) - made]
                self.assertEqual(len(new), len(set(new)), f"seed {seed}")
                made.update(new)

    def test_tasks_have_every_reference_once_and_keep_those_on_one_base_together(self) -> None:
        wave = [image(f"{base}{number:02}", base, f"{base}{number}") for number in range(20) for base in "ab"]
        parts = job.tasks(wave, 1)
        self.assertCountEqual([reference for part in parts for reference in part], [each.reference for each in wave])
        self.assertEqual([{reference[0] for reference in part} for part in parts], [{"a"}, {"a"}, {"b"}, {"b"}])
        self.assertEqual(max(len(part) for part in job.tasks(wave * 100, 1)), job.MOST_IMAGES_A_TASK)
        self.assertEqual([len(part) for part in job.tasks(wave[:3], 8)], [1, 1, 1])


class CommandLineTest(unittest.TestCase):
    def program(self, script: str) -> job.CommandLine:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name) / "layerscope"
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        return job.CommandLine(str(file), ("--platform=linux/amd64",))

    def test_configs_from_any_builder_give_the_layers_that_they_state(self) -> None:
        self.assertEqual(job.stated_layers('{"rootfs":{"diff_ids":["a",1,"b"]}}'), ("a", "b"))
        for config in ("", "[]", "null", '{"rootfs":[]}', '{"rootfs":{"diff_ids":"abc"}}', "[" * 100_000):
            self.assertEqual(job.stated_layers(config), ())
        self.assertEqual(job.look_up(self.program("exit 3"), "app:1"), image("app:1"))

    def test_references_are_never_options(self) -> None:
        echo = self.program("""printf '{"rootfs":{"diff_ids":["%s"]}}' "$*" """)
        self.assertEqual(job.look_up(echo, "--help").layers, ("config --platform=linux/amd64 -- --help",))

    def test_images_that_cannot_be_read_are_reported_and_a_catalog_that_cannot_be_written_ends_the_task(self) -> None:
        report = """{"images":1,"newImages":0,"newLayers":2,"failed":1,"errors":[{"code":"DAMAGED"}]}"""
        indexed = job.index(self.program(f"echo '{report}'; exit 3"), "catalog", ["app:1"])
        self.assertEqual(indexed, job.Indexed(1, 0, 2, 1, ({"code": "DAMAGED"},)))
        self.assertEqual((indexed + indexed).newLayers, 4)
        for script in ("echo no space >&2; exit 3", "exit 1"):
            with self.assertRaisesRegex(RuntimeError, "ended with"):
                job.index(self.program(script), "catalog", ["app:1"])
        with self.assertRaisesRegex(RuntimeError, "can't be run"):
            job.index(job.CommandLine("/nowhere/layerscope"), "catalog", ["app:1"])


class ArgumentsTest(unittest.TestCase):
    def test_references_and_questions_may_come_in_any_order(self) -> None:
        options = job.parse_arguments(["a:1", "--to", "c", "b:1", "--ask", "who", "name=x", "--scan", "--ask", "lineage"])
        self.assertEqual(options.references, ["a:1", "b:1"])
        self.assertEqual(options.ask, [["who", "name=x"], ["lineage"]])
        self.assertEqual(job.command_line_of(options).index_options, ("--scan",))

    def test_parameters_are_checked_before_anything_is_read(self) -> None:
        who, lineage = job.choose_questions(QUESTIONS, [["who", "name=a=b"], ["lineage"]])
        self.assertEqual([who.values, lineage.values], [{"name": "a=b", "version": "%"}, {}])
        for asked, message in (
            ([["what"]], "no question what"),
            ([["who"]], "who needs name"),
            ([["who", "name=x", "size=1"]], "no parameter size"),
            ([["who", "name"]], "NAME=VALUE"),
            ([["lineage"], ["lineage"]], "asked twice"),
        ):
            with self.assertRaisesRegex(ValueError, message):
                job.choose_questions(QUESTIONS, asked)


class JsonTest(unittest.TestCase):
    def test_times_are_written_as_the_command_line_writes_them(self) -> None:
        for micros, text in (
            (0, "1970-01-01T00:00:00Z"),
            (1_500_000, "1970-01-01T00:00:01.5Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_000_001, "-000001-12-31T23:59:59.999999Z"),
            (253_402_300_800_000_000, "+010000-01-01T00:00:00Z"),
        ):
            self.assertEqual(job.time_text(micros), text)

    def test_numbers_and_strings_are_written_as_by_javascript(self) -> None:
        numbers = [job.integer(2**53 - 1), job.integer(-(2**53))]
        self.assertEqual(job.json_text({"a": numbers}), '{"a":[9007199254740991,"-9007199254740992"]}')
        self.assertEqual(job.json_text("é\n\u202e\x7f"), '"é\\n\\u202e\\u007f"')

    def test_a_type_that_no_question_uses_is_refused(self) -> None:
        with self.assertRaisesRegex(TypeError, "labels"):
            job.converter("labels", "map<string,string>")


class SourceTest(unittest.TestCase):
    def test_the_job_runs_on_python_3_9(self) -> None:
        ast.parse(JOB.read_text(encoding="utf-8"), feature_version=(3, 9))


if __name__ == "__main__":
    unittest.main()
