/** The versions of a protocol that one side speaks, both ends included. */
export interface VersionRange {
  min: number;
  max: number;
}

/** JSON-RPC between clients and the helper. */
export const helperProtocol: VersionRange = { min: 1, max: 1 };

/** Frames between anyone and a session host; verbs are only ever added. */
export const hostProtocol: VersionRange = { min: 1, max: 1 };

/** Whether version `a` of our programs, as in `1.10.2`, comes before version `b`. */
export function isOlderVersion(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) < 0;
}

/** The newest version that both ranges hold, or undefined where they do not meet. */
export function negotiate(ours: VersionRange, theirs: VersionRange): number | undefined {
  const version = Math.min(ours.max, theirs.max);
  return version >= Math.max(ours.min, theirs.min) ? version : undefined;
}
