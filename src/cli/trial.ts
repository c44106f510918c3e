import type { Command } from 'commander';
export function addTrial(program: Command): void {
  program.command('trial');
}
