/** The numbers that the contract guards, each from the source that counts. */
import type { Contract } from '../protocol/contract.ts';
import { isFromOutside } from '../protocol/guards.ts';
import { isMeasurable, type Measurement } from '../protocol/measurement.ts';

/**
 * @param outside numbers that were measured from outside; 0 and null: unknown
 * @param reported the candidate's word for any other; undefined if it gave none
 */
export function guardNumbers(
  { guards, metric }: Contract,
  outside: Readonly<Record<string, number | null>>,
  reported: (name: string) => number | undefined,
): Measurement['numbers'] {
  const numbers = guards.flatMap(({ name }): [string, number | null][] => {
    if (isFromOutside(name, metric.referee !== undefined)) {
      const measured = outside[name] ?? 0;
      return measured > 0 && isMeasurable(measured) ? [[name, measured]] : [];
    }
    const said = reported(name);
    return [[name, said !== undefined && isMeasurable(said) ? said : null]];
  });
  return Object.fromEntries(numbers);
}
