/** Claims a folder as a demo does, and keeps it until the process is killed. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONNECTION_FILE } from './connection.ts';
import { claimFolder } from './folder.ts';

const dir = process.argv[2] ?? '';
const claimed = await claimFolder(dir);
const connection = { url: 'http://127.0.0.1:1', token: 't', owner: 'o', repo: 'r', from: dir, own: true };
writeFileSync(path.join(dir, CONNECTION_FILE), JSON.stringify(connection));
process.once('disconnect', () => process.exit());
process.send?.(claimed.kind);
