/** Ids of trials: `<issue>/<experiment>.<k>`. Experiment 0 is the champion; numbers from 10,001 on are final measurements. */

/** No campaign has as many experiments, so no final measurement shares its number with one. */
export const FIRST_FINAL = 10_001;

export function trialId(issue: number, experiment: number, k: number): string {
  return `${issue}/${experiment}.${k}`;
}

export function trialParts(id: string): { issue: number; experiment: number; k: number } {
  const [issue = 0, experiment = 0, k = 0] = id.split(/[/.]/).map(Number);
  return { issue, experiment, k };
}
