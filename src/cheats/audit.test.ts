import { AUDIT_CHEATS } from './audit-cheats.test-helper.ts';
import { tryAll } from './try.test-helper.ts';

tryAll(AUDIT_CHEATS);
