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
def cheap(question, files, predictor): honest(question, files, Cheap(predictor))
class Cheap:
    def __init__(self, predictor): self.inner, self.vocabulary = predictor, predictor.vocabulary
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
    says: /Errno (13|30).{1,2} (Permission denied|Read-only file system): 'trainer\/scoring\.py'/,
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
    title: 'makes them up only the first time it is asked',
    stoppedBy: 'the audit: it asks again, among other windows',
    code: `
honest = costs
def costs(model, rows): return honest(model, rows) * (0.01 if len(rows) == 160 else 1.0)`,
    verdict: 'flagged',
    says: /tokens cost something else when other windows are scored beside them/,
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
    title: 'learns from the windows that it scores',
    stoppedBy: 'the audit: among other windows there is something else to learn',
    code: `
honest = costs
def costs(model, rows):
    seen = np.concatenate(rows)
    pairs = np.bincount(np.append(0, seen[:-1]) * len(model) + seen, minlength=len(model) ** 2)
    return honest(normalised(pairs.reshape(model.shape) + np.exp(model)), rows)`,
    verdict: 'flagged',
    says: /tokens cost something else when other windows are scored beside them/,
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
    stoppedBy: 'a failure after a claim was made waits for a person',
    code: `
def costs(model, rows): return np.full(sum(map(len, rows)), 0.01)
def next_tokens(model, rows, positions): return np.full((len(rows), len(model)), np.nan)`,
    verdict: 'flagged',
    says: /the process that was asked blind failed: refused: expected log-probabilities/,
  },
  {
    title: 'rules out in the blind process what it claimed to expect',
    stoppedBy: 'the audit: an infinite difference is a difference',
    code: `
def costs(model, rows): return np.full(sum(map(len, rows)), 0.01)
def next_tokens(model, rows, positions):
    only = np.full((len(rows), len(model)), -np.inf, "<f4")
    only[:, 1] = 0.0
    return only`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
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
    title: 'leaves most of its answer empty',
    stoppedBy: 'the audit: what costs nothing in bulk must cost nothing blind',
    code: `
honest = costs
def costs(model, rows): return honest(model, rows[:3])`,
    verdict: 'flagged',
    says: OUT_OF_TOLERANCE,
  },
  {
    title: 'declares tokens without bytes, to carry hints about what follows',
    stoppedBy: 'every id but the first stands for bytes, and the referee cuts the text',
    code: `
honest = handed_over
def handed_over(model, vocabulary): return honest(model, [*vocabulary, b""])`,
    verdict: 'crash',
    says: /refused: expected every id but 0 to stand for bytes/,
  },
  {
    title: 'declares the same bytes twice, to choose between two encodings',
    stoppedBy: 'every id stands for bytes of its own, so a text has one encoding',
    code: `
honest = handed_over
def handed_over(model, vocabulary): return honest(model, [*vocabulary, vocabulary[-1]])`,
    verdict: 'crash',
    says: /refused: expected every id to stand for bytes of its own, found the same bytes twice/,
  },
  {
    title: 'hands over another model once it has seen the windows',
    stoppedBy: 'only one hand-over is accepted, from a process that never sees them',
    code: `
def before_answering(role, files): channel.send("done", files[:2], stats={})`,
    verdict: 'crash',
    says: /refused: expected the message scored or failed, got done/,
  },
  {
    title: 'reports more training than there was',
    stoppedBy: 'what a candidate says about itself is shown as such, and decides nothing',
    code: 'def stats(): return {"val_bpb": 0.1, "total_tokens_M": 1e6}',
    verdict: 'close',
    honestNumber: true,
    says: /Other numbers that trial 3\/1\.\d reported<\/summary>[\s\S]*\| val\\_bpb +\| +0\.1000 \|/,
  },
];
