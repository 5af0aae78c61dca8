from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, quants

from novelcraft.tools.models.embedded.convert import requantise

Q4_1, Q8_0, F32 = (
    GGMLQuantizationType.Q4_1,
    GGMLQuantizationType.Q8_0,
    GGMLQuantizationType.F32,
)


def write_model(path: Path) -> None:
    numbers = np.random.default_rng(1).normal(size=(4, 64)).astype(np.float32)
    writer = GGUFWriter(path, "llama")
    writer.add_file_type(3)
    writer.add_context_length(2_048)
    writer.add_chat_template("{{ messages }}")
    writer.add_token_list(["a", "b", "ć"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tensor("weight", quants.quantize(numbers, Q4_1), raw_dtype=Q4_1)
    writer.add_tensor("norm", numbers[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_the_numbers_stay_and_only_their_form_changes(tmp_path: Path) -> None:
    source, target = tmp_path / "source.gguf", tmp_path / "target.gguf"
    write_model(source)
    requantise(source, target)
    before, after = GGUFReader(source), GGUFReader(target)
    weight, norm = after.tensors
    assert (weight.tensor_type, norm.tensor_type) == (Q8_0, F32)
    old = quants.dequantize(before.tensors[0].data, Q4_1)
    new = quants.dequantize(weight.data, Q8_0)
    assert np.abs(old - new).max() <= np.abs(old).max() / 127
    assert np.array_equal(before.tensors[1].data, norm.data)
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []


def test_the_metadata_stays_but_for_the_type_of_the_file(tmp_path: Path) -> None:
    source, target = tmp_path / "source.gguf", tmp_path / "target.gguf"
    write_model(source)
    requantise(source, target)
    before, after = GGUFReader(source).fields, GGUFReader(target).fields
    assert list(before) == list(after)
    changed = {name for name in before if before[name].contents() != after[name].contents()} - {
        "GGUF.tensor_count"
    }
    assert changed == {"general.file_type"}
    assert after["general.file_type"].contents() == 7
    assert [f.types for f in before.values()] == [f.types for f in after.values()]
