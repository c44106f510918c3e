/** Check runs. */
import { z } from 'zod';
import { addCheckRun } from '../checks.ts';
import { GitHubError, invalid, notFound } from '../errors.ts';
import { bodyOf, type Ctx, repositoryOf, type Server } from '../http.ts';
import { page } from '../pagination.ts';
import { presentAnnotations } from '../present/job.ts';
import { presentCheckRun } from '../present/run.ts';
import { commitAt } from '../revision.ts';
import { CHECK_CONCLUSIONS, type CheckRun, type Repository } from '../state.ts';
import { timestamp, type World } from '../world.ts';

const MAX_TEXT_CHARACTERS = 65_535;
const fields = {
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  status: z.enum(['queued', 'in_progress', 'completed']).optional(),
  conclusion: z.enum(CHECK_CONCLUSIONS).optional(),
};
const text = z.string().max(MAX_TEXT_CHARACTERS);
const newCheck = z.strictObject({
  ...fields,
  name: z.string().min(1),
  head_sha: z.string(),
  output: z.strictObject({ title: z.string(), summary: text, text: text.optional() }).optional(),
});
const checkEdit = z.strictObject({
  ...fields,
  name: z.string().min(1).optional(),
  output: z
    .strictObject({ title: z.string().optional(), summary: text.optional(), text: text.optional() })
    .optional(),
});

export function checkRoutes(server: Server, world: World): void {
  server.post('/repos/:owner/:repo/check-runs', async c => {
    const repository = repositoryOf(world, c, 'write');
    requireApp(c);
    const body = await bodyOf(c, newCheck);
    const object = /^[0-9a-f]{40}$/.test(body.head_sha)
      ? await world.git(repository).commit(body.head_sha)
      : null;
    if (!object) throw invalid(`No commit found for SHA: ${body.head_sha}`);
    refuseHalfDone(body);
    const check = addCheckRun(world, repository, { app: 'app', name: body.name, headSha: body.head_sha });
    edit(world, check, body);
    return c.json(presentCheckRun(world, repository, check), 201);
  });
  server.patch('/repos/:owner/:repo/check-runs/:id{[0-9]+}', async c => {
    const repository = repositoryOf(world, c, 'write');
    requireApp(c);
    const check = checkOf(repository, c);
    if (check.app !== 'app') {
      const app = world.options.app.id;
      throw new GitHubError(
        403,
        `Invalid app_id \`${app}\` - check run can only be modified by the GitHub App that created it.`,
      );
    }
    const body = await bodyOf(c, checkEdit);
    refuseHalfDone(body);
    edit(world, check, body);
    return c.json(presentCheckRun(world, repository, check));
  });
  server.get('/repos/:owner/:repo/check-runs/:id{[0-9]+}/annotations', async c => {
    const repository = repositoryOf(world, c, 'read');
    return c.json(page(c, await presentAnnotations(world, repository, checkOf(repository, c))));
  });
  server.get('/repos/:owner/:repo/commits/:ref{.+}/check-runs', async c => {
    const repository = repositoryOf(world, c, 'read');
    const { sha } = await commitAt(world, repository, c.req.param('ref'));
    const checks = selectChecks(c, repository, sha);
    const shown = page(c, checks, ['filter']).map(one => presentCheckRun(world, repository, one));
    return c.json({ total_count: checks.length, check_runs: shown });
  });
}

/** Only Apps make check runs, whatever a person may do. */
function requireApp(c: Ctx): void {
  if (c.get('actor').kind !== 'installation') {
    throw new GitHubError(403, 'You must authenticate via a GitHub App.');
  }
}

function checkOf(repository: Repository, c: Ctx): CheckRun {
  const check = repository.checkRuns.find(one => String(one.id) === c.req.param('id'));
  if (!check) throw notFound();
  return check;
}

function refuseHalfDone(o: z.output<typeof checkEdit>): void {
  if (o.status === 'completed' && o.conclusion === undefined) {
    throw invalid('Invalid request.\n\nA completed check run needs a conclusion.');
  }
}

function edit(world: World, check: CheckRun, o: z.output<typeof checkEdit>): void {
  const conclusion = o.conclusion ?? null;
  check.name = o.name ?? check.name;
  check.externalId = o.external_id ?? check.externalId;
  check.detailsUrl = o.details_url ?? check.detailsUrl;
  check.startedAt = o.started_at ?? check.startedAt;
  if (conclusion !== null) {
    check.status = 'completed';
    check.conclusion = conclusion;
    check.completedAt = o.completed_at ?? timestamp(world);
  } else if (o.status !== undefined) {
    check.status = o.status;
    check.conclusion = null;
    check.completedAt = null;
  }
  if (o.output) {
    const { title, summary, text } = o.output;
    check.output = {
      title: title ?? check.output.title,
      summary: summary ?? check.output.summary,
      text: text ?? check.output.text,
    };
  }
  world.changed();
}

/** Newest first; `filter=latest`, the default, holds one for each App and name. */
function selectChecks(c: Ctx, repository: Repository, sha: string): CheckRun[] {
  const matches = repository.checkRuns.filter(one => one.headSha === sha).reverse();
  if (c.req.query('filter') === 'all') return matches;
  return matches.filter(
    (one, index) => matches.findIndex(other => other.app === one.app && other.name === one.name) === index,
  );
}
