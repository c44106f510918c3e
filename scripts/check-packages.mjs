#!/usr/bin/env node
/** Checks what we depend on: that the lock of the Python packages matches trainer/pyproject.toml, and every package's licence. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockProblems, readLock } from './lock.mjs';

/** For npm packages, which the bundle contains and servers run: licences that require a notice at most. */
const BUNDLED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'PSF-2.0'];
/** For Python packages, which pip installs unchanged and we do not distribute. MPL-2.0 concerns those who change its files. */
const INSTALLED = [...BUNDLED, 'BSL-1.0', 'CC0-1.0', 'MPL-2.0', 'Zlib'];
/** PyTorch's CUDA libraries have NVIDIA's own terms, which whoever installs them accepts. We do not distribute them. */
const NVIDIA = /^(?:nvidia|cuda)-/;

/** What packages without an SPDX expression say. */
const SPDX = new Map([
  ['Apache Software License', 'Apache-2.0'],
  ['BSD', 'BSD-3-Clause'],
  ['BSD License', 'BSD-3-Clause'],
  ['MIT License', 'MIT'],
]);

const READ_PYTHON = `
import importlib.metadata, json, tomllib
with open("trainer/pyproject.toml", "rb") as file:
    project = tomllib.load(file)
wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
for extra in project["project"]["optional-dependencies"].values():
    wanted += extra
licences = {}
for package in importlib.metadata.distributions():
    about = package.metadata
    named = [each.split(" :: ")[-1] for each in about.get_all("Classifier", []) if each.startswith("License ::")]
    licences[about["Name"]] = about.get("License-Expression") or about.get("License") or " OR ".join(named)
print(json.dumps({"wanted": sorted(set(wanted)), "licences": licences}))
`;

process.chdir(path.resolve(import.meta.dirname, '..'));
const { wanted, licences } = JSON.parse(
  execFileSync('.venv/bin/python', ['-c', READ_PYTHON], { encoding: 'utf8' }),
);
const python = Object.entries(licences).filter(([name]) => !NVIDIA.test(name));
const npm = Object.entries(JSON.parse(readFileSync('package-lock.json', 'utf8')).packages)
  .filter(([place, entry]) => place !== '' && !entry.dev && !entry.devOptional)
  .map(([place, entry]) => [place.replace(/^.*node_modules\//, ''), entry.license]);

const problems = [
  ...lockProblems(readLock(), wanted),
  ...npm.flatMap(([name, licence]) => licenceProblem(`npm package ${name}`, licence, BUNDLED)),
  ...python.flatMap(([name, licence]) => licenceProblem(`Python package ${name}`, licence, INSTALLED)),
];
for (const problem of problems) console.error(problem);
if (problems.length === 0)
  console.log(`Lock and licences of ${npm.length} npm and ${python.length} Python packages are as expected.`);
process.exitCode = problems.length === 0 ? 0 : 1;

function licenceProblem(what, licence, allowed) {
  if (isAllowed(licence ?? '', allowed)) return [];
  return [
    `${what}: expected a licence of ${allowed.join(', ')}; found ${licence || 'none'}. Read it, then add it to scripts/check-packages.mjs or do without the package.`,
  ];
}

/** One of the alternatives has to be allowed; of an expression with AND, everything it names. Exceptions only allow more. */
function isAllowed(expression, allowed) {
  const names = expression
    .replaceAll(/[()]| WITH \S+/g, '')
    .split(expression.includes(' AND ') ? / AND | OR / : ' OR ');
  const fits = name => allowed.includes(SPDX.get(name.trim()) ?? name.trim());
  return expression.includes(' AND ') ? names.every(fits) : names.some(fits);
}
