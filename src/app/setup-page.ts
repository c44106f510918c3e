/** The pages that lead through creating the App. No scripts. */

interface Choice {
  /** An organization's login; empty for the person's own account. */
  organization: string;
  /** Where GitHub can reach this machine; empty if it cannot. */
  address: string;
}

/** The first page: who owns the App, and whether GitHub can reach this machine. `problem` is what was wrong with the last choice. */
export function choicePage(key: string, { organization, address }: Choice, problem: string | null): string {
  return page(`<p>The App belongs to you or to an organization, and acts on the repositories that you install it on.</p>
${problem === null ? '' : `<p class="problem">${escaped(problem)}</p>`}
<form action="/create">
<input type="hidden" name="key" value="${escaped(key)}">
<label>Organization <small>empty: your own account</small><input name="organization" value="${escaped(organization)}"></label>
<label>Public address of this machine <small>empty: no webhooks, the App asks GitHub every minute</small>
<input name="address" placeholder="https://bot.example.com" value="${escaped(address)}"></label>
<button>Continue</button>
</form>`);
}

/** The second page: one button that takes the manifest to GitHub. */
export function createPage(action: string, manifest: string): string {
  return page(`<p>GitHub shows the App's name, which you may change, and creates it. Then it sends you back here.</p>
<form action="${escaped(action)}" method="post">
<input type="hidden" name="manifest" value="${escaped(manifest)}">
<button>Create the App on GitHub</button>
</form>`);
}

/** One sentence. */
export function messagePage(message: string): string {
  return page(`<p>${escaped(message)}</p>`);
}

function page(content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Create the GitHub App</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
label, input { display: block; width: 100%; box-sizing: border-box; margin-bottom: 1rem; font: inherit }
input { padding: .4rem }
small { opacity: .8 }
button { font: inherit; padding: .5rem 1rem }
.problem { border-left: 4px solid #c00; padding-left: .75rem }
</style>
<h1>Create the GitHub App</h1>
${content}
</html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '');
}
