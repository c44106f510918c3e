/** The checkout's `.env`: what the user wrote there stays, and nobody else can read it. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { writePrivate } from './private-file.ts';

/** A value in quotes may have several lines. */
const value = `(?:"[^"]*"|'[^']*'|.*)`;

/** Sets variables in a file of settings; creates it if it is not there. */
export function setVariables(file: string, variables: Record<string, string>): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  let text = existsSync(target) ? readFileSync(target, 'utf8') : '';
  for (const [name, content] of Object.entries(variables)) {
    const line = `${name}=${quoted(content)}`;
    const present = new RegExp(`^${name}=${value}$`, 'm');
    if (present.test(text)) text = text.replace(present, () => line);
    else text += `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
  }
  writePrivate(target, text);
}

function quoted(content: string): string {
  return /^[\w./:-]*$/.test(content) ? content : `"${content.trimEnd().replaceAll('\n', '\\n')}"`;
}
