import type { Command } from 'commander';
export function addReport(program: Command): void {
  program.command('report');
}
