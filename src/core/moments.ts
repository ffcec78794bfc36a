const units: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];

/** “just now”, “12 s ago”, “5 min ago”: as exact as it matters for what has just happened. Times are ISO 8601. */
export function since(at: string, now: Date): string {
  return now.getTime() - Date.parse(at) < 1000 ? 'just now' : `${span(at, now)} ago`;
}

/** “12 s”, “5 min”, “3 h”, “2 d”: the time from `start` (ISO 8601) to `end`, as it is said in sentences. */
export function span(start: string, end: Date): string {
  const seconds = Math.max(0, Math.floor((end.getTime() - Date.parse(start)) / 1000));
  const [length, unit] = units.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / length)} ${unit}`;
}

/** “now”, “in 12 s”, “in 5 min”, “in 3 h”. */
export function until(at: string, now: Date): string {
  const seconds = Math.ceil((Date.parse(at) - now.getTime()) / 1000);
  if (!(seconds > 0)) return 'now';
  if (seconds < 120) return `in ${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `in ${minutes} min` : `in ${Math.round(minutes / 60)} h`;
}

/** As {@link until}, but before its last ten seconds in steps of five, for what is drawn anew with each change. */
export function countdown(at: string, now: Date): string {
  const left = Date.parse(at) - now.getTime();
  const step = left > 10_000 ? 5_000 : 1_000;
  return until(new Date(now.getTime() + Math.ceil(left / step) * step).toISOString(), now);
}

/** The time of day, as the user's own clock shows it: “20:15:03”. */
export function timeOfDay(at: string): string {
  return new Date(at).toTimeString().slice(0, 8);
}
