const maxLength = 60;

/** Device names that Windows refuses as a file name, with or without an extension. */
const reservedOnWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * A name that is safe as the last part of a branch and as a folder on every system: letters and digits of any
 * script, `.`, `_` and `-`, at most 60 characters. Empty where nothing of `input` can be kept.
 *
 * @see https://git-scm.com/docs/git-check-ref-format
 */
export function toSafeName(input: string): string {
  const kept = input
    .normalize('NFKC')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/\.{2,}/g, '-')
    .replace(/-{2,}/g, '-');
  const name = trimEnds([...kept].slice(0, maxLength).join(''));
  return reservedOnWindows.test(name) ? `${name.replace(/\.-?/, '-')}-session` : name;
}

/** Neither a branch part nor a folder may begin or end in a dot, and none should look like an option. */
function trimEnds(name: string): string {
  const trimmed = name.replace(/^[.\-_]+|[.\-_]+$/g, '');
  return trimmed.endsWith('.lock') ? trimEnds(trimmed.slice(0, -'.lock'.length)) : trimmed;
}

/** `name`, or `name-2`, `name-3`… : the first that is not taken. Names that differ in case only collide. */
export function uniqueName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number++) {
    const suffix = `-${number}`;
    const candidate = [...name].slice(0, maxLength - suffix.length).join('') + suffix;
    if (!isTaken(candidate)) return candidate;
  }
}

/** `feature-YYYY-MM-DD-NNN` in local time, one above the highest number that `taken` holds for that day. */
export function defaultName(now: Date, taken: Iterable<string>): string {
  const day = [now.getFullYear(), pad(now.getMonth() + 1, 2), pad(now.getDate(), 2)].join('-');
  const prefix = `feature-${day}-`;
  let highest = 0;
  for (const name of taken) {
    const number = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(number)) highest = Math.max(highest, number);
  }
  return prefix + pad(highest + 1, 3);
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

export interface ChosenName {
  name: string;
  /** One sentence for the user where the name is not what they typed. */
  notice?: string;
}

/** The name a session gets for what the user typed; an empty input gets the default name. */
export function chooseName(input: string | undefined, now: Date, taken: readonly string[]): ChosenName {
  const lowered = new Set(taken.map((name) => name.toLowerCase()));
  const isTaken = (name: string) => lowered.has(name.toLowerCase());
  const wanted = input?.trim() ?? '';
  if (!wanted) return { name: uniqueName(defaultName(now, taken), isTaken) };
  const safe = toSafeName(wanted);
  const name = uniqueName(safe || defaultName(now, taken), isTaken);
  if (name === wanted) return { name };
  const reason =
    name === safe
      ? 'so that it is safe as a branch and a folder'
      : safe
        ? 'because that name is taken'
        : 'because nothing in it can be part of a branch name';
  return { name, notice: `“${shorten(wanted)}” became “${name}” ${reason}.` };
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= 40 ? text : `${characters.slice(0, 39).join('')}…`;
}
