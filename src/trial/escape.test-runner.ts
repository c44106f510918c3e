/** A runner of its own, so that tests can kill it: measures the trial whose options are its argument. */
import { runTrial } from './run.ts';

const measurement = await runTrial({
  ...JSON.parse(process.argv[2] ?? '{}'),
  onLine: line => console.log(line),
});
console.log(JSON.stringify(measurement.outcome));
