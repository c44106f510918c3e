#!/usr/bin/env node
/** The command line, `autoresearch --help`. Each subcommand is a file in `cli/`. */
import { Command, CommanderError } from 'commander';
import { addDemo } from './cli/demo.ts';
import { addDoctor } from './cli/doctor.ts';
import { CommandError, systemProblem } from './cli/errors.ts';
import { addInit } from './cli/init.ts';
import { addNoise } from './cli/noise.ts';
import { addReport } from './cli/report.ts';
import { addServe } from './cli/serve.ts';
import { addTrial } from './cli/trial.ts';
import { addVerify } from './cli/verify.ts';
import { UsageError } from './starter/errors.ts';
import { CHECKOUT } from './starter/own-checkout.ts';

const USAGE = 2;

const program = new Command('autoresearch')
  .description(
    'A GitHub App that turns pull requests into measured experiments\nand merges the ones that improve the model.',
  )
  .version('0.1.0')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'autoresearch:')) })
  .showHelpAfterError('Run with --help for usage.')
  .addHelpText(
    'after',
    '\nStart with `autoresearch demo`: it runs the whole loop on this machine, without a GitHub account.\nExit codes: 0 success, 1 failure, 2 usage error.',
  );

for (const add of [addDemo, addInit, addServe, addTrial, addNoise, addVerify, addReport, addDoctor])
  add(program);

for (const event of ['uncaughtException', 'unhandledRejection'])
  process.once(event, error => process.exit(report(error)));
standWhereCalled();
try {
  await program.parseAsync();
} catch (error) {
  process.exit(report(error));
}

/** npm runs scripts in this checkout. Paths on the command line are meant from where npm was called. */
function standWhereCalled(): void {
  const { INIT_CWD: called, npm_lifecycle_event: script } = process.env;
  if (script !== undefined && called !== undefined && process.cwd() === CHECKOUT) process.chdir(called);
}

/** Prints what went wrong, in one line if the error is one of ours, and returns the exit code. */
function report(error: unknown): number {
  // Commander has already printed its own errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof UsageError || error instanceof CommandError) {
    console.error(`autoresearch: ${error.message}`);
    return error instanceof UsageError ? USAGE : 1;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  console.error(`autoresearch: ${systemProblem(error) ?? message}`);
  if (process.env.DEBUG) console.error(stack);
  else console.error('Set DEBUG=1 for a stack trace.');
  return 1;
}
