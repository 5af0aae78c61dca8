"""Where settings come from, and what a person is told when one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.load import RolesSettings, Settings, load_settings
from novelcraft.config.user import find_user_file
from novelcraft.errors import ConfigError, InputError, PagesError, PremiseError, UnknownRoleError


class Load:
    """Loads settings from texts, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.toml = folder / "novel.toml"
        self.user = folder / "config.toml"

    def __call__(
        self,
        toml: str = "",
        *,
        user: str | None = None,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Settings:
        self.toml.write_text(toml, encoding="utf-8")
        if user is not None:
            self.user.write_text(user, encoding="utf-8")
        return load_settings(
            self.toml,
            environ=environ or {},
            user_file=self.user if user is not None else None,
            overrides=overrides or {},
        )


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return Load(tmp_path)


def test_nothing_set_gives_the_defaults(load: Load) -> None:
    assert load() == Settings()
    assert load().novel.pages == 100


def test_each_source_overrules_the_one_before(load: Load) -> None:
    toml, user = "[novel]\npages = 1\n", "[novel]\npages = 2\n"
    environ = {"NOVELCRAFT_NOVEL_PAGES": "3"}
    assert load(toml).novel.pages == 1
    assert load(toml, user=user).novel.pages == 2
    assert load(toml, user=user, environ=environ).novel.pages == 3
    overrides = {"novel": {"pages": 4}}
    assert load(toml, user=user, environ=environ, overrides=overrides).novel.pages == 4


def test_sources_are_merged_key_by_key(load: Load) -> None:
    settings = load(
        "[roles.narrator]\nmodel = 'openai:a'\nsampling = {temperature = 0.5}\n",
        user="[roles.narrator]\nbase_url = 'http://h/v1'\n",
        environ={"NARRATOR_SAMPLING": '{"top_p": 0.9}'},
    )
    narrator = settings.roles.narrator
    assert (narrator.model, narrator.base_url) == ("openai:a", "http://h/v1")
    assert narrator.sampling == {"temperature": 0.5, "top_p": 0.9}


def test_every_field_of_a_role_has_its_variable(load: Load) -> None:
    narrator = load(
        environ={
            "NARRATOR": "openai:magmell-12b",
            "NARRATOR_BASE_URL": "http://127.0.0.1:8000/v1",
            "NARRATOR_API_KEY_ENV": "MY_KEY",
            "NARRATOR_ADAPTER": "brontë",
            "NARRATOR_CONTEXT": "16384",
            "NARRATOR_TIMEOUT": "2.5",
            "NARRATOR_PATIENCE": "60",
            "NARRATOR_MAX_CONCURRENCY": "4",
            "NARRATOR_FALLBACK": "embedded:auto",
            "NARRATOR_PRICE_IN": "0.15",
            "NARRATOR_PRICE_OUT": "0.6",
            "NARRATOR_THINK": "false",
            "NARRATOR_SAMPLING": '{"temperature": 0.8}',
            "NARRATOR_EXTRA": '{"min_tokens": 5}',
        }
    ).roles.narrator
    assert narrator.model_dump() == {
        "model": "openai:magmell-12b",
        "base_url": "http://127.0.0.1:8000/v1",
        "api_key_env": "MY_KEY",
        "adapter": "brontë",
        "context": 16384,
        "timeout": 2.5,
        "patience": 60.0,
        "max_concurrency": 4,
        "fallback": ("embedded:auto",),
        "price_in": 0.15,
        "price_out": 0.6,
        "think": False,
        "sampling": {"temperature": 0.8},
        "extra": {"min_tokens": 5},
    }


def test_the_short_form_of_a_role_beats_the_long_one(load: Load) -> None:
    environ = {"NARRATOR": "openai:short", "NARRATOR_MODEL": "openai:long"}
    assert load(environ=environ).roles.narrator.name == "short"
    assert load(environ={"NARRATOR_MODEL": "openai:long"}).roles.narrator.name == "long"


def test_a_list_in_the_environment_is_written_with_commas(load: Load) -> None:
    settings = load(environ={"NOVELCRAFT_WRITE_ATTEND": "plan, chapter"})
    assert settings.write.attend == ("plan", "chapter")


def test_an_empty_variable_counts_as_unset(load: Load) -> None:
    toml = "[roles.narrator]\nmodel = 'openai:a'\n"
    assert load(toml, environ={"NARRATOR": ""}).roles.narrator.name == "a"


def test_the_real_environment_is_not_read_behind_the_callers_back(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOVEL", '{"pages": 7}')
    monkeypatch.setenv("NOVELCRAFT_NOVEL_PAGES", "7")
    assert load().novel.pages == 100
    assert Settings().novel.pages == 100


class TestCheapLeansOnReasoning:
    def test_all_of_it_when_nothing_is_set(self, load: Load) -> None:
        roles = load(environ={"REASONING": "openai:big", "REASONING_CONTEXT": "8192"}).roles
        assert roles.cheap == roles.reasoning

    def test_field_by_field(self, load: Load) -> None:
        roles = load(
            "[roles.reasoning]\nmodel = 'openai:big'\nbase_url = 'http://h/v1'\n",
            environ={"CHEAP_TIMEOUT": "5"},
        ).roles
        assert (roles.cheap.model, roles.cheap.base_url) == ("openai:big", "http://h/v1")
        assert (roles.cheap.timeout, roles.reasoning.timeout) == (5.0, 600.0)

    def test_what_describes_a_model_does_not_pass_to_another_one(self, load: Load) -> None:
        cheap = load(
            "[roles.reasoning]\nmodel = 'openai:big'\nbase_url = 'http://h/v1'\n"
            "adapter = 'planner'\ncontext = 99\nsampling = {temperature = 0.1}\n"
            "[roles.cheap]\nmodel = 'openai:little'\n"
        ).roles.cheap
        assert (cheap.adapter, cheap.context, cheap.sampling) == ("", 0, {})
        assert cheap.base_url == "http://h/v1"

    def test_also_when_made_from_models(self) -> None:
        first = RolesSettings.model_validate({"reasoning": {"model": "openai:big"}})
        again = RolesSettings(reasoning=first.reasoning)
        assert again.cheap.model == "openai:big"

    def test_a_fault_of_reasoning_is_told_once(self, load: Load) -> None:
        with pytest.raises(ConfigError) as caught:
            load("[roles.reasoning]\nmodel = 'openai:x'\ntimeout = -1\n")
        assert caught.value.message.count("timeout") == 1


FAULTS = [
    pytest.param(
        {"toml": "[novel]\npages = 0\n"},
        PagesError,
        ["novel.toml: [novel] pages = 0", "from 1 to 2000", "Change [novel] pages in"],
        id="range in a file",
    ),
    pytest.param(
        {"overrides": {"novel": {"pages": 10_000}}},
        PagesError,
        ["--pages = 10000", "from 1 to 2000", "Give another --pages"],
        id="range in an option",
    ),
    pytest.param(
        {"environ": {"NARRATOR_CONTEXT": "big"}},
        ConfigError,
        ["environment: NARRATOR_CONTEXT = big", "a whole number of at least 0"],
        id="type in a variable",
    ),
    pytest.param(
        {"environ": {"NARRATOR_TIMEOUT": "0"}}, ConfigError, ["a number above 0"], id="bound"
    ),
    pytest.param(
        {"toml": "[novel]\npremise = 3\n"}, PremiseError, ["premise = 3", "text"], id="premise"
    ),
    pytest.param(
        {"toml": "[roles.writer]\nmodel = 'openai:a'\n"},
        UnknownRoleError,
        ["[roles.writer]: there is no such role", "reasoning, narrator, cheap"],
        id="unknown role",
    ),
    pytest.param(
        {"environ": {"NARATOR": "openai:a"}},
        UnknownRoleError,
        ["NARATOR=openai:a", "Did you mean NARRATOR?"],
        id="misspelt role in the environment",
    ),
    pytest.param(
        {"toml": "[novel]\nlanguge = 'de'\n"},
        ConfigError,
        ["[novel] languge: there is no such setting", "Did you mean [novel] language?"],
        id="misspelt key",
    ),
    pytest.param(
        {"toml": "[novl]\npages = 3\n"},
        ConfigError,
        ["[novl]: there is no such setting", "Did you mean [novel]?"],
        id="misspelt table",
    ),
    pytest.param(
        {"toml": "pages = 3\n"},
        ConfigError,
        ["novel.toml: pages: there", "pages belongs in [novel]"],
        id="key outside its table",
    ),
    pytest.param(
        {"environ": {"NARRATOR_API_KEY": "sk-1"}},
        ConfigError,
        ["NARRATOR_API_KEY in the environment is no setting", "NARRATOR_API_KEY_ENV=MY_KEY"],
        id="misspelt variable",
    ),
    pytest.param(
        {"environ": {"NOVELCRAFT_PAGES": "3"}},
        ConfigError,
        ["Did you mean NOVELCRAFT_NOVEL_PAGES?"],
        id="variable without its section",
    ),
    pytest.param(
        {"environ": {"NARRATOR_SAMPLING": '{"a": 1'}},
        ConfigError,
        ["NARRATOR_SAMPLING", "not JSON, at character 8"],
        id="broken JSON",
    ),
    pytest.param(
        {"environ": {"NARRATOR_EXTRA": "[1]"}},
        ConfigError,
        ["NARRATOR_EXTRA = [1]: must be a JSON object"],
        id="JSON of another kind",
    ),
    pytest.param(
        {"toml": "[write]\nattend = ['plan', 'book']\n"},
        ConfigError,
        ["[write] attend = book", "any of plan, chapter, scene"],
        id="item of a list",
    ),
    pytest.param(
        {"toml": "[write]\npreset = 'huge'\n"},
        ConfigError,
        ["preset = huge", "one of auto, small, standard"],
        id="choice",
    ),
    pytest.param(
        {"toml": "[roles.narrator]\nmodel = 'gpt-9'\n"},
        ConfigError,
        ["[roles.narrator] model = gpt-9", "embedded:NAME or openai:NAME"],
        id="model without provider",
    ),
    pytest.param(
        {"toml": "novel = 3\n"}, ConfigError, ["novel = 3: must be a table"], id="no table"
    ),
    pytest.param(
        {"toml": "[novel]\npages = \n"}, ConfigError, ["line 2, column 9"], id="broken TOML"
    ),
    pytest.param(
        {"toml": "[write]\nattend = ['plan',"},
        ConfigError,
        ["line 2, column 18"],
        id="TOML that ends too early",
    ),
]


@pytest.mark.parametrize(("given", "kind", "told"), FAULTS)
def test_a_fault_names_source_key_value_and_fix(
    load: Load, given: dict[str, Any], kind: type[InputError], told: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        load(**given)
    assert type(caught.value) is kind
    assert caught.value.fix
    for words in told:
        assert words in str(caught.value)


def test_all_faults_are_told_at_once(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load("[write]\nattempts = 0\nreplan = 'maybe'\n")
    assert "attempts = 0" in caught.value.message
    assert "replan = maybe" in caught.value.message


def test_a_wrong_value_that_is_overruled_is_not_blamed_on_its_source(load: Load) -> None:
    with pytest.raises(PagesError, match="NOVELCRAFT_NOVEL_PAGES = 0"):
        load("[novel]\npages = 5\n", environ={"NOVELCRAFT_NOVEL_PAGES": "0"})


def test_variables_of_other_programs_are_left_alone(load: Load) -> None:
    others = {"REASONING_EFFORT": "high", "NOVELCRAFT_CACHE": "/c", "CHEAPSKATE": "openai:x"}
    assert load(environ=others) == Settings()


def test_a_file_that_is_no_text(load: Load) -> None:
    load.toml.write_bytes(b"title = '\xff'")
    with pytest.raises(ConfigError, match="byte 9 is not UTF-8"):
        load_settings(load.toml, environ={}, user_file=None)


def test_a_byte_order_mark_is_taken(load: Load) -> None:
    load.toml.write_bytes(b"\xef\xbb\xbf[novel]\npages = 9\n")
    assert load_settings(load.toml, environ={}, user_file=None).novel.pages == 9


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_settings(tmp_path / "novel.toml", environ={}, user_file=None)


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, environ={}, user_file=None)


def test_the_user_file_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("", encoding="utf-8")
    assert find_user_file({"NOVELCRAFT_CONFIG": str(path)}) == path


def test_a_named_user_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="NOVELCRAFT_CONFIG names"):
        find_user_file({"NOVELCRAFT_CONFIG": str(tmp_path / "none.toml")})


KEY = "sk-canary7f3a9b2c4d"


@pytest.mark.parametrize("key", [KEY, "gsk_Ab3dEf6hIj9kLm2nOp5q", "two words", "1KEY"])
def test_a_key_in_the_place_of_its_variable_is_not_repeated(tmp_path: Path, key: str) -> None:
    file = tmp_path / "novel.toml"
    file.write_text(f'[roles.narrator]\napi_key_env = "{key}"\n', encoding="utf-8")
    for given, environ in ((file, {}), (None, {"NARRATOR_API_KEY_ENV": key})):
        with pytest.raises(ConfigError, match="not the key itself") as caught:
            load_settings(given, environ=environ, user_file=None)
        assert key not in str(caught.value)


@pytest.mark.parametrize("name", ["api_key", "key", "apikey", "token", "password"])
def test_a_key_in_a_file_is_sent_to_the_environment(tmp_path: Path, name: str) -> None:
    file = tmp_path / "novel.toml"
    file.write_text(f'[roles.narrator]\n{name} = "{KEY}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="A key belongs in no file") as caught:
        load_settings(file, environ={}, user_file=None)
    assert KEY not in str(caught.value)
    assert 'api_key_env = "MY_KEY"' in caught.value.fix


def test_a_key_in_a_variable_of_a_role_is_told_how_to_be_named() -> None:
    with pytest.raises(ConfigError, match="NARRATOR_API_KEY_ENV=MY_KEY") as caught:
        load_settings(None, environ={"NARRATOR_API_KEY": KEY}, user_file=None)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "my_key_2", "K", ""])
def test_names_of_variables_are_taken(name: str) -> None:
    settings = load_settings(None, environ={"NARRATOR_API_KEY_ENV": name}, user_file=None)
    assert settings.roles.narrator.api_key_env == (name or "OPENAI_API_KEY")
