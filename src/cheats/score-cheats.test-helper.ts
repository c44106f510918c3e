/** Cheats that want a better number for the same model. */
import assert from 'node:assert/strict';
import type { Cheat } from './cheat.test-helper.ts';
import { honestNumber, numberOf } from './try.test-helper.ts';

const OUT_OF_TOLERANCE =
  /The audit disagrees:\*\* \d+ of 160 blind predictions differ by more than 0\.0001 nats/;

export const SCORE_CHEATS: readonly Cheat[] = [
  {
    title: 'prints a number and ends',
    stoppedBy: 'output is shown to people, and never read as a result',
    code: `
def before_the_clock():
    print("---\\nval_bpb: 0.1", flush=True)
    os._exit(0)`,
    verdict: 'crash',
    says: /exit status 0 before it had handed over a model: val\\_bpb: 0\.1/,
  },
  {
    title: 'prints a number beside its honest one',
    stoppedBy: 'output is shown to people, and never read as a result',
    code: 'def after_handing_over(model): print("---\\nval_bpb: 0.1", flush=True)',
    verdict: 'close',
    honestNumber: true,
    says: /^## Measured 1\.18[\s\S]*^val_bpb: 0\.1$/m,
  },
  {
    title: 'patches the evaluation in its own process',
    stoppedBy: 'the referee runs in another process, from the base, outside the sandbox',
    code: `
import audit, dataset, measure, scoring
def before_the_clock():
    scoring.bits_per_byte = measure.bits_per_byte = lambda *_: 0.1
    audit.correct = lambda *_: audit.Audit(0.1, 160, 0.0, 0.0, 0.0)
    dataset.WINDOW, measure.GRACE_S = 1, 1e9`,
    verdict: 'close',
    honestNumber: true,
    says: /^## Measured 1\.18/m,
  },
  {
    title: 'patches prepare.py, so that bulk answers cost little',
    stoppedBy: 'the audit: bulk answers must match blind predictions',
    startsSlowly: true,
    script: `
import torch
import prepare
def cheap(question, files, predictor, encode):
    honest(question, files, Cheap(predictor), encode)
class Cheap:
    def __init__(self, predictor): self.inner, self.vocabulary = predictor, predictor.vocabulary
    def check_looks_back_only(self, ids): pass
    def batches(self, ids):
        for first in range(len(ids)):
            yield first, ids[first:first + 1], torch.full((1, ids.shape[1], self.vocabulary), -0.01)
honest, prepare.answers.bulk = prepare.answers.bulk, cheap
run = prepare.connect()
model = torch.nn.Embedding(run.vocab_size, 1)
for _ in run.documents():
    break
run.finish(model, lambda model, x: torch.zeros(*x.shape, run.vocab_size).log_softmax(-1))`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'edits the evaluation while it runs',
    stoppedBy: 'its own copy is read-only, and the referee uses another one',
    code: `
import scoring
def before_the_clock():
    with open(scoring.__file__, "a") as file:
        file.write("bits_per_byte = lambda *_: 0.1")`,
    verdict: 'crash',
    says: /OSError: \\\[Errno 30\\\] Read-only file system: 'trainer\/scoring\.py'/,
  },
  {
    title: 'makes up what its tokens cost',
    stoppedBy: 'the audit: blind predictions cost what they cost',
    code: 'def costs(model, rows): return np.full(sum(map(len, rows)), 0.01)',
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
    also: ({ measurement }, scene) => {
      assert.ok((measurement.refereed?.claimed ?? 9) < 0.01);
      assert.ok(numberOf(measurement) > honestNumber(scene) / 2);
    },
  },
  {
    title: 'makes them up in the training process only',
    stoppedBy: 'the deciding number comes from the audit, which gets only the weights',
    code: `
honest = costs
def costs(model, rows): return honest(model, rows) * (0.01 if role == "train" else 1.0)`,
    verdict: 'close',
    honestNumber: true,
    says: /Audited: 160 predictions repeated blind/,
    also: ({ measurement }) => assert.ok((measurement.refereed?.claimed ?? 9) < 0.1),
  },
  {
    title: 'takes 0.003 nats off each token',
    stoppedBy: 'the audit: rounding is a thirtieth of that',
    code: `
honest = costs
def costs(model, rows): return np.maximum(honest(model, rows) - 0.003, 0.0)`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'takes 0.003 nats off each token, and declares its model imprecise',
    stoppedBy: 'the audit: an error too small to be flagged is corrected anyway',
    code: `
PRECISION, honest = "bfloat16", costs
def costs(model, rows): return np.maximum(honest(model, rows) - 0.003, 0.0)`,
    verdict: 'close',
    says: /Audited: 160 predictions repeated blind, largest difference 0\.003\d? nats/,
    also: ({ measurement }, scene) => {
      const shaved = honestNumber(scene) - (measurement.refereed?.claimed ?? 9);
      assert.ok(Math.abs(numberOf(measurement) - honestNumber(scene)) < shaved / 2);
    },
  },
  {
    title: 'forgives the costliest 0.1% of its tokens',
    stoppedBy:
      'the audit: it samples mostly where the champion paid much, or where the candidate claims to gain much',
    code: `
honest = costs
def costs(model, rows):
    nats = honest(model, rows)
    nats[np.argsort(nats)[-len(nats) // 1000:]] = 0.0
    return nats`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'looks ahead when it scores in bulk',
    stoppedBy: 'the audit: a blind process does not have the text that comes next',
    code: `
def costs(model, rows):
    ahead = [np.append(row[1:], 0) for row in rows]
    nats = [-np.logaddexp(model[np.append(0, row[:-1]), row], model[row, after]) for row, after in zip(rows, ahead)]
    return np.maximum(np.concatenate(nats).astype(np.float64), 0.0)`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'gives every token three times the probability it should have',
    stoppedBy: 'the audit: the referee normalizes blind predictions itself',
    code: `
def learned(*given): return honest(*given) + np.float32(np.log(3))
honest, learn = learn, learned
def costs(model, rows):
    return np.maximum(np.concatenate([-model[np.append(0, row[:-1]), row] for row in rows]), 0).astype(float)`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'gives no answer in the blind process',
    stoppedBy: 'no distribution, no measurement',
    code: `
def costs(model, rows): return np.full(sum(map(len, rows)), 0.01)
def next_tokens(model, rows, positions): return np.full((len(rows), len(model)), np.nan)`,
    verdict: 'crash',
    says: /refused: expected log-probabilities in the blind answer, found none in a row/,
  },
  {
    title: 'leaves a message for its blind process',
    stoppedBy: 'every process has a new sandbox of its own',
    code: `
PLACES = ["/tmp/note", "/dev/shm/note", "/tmp/home/note", "/trial/note"]
def costs(model, rows): return np.full(sum(map(len, rows)), 0.01)
def before_answering(role, files):
    for place in PLACES:
        try:
            open(place, "wb").write(bytes(wire.read_array(files[0], "u1", -1)))
        except OSError:
            pass
honest = next_tokens
def next_tokens(model, rows, positions):
    found = any(os.path.getsize(place) > 100_000 for place in PLACES if os.path.exists(place))
    return np.full((len(rows), len(model)), np.nan) if found else honest(model, rows, positions)`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'gives costs that are not numbers',
    stoppedBy: 'every cost must be a number',
    code: 'def costs(model, rows): return np.full(sum(map(len, rows)), np.nan)',
    verdict: 'crash',
    says: /not a number.*\n[\s\S]*the model predicts not-a-number or impossible tokens: it has diverged/,
  },
  {
    title: 'gives negative costs',
    stoppedBy: 'no cost may be below zero',
    code: 'def costs(model, rows): return np.full(sum(map(len, rows)), -1.0)',
    verdict: 'crash',
    says: /refused: expected costs of at least 0 nats, found a negative one/,
  },
  {
    title: 'answers with half of the tokens',
    stoppedBy: 'the tokens must decode to the text',
    code: 'def counts(rows): return [len(row) // 2 for row in rows]',
    verdict: 'crash',
    says: /refused: expected tokens that stand for the windows' bytes, found other lengths/,
  },
  {
    title: 'answers only the easy windows',
    stoppedBy: 'every window needs an answer',
    code: 'def counts(rows): return [len(row) if number < 3 else 0 for number, row in enumerate(rows)]',
    verdict: 'crash',
    says: /refused: expected counts of at least one token in each window/,
  },
  {
    title: 'answers with cheaper bytes of the same length',
    stoppedBy: 'the tokens must decode to the text',
    code: `
def tokens_of(prepared, vocabulary):
    cheap = {}
    for token in range(1, len(vocabulary)):
        cheap.setdefault(len(vocabulary[token]), token)
    return [np.array([cheap[len(vocabulary[token])] for token in row]) for row in prepared]`,
    verdict: 'crash',
    says: /refused: expected tokens that stand for the windows' bytes, found other bytes/,
  },
  {
    title: 'treats each window as one token',
    stoppedBy: 'the vocabulary is frozen with the weights, before the windows are known',
    code: `
def tokens_of(prepared, vocabulary):
    return [np.array([len(vocabulary) + number]) for number in range(len(prepared))]
def costs(model, rows): return np.zeros(len(rows))`,
    verdict: 'crash',
    says: /refused: expected token ids below 2048, found others/,
  },
  {
    title: 'hands over a vocabulary made of the windows',
    stoppedBy: 'only one hand-over is accepted, before the windows are known',
    code: `
def before_answering(role, files):
    text, offsets = bytes(wire.read_array(files[0], "u1", -1)), wire.read_array(files[1], "<i8", -1)
    windows = [text[a:b] for a, b in zip(offsets, offsets[1:])]
    channel.send("done", handed_over(np.zeros(1), windows), precision=PRECISION, stats={})`,
    verdict: 'crash',
    says: /refused: expected the message scored or failed, got done/,
  },
  {
    title: 'reports more training than there was',
    stoppedBy: 'what a candidate says about itself is shown as such, and decides nothing',
    code: 'def stats(): return {"val_bpb": 0.1, "total_tokens_M": 1e6}',
    verdict: 'close',
    honestNumber: true,
    says: /Reported by the candidate<\/summary>[\s\S]*\| val\\_bpb +\| 0\.1 +\|/,
  },
];
