"""YAML in which a word is a word: `No`, `Yes` and `off` are texts, as are times and dates.

YAML 1.1 reads the column name `No`, the most common one in Indonesian files, as false.
"""

import re

import yaml


class _Loader(yaml.SafeLoader):
    """Knows true and false, decimal numbers and null, and nothing else besides text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?[0-9]+\.[0-9]+$", "-0123456789"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_form), list(_first))


def load_yaml(text: str) -> object:
    """The value that the text holds. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer words, not more
