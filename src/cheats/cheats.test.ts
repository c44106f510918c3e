import { SCORE_CHEATS } from './score-cheats.test-helper.ts';
import { TRIAL_CHEATS } from './trial-cheats.test-helper.ts';
import { tryAll } from './try.test-helper.ts';

tryAll([...SCORE_CHEATS, ...TRIAL_CHEATS]);
