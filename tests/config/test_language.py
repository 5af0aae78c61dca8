"""The language of a book, as a person may write it."""

from __future__ import annotations

import pytest

from novelcraft.config.load import load_settings
from novelcraft.config.settings import NovelSettings
from novelcraft.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("en", "en"),
        ("pt-BR", "pt-BR"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("de-1996", "de-1996"),
        ("x-klingon", "x-klingon"),
        ("en-a-bbb-x-a-ccc", "en-a-bbb-x-a-ccc"),
        ("fr_FR", "fr-FR"),
        ("fr_FR.UTF-8", "fr-FR"),
        ("de_DE@euro", "de-DE"),
        (" nl ", "nl"),
    ],
)
def test_a_tag_or_a_locale_is_taken(given: str, tag: str) -> None:
    assert NovelSettings(language=given).language == tag


@pytest.mark.parametrize("given", ["", "e", "en-", "de-<x>", "French", "english", "C", "fr FR"])
def test_what_is_no_language_is_refused_before_anything_is_made(given: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(None, environ={}, user_file=None, overrides={"novel": {"language": given}})
    assert 'must be a BCP 47 language tag, such as "en"' in refused.value.message
    assert f"--language = {given}" in refused.value.message
