# Recognising with a model that parp-export wrote, and nothing else of this project: no ESPnet, no recipes.
#
#     docker build -t parp-recognize .                          for an `onnx` folder; no torch
#     docker build --target bundle -t parp-recognize:bundle .   for a bundle; torch for the CPU, and transformers
#
#     docker run --rm -v "$PWD/models/onnx:/model:ro" -v "$PWD/talks:/talks" parp-recognize /model /talks --out /talks/phones.txt
#
# Versions are those of requirements.lock. tests/export/test_dockerfile.py recognises with what is installed here alone.
FROM python:3.12-slim AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY parp_espnet parp_espnet
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim AS base
COPY requirements.lock /
RUN pip install --no-cache-dir --constraint /requirements.lock numpy safetensors soundfile soxr pyyaml tqdm
RUN useradd --create-home listener
ENV PYTHONUTF8=1
ENTRYPOINT ["parp-recognize"]
CMD ["--help"]

FROM base AS bundle
RUN pip install --no-cache-dir --constraint /requirements.lock --index-url https://download.pytorch.org/whl/cpu torch
RUN pip install --no-cache-dir --constraint /requirements.lock transformers
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/parp_espnet-*.whl
USER listener

FROM base AS onnx
RUN pip install --no-cache-dir --constraint /requirements.lock onnxruntime
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/parp_espnet-*.whl
USER listener
