/** Whether `value` is strictly better than `reference`. */
export function isBetter(value: number, reference: number, goal: 'minimize' | 'maximize'): boolean {
  return goal === 'minimize' ? value < reference : value > reference;
}
