export interface RefChange {
  ref: string;
  from: string | null;
  to: string | null;
}
