/** What is at a path of a repository. */
export type RepositoryFile =
  /** Every byte of the file is in `text`: a byte order mark and all kinds of line ends stay. */
  | { kind: 'text'; text: string }
  | { kind: 'folder'; files: string[] }
  /** More than MOST_FILE_BYTES, and therefore not read. */
  | { kind: 'large'; bytes: number }
  /** Something that edits cannot change without harm; a phrase. */
  | { kind: 'other'; what: string };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The largest file that experiments may change. GitHub sends files of up to a megabyte with their content. */
export const MOST_FILE_BYTES = 400_000;

/** A file with this content. */
export function fileOf(bytes: Uint8Array): RepositoryFile {
  if (bytes.length > MOST_FILE_BYTES) return { kind: 'large', bytes: bytes.length };
  if (bytes.includes(0)) return { kind: 'other', what: 'a binary file' };
  try {
    return { kind: 'text', text: UTF8.decode(bytes) };
  } catch {
    return { kind: 'other', what: 'not UTF-8' };
  }
}
