"""validate_manifests.py FILE…: checks manifests against the published schemas of Kubernetes and Argo Workflows.

Prints the problems, one per line, and exits with 1 if there are any.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Iterator

import kubernetes_validate
import yaml
from hera.workflows import models
from pydantic import ValidationError


def problems(manifest: Any) -> Iterator[str]:
    if manifest["apiVersion"].startswith("argoproj.io/"):
        yield from argo_problems(manifest)
        return
    try:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(map(str, error.path))}: {error.message}"


def argo_problems(manifest: Any) -> Iterator[str]:
    """The models are made from Argo's own schema. They ignore unknown fields, which are then missing from the parsed model."""
    model = getattr(models, manifest["kind"])
    try:
        held = model.model_validate(manifest)
    except ValidationError as error:
        yield from (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return
    yield from lost("", manifest, held.model_dump(mode="json", by_alias=True, exclude_none=True))


def lost(place: str, given: Any, held: Any) -> Iterator[str]:
    """Yields what was given but is missing from the parsed model."""
    if isinstance(given, dict) and isinstance(held, dict):
        for key, value in given.items():
            if key in held:
                yield from lost(f"{place}.{key}", value, held[key])
            else:
                yield f"{place}.{key}: no such field"
    elif isinstance(given, list) and isinstance(held, list) and len(given) == len(held):
        for number, (mine, theirs) in enumerate(zip(given, held)):
            yield from lost(f"{place}.{number}", mine, theirs)
    elif given != held:
        yield f"{place}: {given!r} is read as {held!r}"


def main(files: list[str]) -> int:
    found = [
        f"{Path(file).name}: {problem}"
        for file in files
        for manifest in yaml.safe_load_all(Path(file).read_text(encoding="utf-8"))
        for problem in problems(manifest)
    ]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
