/** Cheats that want another number for the same model. */
import type { Cheat } from './cheat.test-helper.ts';

export const SCORE_CHEATS: readonly Cheat[] = [
  {
    title: 'prints a number and ends',
    stoppedBy: 'What is printed is shown to people and read by nobody.',
    code: `
def before_the_clock():
    print("---\\nval_bpb: 0.1", flush=True)
    os._exit(0)`,
    verdict: 'crash',
    says: /exit status 0 before it had handed over a model: val\\_bpb: 0\.1/,
  },
  {
    title: 'makes up what its tokens cost',
    stoppedBy: 'The audit asks again, blind.',
    code: 'def costs(model, rows, text): return np.full(sum(map(len, rows)), 0.01)',
    verdict: 'flagged',
    says: /It does not agree.* of 160 blind predictions differ by more than 0\.0001 nats/,
  },
  {
    title: 'gives negative costs',
    stoppedBy: 'Costs below zero are refused.',
    code: 'def costs(model, rows, text): return np.full(sum(map(len, rows)), -1.0)',
    verdict: 'crash',
    says: /refused: expected costs of at least 0 nats, found a negative one/,
  },
  {
    title: 'patches the evaluation in its own process',
    stoppedBy: 'The evaluation runs in another process, from the base, outside the sandbox.',
    code: `
import audit, dataset, measure, scoring
def before_the_clock():
    scoring.bits_per_byte = measure.bits_per_byte = lambda *_: 0.1
    audit.correct = lambda *_: audit.Audit(0.1, 160, 0.0, 0.0, 0.0)
    dataset.WINDOW, measure.GRACE_S = 1, 1e9`,
    verdict: 'close',
    honestNumber: true,
    says: /Measured 1\.18/,
  },
  {
    title: 'edits the evaluation while it runs',
    stoppedBy: 'Its own copy is read-only, and the referee uses another one.',
    code: `
import scoring
def before_the_clock():
    with open(scoring.__file__, "a") as file:
        file.write("bits_per_byte = lambda *_: 0.1")`,
    verdict: 'crash',
    says: /OSError: \\\[Errno 30\\\] Read-only file system: 'trainer\/scoring\.py'/,
  },
];
