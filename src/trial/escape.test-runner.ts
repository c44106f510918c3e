/** A separate runner that tests can kill. Measures the trial whose options are its argument. */
import { runTrial } from './run.ts';

const measurement = await runTrial({
  ...JSON.parse(process.argv[2] ?? '{}'),
  onLine: line => console.log(line),
});
console.log(JSON.stringify(measurement.outcome));
