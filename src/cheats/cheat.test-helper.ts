import type { Verdict } from '../campaign/marker.ts';
import type { Told } from './act.test-helper.ts';
import type { Scene } from './scene.test-helper.ts';

export interface Cheat {
  /** What the candidate tries. Names it in docs/cheats.md, too. */
  title: string;
  /** What keeps it from paying, as docs/cheats.md says it. */
  stoppedBy: string;
  /** Python that replaces functions of honest.py. */
  code?: string;
  /** The whole of train.py, where it is not made from honest.py. */
  script?: string;
  /** Changes more of the candidate's checkout, given its folder, before it is committed. */
  change?: (folder: string) => void;
  /** True: it needs seconds to start. The trial is then one of a campaign whose champion does so, too. */
  startsSlowly?: true;
  /** True: its trials run on a machine that has not measured the champion. */
  onAnotherMachine?: true;
  /** A preview above this ends its trials, in bits per byte. */
  stopAbove?: number;
  /** How the campaign judges it. */
  verdict: Verdict['kind'];
  /** What the report of each of its trials says. */
  says: RegExp;
  /** True: the number is the one that the honest candidate gets with the same seed. */
  honestNumber?: true;
  /** More that must hold of its first trial. */
  also?: (told: Told, scene: Scene) => void;
}
