/** What a new worktree gets without any setting: what most projects cannot run without. */
export const defaultInclude: readonly string[] = ['.env', '.env.*', '.envrc'];

/** The globs among lines as in `.gitignore`: without comments and blank ones. */
export function globsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(/\r?\n/)).filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/**
 * Whether what a glob names may lie inside of `folder`, which git ignores as a whole: only globs with a path lead into
 * such folders, for those without one would have to be looked for in all of `node_modules`.
 *
 * @param folder Relative to the root, with slashes.
 */
export function leadsInto(glob: string, folder: string): boolean {
  if (glob.startsWith('!')) return false;
  const parts = glob.trimEnd().replace(/^\//, '').replace(/\/$/, '').split('/');
  const folders = folder.split('/').filter(Boolean);
  if (parts[0] === '**') return false;
  for (const [index, name] of folders.entries()) {
    const part = parts[index];
    // The last part names what is looked for, and no folder around it.
    if (part === undefined || index === parts.length - 1) return false;
    if (part === '**') return true;
    if (!partPattern(part).test(name)) return false;
  }
  return true;
}

/** Wide enough for every way to write a part of a path; git decides about what is found there. */
function partPattern(part: string): RegExp {
  const text = part.replace(/\\(.)|\[[^\]]*\]|[*?]|[.+^${}()|[\]]/g, (found, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\]/, '\\$&');
    if (found === '?' || found.length > 1) return '.';
    return found === '*' ? '.*' : `\\${found}`;
  });
  return new RegExp(`^${text}$`, 'iu');
}
