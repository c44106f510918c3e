/** Times and durations, as people read them. */
import { formatSeconds } from '../../../render/number.ts';
import { now, type World } from '../world.ts';
import { type Html, html } from './markup.ts';

const DAY_SECONDS = 86_400;

/** How long ago `iso` was; beyond a day, its date. The exact time shows on pointing at it. */
export function ago(world: World, iso: string): Html {
  const seconds = Math.max(0, (now(world).getTime() - Date.parse(iso)) / 1000);
  const exact = iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
  const text = seconds > DAY_SECONDS ? `on ${exact.slice(0, 10)}` : `${formatSeconds(seconds)} ago`;
  return html`<time datetime="${iso}" title="${exact}">${text}</time>`;
}

/** `took 12 s`, or `12 s so far` while there is no end; null where it has not begun. */
export function lasted(world: World, from: string | null, to: string | null): string | null {
  if (from === null) return null;
  const end = to === null ? now(world).getTime() : Date.parse(to);
  const text = formatSeconds(Math.max(0, (end - Date.parse(from)) / 1000));
  return to === null ? `${text} so far` : `took ${text}`;
}
