import type { GateRules } from '../../src/gate/gate.ts';
import { createRandom } from '../../src/sim/random.ts';
import { runGate } from './campaigns.ts';
import { WORLDS } from './worlds.ts';

const rules: GateRules = { goal: 'minimize', rule: 'bayes', falseMerges: 0.1, maxTrials: 4, noise: null };
const n = Number(process.argv[2] ?? 30);
const names = (process.argv[3] ?? '0,1,2,3,4,5,6,7,12,13').split(',').map(Number);
const offs = (process.argv[4] ?? '0').split(',').map(Number);
for (const off of offs)
  for (const i of names) {
    const world = WORLDS[i];
    if (!world) continue;
    const t = process.cpuUsage();
    const out = Array.from({ length: n }, (_, k) =>
      runGate(createRandom(1001 + k), world, {
        trials: 125,
        rules,
        stacks: process.env.STACKS !== '0',
        firstOff: off * world.noise.own,
      } as never),
    );
    const s = (f: (o: (typeof out)[0]) => number) => out.reduce((a, o) => a + f(o), 0) / n;
    const g = s(o => o.gain);
    const sd = Math.sqrt(s(o => (o.gain - g) ** 2) / n);
    const u = process.cpuUsage(t);
    console.log(
      `${String(off).padStart(5)} ${world.name.padEnd(26)} gain ${g.toFixed(5)} ± ${sd.toFixed(5)} merges ${s(o => o.merges).toFixed(1)} false ${((100 * s(o => o.falseMerges)) / s(o => o.merges)).toFixed(1)}% (${((100 * s(o => o.expectedFalse)) / s(o => o.merges)).toFixed(1)}) ${s(o => o.falseMerges).toFixed(2)}/c helpful ${((100 * s(o => o.helpful.merged)) / s(o => o.helpful.all)).toFixed(0)}% stacks ${s(o => o.stacks.tried).toFixed(1)}/${s(o => o.stacks.merged).toFixed(1)} ${s(o => o.stacks.gain).toFixed(5)} ideas ${s(o => o.ideas).toFixed(0)} ch ${s(o => o.championTrials).toFixed(1)} ${(u.user / 1e6).toFixed(1)}s`,
    );
  }
