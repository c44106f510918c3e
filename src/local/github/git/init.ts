/** Making a repository. */
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitIn } from './command.ts';

/** Pull requests' refs belong to the server; objects that nothing points at are kept, as any of them may be asked for. */
const SETTINGS = `[http]
\treceivepack = true
[uploadpack]
\tallowAnySHA1InWant = true
[receive]
\thideRefs = refs/pull
\tautogc = false
[gc]
\tauto = 0
`;

/** Refuses what an App without the `workflows` permission may not push. */
const PRE_RECEIVE = `#!/bin/sh
[ -n "$REFUSE_WORKFLOWS" ] || exit 0
while read -r old new ref; do
  case "$new" in *[!0]*) ;; *) continue ;; esac
  if git rev-list "$new" --not --all -- .github/workflows | grep -q .; then
    echo "refusing to allow a GitHub App to create or update workflow in $ref without \\\`workflows\\\` permission" >&2
    exit 1
  fi
done
`;

/** Makes an empty bare repository at `dir` whose HEAD is `branch`. */
export async function initGit(dir: string, branch: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await gitIn(dir).run(['init', '--quiet', '--bare', `--initial-branch=${branch}`, '.']);
  appendFileSync(join(dir, 'config'), SETTINGS);
  const hook = join(dir, 'hooks', 'pre-receive');
  mkdirSync(join(dir, 'hooks'), { recursive: true });
  writeFileSync(hook, PRE_RECEIVE);
  chmodSync(hook, 0o755);
}
