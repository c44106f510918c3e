/** Assembles a system call filter (seccomp) into the kernel's format, classic BPF. */

/** What happens to a call: it passes, or it does nothing and returns this error number (0 looks like success). */
export type Verdict = 'pass' | number;

/** A condition on the lower 32 bits of one argument, which hold numbers, flags and descriptors. The first clause that holds decides. */
export interface Clause {
  argument: 0 | 1 | 2 | 3 | 4 | 5;
  /** Compare only these bits. */
  mask?: number;
  /** Holds if the argument is one of these, or in one of these ranges (inclusive). */
  in?: readonly Values[];
  /** Holds if the argument is none of these. */
  notIn?: readonly Values[];
  /** Holds if the argument has any of these bits. */
  anyBit?: number;
  gives: Verdict;
}

type Values = number | readonly [from: number, to: number];

export interface Rule {
  call: number;
  clauses: readonly Clause[];
  /** If no clause holds. */
  otherwise: Verdict;
}

export interface Filter {
  /** The processor's number in the kernel's audit.h. Calls of other tables (32-bit) fail. */
  audit: number;
  /** Calls that pass with any arguments, ascending. */
  passing: readonly number[];
  rules: readonly Rule[];
  /** Verdicts for all other calls. */
  known: Verdict;
  unknownFrom: number;
  unknown: Verdict;
}

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number];

/** Instructions: load a word of the call's description, mask it, jump if equal, if greater or equal, if any bit is set, return. */
const LOAD = 0x20;
const MASK = 0x54;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const NUMBER_OFFSET = 0;
const PROCESSOR_OFFSET = 4;
const ARGUMENTS_OFFSET = 16;
const ARGUMENT_BYTES = 8;
const ALLOW = 0x7fff_0000;
const FAIL_WITH = 0x0005_0000;

/** The filter in the kernel's format. */
export function assembleFilter(filter: Filter): Buffer {
  const { audit, passing, rules, known, unknownFrom, unknown } = filter;
  return toBytes([
    [LOAD, 0, 0, PROCESSOR_OFFSET],
    [IF_EQUAL, 1, 0, audit],
    verdict(known),
    [LOAD, 0, 0, NUMBER_OFFSET],
    ...rules.flatMap(ruleInstructions),
    ...test(ranges(passing), 'pass'),
    [IF_AT_LEAST, 0, 1, unknownFrom],
    verdict(unknown),
    verdict(known),
  ]);
}

/** Every path through a rule ends with a verdict, so the call's number need not be loaded again after it. */
function ruleInstructions({ call, clauses, otherwise }: Rule): Instruction[] {
  const body = [...clauses.flatMap(clauseInstructions), verdict(otherwise)];
  if (body.length > 255)
    throw new Error(`Expected a rule of at most 255 instructions, found ${body.length}.`);
  return [[IF_EQUAL, 0, body.length, call], ...body];
}

function clauseInstructions(clause: Clause): Instruction[] {
  const { argument, mask, anyBit, gives } = clause;
  const load: Instruction[] = [[LOAD, 0, 0, ARGUMENTS_OFFSET + ARGUMENT_BYTES * argument]];
  if (mask !== undefined) load.push([MASK, 0, 0, mask]);
  if (anyBit !== undefined) return [...load, [IF_ANY_BIT, 0, 1, anyBit], verdict(gives)];
  if (clause.notIn === undefined) return [...load, ...test(clause.in ?? [], gives)];
  const holds = clause.notIn.map(between);
  // A match jumps behind the verdict, which is the last instruction.
  const end = holds.length * 2 + 1;
  return [
    ...load,
    ...holds.flatMap(([from, to], index): Instruction[] => [
      [IF_AT_LEAST, 0, 1, from],
      [IF_AT_LEAST, 0, end - (2 * index + 2), to + 1],
    ]),
    verdict(gives),
  ];
}

/** Returns the verdict if the loaded word is in one of these ranges. */
function test(values: readonly Values[], gives: Verdict): Instruction[] {
  return values.map(between).flatMap(([from, to]): Instruction[] => [
    [IF_AT_LEAST, 0, 2, from],
    // There is no larger number to compare with.
    to === 0xffff_ffff ? [IF_AT_LEAST, 0, 0, from] : [IF_AT_LEAST, 1, 0, to + 1],
    verdict(gives),
  ]);
}

function between(values: Values): readonly [number, number] {
  return typeof values === 'number' ? [values, values] : values;
}

/** Joins consecutive numbers into ranges. */
function ranges(ascending: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const number of ascending) {
    const last = found.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}

function verdict(gives: Verdict): Instruction {
  return [RETURN, 0, 0, gives === 'pass' ? ALLOW : FAIL_WITH + gives];
}

function toBytes(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * program.length);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(value, 8 * index + 4);
  }
  return bytes;
}
