"""Every key that is checked is in the tables that are printed and documented, and no other."""

import ast
import inspect
import re
from dataclasses import MISSING, fields

import pytest

import meshes
import solvers
from solvers.studies import case, case_conditions, case_keys
from solvers.studies.case import read_case
from tests.support.command_line import CONFIGURATION, plane_flow, run, untrained
from tests.support.solve_cases import CHANNEL
from vcnn import InputError
from vcnn.cli.configuration import RUN_KEYS, RunConfiguration, read_configuration
from vcnn.cli.train_keys import train_tables
from vcnn.closure import file
from vcnn.closure.closure import Closure
from vcnn.closure.file import read_model, write_model
from vcnn.closure.header import ENSEMBLE_KEYS, FORMAT_KEY, HEADER_KEYS, SCALES_KEYS
from vcnn.clouds.regions import REGIONS
from vcnn.network import registry
from vcnn.network.keys import network_keys
from vcnn.network.registry import build_network, network_class
from vcnn.tensor_file import read_tensors, write_tensors
from vcnn.training.config import TRAINING_KEYS, TrainingConfig

SHIPPED = list(registry._SHIPPED)  # tests register others


def by_place(tables):
    return {table.place: table.keys for table in tables if not _is_of_a_test(table.place)}


def _is_of_a_test(place):
    name = re.search(r'architecture = "([^"]*)"', place)
    return name is not None and name[1] not in SHIPPED


TRAIN, SOLVE = by_place(train_tables()), by_place(case_keys.solve_tables())


def names(keys):
    return [key.name for key in keys]


def known(read, path, text):
    """The keys that a reader of files knows, from how it refuses another one."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="unknown key 'unheard-of'") as error:
        read(path)
    return str(error.value).partition("known are: ")[2].split(", ")


@pytest.fixture
def flows(tmp_path):
    for name in ("a_1", "b"):
        plane_flow().save(tmp_path / f"flows/{name}.vtu")
    return tmp_path


def test_keys_that_a_training_knows(flows):
    path, other = flows / "run.toml", '"unheard-of" = 1\n'
    network, rest = CONFIGURATION.partition("[region]")[::2]
    head = network.partition("[network]")[0]
    assert known(read_configuration, path, other + CONFIGURATION) == names(TRAIN[""])
    assert known(read_configuration, path, CONFIGURATION + other) == names(TRAIN["[training]"])
    for name in SHIPPED:
        tables = f'[network]\narchitecture = "{name}"\n{other}[region]{rest}'
        (choice,) = TRAIN["[network]"]
        keys = [choice.name, *names(TRAIN[f'[network] architecture = "{name}"'])]
        assert known(read_configuration, path, head + tables) == keys
        assert name in choice.choices
    for kind in REGIONS:
        region = f'[region]\nkind = "{kind}"\n{other}'
        (choice,) = TRAIN["[region]"]
        keys = [choice.name, *names(TRAIN[f'[region] kind = "{kind}"'])]
        assert known(read_configuration, path, network + region) == keys
        assert kind in choice.choices


def test_keys_that_a_case_knows(tmp_path):
    path, other = tmp_path / "case.toml", '"unheard-of" = 1\n'
    head, conditions = CHANNEL.partition("[conditions]")[::2]
    head = head.partition("[mesh]")[0]
    assert known(read_case, path, other + CHANNEL) == names(SOLVE[""])
    for table in ("reference", "units"):
        text = f"{CHANNEL}[{table}]\n{other}"
        assert known(read_case, path, text) == names(SOLVE[f"[{table}]"])
    mesh = f'{head}[mesh]\nfile = "none.msh"\n{other}[conditions]{conditions}'
    assert known(read_case, path, mesh) == names(SOLVE["[mesh] file = ..."])
    for name in case_keys.GENERATORS:
        mesh = f'{head}[mesh]\ngenerator = "{name}"\n{other}[conditions]{conditions}'
        assert known(read_case, path, mesh) == names(SOLVE[f'[mesh] generator = "{name}"'])
    for kind in case_keys.CONDITION_KEYS:
        (choice,) = SOLVE["[conditions]"]
        text = CHANNEL.replace('{ kind = "wall"', f'{{ kind = "{kind}", unheard-of = 1')
        assert known(read_case, path, text) == [
            choice.name,
            *names(SOLVE[f'[conditions] kind = "{kind}"']),
        ]
        assert kind in choice.choices


def test_a_table_for_all_that_may_be_chosen():
    """No generator, condition, network or region goes without its own."""
    assert [place for place in TRAIN if "=" in place] == [
        *(f'[network] architecture = "{name}"' for name in SHIPPED),
        *(f'[region] kind = "{kind}"' for kind in REGIONS),
    ]
    assert [place for place in SOLVE if '"' in place] == [
        *(f'[mesh] generator = "{name}"' for name in case_keys.GENERATORS),
        *(f'[conditions] kind = "{kind}"' for kind in case_keys.CONDITION_KEYS),
    ]


def entries_read(*functions):
    """Keys of tables that the code of some functions takes values of."""
    nodes = [node for f in functions for node in ast.walk(ast.parse(inspect.getsource(f)))]
    taken = [node.slice for node in nodes if isinstance(node, ast.Subscript)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    taken += [c.args[0] for c in calls if getattr(c.func, "attr", "") == "get"]
    texts = {node.value for node in taken if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str)}


@pytest.mark.parametrize(
    "keys, readers",
    [
        (RUN_KEYS, [read_configuration]),
        (case_keys.CASE_KEYS, [read_case]),
        (case_keys.MESH_FILE_KEYS, [case._mesh]),
        (case_keys.REFERENCE_KEYS, [case._reference]),
        (case_keys.CONDITION_KEYS["wall"], [case_conditions._condition]),
        (
            case_keys.CONDITION_KEYS["inlet"],
            [case_conditions._inlet, case_conditions._inlet_velocity],
        ),
        (HEADER_KEYS, [file._arguments]),
        (ENSEMBLE_KEYS, [file.read_models]),
    ],
)
def test_no_key_is_dead(keys, readers):
    """What is checked and then forgotten would be accepted without effect."""
    assert set(names(keys)) <= entries_read(*readers)


@pytest.mark.parametrize(
    "keys, taker",
    [
        (TRAINING_KEYS, TrainingConfig),
        (case_keys.UNIT_KEYS, Closure.in_units),
        (case_keys.CONDITION_KEYS["symmetry"], solvers.Symmetry),
        (case_keys.CONDITION_KEYS["outlet"], solvers.Outlet),
        (case_keys.CONDITION_KEYS["periodic"], solvers.Periodic),
        (case_keys.CONDITION_KEYS["developed"], solvers.Developed),
    ],
)
def test_tables_that_become_arguments(keys, taker):
    assert set(names(keys)) == set(inspect.signature(taker).parameters) - {"self"}


def test_every_field_of_a_run_is_a_key():
    assert sorted(names(RUN_KEYS)) == sorted(item.name for item in fields(RunConfiguration))


@pytest.mark.parametrize("described", [TrainingConfig, *REGIONS.values()])
def test_defaults_of_dataclasses(described):
    keys = TRAINING_KEYS if described is TrainingConfig else None
    keys = keys or TRAIN[f'[region] kind = "{described.kind}"']
    defaults = {item.name: item.default for item in fields(described)}
    assert {k.name: MISSING if k.needed else k.default for k in keys} == defaults


@pytest.mark.parametrize("name", SHIPPED)
def test_defaults_of_networks(name):
    keys = {key.name: key.default for key in network_keys(name)}
    assert build_network(name, {}).config == keys
    assert build_network(name, keys).config == keys
    parameters = inspect.signature(network_class(name)).parameters.values()
    declared = {p.name: p.default for p in parameters if p.kind != p.VAR_KEYWORD}
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in declared.items()}
    assert plain.items() <= keys.items()


@pytest.mark.parametrize("name", case_keys.GENERATORS)
def test_defaults_of_generators(name):
    parameters = inspect.signature(getattr(meshes, name)).parameters.values()
    keys = case_keys.generator_keys(name)
    assert {key.name: key.default for key in keys} == {p.name: p.default for p in parameters}
    assert not any(key.needed for key in keys)


def test_defaults_of_cases(tmp_path):
    (tmp_path / "case.toml").write_text(CHANNEL, encoding="utf-8")
    read = read_case(tmp_path / "case.toml")
    keys = {key.name: key.default for key in case_keys.CASE_KEYS}
    solve = inspect.signature(solvers.RANS.solve).parameters
    for name in ("tolerance", "max_rounds"):
        assert getattr(read, name) == keys[name] == solve[name].default
    location = inspect.signature(solvers.RANS).parameters["location"].default
    assert read.location == keys["location"] == location
    (pressure,) = case_keys.CONDITION_KEYS["outlet"]
    assert pressure.default == solvers.Outlet().pressure == 0


def test_keys_of_a_closure_file(tmp_path):
    """What is written, and what a file is refused without."""
    path = write_model(untrained(), tmp_path / "model.safetensors")
    tensors, header = read_tensors(path)
    needed = [key.name for key in (FORMAT_KEY, *HEADER_KEYS) if key.needed]
    assert sorted(header) == sorted(needed)
    of_scales = [key.name for key in SCALES_KEYS if key.needed]
    assert sorted(header["scales"]) == sorted(of_scales)
    assert {*names(SCALES_KEYS)} - {*of_scales} == {"weights"}
    for place, keys in ((header, needed), (header["scales"], of_scales)):
        for name in keys:
            value = place.pop(name)
            write_tensors(path, tensors, header)
            with pytest.raises(InputError, match=r"damaged|model format None"):
                read_model(path)
            place[name] = value
    optional = {key.name for key in HEADER_KEYS} - set(needed)
    assert optional == {"usage"}
    write_tensors(path, tensors, {**header, "usage": 3})
    with pytest.raises(InputError, match="damaged, 'usage' is 3"):
        read_model(path)
    write_tensors(path, tensors, {**header, "scales": {**header["scales"], "weights": 0}})
    with pytest.raises(InputError, match="damaged, 'weights' is 0"):
        read_model(path)
    write_tensors(path, tensors, {**header, "usage": {"baseline": "sst_nut"}})
    assert read_model(path)["usage"] == {"baseline": "sst_nut"}


@pytest.mark.parametrize("place, keys", [*TRAIN.items(), *SOLVE.items()])
def test_every_key_says_what_it_means(place, keys):
    for key in (*keys, *HEADER_KEYS, *SCALES_KEYS):
        assert len(key.meaning) > 5, (place, key.name)
        assert not re.search(r"``|:\w+:`|\bNone\b|\bsee `(Cloud|Graph)", key.meaning), key.name
        if key.default is not None:
            assert key.kind.holds(list(key.default) if type(key.default) is tuple else key.default)
            assert not key.choices or key.default in key.choices


@pytest.mark.parametrize("verb, tables", [("train", TRAIN), ("solve", SOLVE)])
def test_the_terminal_shows_all(capsys, verb, tables):
    assert run(verb, "--keys") == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 88
    for place, keys in tables.items():
        (part,) = re.findall(
            rf"^{re.escape(place or 'top level')}: (.*?)(?:\n\n|\Z)", text, re.S | re.M
        )
        shown = re.findall(r"^  (\w+) +\S", part, re.M)
        assert [name for name in shown if name in names(keys)] == names(keys)
    for word in ("1e-09", "length²/time") if verb == "solve" else ("0.002", "1/time"):
        assert word in text
