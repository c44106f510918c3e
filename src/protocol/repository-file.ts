/** What is at a path of a repository. */
export type RepositoryFile =
  /** Every byte of the file is in `text`: a byte order mark and all kinds of line ends stay. */
  | { kind: 'text'; text: string }
  | { kind: 'folder'; files: string[] }
  /** Something that edits cannot change without harm; a phrase. */
  | { kind: 'other'; what: string };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A file with this content. */
export function fileOf(bytes: Uint8Array): RepositoryFile {
  if (bytes.includes(0)) return { kind: 'other', what: 'a binary file' };
  try {
    return { kind: 'text', text: UTF8.decode(bytes) };
  } catch {
    return { kind: 'other', what: 'not UTF-8' };
  }
}
