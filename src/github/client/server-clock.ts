/** GitHub's time, from the `date` of its answers: whatever is compared with GitHub's times is compared by one clock, however wrong this machine's is. */

export interface ServerClock {
  now(): Date;
  /** Notes an answer's date, and when by this machine's clock the request was sent and answered, in milliseconds. */
  heard(date: string, sent: number, received: number): void;
}

/** @param local this machine's clock, which is believed until GitHub says otherwise */
export function createServerClock(local: () => Date): ServerClock {
  let offset = 0;
  return {
    now: () => new Date(local().getTime() + offset),
    heard(date, sent, received) {
      const second = Date.parse(date);
      if (!Number.isFinite(second)) return;
      // The date has whole seconds, and was written at some time between the two.
      const [least, most] = [second - received, second + 1000 - sent];
      if (offset < least || offset > most) offset = (least + most) / 2;
    },
  };
}

/** Makes a `fetch` into one that tells the clock what time it is at GitHub. */
export function tellingClock(clock: ServerClock, local: () => Date): (inner: typeof fetch) => typeof fetch {
  return inner => async (url, init) => {
    const sent = local().getTime();
    const response = await inner(url, init);
    clock.heard(response.headers.get('date') ?? '', sent, local().getTime());
    return response;
  };
}
