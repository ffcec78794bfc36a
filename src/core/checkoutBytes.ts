/** How git converts the ends of lines in a repository. */
export interface LineSettings {
  /** `core.autocrlf`, `core.eol`: as they are set, absent where they are not. */
  autocrlf?: string;
  eol?: string;
  platform: NodeJS.Platform;
}

/** What `git ls-files --eol` tells of a file: the ends of lines in the index and on disk, and the attributes. */
export interface LineEnds {
  index: string;
  worktree: string;
  attributes: string;
}

/**
 * Whether a checkout is sure to write the bytes that are on disk, for a file of which git says that it is unchanged.
 *
 * @see https://git-scm.com/docs/gitattributes#_end_of_line_conversion
 */
export function isAsCheckedOut({ index, worktree, attributes }: LineEnds, settings: LineSettings): boolean {
  const isForced = attributes === 'text' || attributes.startsWith('text ');
  if (isForced && ['-text', 'mixed', 'crlf'].includes(index)) return false;
  const written = index === 'lf' ? writtenEnds(attributes, settings) : index;
  return worktree === written;
}

function writtenEnds(attributes: string, { autocrlf, eol, platform }: LineSettings): 'lf' | 'crlf' {
  if (attributes === '-text') return 'lf';
  if (attributes.endsWith('eol=crlf')) return 'crlf';
  if (attributes.endsWith('eol=lf')) return 'lf';
  if (isTrue(autocrlf)) return 'crlf';
  if (autocrlf === 'input' || attributes === '') return 'lf';
  return eol === 'crlf' || ((eol ?? 'native') === 'native' && platform === 'win32') ? 'crlf' : 'lf';
}

/** Whether git may convert files that no attribute names. */
export function convertsAll({ autocrlf }: LineSettings): boolean {
  return isTrue(autocrlf) || autocrlf === 'input';
}

/** @see https://git-scm.com/docs/git-config#_values */
function isTrue(value = 'false'): boolean {
  return ['true', 'yes', 'on', '1', ''].includes(value.toLowerCase());
}
