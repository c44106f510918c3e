/** A time of day in a zone, such as `08:00 Europe/Berlin`. */
import { z } from 'zod';

export interface TimeOfDay {
  hour: number;
  minute: number;
  /** As IANA names it. */
  zone: string;
}

const EXPECTED = 'expected a time of day and a zone, such as 08:00 Europe/Berlin';
const DAY_MS = 86_400_000;

export const timeOfDaySchema = z.string().transform((text, context): TimeOfDay => {
  const [, hour, minute, zone = 'UTC'] = /^([01]?\d|2[0-3]):([0-5]\d)(?: +(\S+))?$/.exec(text.trim()) ?? [];
  if (hour !== undefined && isZone(zone)) return { hour: Number(hour), minute: Number(minute), zone };
  context.addIssue({ code: 'custom', message: EXPECTED });
  return z.NEVER;
});

/** The last moment up to `now` at which a clock in the zone showed this time. */
export function lastOccurrence(time: TimeOfDay, now: Date): Date {
  const days = [0, 1].map(ago => momentOf(time, new Date(now.getTime() - ago * DAY_MS)));
  return days.find(moment => moment <= now) ?? new Date(now.getTime() - DAY_MS);
}

/** The moment at which a clock in the zone shows this time on the day that it has at `day`. */
function momentOf({ hour, minute, zone }: TimeOfDay, day: Date): Date {
  const { year, month, date } = clockIn(zone, day);
  const wanted = Date.UTC(year, month - 1, date, hour, minute);
  // The zone's offset may change during the day, so what the first guess shows is corrected once more.
  const first = wanted - offsetAt(zone, new Date(wanted));
  return new Date(wanted - offsetAt(zone, new Date(first)));
}

/** How far the zone is ahead of UTC, in milliseconds. */
function offsetAt(zone: string, at: Date): number {
  const { year, month, date, hour, minute, second } = clockIn(zone, at);
  return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(at.getTime() / 1000) * 1000;
}

/** What a clock and a calendar in the zone show. */
function clockIn(timeZone: string, at: Date) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, date: day, hour, minute, second };
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}
