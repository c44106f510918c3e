import { TRIAL_CHEATS } from './trial-cheats.test-helper.ts';
import { tryAll } from './try.test-helper.ts';

tryAll(TRIAL_CHEATS);
