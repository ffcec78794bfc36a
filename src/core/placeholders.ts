import { HoldfastError } from '../base/errors.ts';
import type { SessionRecord } from '../protocol/sessionRecord.ts';

/** What the placeholders of variables stand for. */
export interface PlaceholderSources {
  record: Pick<SessionRecord, 'id' | 'name' | 'branch' | 'worktreePath'>;
  /** The main checkout, or the folder where there is no git. */
  root: string;
  /** The first of the session's ten ports; absent where there are none left. */
  port?: number | undefined;
  /** What `${env:NAME}` is looked up in. */
  env: Readonly<Record<string, string | undefined>>;
}

type Variables = Readonly<Record<string, string>>;

/** `$${` stands for `${` itself. */
const placeholder = /\$?\$\{([^}]*)\}/g;

const nextPort = /^port\+([1-9])$/;
const plainNames = new Set(['id', 'name', 'slug', 'branch', 'port', 'worktree', 'root']);

/** How long the part of a slug is that comes from a name: databases take names of 63 characters. */
const maxSlugName = 40;

/**
 * The variables with what their placeholders stand for: `${slug}`, `${name}`, `${id}`, `${branch}`, `${port}`,
 * `${port+1}` to `${port+9}`, `${worktree}`, `${root}` and `${env:NAME}`, which is empty where there is no such variable.
 *
 * @throws {HoldfastError} `INVALID_ARGUMENT` for a placeholder that there is not, or a port that is not to be had
 */
export function resolvePlaceholders(variables: Variables, sources: PlaceholderSources): Record<string, string> {
  checkPlaceholders(variables);
  return mapValues(variables, (text, variable) =>
    text.replace(placeholder, (whole, name: string) =>
      whole.startsWith('$$') ? whole.slice(1) : standsFor(name, variable, sources),
    ),
  );
}

/** @throws {HoldfastError} `INVALID_ARGUMENT`, which names the variable and the placeholder that there is not */
export function checkPlaceholders(variables: Variables): void {
  for (const [variable, text] of Object.entries(variables)) {
    for (const [whole, name = ''] of text.matchAll(placeholder))
      if (!whole.startsWith('$$') && !isKnown(name)) throw unknownPlaceholder(variable, whole);
  }
}

/**
 * A name that a database or a schema can have, of lower-case letters, digits and `_`: no two sessions share it, and it
 * stays when one is renamed. It is that of the folder in which the session works, and the beginning of its id.
 */
export function slugOf({ id, worktreePath }: Pick<SessionRecord, 'id' | 'worktreePath'>): string {
  const shortId = id.slice(0, 8).toLowerCase();
  const [folder = ''] = worktreePath.split(/[\\/]/).slice(-1);
  const plain = folder.toLowerCase().endsWith(`-${shortId}`) ? folder.slice(0, -shortId.length) : folder;
  const words =
    plain
      .normalize('NFKD')
      .toLowerCase()
      .replace(/\p{M}/gu, '')
      .match(/[a-z0-9]+/g) ?? [];
  const name = words.join('_').slice(0, maxSlugName).replace(/_$/, '');
  return [name, shortId].filter(Boolean).join('_');
}

function isKnown(name: string): boolean {
  return plainNames.has(name) || nextPort.test(name) || /^env:./.test(name);
}

function standsFor(name: string, variable: string, { record, root, port, env }: PlaceholderSources): string {
  if (name.startsWith('env:')) return env[name.slice('env:'.length)] ?? '';
  if (name === 'port' || nextPort.test(name)) return portAfter(name, variable, port);
  const values: Record<string, string> = {
    id: record.id,
    name: record.name,
    slug: slugOf(record),
    branch: record.branch,
    worktree: record.worktreePath,
    root,
  };
  return values[name] ?? '';
}

function portAfter(name: string, variable: string, port: number | undefined): string {
  if (port !== undefined) return String(port + Number(nextPort.exec(name)?.[1] ?? 0));
  throw new HoldfastError('INVALID_ARGUMENT', `The variable “${variable}” asks for \${${name}}, but no port is left.`, {
    advice: 'Destroy sessions that you need no more: each keeps ten ports until then.',
    data: { variable },
  });
}

function unknownPlaceholder(variable: string, text: string): HoldfastError {
  const names = ['slug', 'name', 'id', 'branch', 'port', 'port+1', 'worktree', 'root', 'env:NAME'];
  const known = names.map((name) => `\${${name}}`).join(', ');
  return new HoldfastError('INVALID_ARGUMENT', `The variable “${variable}” has an unknown placeholder: ${text}.`, {
    advice: `There are ${known}; write $${text} for the text itself.`,
    data: { variable, placeholder: text },
  });
}

function mapValues(values: Variables, map: (value: string, name: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
