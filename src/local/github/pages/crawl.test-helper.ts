/** Follows every link of the pages, as a person could. */

export interface Visited {
  status: number;
  contentType: string;
  body: string;
}

/** Whatever can be reached on this server from the page at `start`, by address without the host. */
export async function crawl(server: string, start: string): Promise<Map<string, Visited>> {
  const visited = new Map<string, Visited>();
  const waiting = [start];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (visited.has(path)) continue;
    const response = await fetch(new URL(path, server));
    const contentType = response.headers.get('content-type') ?? '';
    const body = await response.text();
    visited.set(path, { status: response.status, contentType, body });
    if (contentType.startsWith('text/html')) waiting.push(...linksOf(body, response.url));
  }
  return visited;
}

/** Where the links, pictures and styles of a page lead on its own server. */
function linksOf(body: string, page: string): string[] {
  const addresses = [...body.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, address = '']) =>
    address.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"'),
  );
  return addresses
    .map(address => new URL(address, page))
    .filter(({ origin }) => origin === new URL(page).origin)
    .map(({ pathname, search }) => pathname + search);
}
