"""How a model is used that has been exported: what its card says of each format."""

USES = {
    "hf": """\
```python
from transformers import pipeline
recognise = pipeline("automatic-speech-recognition", "FOLDER")
print(recognise("talk.wav", return_timestamps="char"))
```
Give `batch_size=1`, which is the default: in a padded batch the pipeline reads the padding, too.
A recording needs {field} samples at least (16 kHz); files are read with ffmpeg.""",
    "bundle": """\
```sh
pip install parp-espnet
parp-recognize FOLDER talk.mp3
parp-recognize FOLDER field/ --format textgrid --out grids
```
The best decoding that was tuned is used; `--greedy`, `--beam_size`, `--ngram FILE` and weights are
options.""",
    "pack": """\
```sh
parp-recognize --upstream UPSTREAM --pack FOLDER/LANGUAGE.pack talk.mp3
```
The upstream is the one that it was trained on, and no other; it is not in the pack. Several packs
on one upstream that is loaded once:
```python
from pathlib import Path
from parp_espnet.export.pack import load_pack
from parp_espnet.export.switching import PackRecogniser
from parp_espnet.upstreams.untouched import load_upstream
recogniser = PackRecogniser(load_upstream(Path("UPSTREAM")), load_pack(Path("es.pack")))
recogniser.switch(load_pack(Path("tr.pack")))
```""",
    "espnet": """\
```python
from espnet2.bin.asr_inference import Speech2Text
model = Speech2Text.from_pretrained("FOLDER/model.zip", ctc_weight=1.0)
print(model(waves)[0][1])
```
Or `python -m espnet2.bin.asr_inference --model_tag FOLDER/model.zip --ctc_weight 1.0 …`.""",
    "s3prl": """\
```python
from s3prl.nn import S3PRLUpstream
upstream = S3PRLUpstream("{s3prl}", path_or_url="FOLDER")
layers, lengths = upstream(waves, wave_lengths)
```
In a recipe of parp-espnet: `--upstream FOLDER`.""",
    "onnx": """\
```python
import onnxruntime, soundfile
session = onnxruntime.InferenceSession("FOLDER/model.onnx")
samples, _ = soundfile.read("talk.wav", dtype="float32")
logprobs, frames = session.run(None, {"input_values": samples[None]})
```
Samples are at 16 kHz, in [-1, 1]; `input_lengths` has the samples of each utterance of a padded
batch, and may be left out. Label 0 is the blank. By stock sherpa-onnx:
```python
import sherpa_onnx
recognizer = sherpa_onnx.OfflineRecognizer.from_omnilingual_asr_ctc(
    "FOLDER/model.onnx", "FOLDER/tokens.txt")
```
With times, of any recording: `parp-recognize FOLDER talk.mp3`, or `FOLDER/model.int8.onnx`.""",
    "openvino": """\
```python
import numpy, openvino, soundfile
settings = {"INFERENCE_PRECISION_HINT": "f32"}
model = openvino.Core().compile_model("FOLDER/model.xml", "CPU", settings)
waves = soundfile.read("talk.wav", dtype="float32")[0][None]
logprobs = model({"input_values": waves, "input_lengths": numpy.zeros(1, "int64")})["logprobs"]
```
Set the hint: OpenVINO's own choice is bf16 on some processors, which is another model. Samples are
at 16 kHz, in [-1, 1]; a length of 0 stands for all of them. Label 0 is the blank.
With times, of any recording: `parp-recognize FOLDER talk.mp3`, or `FOLDER/model.int8.xml`.""",
    "sparse": """\
```python
from read_sparse import read_sparse  # the file beside the model; it needs numpy alone
tensors = read_sparse("FOLDER/model.sparse.safetensors")
```
`python read_sparse.py model.sparse.safetensors model.safetensors` writes ordinary safetensors, by
the names of transformers' class with a CTC head, which the `config.json` here is for.""",
}
"""How it is used, by format."""
