/** Pages of a list, with GitHub's `Link` header. */
import { invalid } from './errors.ts';
import type { Ctx } from './http.ts';

const DEFAULT_PER_PAGE = 30;
const MAX_PER_PAGE = 100;

/**
 * The page that the request asks for (`page` from 1, `per_page` up to 100); sets the `Link` header.
 * Throws 422 for a parameter beside these and `filters`: without a filter that was asked for, the list would be wrong.
 */
export function page<T>(c: Ctx, items: readonly T[], filters: readonly string[] = []): T[] {
  const known = ['page', 'per_page', ...filters];
  const unknown = Object.keys(c.req.query()).filter(name => !known.includes(name));
  if (unknown.length > 0)
    throw invalid(`Not served here: ${unknown.join(', ')}. Expected ${known.join(', ')}.`);
  const size = Math.min(positive(c.req.query('per_page'), DEFAULT_PER_PAGE), MAX_PER_PAGE);
  const number = positive(c.req.query('page'), 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const links: string[] = [];
  const link = (to: number, rel: string) => {
    const url = new URL(c.req.url);
    url.searchParams.set('page', String(to));
    links.push(`<${url.href}>; rel="${rel}"`);
  };
  if (number > 1) link(Math.min(number - 1, last), 'prev');
  if (number < last) {
    link(number + 1, 'next');
    link(last, 'last');
  }
  if (number > 1) link(1, 'first');
  if (links.length > 0) c.header('Link', links.join(', '));
  return items.slice((number - 1) * size, number * size);
}

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
