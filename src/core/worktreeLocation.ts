import nodePath, { type PlatformPath } from 'node:path';
import { HoldfastError } from '../base/errors.ts';
import { toSafeName } from './sessionName.ts';

/** The default of the setting. */
export const defaultLocation = '.worktrees';

/** What the setting's placeholders are filled with. */
export interface LocationContext {
  /** The main checkout; absolute. */
  root: string;
  /** Git's own folder, which all worktrees share; absolute. */
  commonDir: string;
  home: string;
  /** Of the system whose paths these are; the default is this one. */
  path?: PlatformPath;
}

/** The session whose worktree it is. */
export interface LocatedSession {
  id: string;
  /** Safe as a folder. */
  name: string;
  branch: string;
}

/** With one of these the setting names the worktree itself, without them the folder in which it is made. */
const ownPlaceholders = ['name', 'branch', 'id'] as const;
const placeholders = ['repo', 'home', ...ownPlaceholders] as const;
type Placeholder = (typeof placeholders)[number];

const anyPlaceholder = /\$\{([^}]*)\}/g;

/**
 * Where a session's worktree goes, by the setting `holdfast.worktreesFolder`.
 *
 * @throws {HoldfastError} `INVALID_LOCATION` for a placeholder that there is not and a place where no worktree can be.
 */
export function worktreeLocation(setting: string, context: LocationContext, session: LocatedSession): string {
  const { root, path = nodePath } = context;
  const template = setting.trim() || defaultLocation;
  const id = session.id.slice(0, 8);
  const values = { name: session.name, branch: toSafeName(session.branch), id };
  const place = path.resolve(root, fill(template, context, values));
  const isOwn = ownPlaceholders.some((name) => template.includes(`\${${name}}`));
  requireUsable(setting, place, { ...context, isOwn });
  return isOwn ? place : path.join(place, `${session.name}-${id}`);
}

/** The folder that git leaves out for a worktree at `place`: the one that all are in, else the worktree itself. */
export function excludedFolder(setting: string, context: LocationContext, place: string): string {
  const { root, path = nodePath } = context;
  const folder = worktreesFolder(setting, context) ?? root;
  const around = isInside(place, folder, path) ? folder : path.dirname(place);
  return path.relative(root, around) === '' ? place : around;
}

/** The folder that worktrees are in or below; undefined where the setting makes no sense. */
export function worktreesFolder(setting: string, context: LocationContext): string | undefined {
  const { root, path = nodePath } = context;
  const template = setting.trim() || defaultLocation;
  const parts = template.split(/[\\/]/);
  const own = parts.findIndex((part) => ownPlaceholders.some((name) => part.includes(`\${${name}}`)));
  const fixed = own < 0 ? template : `${parts.slice(0, own).join('/')}${own === 1 ? '/' : ''}`;
  try {
    return path.resolve(root, fill(fixed, context, undefined));
  } catch {
    return undefined;
  }
}

type OwnValues = Record<(typeof ownPlaceholders)[number], string>;

function fill(template: string, { root, home, path = nodePath }: LocationContext, own: OwnValues | undefined): string {
  const values: Partial<Record<string, string>> = { repo: path.basename(root), home, ...own };
  const filled = template.replace(anyPlaceholder, (text, name: string) => {
    const value = values[name];
    if (value === undefined) throw unknown(template, text);
    return value;
  });
  return filled.replace(/^~(?=$|[\\/])/, () => home);
}

function requireUsable(
  setting: string,
  place: string,
  { root, commonDir, isOwn, path = nodePath }: LocationContext & { isOwn: boolean },
): void {
  const fromRoot = path.relative(root, place);
  const isInGit = fromRoot.split(path.sep).some((part) => part.toLowerCase() === '.git');
  if (fromRoot === '') throw unusable(setting, place, 'is the repository itself');
  if (isOwn && isInside(root, place, path)) throw unusable(setting, place, 'has the repository in it');
  if (isInGit || (commonDir !== root && isInside(place, commonDir, path)))
    throw unusable(setting, place, 'is inside git’s own folder');
}

function isInside(place: string, folder: string, path: PlatformPath): boolean {
  const relative = path.relative(folder, place);
  return relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}

function unknown(template: string, placeholder: string): HoldfastError {
  const known = placeholders.map((name: Placeholder) => `\${${name}}`).join(', ');
  const text = `“${template}” is no place for worktrees: there is no placeholder ${placeholder}. Nothing was created.`;
  return new HoldfastError('INVALID_LOCATION', text, {
    advice: `In “holdfast.worktreesFolder” you can use ${known} and ~.`,
    data: { setting: template, placeholder },
  });
}

function unusable(setting: string, place: string, why: string): HoldfastError {
  const text = `“${setting}” is no place for worktrees: ${place} ${why}. Nothing was created.`;
  return new HoldfastError('INVALID_LOCATION', text, {
    advice: 'Change the setting “holdfast.worktreesFolder”.',
    data: { setting, folder: place },
  });
}
