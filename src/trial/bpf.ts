/** Writes a filter of system calls (seccomp) in the language that the kernel reads: classic BPF. */

/** What happens to a call: it passes, or it does nothing and returns this error number (0: and seems to have worked). */
export type Verdict = 'pass' | number;

/** Looks at the lower 32 bits of one argument, where numbers, flags and descriptors are. The first clause that holds decides. */
export interface Clause {
  argument: 0 | 1 | 2 | 3 | 4 | 5;
  /** Only these bits are compared; all where it is missing. */
  mask?: number;
  /** Holds when the argument is one of these, or in one of these ranges (both ends included). */
  in?: readonly Values[];
  /** Holds when the argument is none of these. */
  notIn?: readonly Values[];
  /** Holds when the argument has any of these bits. */
  anyBit?: number;
  gives: Verdict;
}

type Values = number | readonly [from: number, to: number];

export interface Rule {
  call: number;
  clauses: readonly Clause[];
  /** Where no clause holds. */
  otherwise: Verdict;
}

export interface Filter {
  /** The processor's number in the kernel's audit.h. Calls of another table fail. */
  audit: number;
  /** Calls that pass whatever their arguments are; ascending. */
  passing: readonly number[];
  rules: readonly Rule[];
  /** Verdicts for the remaining calls, by their numbers. */
  known: Verdict;
  unknownFrom: number;
  unknown: Verdict;
}

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number];

/** Load a word of the call's description; keep some of its bits; jump on equal, greater or equal, any bit; end with a verdict. */
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

/** The filter as the kernel reads it. */
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

/** Every way through ends with a verdict, so that nothing behind needs the call's number loaded again. */
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
  // Any match leaves the clause; its verdict is the last instruction.
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

/** Ends with the verdict where the loaded word is in one of these ranges. */
function test(values: readonly Values[], gives: Verdict): Instruction[] {
  return values.map(between).flatMap(([from, to]): Instruction[] => [
    [IF_AT_LEAST, 0, 2, from],
    // There is nothing beyond the largest number.
    to === 0xffff_ffff ? [IF_AT_LEAST, 0, 0, from] : [IF_AT_LEAST, 1, 0, to + 1],
    verdict(gives),
  ]);
}

function between(values: Values): readonly [number, number] {
  return typeof values === 'number' ? [values, values] : values;
}

/** Neighbouring numbers as one range. */
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
