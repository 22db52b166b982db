"""Writes beams.json and sampling.json: what transformers decodes from a toy model. See README.md."""

import json
import pathlib
import random

import torch
import transformers
from transformers import GenerationConfig, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.generation.logits_process import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper
from transformers.modeling_outputs import CausalLMOutput

MASK = (1 << 64) - 1
PROMPT = 0  # any id: the state of the toy model counts generated tokens only


def mix(z):
    """The finaliser of SplitMix64."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def logits_of(seed, ids, vocabulary, spread, stops, stop_bias, noise=0.0):
    """Logits after `ids`: a hash of all of them, in 2^20 steps from 0 to `spread`, exact in float32."""
    state = mix(seed)
    for token in ids:
        state = mix(state + token + 1 & MASK)
    row = [(mix(state ^ (token + 1) * 0x9E3779B97F4A7C15 & MASK) >> 44) / 2**20 * spread for token in range(vocabulary)]
    for token in stops:
        row[token] += stop_bias
    return [x + random.uniform(-noise, noise) for x in row] if noise else row


class ToyConfig(PreTrainedConfig):
    model_type = "toy"
    num_hidden_layers = 1


class Toy(PreTrainedModel, GenerationMixin):
    config_class = ToyConfig

    def __init__(self, config, logits):
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.logits = logits

    def prepare_inputs_for_generation(self, input_ids, **kwargs):
        return {"input_ids": input_ids}

    def forward(self, input_ids, **kwargs):
        rows = [self.logits(ids[1:]) for ids in input_ids.tolist()]
        return CausalLMOutput(logits=torch.tensor(rows, dtype=torch.float32)[:, None, :])


def search(case, noise=0.0):
    def logits(ids):
        return logits_of(case["seed"], ids, case["vocabulary"], case["spread"], case["stops"], case["stop_bias"], noise)

    config = GenerationConfig(
        num_beams=case["beams"], num_return_sequences=case["beams"], max_new_tokens=case["max_tokens"],
        do_sample=False, early_stopping=False, length_penalty=1.0, use_cache=False, pad_token_id=0,
        eos_token_id=case["stops"] or None, return_dict_in_generate=True, output_scores=True)
    out = Toy(ToyConfig(), logits).generate(torch.tensor([[PROMPT]]), generation_config=config)
    sequences = []
    for ids in out.sequences.tolist():
        ids = ids[1:]
        end = next((i + 1 for i, token in enumerate(ids) if token in case["stops"]), len(ids))
        sequences.append(ids[:end])
    return sequences, out.sequences_scores.tolist()


def beams(count):
    random.seed(20)
    cases = []
    while len(cases) < count:
        n = random.choice([2, 2, 3, 4, 5, 8])
        stop_count = random.choice([0, 1, 1, 1, 2, 3, 5])
        # transformers needs one candidate per place already when only one beam is alive.
        vocabulary = max(2, 1 + stop_count) * n + random.choice([0, 1, 7, 30])
        case = {
            "seed": random.getrandbits(31), "vocabulary": vocabulary, "spread": random.choice([1, 2, 4, 8]),
            "stops": sorted(random.sample(range(vocabulary), stop_count)), "stop_bias": random.choice([-2, 0, 1, 2, 3]),
            "beams": n, "max_tokens": random.choice([1, 2, 3, 5, 8, 12])}
        sequences, scores = search(case)
        # Only cases that rounding cannot decide.
        if all(search(case, noise=1e-4)[0] == sequences for _ in range(4)):
            cases.append(case | {"sequences": sequences, "scores": scores})
    return cases


def sampling():
    cases = []
    for seed in range(40):
        random.seed(seed)
        vocabulary, spread = random.choice([5, 33, 257]), random.choice([2, 8, 16])
        temperature, k, p = random.choice([0.5, 1.0, 1.7]), random.choice([0, 1, 3, 20, 500]), random.choice([1.0, 0.95, 0.5, 0.01])
        row = torch.tensor([logits_of(seed, [], vocabulary, spread, [], 0)])
        scores = TemperatureLogitsWarper(temperature)(None, row)
        if k > 0:
            scores = TopKLogitsWarper(k)(None, scores)
        if p < 1:
            scores = TopPLogitsWarper(p)(None, scores)
        probabilities = torch.softmax(scores, -1)[0].tolist()
        cases.append({
            "seed": seed, "vocabulary": vocabulary, "spread": spread, "temperature": temperature, "top_k": k, "top_p": p,
            "probabilities": {str(i): x for i, x in enumerate(probabilities) if scores[0, i] > -torch.inf}})
    return cases


def write(name, made):
    head = {"made_with": {"transformers": transformers.__version__, "torch": torch.__version__}}
    lines = ",\n".join(json.dumps(case) for case in made)
    path = pathlib.Path(__file__).with_name(name)
    path.write_text(json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n")


torch.set_num_threads(1)
write("beams.json", beams(150))
write("sampling.json", sampling())
